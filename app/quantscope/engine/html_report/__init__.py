"""The report of a quantization as one HTML file that needs nothing else.

`page` is the door. May import `core`, `picture` and `writing`; must never read a model or data,
nor put a text into the page but through `markup`, which escapes it.
"""
