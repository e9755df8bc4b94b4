"""What a report of a fault must say of the installation, in a few lines to copy."""

from __future__ import annotations

import platform

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from quantscope import __version__

PACKAGES = ("numpy", "onnx", "onnx-ir", "onnxruntime", "numba", "PySide6-Essentials", "pyqtgraph")


def versions_in_words() -> str:
    """Program, system, and the packages that results depend on; nothing is imported for it."""
    shown = QGuiApplication.platformName()
    lines = [
        f"Quantscope {__version__}, Python {platform.python_version()}, Qt {qVersion()} ({shown})",
        platform.platform(),
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    ]
    return "\n".join(lines)


def _version(package: str) -> str:
    """Its imports wait until somebody asks: a start does without their 10 ms."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
