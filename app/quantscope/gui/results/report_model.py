"""A table of ready strings: what an export found out, for QTreeView."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from quantscope.gui.translation import tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class StringTable(QAbstractTableModel):
    """Rows of strings; the first ``left`` columns are words, the others numbers.

    ``headings`` maps each column's name to its tool tip, both marked for translation.
    """

    def __init__(
        self, headings: Mapping[str, str], left: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._headings = tuple(map(tr, headings))
        self._tips = tuple(map(tr, headings.values()))
        self._left = left
        self._rows: list[tuple[str, ...]] = []

    def show_headings(self, headings: Mapping[str, str]) -> None:
        """Take other columns, named in the person's language, which leaves no rows."""
        self.beginResetModel()
        self._headings, self._tips = tuple(headings), tuple(headings.values())
        self._rows = []
        self.endResetModel()

    def show_rows(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        return self._alignment(index.column(), role)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[section]
        return self._alignment(section, role)

    def _alignment(self, column: int, role: int) -> object:
        if role != Qt.ItemDataRole.TextAlignmentRole:
            return None
        side = Qt.AlignmentFlag.AlignLeft if column < self._left else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter
