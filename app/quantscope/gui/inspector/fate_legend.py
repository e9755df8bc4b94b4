"""What becomes of values, as the colours of bars, and what each is called."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from quantscope.gui.look.theme import LIGHT
from quantscope.gui.translation import mark, tr

FATES = ("kept", "overflow", "underflow", "rounded")
WORDS = {
    "kept": mark("kept"),
    "overflow": mark("overflow"),
    "underflow": mark("underflow"),
    "rounded": mark("rounds up"),
}


class FateLegend(QLabel):
    """What the colours of the bars mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.setFixedHeight(40)
        self.setAccessibleName(", ".join(map(tr, WORDS.values())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, fate in enumerate(FATES):
            left = (index % 2) * self.width() / 2
            top = (index // 2) * 20
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(self.theme, fate)))
            painter.drawRoundedRect(
                QRectF(QPointF(left, top + 5), QPointF(left + 10, top + 15)), 2, 2
            )
            painter.setPen(QColor(self.theme.dim))
            room = QRectF(left + 16, top, self.width() / 2 - 16, 20)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, tr(WORDS[fate]))
