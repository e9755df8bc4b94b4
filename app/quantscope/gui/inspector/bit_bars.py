"""One tensor's bit positions as bars, in the order of the heat map, coloured by their fate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from quantscope.core.picture.heatmap import BitAxis, Depth, HeatRow, edge_positions, fates, fit_axis
from quantscope.gui import wording
from quantscope.gui.inspector.fate_legend import FATES, FateLegend
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr

HEIGHT, SLIM = 170, 92  # pixels; a slim one has no scale at its left
LEFT, TOP, BOTTOM, TITLE = 70, 8, 24, 16  # pixels around the bars; TITLE is part of LEFT
TICK = 4  # pixels
BAR = 0.86  # of a column
ROOM_ABOVE = 1.05  # of the highest bar
MOST_LABELS = 6
LEAST_SHARE = 1e-4  # percent: where the logarithmic axis begins
DECADES = (0.0001, 0.01, 1.0, 100.0)  # percent
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bars:
    """What is drawn: ends of the bars' parts, one above the other in the order of the fates.

    ``ends`` has shape (fates + 1, columns), from the axis up, in the units of ``ticks``: pairs of
    a height and what is written beside it. ``edges`` are those of the band, in columns.
    """

    axis: BitAxis
    ends: Floats
    ticks: Sequence[tuple[float, str]]
    edges: tuple[float, ...] = ()

    @property
    def top(self) -> float:
        """The height that the upper end of the picture stands for."""
        return max(float(self.ends[-1].max()), 1e-9) * ROOM_ABOVE


def bars_of(row: HeatRow, depth: Depth) -> Bars:
    """The bars of one tensor: percent of its values, on a linear axis or one of their decades."""
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
    stacked = np.cumsum([parts[name] * of_share for name in FATES], axis=0)
    ends = np.concatenate([np.zeros((1, axis.columns)), stacked])
    logarithmic = [(float(_decades(share)), f"{share:g}") for share in DECADES]
    ticks = linear_ticks(float(heights.max())) if is_linear else logarithmic
    edges = () if row.data_type is None else edge_positions(row.data_type, axis)
    return Bars(axis, ends, ticks, edges)


def linear_ticks(highest: float) -> list[tuple[float, str]]:
    """Round numbers from 0 up to ``highest``, at most six."""
    power = 10.0 ** math.floor(math.log10(max(highest, LEAST_SHARE)))
    steps = (power * times for times in (0.2, 0.5, 1.0, 2.0))
    step = next(each for each in steps if highest / each < MOST_LABELS)
    return [(n * step, f"{n * step:.6g}") for n in range(int(highest / step) + 1)]


def _decades(shares: Any) -> Any:
    """Powers of ten above :data:`LEAST_SHARE`; 0 for less."""
    return np.maximum(np.log10(np.maximum(shares, LEAST_SHARE) / LEAST_SHARE), 0.0)


class BitBars(QWidget):
    """Share of the values at each bit position; the figures beside it say the same in numbers."""

    def __init__(self, parent: QWidget | None = None, height: int = HEIGHT) -> None:
        super().__init__(parent)
        self.legend = FateLegend(self)
        self.legend.hide()  # until somebody has room for it
        self.theme = LIGHT
        self.bars: Bars | None = None
        self._depth = Depth.LINEAR
        self._row: HeatRow | None = None
        self.setFixedHeight(height)
        self._left = LEFT if height > SLIM else TOP
        self.setAccessibleName(tr("Bits of the selected tensor"))
        self.setAccessibleDescription(tr("The figures below say in numbers what it shows"))

    def set_depth(self, depth: Depth) -> None:
        """A linear axis, or one on which rare values can be seen."""
        self._depth = depth
        self.show_row(self._row)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = self.legend.theme = theme
        self.legend.update()
        self.update()

    def show_row(self, row: HeatRow | None) -> None:
        """Draw one tensor; nothing before anything was counted."""
        self._row = row
        self.bars = bars_of(row, self._depth) if row is not None else None
        self.update()

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, room = QPainter(self), self._room()
        painter.fillRect(self.rect(), QColor(self.theme.base))
        painter.setPen(QColor(self.theme.border))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        has_scale = self._left == LEFT
        if has_scale:
            painter.drawLine(room.bottomLeft(), room.topLeft())
            self._draw_title(painter, room)
        if self.bars is not None:
            if has_scale:
                self._draw_ticks(painter, room, self.bars)
            self._draw_powers(painter, room, self.bars.axis)
            self._draw_bars(painter, room, self.bars)

    def _room(self) -> QRectF:
        """Where the bars stand."""
        return QRectF(
            self._left, TOP, self.width() - self._left - TOP, self.height() - TOP - BOTTOM
        )

    def _draw_bars(self, painter: QPainter, room: QRectF, bars: Bars) -> None:
        width = room.width() / bars.axis.columns
        ends = room.bottom() - bars.ends * (room.height() / bars.top)
        for number, fate in enumerate(FATES):
            lower, upper = ends[number], ends[number + 1]
            columns = np.flatnonzero(lower > upper)
            parts = [
                QRectF(
                    room.left() + (float(column) + (1.0 - BAR) / 2) * width,
                    float(upper[column]),
                    BAR * width,
                    float(lower[column] - upper[column]),
                )
                for column in columns
            ]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(self.theme, fate)))
            painter.drawRects(parts)
        painter.setPen(QPen(QColor(self.theme.edge), 2.0))
        for edge in bars.edges:
            if 0.0 <= edge <= bars.axis.columns:
                x = room.left() + edge * width
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))

    def _draw_ticks(self, painter: QPainter, room: QRectF, bars: Bars) -> None:
        line = self.fontMetrics().height()
        for height, text in bars.ticks:
            y = room.bottom() - height * room.height() / bars.top
            if y < line / 2:
                continue  # it would be cut off
            painter.setPen(QColor(self.theme.border))
            painter.drawLine(QPointF(room.left() - TICK, y), QPointF(room.left(), y))
            painter.setPen(QColor(self.theme.dim))
            beside = QRectF(TITLE, y - line / 2, room.left() - 2 * TICK - TITLE, line)
            painter.drawText(
                beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )

    def _draw_powers(self, painter: QPainter, room: QRectF, axis: BitAxis) -> None:
        width = room.width() / axis.columns
        every = -(-axis.columns // MOST_LABELS)
        for column in range(0, axis.columns - 1, every):
            middle = room.left() + (column + 0.5) * width
            painter.setPen(QColor(self.theme.border))
            painter.drawLine(QPointF(middle, room.bottom()), QPointF(middle, room.bottom() + TICK))
            painter.setPen(QColor(self.theme.dim))
            below = QRectF(middle - LEFT, room.bottom() + TICK, 2 * LEFT, BOTTOM - TICK)
            text = wording.power_of_two(axis.top - column)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_title(self, painter: QPainter, room: QRectF) -> None:
        painter.setPen(QColor(self.theme.dim))
        painter.save()
        painter.translate(0.0, room.bottom())
        painter.rotate(-90.0)
        beside = QRectF(0.0, 0.0, room.height(), TITLE)
        mode, width = Qt.TextElideMode.ElideRight, round(room.height())
        text = painter.fontMetrics().elidedText(tr("% of nonzero values"), mode, width)
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
