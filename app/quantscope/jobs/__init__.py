"""Slow work as frozen requests and typed events, in a worker process or inline.

May import `session`, `engine` and `core`; `messages`, which the window imports, only `core`, so
this file must stay empty of imports. Must never import `cli`, `gui` or Qt.
"""
