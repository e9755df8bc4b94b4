"""How good a network's answers are: the metrics of a validation, as numbers from arrays.

`table` is the door: one row for each metric. Numpy and the standard library only; no files, no
network, one sample at a time.
"""
