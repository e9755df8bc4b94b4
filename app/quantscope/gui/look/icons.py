"""Icons: SVG files of one stroke colour, drawn in the theme's text colour."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from quantscope.bundled import bundled_path
from quantscope.gui.look.theme import Theme

SIZES = (20, 40)


def icon(name: str, theme: Theme) -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in the colours of ``theme``."""
    drawing = bundled_path(f"icons/{name}.svg").read_text(encoding="utf-8")
    made = QIcon()
    for mode, color in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.border)):
        for size in SIZES:
            made.addPixmap(_render(drawing.replace("currentColor", color), size), mode)
    return made


def application_icon() -> QIcon:
    """The icon of the program itself."""
    drawing = bundled_path("icons/quantscope.svg").read_text(encoding="utf-8")
    made = QIcon()
    for size in (16, 32, 64, 256):
        made.addPixmap(_render(drawing, size))
    return made


def _render(drawing: str, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
