"""Runs a float network and quantized files over labelled samples and says how they do.

`judging` is the door; `labels` reads what is known of the samples, `answers` runs the networks,
`costs` counts what files take, `custom` loads metrics of a person's own.
"""
