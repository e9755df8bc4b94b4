"""A cell with a bar behind its figure: how much of the whole a row makes."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from quantscope.gui.diagnosis.layers_model import SHARE_ROLE
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.ranges.tree import RowDelegate

TEXT_WIDTH = 62
BAR_HEIGHT = 10


class ShareBar(RowDelegate):
    """Draws the figure at the left and its bar beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        part = index.data(SHARE_ROLE)
        if not isinstance(part, float) or part <= 0.0:
            return
        room = QRectF(option.rect).adjusted(TEXT_WIDTH, 0, -8, 0)
        width = max(room.width() * part, 2.0)
        bar = QRectF(room.left(), room.center().y() - BAR_HEIGHT / 2, width, BAR_HEIGHT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.kept))
        painter.drawRoundedRect(bar, 2, 2)
        painter.restore()
