"""pyqtgraph, loaded in steps: in one call it keeps the window from answering for 110 ms."""

from __future__ import annotations

import sys
from importlib import import_module

from quantscope.session.steps import Steps

COPIED = ("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets")
"""Modules of which pyqtgraph takes every name; Qt for Python makes a class when it is first
asked for, which is a third of the time."""
NEEDED = ("pydoc", "multiprocessing.connection", "PySide6.QtTest", "PySide6.QtOpenGLWidgets")
"""What else pyqtgraph 0.14 imports that takes some milliseconds."""


def loading_pyqtgraph() -> Steps[None]:
    """Import what a plot needs; what is there already takes no time."""
    if "pyqtgraph" in sys.modules:
        return
    for module in map(import_module, COPIED):
        for name in dir(module):
            getattr(module, name)
        yield
    for needed in NEEDED:
        import_module(needed)
        yield
    import_module("pyqtgraph")
    yield
