"""The colour bar: which count each depth of colour stands for, in the row that is looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from quantscope.core.picture.heatmap import Depth, depth_of, scale_marks
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr

LENGTH, STRIP = 196, 5  # pixels: of the bar, and the height of each of its three colours
TICK, GAP = 3, 5
TOP = 2
WIDEST = "99.9 k (99.9 %)"
SMALLER = 0.85  # the numbers, in the size of other texts


class ColorScale(QWidget):
    """Three strips (kept, rounds up, lost) over one scale.

    Rows are coloured by their own fullest cell, so the numbers are those of one row.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self.color_depth = Depth.LINEAR
        self.most = 0  # values in the fullest cell of the row
        self._total = 0
        self._marked: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Colour bar"))
        self.setToolTip(
            tr(
                "How many values a cell has, in the row under the mouse or the selected one.\n"
                "Each row is as deep as its fullest cell: rows cannot be compared by depth."
            )
        )

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self.update()

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colour depth."""
        self.color_depth = depth
        self._tell()

    def show_row(self, most: int, total: int, marked: int | None = None) -> None:
        """Number the bar for a row of ``total`` values with ``most`` in its fullest cell (0: no
        row), and mark the count of the cell that is looked at."""
        if (most, total, marked) != (self.most, self._total, self._marked):
            self.most, self._total, self._marked = most, total, marked
            self._tell()

    def _tell(self) -> None:
        self.setAccessibleDescription(
            tr("From no values to {end} of the row", end=self.end_text()) if self.most else ""
        )
        self.update()

    def end_text(self) -> str:
        """The count at the full end, and its share of the row."""
        if not self.most:
            return tr("fullest cell")
        share = wording.share(self.most / max(self._total, 1))
        return f"{wording.short_count(self.most)} ({share})"

    def labels(self) -> list[tuple[float, str]]:
        """The numbers that fit under the bar, and where their middles are from its left end."""
        metrics, free = QFontMetricsF(self._numbers()), 0.0
        found: list[tuple[float, str]] = []
        for count, place in scale_marks(self.most, self.color_depth):
            text = wording.short_count(count)
            half = metrics.horizontalAdvance(text) / 2
            center = min(max(place * LENGTH, half), LENGTH - half)
            if not found or center - half >= free + GAP:
                found.append((center, text))
                free = center + half
        return found

    def place_of(self, count: int) -> float:
        """The colour depth 0..1 of a cell with ``count`` values in this row."""
        counts = np.array([count, self.most], np.float64)
        return float(depth_of(counts, counts[1:], self.color_depth)[0])

    def _numbers(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * SMALLER)
        return font

    def sizeHint(self) -> QSize:
        room = self.fontMetrics().horizontalAdvance(WIDEST)
        height = TOP + 3 * STRIP + TICK + QFontMetricsF(self._numbers()).height()
        return QSize(LENGTH + 2 * GAP + room, round(height))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, heat = QPainter(self), self.theme.heat
        for place, (few, many) in enumerate((heat.kept, heat.rounded, heat.lost)):
            ramp = QLinearGradient(0, 0, LENGTH, 0)
            ramp.setColorAt(0.0, QColor(*few))
            ramp.setColorAt(1.0, QColor(*many))
            painter.fillRect(QRectF(0, TOP + place * STRIP, LENGTH, STRIP), ramp)
        bottom = TOP + 3 * STRIP
        painter.setPen(QColor(self.theme.dim))
        painter.drawRect(QRectF(0.5, TOP - 0.5, LENGTH, bottom - TOP))
        for _, at in scale_marks(self.most, self.color_depth):
            x = round(at * LENGTH) + 0.5
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + TICK))
        room = QRectF(LENGTH + 2 * GAP, TOP, self.width(), bottom - TOP)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.end_text())
        painter.setFont(self._numbers())
        for center, text in self.labels():
            room = QRectF(center - LENGTH, bottom + TICK, 2 * LENGTH, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        self._draw_marked(painter, bottom)

    def _draw_marked(self, painter: QPainter, bottom: int) -> None:
        """A line at the count of the cell that is looked at."""
        if not self._marked or not self.most:
            return
        x = self.place_of(self._marked) * LENGTH
        line = QRectF(min(x, LENGTH - 1.0) - 1.5, TOP - 2, 4, bottom - TOP + 3)
        painter.fillRect(line, QColor(self.theme.base))
        painter.fillRect(line.adjusted(1, 0, -1, 0), QColor(self.theme.edge))
