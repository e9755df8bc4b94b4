"""Sample values of the selected tensor as aligned binary words: why the heat map looks so."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QBrush, QColor, QShowEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from quantscope.core.heatmap import fit_axis
from quantscope.core.words import WordTable, sample_values, word_table
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import LIGHT, Theme, tabular

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
FIRST = {
    "Value": "A value of the tensor, from large to small",
    "Becomes": "What the type leaves of it",
    "Error": "What it becomes less what it was",
}
DIGIT_WIDTH, NUMBER_WIDTH = 36, 88
EXPLANATION = (
    "Yellow: the most significant bit, which the heat map counts. Gray: bits that the type drops."
    " Green: how many values of the tensor have their most significant bit there."
)


class WordsModel(QAbstractTableModel):
    """A row for each value, and a last one with the counts of the columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self._table: WordTable | None = None
        self._sums: list[int] = []

    def show_table(self, table: WordTable | None, sums: list[int]) -> None:
        """Replace all rows; ``sums`` has one count for each column of digits."""
        self.beginResetModel()
        self._table, self._sums = table, sums
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        if parent.isValid() or self._table is None:
            return 0
        return len(self._table.values) + 1

    def columnCount(self, parent: Index = ROOT) -> int:
        if parent.isValid() or self._table is None:
            return 0
        return len(FIRST) + int(self._table.digits.shape[1])

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or self._table is None:
            return None
        if section < len(FIRST):
            name = list(FIRST)[section]
            texts = {Qt.ItemDataRole.DisplayRole: name, Qt.ItemDataRole.ToolTipRole: FIRST[name]}
            return texts.get(Qt.ItemDataRole(role))
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.power_of_two(self._table.axis.top - (section - len(FIRST)))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._table is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight
            if index.column() >= len(FIRST):
                side = Qt.AlignmentFlag.AlignHCenter
            return side | Qt.AlignmentFlag.AlignVCenter
        if index.row() == len(self._table.values):
            return self._sum(index.column() - len(FIRST), role)
        if index.column() < len(FIRST):
            return self._number(index.row(), index.column(), role)
        return self._digit(index.row(), index.column() - len(FIRST), role)

    def _number(self, row: int, column: int, role: int) -> object:
        assert self._table is not None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        values = (self._table.values, self._table.cast, self._table.errors)[column]
        value = float(values[row])
        exact = role == Qt.ItemDataRole.ToolTipRole
        return repr(value) if exact else wording.decimal(value, digits=6)

    def _digit(self, row: int, column: int, role: int) -> object:
        assert self._table is not None
        first, theme = int(self._table.most_significant[row]), self.theme
        leading = first < 0 or column < first
        kept = bool(self._table.kept[row, column])
        back, text = (None, None) if kept else (theme.hover, theme.dim)
        if column == first:
            back, text = theme.first_bit, theme.first_bit_text
        answers: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: "" if leading else str(self._table.digits[row, column]),
            Qt.ItemDataRole.BackgroundRole: back and QBrush(QColor(back)),
            Qt.ItemDataRole.ForegroundRole: text and QBrush(QColor(text)),
            Qt.ItemDataRole.ToolTipRole: "kept" if kept else "dropped by the type",
        }
        return answers.get(role)

    def _sum(self, column: int, role: int) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            if column < 0:
                return "MSBs" if column == -1 else None
            return _short(self._sums[column]) if self._sums[column] else ""
        if column >= 0 and role == Qt.ItemDataRole.ToolTipRole:
            return f"{wording.count(self._sums[column])} values"
        if role == Qt.ItemDataRole.ForegroundRole:
            return QBrush(QColor(self.theme.rounded))
        return None


def _short(number: int) -> str:
    """Four characters at most: ``999``, ``12k``, ``3M``."""
    for limit, divisor, unit in ((10**4, 1, ""), (10**6, 10**3, "k"), (10**9, 10**6, "M")):
        if number < limit:
            return f"{number // divisor}{unit}"
    return f"{number // 10**9}G"


class WordsView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.model = WordsModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setAccessibleName("Values of the selected tensor as binary words")
        self.table.setFont(tabular(self.table.font()))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setMinimumSectionSize(DIGIT_WIDTH)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setProperty("role", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        for signal in (controller.changed, controller.results_changed, controller.previewed):
            signal.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.model.theme = theme
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        statistics = readings.statistics(tensor) if tensor else None
        row = readings.heat_row(tensor) if tensor else None
        if statistics is None or row is None:
            self.model.show_table(None, [])
            self.note.setText("Select a tensor that was calibrated to see values as words.")
            return
        axis = fit_axis([row])
        shape = statistics.values.shape if statistics.values is not None else ()
        table = word_table(sample_values(statistics), row.data_type, axis, shape)
        counts = axis.fold(row.counts).sum(axis=0)[:-1]
        self.model.show_table(table, [int(count) for count in counts])
        exact = statistics.values is not None or statistics.distinct is not None
        source = "" if exact else " Extremes are exact, the others as their histogram has them."
        self.note.setText(EXPLANATION + source)
        for number in range(self.model.columnCount()):
            width = NUMBER_WIDTH if number < len(FIRST) else DIGIT_WIDTH
            self.table.setColumnWidth(number, width)
