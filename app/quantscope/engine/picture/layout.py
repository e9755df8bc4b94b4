"""Where everything stands in the picture of the ranges; what draws it is not known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import BitAxis, Depth, HeatRow, edge_positions, fit_axis, paint
from quantscope.core.picture.look import (
    AXIS,
    HEADING,
    LOWER_AXIS,
    MARGIN,
    ROW,
    ROWS_WITHOUT_LOWER_AXIS,
    WIDTH,
    height_of,
)
from quantscope.core.picture.ranges import RangeRow
from quantscope.core.wording import MINUS
from quantscope.engine.picture.heading import Heading, heading_marks
from quantscope.engine.picture.look import SMALL, Look
from quantscope.engine.picture.marks import Anchor, Box, Cells, Mark, Picture, Text
from quantscope.engine.picture.table import (
    Columns,
    fit_columns,
    heading_texts,
    row_texts,
)

_MAP_GAP = 28  # between table and heat map
_LEAST_MAP = 480
_LABEL_ROOM = 30  # pixels that a label such as 2^-12 takes on the axis


@dataclass(frozen=True, slots=True)
class Frame:
    """The lines that everything is aligned to, in pixels."""

    columns: Columns
    axis: BitAxis
    map_left: float
    cell: float
    top: float
    rows: int

    @property
    def map_right(self) -> float:
        """Where the heat map ends."""
        return self.map_left + self.cell * self.axis.columns

    @property
    def bottom(self) -> float:
        """Where the last row ends."""
        return self.top_of(self.rows)

    def top_of(self, row: int) -> float:
        """The upper edge of a row."""
        return self.top + row * ROW


def lay_out(rows: Sequence[RangeRow], heading: Heading, look: Look, depth: Depth) -> Picture:
    """The picture of ``rows``."""
    heat = [row.heat_row() for row in rows]
    frame = _frame(rows, fit_axis(heat))
    marks = heading_marks(heading, look)
    marks += heading_texts(frame.columns, frame.top - 10, look)
    marks += _axis_marks(frame, frame.top - 10, look)
    marks += _heat_map(heat, frame, look, depth)
    for number, row in enumerate(rows):
        first = number == 0 or row.layer is not rows[number - 1].layer
        marks += _row_marks(row, heat[number], number, frame, look, first=first)
    marks.append(_rule(frame, frame.bottom, look, strong=True))
    if frame.rows > ROWS_WITHOUT_LOWER_AXIS:
        marks += _axis_marks(frame, frame.bottom + LOWER_AXIS - 2, look)
    return Picture(WIDTH, height_of(len(rows)), look.background, tuple(marks))


def _frame(rows: Sequence[RangeRow], axis: BitAxis) -> Frame:
    """The table takes what it needs, the map the rest, in cells of whole or half pixels."""
    end = WIDTH - MARGIN
    columns = fit_columns(rows, end - _LEAST_MAP - _MAP_GAP)
    room = end - columns.right - _MAP_GAP
    cell = int(2 * room / axis.columns) / 2
    return Frame(columns, axis, end - cell * axis.columns, cell, HEADING + AXIS, len(rows))


def _rule(frame: Frame, y: float, look: Look, *, strong: bool) -> Box:
    color = look.rule if strong else look.faint
    return Box(MARGIN, y, frame.map_right - MARGIN, 1, color)


def _axis_marks(frame: Frame, baseline: float, look: Look) -> Iterator[Mark]:
    """Powers of two over their columns, as many as fit, and ``≤`` over the sum of the rest."""
    every = next((n for n in (1, 2, 4, 8, 16) if n * frame.cell >= _LABEL_ROOM), 32)
    last = frame.axis.columns - 1
    for column in range(last + 1):
        center = frame.map_left + (column + 0.5) * frame.cell
        bit = frame.axis.bit_of(column)
        if bit is None:
            yield Text(center, baseline, "≤", SMALL, look.dim, anchor=Anchor.MIDDLE)
        elif bit % every == 0 and (last - column) * frame.cell >= _LABEL_ROOM * 0.7:
            exponent = str(bit).replace("-", MINUS)
            yield Text(
                center, baseline, "2", SMALL, look.dim, anchor=Anchor.MIDDLE, raised=exponent
            )


def _heat_map(heat: Sequence[HeatRow], frame: Frame, look: Look, depth: Depth) -> Iterator[Mark]:
    tops = tuple(frame.top_of(row) + 1 for row in range(frame.rows))
    yield Cells(
        frame.map_left, tops, frame.cell, ROW - 1, paint(heat, frame.axis, look.heat, depth)
    )


def _row_marks(
    row: RangeRow, heat: HeatRow, number: int, frame: Frame, look: Look, *, first: bool
) -> Iterator[Mark]:
    top = frame.top_of(number)
    if first:
        yield _rule(frame, top, look, strong=number == 0)
    yield from row_texts(row, frame.columns, top, look, names_layer=first)
    if heat.data_type is None or not heat.counts.any():
        return
    yield from _band_marks(row, heat.data_type, frame, top, look)


def _band_marks(
    row: RangeRow, data_type: DataType, frame: Frame, top: float, look: Look
) -> Iterator[Mark]:
    """Both edges (thick where set by hand) and the sign; not those that lie beyond the axis."""
    band = data_type.band()
    left, right = edge_positions(data_type, frame.axis)
    wide = 4 if row.pinned else 2
    if band.upper_edge <= frame.axis.top + 1:
        x = frame.map_left + left * frame.cell
        yield Box(x - wide / 2, top + 1, wide, ROW - 1, look.edge)
        if data_type.signed:
            yield Box(x - 7, top + ROW / 2 - 0.5, 7, 2, look.edge)
    if band.lower_edge >= frame.axis.bottom:
        x = frame.map_left + right * frame.cell
        yield Box(x - wide / 2, top + 1, wide, ROW - 1, look.edge)
