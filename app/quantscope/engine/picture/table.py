"""The table of the picture of the ranges: which columns it has, and how wide they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quantscope.core.picture.look import MARGIN
from quantscope.core.picture.ranges import RangeRow
from quantscope.core.wording import decibel, decimal, share
from quantscope.engine.picture.look import (
    CONFLICT,
    PIN,
    SIZE,
    SMALL,
    Look,
)
from quantscope.engine.picture.marks import Anchor, Mark, Text, shortened, width_of

_GAP = 18  # between columns
_SIGN = 15  # room for the mark of a type set by hand
BASELINE = 14  # of text in a row


class Field(StrEnum):
    """The columns by their headings, left to right."""

    LAYER = "Layer"
    TENSOR = "Tensor"
    TYPE = "Type"
    TIED = ""
    MINIMUM = "Min"
    MAXIMUM = "Max"
    SQNR = "SQNR"
    OVERFLOW = "Overflow"
    UNDERFLOW = "Underflow"


_WORDS: dict[Field, Callable[[RangeRow], str]] = {
    Field.LAYER: lambda row: row.layer.label,
    Field.TENSOR: lambda row: row.name,
    Field.TYPE: lambda row: row.data_type.label() if row.data_type else "float",
    Field.TIED: lambda row: f"= {row.tied_to}" if row.tied_to else "",
    Field.MINIMUM: lambda row: (
        decimal(row.statistics.minimum.value) if row.statistics.minimum else ""
    ),
    Field.MAXIMUM: lambda row: (
        decimal(row.statistics.maximum.value) if row.statistics.maximum else ""
    ),
    Field.SQNR: lambda row: decibel(row.error.sqnr_db) if row.error else "",
    Field.OVERFLOW: lambda row: share(row.error.overflow_share) if row.error else "",
    Field.UNDERFLOW: lambda row: share(row.error.underflow_share) if row.error else "",
}
_MOST = {Field.LAYER: 190.0, Field.TENSOR: 110.0, Field.TYPE: 240.0, Field.TIED: 150.0}
_MOST_FIGURE = 90.0
_LEAST = {Field.TYPE: 120.0, Field.TIED: 60.0, Field.LAYER: 100.0, Field.TENSOR: 80.0}
"""The columns that are cut where all together are too wide, in this order, and how far."""
_TEXTS = frozenset({Field.LAYER, Field.TENSOR, Field.TYPE, Field.TIED})  # aligned to the left


@dataclass(frozen=True, slots=True)
class Columns:
    """Left and right end of every column, in pixels."""

    ends: dict[Field, tuple[float, float]]

    @property
    def right(self) -> float:
        """Where the table ends."""
        return self.ends[Field.UNDERFLOW][1]


def fit_columns(rows: Sequence[RangeRow], right: float) -> Columns:
    """As wide as the widest text, within limits, and ending at ``right`` at most."""
    rooms = {}
    for field in Field:
        room = max((_room_for(field, row) for row in rows), default=0.0)
        rooms[field] = min(max(room, width_of(field, SMALL)), _MOST.get(field, _MOST_FIGURE))
    over = _ends_of(rooms)[Field.UNDERFLOW][1] - right
    for field, least in _LEAST.items():
        given = min(max(over, 0.0), max(rooms[field] - least, 0.0))
        rooms[field] -= given
        over -= given
    return Columns(_ends_of(rooms))


def _ends_of(rooms: dict[Field, float]) -> dict[Field, tuple[float, float]]:
    ends, left = {}, float(MARGIN)
    for field, room in rooms.items():
        ends[field] = (left, left + room)
        left += room + (_GAP if room else 0.0)
    return ends


def _room_for(field: Field, row: RangeRow) -> float:
    room = width_of(_WORDS[field](row), SIZE, bold=field is Field.LAYER)
    return room + _SIGN if field is Field.TYPE and _sign(row) else room


def _sign(row: RangeRow) -> str:
    if row.conflict:
        return CONFLICT
    return PIN if row.pinned else ""


def heading_texts(columns: Columns, baseline: float, look: Look) -> Iterator[Mark]:
    """The headings of the columns."""
    for field, (left, right) in columns.ends.items():
        if field in _TEXTS:
            yield Text(left, baseline, field, SMALL, look.dim)
        else:
            yield Text(right, baseline, field, SMALL, look.dim, anchor=Anchor.END)


def row_texts(
    row: RangeRow, columns: Columns, top: float, look: Look, *, names_layer: bool
) -> Iterator[Mark]:
    """What the table says of one tensor."""
    baseline = top + BASELINE
    for field, (left, right) in columns.ends.items():
        text = _WORDS[field](row)
        if not text or (field is Field.LAYER and not names_layer):
            continue
        bold = field is Field.LAYER
        if field is Field.TYPE and _sign(row):
            yield Text(left, baseline, _sign(row), SIZE, look.edge)
            left += _SIGN
        text = shortened(text, SIZE, right - left, bold)
        color = look.dim if _is_quiet(field, row) else look.text
        if field in _TEXTS:
            yield Text(left, baseline, text, SIZE, color, bold)
        else:
            yield Text(right, baseline, text, SIZE, color, anchor=Anchor.END)
    if note := _note(row):
        yield _in_place_of_figures(note, row, columns, baseline, look)


def _is_quiet(field: Field, row: RangeRow) -> bool:
    return field in (Field.TENSOR, Field.TIED) or (row.data_type is None and field is Field.TYPE)


def _note(row: RangeRow) -> str:
    """Why there are no figures."""
    if row.cut_off:
        return "judged at the layer that follows"
    return row.reason if row.data_type is None else ""


def _in_place_of_figures(
    note: str, row: RangeRow, columns: Columns, baseline: float, look: Look
) -> Text:
    """The note in the wider of the places that are empty then: beside "float", or at the end."""
    spans = [(columns.ends[Field.SQNR][0], columns.right)]
    if row.data_type is None:
        word = width_of(_WORDS[Field.TYPE](row), SIZE) + 10
        spans.append((columns.ends[Field.TYPE][0] + word, columns.ends[Field.TIED][1]))
    left, right = max(spans, key=lambda span: span[1] - span[0])
    return Text(left, baseline, shortened(note, SMALL, right - left), SMALL, look.dim)
