"""The dynamic ranges as a file: one list of marks, rendered as PNG or SVG.

`drawing` is the door. May import `core`, `writing` and Pillow; must never read a model or data.
"""
