"""pyqtgraph, loaded in steps: in one call it keeps the window from answering for 110 ms.

Its own modules cannot be taken apart, so that one call of some 40 ms is left, once in a run.
"""

from __future__ import annotations

import sys
from importlib import import_module

from quantscope.session.steps import Steps

COPIED = (
    *("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets", "PySide6.QtTest"),
    *("PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets", "PySide6.QtSvg"),
)
"""Modules of which pyqtgraph takes every name; Qt for Python makes a class when it is first
asked for, which is a third of the time."""
NEEDED = (
    "pydoc",
    "multiprocessing.connection",
    "xml.etree.ElementTree",
    "cProfile",
    "decimal",
    "colorama",
    "importlib.resources",
)
"""What else pyqtgraph 0.14 imports that takes a millisecond or more."""
SOME = 40  # names


def loading_pyqtgraph() -> Steps[None]:
    """Import what a plot needs; what is there already takes no time."""
    if "pyqtgraph" in sys.modules:
        return
    yield
    for module in map(import_module, COPIED):
        for number, name in enumerate(dir(module)):
            getattr(module, name)
            if number % SOME == 0:
                yield
    for needed in NEEDED:
        import_module(needed)
        yield
    import_module("pyqtgraph")
    yield
