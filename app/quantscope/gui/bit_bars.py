"""One tensor's bit positions as bars, in the order of the heat map, coloured by their fate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from quantscope.core.heatmap import Depth, HeatRow, edge_positions, fates, fit_axis
from quantscope.gui import wording
from quantscope.gui.theme import LIGHT, Theme

FATES = ("kept", "overflow", "underflow", "rounded")
LEAST_SHARE = 1e-4  # percent: where the logarithmic axis begins
DECADES = (0.0001, 0.01, 1.0, 100.0)
WORDS = {
    "kept": "kept",
    "overflow": "overflow",
    "underflow": "underflow",
    "rounded": "rounds up",
}
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 8, 24  # pixels around the plot, for the axes
BAR_WIDTH = 0.86  # of a column
MOST_LABELS, MOST_TICKS = 6, 6  # below; at the left
Heights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn of one tensor: heights by fate and column, and the axes.

    Heights are in the unit of ``highest``; ``marks`` are the heights with a label at the left,
    ``labels`` the columns with one below, ``edges`` the edges of the band in columns.
    """

    columns: int
    heights: dict[str, Heights]
    highest: float
    marks: list[tuple[float, str]]
    labels: list[tuple[float, str]]
    edges: tuple[float, ...]


def plot_of(row: HeatRow, depth: Depth) -> Plot:
    """The bars of ``row``: shares of its values in percent, or their decades."""
    axis = fit_axis([row])
    shares = axis.fold(row.counts).sum(axis=0) * (100.0 / max(int(row.counts.sum()), 1))
    fate = fates(row, axis)
    parts = {
        "overflow": shares * fate.saturated,
        "underflow": shares * fate.underflow,
        "rounded": shares * fate.rounded_up,
    }
    parts["kept"] = np.maximum(shares - sum(parts.values()), 0.0)
    is_linear = depth is Depth.LINEAR
    heights = shares if is_linear else np.asarray(_decades(shares), np.float64)
    of_share = heights / np.maximum(shares, LEAST_SHARE)
    highest = max(float(heights.max()), 1e-9) * 1.05
    every = -(-axis.columns // MOST_LABELS)
    return Plot(
        columns=axis.columns,
        heights={name: parts[name] * of_share for name in FATES},
        highest=highest,
        marks=_round_marks(highest) if is_linear else _decade_marks(highest),
        labels=[
            (column + 0.5, wording.power_of_two(axis.top - column))
            for column in range(0, axis.columns - 1, every)
        ],
        edges=() if row.data_type is None else edge_positions(row.data_type, axis),
    )


def _decades(shares: Any) -> Any:
    """Powers of ten above :data:`LEAST_SHARE`; 0 for less."""
    return np.maximum(np.log10(np.maximum(shares, LEAST_SHARE) / LEAST_SHARE), 0.0)


def _decade_marks(highest: float) -> list[tuple[float, str]]:
    marks = [(float(_decades(share)), f"{share:g}") for share in DECADES]
    return [mark for mark in marks if mark[0] <= highest]


def _round_marks(highest: float) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten, a few of them."""
    unit = 10.0 ** math.floor(math.log10(highest / MOST_TICKS))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n * MOST_TICKS >= highest)
    return [(n * step, f"{n * step:g}") for n in range(int(highest / step) + 1)]


class BitBars(QWidget):
    """Share of the values at each bit position."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = FateLegend(parent)
        self.setFixedHeight(170)
        self.setAccessibleName("Bit positions of the selected tensor")
        self.theme = LIGHT
        self._depth = Depth.LINEAR
        self._row: HeatRow | None = None
        self._plot: Plot | None = None

    def set_depth(self, depth: Depth) -> None:
        """A linear axis, or one on which rare values can be seen."""
        self._depth = depth
        self.show_row(self._row)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = self.legend.theme = theme
        self.update()
        self.legend.update()

    def show_row(self, row: HeatRow | None) -> None:
        """Draw one tensor; nothing before anything was counted."""
        self._row = row
        self._plot = None if row is None else plot_of(row, self._depth)
        self.update()

    # ---- drawing

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.base))
        if self._plot is not None:
            self._draw_bars(painter, self._plot)
            self._draw_axes(painter, self._plot)

    def _draw_bars(self, painter: QPainter, plot: Plot) -> None:
        room = self._room()
        width = room.width() / plot.columns
        left = room.left() + (np.arange(plot.columns) + (1 - BAR_WIDTH) / 2) * width
        bottom = np.full(plot.columns, room.bottom())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name in FATES:
            tall = plot.heights[name] * room.height() / plot.highest
            color = QColor(getattr(self.theme, name))
            for x, y, height in zip(left, bottom, tall, strict=True):
                if height > 0.0:
                    painter.fillRect(QRectF(x, y - height, width * BAR_WIDTH, height), color)
            bottom = bottom - tall
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self.theme.edge), 2.0))
        for place in plot.edges:
            x = room.left() + place * width
            painter.drawLine(QLineF(x, room.top(), x, room.bottom()))

    def _draw_axes(self, painter: QPainter, plot: Plot) -> None:
        room, font = self._room(), QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.border))
        painter.drawLine(QLineF(room.topLeft(), room.bottomLeft()))
        painter.drawLine(QLineF(room.bottomLeft(), room.bottomRight()))
        ticks = [room.bottom() - mark * room.height() / plot.highest for mark, _ in plot.marks]
        painter.drawLines([QLineF(room.left() - 4, y, room.left(), y) for y in ticks])
        painter.setPen(QColor(self.theme.dim))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, (_, text) in zip(ticks, plot.marks, strict=True):
            painter.drawText(QRectF(18, y - 9, LEFT - 24, 18), right, text)
        center = Qt.AlignmentFlag.AlignCenter
        for column, text in plot.labels:
            x = room.left() + column * room.width() / plot.columns
            painter.drawText(QRectF(x - 30, room.bottom() + 4, 60, BOTTOM - 4), center, text)
        painter.translate(9, room.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-70, -9, 140, 18), center, "% of values")


class FateLegend(QLabel):
    """What the colours of the bars mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.setFixedHeight(40)
        self.setAccessibleName(", ".join(WORDS.values()))

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
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, WORDS[fate])
