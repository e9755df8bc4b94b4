"""One line about what the mouse or the selection is on: tensor, bit, count, share, fate."""

from __future__ import annotations

from quantscope.core.picture.heatmap import BitAxis, HeatRow, fates
from quantscope.gui import wording
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.selection import Selection
from quantscope.gui.translation import plural, tr

MOST = 0.995  # a share that reads as "all"


def describe_cell(
    readings: Readings, row: HeatRow | None, tensor: str, axis: BitAxis, column: int
) -> str:
    """What is in one cell of the heat map, in the ``row`` of ``tensor``, and what becomes of it."""
    if row is None:
        return readings.name_of(tensor)
    columns = axis.fold(row.counts).sum(axis=0)
    found, total = int(columns[column]), int(row.counts.sum())
    bit = wording.column_name(axis, column)
    parts = [readings.name_of(tensor), bit]
    if found == 0:
        return " · ".join([*parts, tr("no values")])
    values = plural("{n} value", "{n} values", found)
    parts.append(f"{values} ({wording.share(found / max(total, 1))})")
    parts.append(fate_in_words(row, axis, column))
    return " · ".join(part for part in parts if part)


def fate_in_words(row: HeatRow, axis: BitAxis, column: int) -> str:
    """``kept``, ``saturates``, ``rounds up to one step`` or ``lost as underflow``, with shares
    where a column meets several."""
    if row.data_type is None:
        return ""
    fate = fates(row, axis)
    shares = {
        tr("saturates"): float(fate.saturated[column]),
        tr("rounds up to one step"): float(fate.rounded_up[column]),
        tr("lost as underflow"): float(fate.underflow[column]),
    }
    shares = {tr("kept"): max(1.0 - sum(shares.values()), 0.0), **shares}
    present = {words: value for words, value in shares.items() if value > 1.0 - MOST}
    if len(present) == 1:
        return next(iter(present))
    return ", ".join(f"{value:.0%} {words}" for words, value in present.items())


def describe_selection(readings: Readings, selection: Selection) -> str:
    """The selected row; of several how many there are, and that edits reach all of them."""
    tensors, layers = selection.tensors, selection.layers
    if len(selection.rows) < 2:
        return describe_row(readings, selection.tensor)
    parts = [plural("one row selected", "{n} rows selected", len(selection.rows))]
    if tensors:
        parts.append(plural("{n} tensor", "{n} tensors", len(tensors)))
    if layers:
        parts.append(plural("{n} layer", "{n} layers", len(layers)))
    return " · ".join([*parts, tr("edits change all of them")])


def describe_row(readings: Readings, tensor: str) -> str:
    """A tensor and its type; why it cannot be dragged, where it cannot."""
    if not tensor or readings.network is None:
        return ""
    parts = [readings.name_of(tensor)]
    data_type = readings.data_type(tensor)
    if data_type is not None:
        parts.append(data_type.label())
    locked = readings.locked(tensor) if readings.has_counts else readings.reason(tensor)
    conflict = readings.conflict(tensor)
    if readings.is_pinned(tensor):
        parts.append(f"{wording.PIN} " + tr("pinned"))
    if conflict:
        parts.append(f"{wording.CONFLICT} {conflict}")
    elif locked:
        parts.append(locked)
    tied = readings.tied(tensor)
    if tied:
        parts.append("= " + ", ".join(readings.name_of(name) for name in tied[:3]))
    return " · ".join(parts)
