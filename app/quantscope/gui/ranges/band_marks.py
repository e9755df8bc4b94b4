"""The lines over the heat map: the edges of bands, sign bits, and the edges of another plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import BitAxis, edge_positions
from quantscope.gui.look.theme import Theme

EDGE_MARGIN = 2.0  # pixels between an edge's ends and the row's
SIGN_TICK = 7.0  # pixels
SAME_EDGE = 0.02  # columns: two edges so near are drawn as one
DASHES = (2.5, 1.5)  # line and gap, in widths of the pen


def dashed(color: str) -> QPen:
    """The pen for the edges of the plan that is compared with."""
    pen = solid(color, 2.0)
    pen.setDashPattern(DASHES)
    return pen


def solid(color: str, width: float) -> QPen:
    """A pen whose lines end where they are told to."""
    return QPen(QColor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)


@dataclass(slots=True)
class BandMarks:
    """Lines in pixels; ``x_of`` says where a position in columns of ``axis`` is."""

    axis: BitAxis
    x_of: Callable[[float], float]
    row_height: float
    edges: list[QLineF] = field(default_factory=list)
    pinned_edges: list[QLineF] = field(default_factory=list)
    signs: list[QLineF] = field(default_factory=list)
    others: list[QLineF] = field(default_factory=list)  # of the plan that is compared with

    def add_band(self, data_type: DataType, top: float, is_pinned: bool) -> None:
        """Both edges of the band in the row at ``top``, and its sign bit."""
        left, right = edge_positions(data_type, self.axis)
        lines = self.pinned_edges if is_pinned else self.edges
        inside = [self.x_of(x) for x in (left, right) if 0.0 < x < self.axis.columns]
        low, high = top + EDGE_MARGIN, top + self.row_height - EDGE_MARGIN
        lines += [QLineF(x, low, x, high) for x in inside]
        if data_type.signed and 0.0 < left < self.axis.columns:
            middle = top + self.row_height / 2
            self.signs.append(QLineF(inside[0] - SIGN_TICK, middle, inside[0], middle))

    def add_other(self, other: DataType, data_type: DataType | None, top: float) -> None:
        """The edges of ``other`` that are not those of ``data_type``."""
        shown = () if data_type is None else edge_positions(data_type, self.axis)
        for edge in edge_positions(other, self.axis):
            is_apart = not any(abs(edge - each) < SAME_EDGE for each in shown)
            if 0.0 < edge < self.axis.columns and is_apart:
                x = self.x_of(edge)
                self.others.append(QLineF(x, top + 1, x, top + self.row_height - 1))

    def draw(self, painter: QPainter, theme: Theme) -> None:
        """Pinned edges are thick, those of the other plan dashed."""
        for lines, thickness in ((self.signs, 1.5), (self.edges, 2.0), (self.pinned_edges, 4.0)):
            painter.setPen(solid(theme.edge, thickness))
            painter.drawLines(lines)
        painter.setPen(dashed(theme.other_edge))
        painter.drawLines(self.others)
