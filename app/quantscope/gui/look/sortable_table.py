"""A table of ready strings that a click on a heading sorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt

from quantscope.gui.results.report_model import StringTable

Keys = tuple[str | float, ...]
UNSORTED = -1


class SortableTable(StringTable):
    """Rows with a name each, and keys to sort them by, in column order; at first as given."""

    def __init__(
        self, headings: Mapping[str, str], left: int, parent: QObject | None = None
    ) -> None:
        super().__init__(headings, left, parent)
        self._given: list[tuple[str, tuple[str, ...], Keys]] = []
        self._names: list[str] = []
        self._sorted = (UNSORTED, Qt.SortOrder.AscendingOrder)

    def show_named(self, rows: Sequence[tuple[str, tuple[str, ...], Keys]]) -> None:
        """Replace all rows: name, texts, keys. They are put in the order that was chosen last."""
        self._given = list(rows)
        self._arrange()

    def name_at(self, row: int) -> str:
        """The name of a row; empty where there is none."""
        return self._names[row] if 0 <= row < len(self._names) else ""

    def row_of(self, name: str) -> int:
        """Where the row ``name`` stands; -1 where it does not."""
        return self._names.index(name) if name in self._names else -1

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted = (column, order)
        self._arrange()

    def _arrange(self) -> None:
        column, order = self._sorted
        rows = self._given
        if column != UNSORTED:
            descends = order is Qt.SortOrder.DescendingOrder
            rows = sorted(rows, key=lambda row: row[2][column], reverse=descends)
        self._names = [name for name, _, _ in rows]
        self.show_rows([texts for _, texts, _ in rows])
