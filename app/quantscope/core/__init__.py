"""Meanings and numbers: frozen values and pure functions, the ground that everything stands on.

May import the standard library and numpy. Must never do input or output, keep global state,
or take longer than a window may wait (about 10 ms for one tensor).
"""
