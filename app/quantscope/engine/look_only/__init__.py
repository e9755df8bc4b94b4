"""Already quantized models: read to be looked at. Imports ``core`` and the engine's own modules.

``operators`` writes quantized operators as float ones between Q and DQ, ``grids`` reads types,
``reading`` describes the network. Nothing here changes what the network computes.
"""
