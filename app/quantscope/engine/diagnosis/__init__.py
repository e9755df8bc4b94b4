"""Which layer costs what: the network run with single roundings switched on and off.

`sensitivity` measures layers, `goal` searches the cheapest mix of 8 bits, 16 bits and float;
both stand on `switched`. Nothing here writes a file.
"""
