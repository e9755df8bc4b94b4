"""The columns of the dynamic ranges, and what they say of a tensor."""

from __future__ import annotations

from enum import IntEnum

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.gui import wording
from quantscope.gui.ranges.arrangement import shown_error
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.translation import mark, tr
from quantscope.gui.variants.comparison import SAME, Comparison


class Column(IntEnum):
    """Columns of the table, left to right; the last two in place of the range's while comparing."""

    NAME = 0
    TYPE = 1
    MINIMUM = 2
    MAXIMUM = 3
    SQNR = 4
    OVERFLOW = 5
    UNDERFLOW = 6
    OTHER_TYPE = 7
    GAIN = 8


HEADINGS = {
    Column.NAME: (mark("Layer / tensor"), mark("Checked layers run in integers")),
    Column.TYPE: (mark("Type"), mark("Word length, step and zero point")),
    Column.MINIMUM: (mark("Min"), mark("The smallest value seen")),
    Column.MAXIMUM: (mark("Max"), mark("The largest value seen")),
    Column.SQNR: (mark("SQNR"), mark("Signal to quantization noise ratio that the type will give")),
    Column.OVERFLOW: (mark("Overflow"), mark("Share of values past the largest representable one")),
    Column.UNDERFLOW: (
        mark("Underflow"),
        mark("Share of values that are not zero and round to zero"),
    ),
}
RANGE = (Column.MINIMUM, Column.MAXIMUM)
COMPARED = (Column.OTHER_TYPE, Column.GAIN)
WORDS = frozenset({Column.NAME, Column.TYPE, Column.OTHER_TYPE})
"""Columns that are read from the left; all others are numbers."""


class RowTexts:
    """Ready strings for the cells of a tensor's row; the name is the model's to say."""

    def __init__(self, readings: Readings, comparison: Comparison) -> None:
        self._readings = readings
        self._comparison = comparison

    def heading(self, column: Column) -> tuple[str, str]:
        """What stands above ``column``, and its tool tip."""
        label = self._comparison.label
        if column is Column.OTHER_TYPE:
            tip = tr("The type in {name}; {sign}: the same", name=label, sign=SAME)
            return tr("Type, {name}", name=label), tip
        if column is Column.GAIN:
            tip = tr("SQNR here less SQNR in {name}: above zero, here is better", name=label)
            return tr("vs {name}", name=label), tip
        name, tip = HEADINGS[column]
        return tr(name), tr(tip)

    def text(self, tensor: str, column: Column) -> str:
        """What stands in a tensor's row."""
        if column is Column.TYPE:
            return self._type(tensor)
        if column is Column.OTHER_TYPE:
            return self._comparison.cell_text(tensor)
        if column is Column.GAIN:
            return self._gain(tensor)
        return self._figure(tensor, column)

    def _gain(self, tensor: str) -> str:
        found = self._comparison.gain(tensor)
        if found is None:
            return ""
        return SAME if found == 0.0 else wording.gain(found)

    def _type(self, tensor: str) -> str:
        data_type = self._readings.data_type(tensor)
        if data_type is None:
            has_reason = self._readings.reason(tensor) and self._readings.statistics(tensor)
            return tr("float") if has_reason else ""
        text = data_type.label()
        if self._readings.conflict(tensor):
            text = f"{wording.CONFLICT} {text}"
        if self._readings.is_pinned(tensor):
            text = f"{wording.PIN} {text}"
        return text

    def _figure(self, tensor: str, column: Column) -> str:
        statistics = self._readings.statistics(tensor)
        if statistics is None:
            return ""
        if column in RANGE:
            return self._end(statistics, column)
        error = shown_error(self._readings, tensor)
        if error is None:
            return ""
        if column is Column.SQNR:
            return wording.decibel(error.sqnr_db)
        is_overflow = column is Column.OVERFLOW
        return wording.share(error.overflow_share if is_overflow else error.underflow_share)

    def _end(self, statistics: TensorStatistics, column: Column, digits: int = 4) -> str:
        end = statistics.minimum if column is Column.MINIMUM else statistics.maximum
        return wording.decimal(end.value, digits) if end else ""

    def shorter(self, tensor: str, column: Column) -> str:
        """The same in fewer digits; empty where that is not possible."""
        statistics = self._readings.statistics(tensor)
        if statistics is None or column not in RANGE:
            return ""
        return self._end(statistics, column, digits=2)

    def tool_tip(self, tensor: str) -> list[str]:
        """What is known of a tensor's type, line by line."""
        readings = self._readings
        data_type = readings.data_type(tensor)
        lines = [wording.type_in_words(data_type) if data_type else ""]
        if readings.is_pinned(tensor):
            lines.append(f"{wording.PIN} " + tr("Pinned: set by hand"))
        conflict = readings.conflict(tensor)
        lines.append(f"{wording.CONFLICT} {conflict}" if conflict else "")
        tied = [readings.name_of(name) for name in readings.tied(tensor)]
        lines.append(
            "= " + tr("shares its type with {names}", names=", ".join(tied)) if tied else ""
        )
        lines += [readings.reason(tensor), self._comparison.describe(tensor)]
        return lines
