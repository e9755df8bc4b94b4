"""The confusion of labels with answers: a table, darker where more samples are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QTableView, QWidget

from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import plural, tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
Table = Sequence[Sequence[int]]
CELL = 44  # pixels


class ConfusionModel(QAbstractTableModel):
    """Rows are labels, columns answers; the diagonal is right."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self._table: Table = ()
        self._names: tuple[str, ...] = ()

    def show_table(self, table: Table, names: tuple[str, ...]) -> None:
        """Replace the counts."""
        self.beginResetModel()
        self._table, self._names = table, names
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._table)

    def columnCount(self, parent: Index = ROOT) -> int:
        return self.rowCount(parent)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        label, answer = index.row(), index.column()
        number = self._table[label][answer]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(number) if number else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return plural(
                "{label} called {answer}: one sample",
                "{label} called {answer}: {n} samples",
                number,
                label=self._name(label),
                answer=self._name(answer),
            )
        share = number / max(sum(self._table[label]), 1)
        if role == Qt.ItemDataRole.BackgroundRole and number:
            color = QColor(self.theme.kept if label == answer else self.theme.overflow)
            color.setAlphaF(0.25 + 0.75 * share)
            return color
        if role == Qt.ItemDataRole.ForegroundRole and share > 0.5:
            return QColor(self.theme.base)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._name(section)
        return None

    def _name(self, number: int) -> str:
        return self._names[number] if number < len(self._names) else str(number)


class ConfusionView(QTableView):
    """Shows a :class:`ConfusionModel`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.counts = ConfusionModel(self)
        self.setModel(self.counts)
        self.setAccessibleName(tr("Labels (rows) and what they were called (columns)"))
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.horizontalHeader().setDefaultSectionSize(CELL)
        self.verticalHeader().setDefaultSectionSize(24)
        self.setWordWrap(False)

    def show_table(self, table: Table, names: tuple[str, ...]) -> None:
        """Replace the counts; columns get as wide as the longest name asks, within limits."""
        self.counts.show_table(table, names)
        widest = max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)
        self.horizontalHeader().setDefaultSectionSize(min(max(widest + 16, CELL), 110))

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.counts.theme = theme
        self.viewport().update()
