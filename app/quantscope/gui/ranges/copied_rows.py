"""The selected rows as text for a spreadsheet: tabs between columns, numbers as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from quantscope.core.counting.statistics import Extreme
from quantscope.core.planning.prediction import PredictedError
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.ranges.arrangement import shown_error
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.translation import mark, plural, tr
from quantscope.gui.variants.comparison import Comparison

HEADINGS = (
    mark("Layer"),
    mark("Tensor"),
    mark("Type"),
    mark("Min"),
    mark("Max"),
    mark("SQNR in dB"),
    mark("Overflow as share"),
    mark("Underflow as share"),
    mark("Note"),
)


class CopiedRows(QObject):
    """A feature: puts what the table says of the selected tensors on the clipboard."""

    def __init__(self, controller: Controller, comparison: Comparison, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._comparison = comparison

    def enabled(self) -> dict[str, bool]:
        """Where a tensor is among the selected rows."""
        return {"copy-rows": bool(self._controller.selection.tensors)}

    @Slot()
    def do_copy_rows(self) -> None:
        """All columns of the selected tensors, in the order in which they are shown."""
        tensors = self._controller.selection.tensors
        QGuiApplication.clipboard().setText(
            as_text(self._controller.readings, self._comparison, tensors)
        )
        told = plural("One row is on the clipboard", "{n} rows are on the clipboard", len(tensors))
        self._controller.told.emit(told)


def as_text(readings: Readings, comparison: Comparison, tensors: Sequence[str]) -> str:
    """A line of headings and one for each of ``tensors``, with tabs between the columns.

    While variants are compared, two columns more say what the other one's type is and gains.
    """
    label = comparison.label
    others = (
        (
            tr("Type, {variant}", variant=label),
            tr("SQNR less that of {variant}, in dB", variant=label),
        )
        if label
        else ()
    )
    lines = [(*map(tr, HEADINGS), *others)]
    for tensor in tensors:
        compared = (comparison.type_text(tensor), _number(comparison.gain(tensor)))
        lines.append((*_cells(readings, tensor), *(compared if label else ())))
    return "".join("\t".join(map(_one_line, line)) + "\n" for line in lines)


def _cells(readings: Readings, tensor: str) -> Iterable[str]:
    network, statistics = readings.network, readings.statistics(tensor)
    assert network is not None
    layer = network.layer_of(tensor)
    data_type = readings.data_type(tensor)
    yield layer.label
    yield wording.row_name(network.tensors[tensor], layer)
    yield data_type.label() if data_type is not None else tr("float") if statistics else ""
    yield _end(statistics.minimum if statistics else None)
    yield _end(statistics.maximum if statistics else None)
    yield from _figures(shown_error(readings, tensor))
    yield _note(readings, tensor)


def _figures(error: PredictedError | None) -> tuple[str, str, str]:
    if error is None:
        return "", "", ""
    return _number(error.sqnr_db), _number(error.overflow_share), _number(error.underflow_share)


def _note(readings: Readings, tensor: str) -> str:
    """What the table says by signs, or across the columns."""
    sources = [readings.layer_label(name) for name in readings.rounded_at(tensor)]
    parts = [tr("set by hand") if readings.is_pinned(tensor) else "", readings.conflict(tensor)]
    parts += [
        tr("rounded at {layers}", layers=", ".join(sources)) if sources else "",
        readings.reason(tensor),
    ]
    return "; ".join(filter(None, parts))


def _end(end: Extreme | None) -> str:
    return _number(end.value if end is not None else None)


def _number(value: float | None) -> str:
    """In six digits, with a point and the minus sign of keyboards; ``exact`` for no error."""
    if value is None:
        return ""
    return tr("exact") if value == math.inf else f"{value:.6g}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
