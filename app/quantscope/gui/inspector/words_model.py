"""Values as aligned binary words, one in each row: digits, what they become, and sums."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QWidget

from quantscope.core.words import WordTable
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT
from quantscope.gui.translation import mark, plural, tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
FOREGROUND = Qt.ItemDataRole.ForegroundRole
NUMBERS = {
    mark("Value"): mark("A value of the tensor, from large to small"),
    mark("Becomes"): mark("What the type leaves of it"),
    mark("Error"): mark("What it becomes less what it was"),
}
DIGITS = {"Value": 5, "Becomes": 5, "Error": 3}  # significant ones


class WordsModel(QAbstractTableModel):
    """A row for each value, and a last one with the counts of the columns."""

    POWER = Qt.ItemDataRole.UserRole  # heading of a column of digits, which its view draws

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
        return len(NUMBERS) + self._bits

    @property
    def _bits(self) -> int:
        return 0 if self._table is None else int(self._table.digits.shape[1])

    def name_of(self, column: int) -> str:
        """The name of a column of numbers; empty for one of digits."""
        return list(NUMBERS)[max(column - self._bits, 0)] if self.bit_in(column) is None else ""

    def bit_in(self, column: int) -> int | None:
        """Which digit of the words, counted from the left, a column shows."""
        return column - 1 if 0 < column <= self._bits else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or self._table is None:
            return None
        bit = self.bit_in(section)
        if bit is None:
            name = self.name_of(section)
            tip = tr(NUMBERS[name])
            texts = {Qt.ItemDataRole.DisplayRole: tr(name), Qt.ItemDataRole.ToolTipRole: tip}
            return texts.get(Qt.ItemDataRole(role))
        power = wording.power_of_two(self._table.axis.top - bit)
        return power if role in (self.POWER, Qt.ItemDataRole.ToolTipRole) else None

    @property
    def sums(self) -> list[str]:
        """The counts below the digits, short."""
        return [_short(number) for number in self._sums]

    def texts(self, column: int) -> list[str]:
        """The heading and all texts of a column of numbers."""
        cells = (self.index(row, column).data() for row in range(self.rowCount()))
        return [tr(self.name_of(column)), *(str(text or "") for text in cells)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._table is None:
            return None
        bit = self.bit_in(index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if bit is None else Qt.AlignmentFlag.AlignHCenter
            return side | Qt.AlignmentFlag.AlignVCenter
        if index.row() == len(self._table.values):
            return self._sum(bit, index.column(), role)
        if bit is None:
            return self._number(index.row(), self.name_of(index.column()), role)
        return self._digit(index.row(), bit, role)

    def _number(self, row: int, name: str, role: int) -> object:
        assert self._table is not None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        table = self._table
        held = {"Value": table.values, "Becomes": table.cast, "Error": table.errors}
        value = float(held[name][row])
        exact = role == Qt.ItemDataRole.ToolTipRole
        return repr(value) if exact else wording.decimal(value, digits=DIGITS[name])

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
            Qt.ItemDataRole.ToolTipRole: tr("kept") if kept else tr("dropped by the type"),
        }
        return answers.get(role)

    def _sum(self, bit: int | None, column: int, role: int) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            if bit is None:
                return tr("MSBs") if column == 0 else None
            return _short(self._sums[bit]) if self._sums[bit] else ""
        if bit is not None and role == Qt.ItemDataRole.ToolTipRole:
            return plural("one value", "{n} values", self._sums[bit])
        return QBrush(QColor(self.theme.rounded)) if role == FOREGROUND else None


def _short(number: int) -> str:
    """Four characters at most: ``999``, ``12k``, ``3M``."""
    for limit, divisor, unit in ((10**4, 1, ""), (10**6, 10**3, "k"), (10**9, 10**6, "M")):
        if number < limit:
            return f"{number // divisor}{unit}"
    return f"{number // 10**9}G"
