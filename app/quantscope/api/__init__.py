"""The Python interface: what ``import quantscope`` offers to a script.

May import `session`, `jobs` and `core`, and is what the command line shares with scripts. Must
never import `cli`, `gui` or Qt, nor print. The public names are in ``quantscope/__init__.py``.
"""
