"""Values as aligned binary words, one in each row: digits, what they become, and sums."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QWidget

from quantscope.core.numbers.words import WordTable
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import mark, plural, tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NUMBERS = {
    mark("Value"): mark("A value of the tensor, from large to small"),
    mark("Becomes"): mark("What the type leaves of it"),
    mark("Error"): mark("What it becomes less what it was"),
}
DIGITS = {"Value": 5, "Becomes": 5, "Error": 3}  # significant ones


class Cell(NamedTuple):
    """What a cell shows; colours are empty where they are those of the table."""

    text: str
    tip: str = ""
    back: str = ""
    front: str = ""


class WordsModel(QAbstractTableModel):
    """A row for each value, and a last one with the counts of the columns.

    Columns: the value, its digits, what it becomes, the error.
    """

    POWER = Qt.ItemDataRole.UserRole  # heading of a column of digits, which its view draws

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.table: WordTable | None = None
        self._rows: list[list[Cell]] = []

    def show_table(self, table: WordTable | None, sums: list[int], theme: Theme = LIGHT) -> None:
        """Replace all rows; ``sums`` has one count for each column of digits."""
        self.beginResetModel()
        self.table = table
        self._rows = [] if table is None else [*_words(table, theme), _sums(sums, theme)]
        self.endResetModel()

    def cell(self, row: int, column: int) -> Cell:
        """What stands there."""
        return self._rows[row][column]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(self._rows[0]) if self._rows and not parent.isValid() else 0

    def bit_in(self, column: int) -> int | None:
        """The bit position that a column shows; ``None`` for a column of numbers."""
        if self.table is None or not 0 < column < self.columnCount() - 2:
            return None
        return self.table.axis.top - (column - 1)

    def name_of(self, column: int) -> str:
        """The name of a column of numbers."""
        return list(NUMBERS)[max(column - (self.columnCount() - 3), 0)]

    def texts(self, column: int) -> list[str]:
        """The heading of a column of numbers, and all texts of any column."""
        heading = [tr(self.name_of(column))] if self.bit_in(column) is None else []
        return heading + [row[column].text for row in self._rows]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or self.table is None:
            return None
        bit = self.bit_in(section)
        if bit is not None:
            roles = (self.POWER, Qt.ItemDataRole.ToolTipRole)
            return wording.power_of_two(bit) if role in roles else None
        name = self.name_of(section)
        texts = {Qt.ItemDataRole.DisplayRole: name, Qt.ItemDataRole.ToolTipRole: NUMBERS[name]}
        text = texts.get(Qt.ItemDataRole(role))
        return tr(text) if text else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        cell = self._rows[index.row()][index.column()]
        answers = {
            Qt.ItemDataRole.DisplayRole: cell.text,
            Qt.ItemDataRole.ToolTipRole: cell.tip,
            Qt.ItemDataRole.BackgroundRole: cell.back and QBrush(QColor(cell.back)),
            Qt.ItemDataRole.ForegroundRole: cell.front and QBrush(QColor(cell.front)),
        }
        return answers.get(Qt.ItemDataRole(role)) or None


def _words(table: WordTable, theme: Theme) -> list[list[Cell]]:
    held = {"Value": table.values, "Becomes": table.cast, "Error": table.errors}
    rows = []
    for row in range(len(table.values)):
        value, becomes, error = (_number(name, float(held[name][row])) for name in NUMBERS)
        rows.append([value, *_digits(table, row, theme), becomes, error])
    return rows


def _number(name: str, value: float) -> Cell:
    return Cell(wording.decimal(value, digits=DIGITS[name]), repr(value))


def _digits(table: WordTable, row: int, theme: Theme) -> list[Cell]:
    first, kept, dropped = int(table.most_significant[row]), tr("kept"), tr("dropped by the type")
    cells = []
    for column, (digit, is_kept) in enumerate(zip(table.digits[row], table.kept[row], strict=True)):
        text = "" if first < 0 or column < first else str(digit)
        tip, back, front = (kept, "", "") if is_kept else (dropped, theme.hover, theme.dim)
        if column == first:
            back, front = theme.first_bit, theme.first_bit_text
        cells.append(Cell(text, tip, back, front))
    return cells


def _sums(sums: list[int], theme: Theme) -> list[Cell]:
    counts = [
        Cell(_short(n) if n else "", plural("one value", "{n} values", n), "", theme.rounded)
        for n in sums
    ]
    return [Cell(tr("MSBs"), "", "", theme.rounded), *counts, Cell(""), Cell("")]


def _short(number: int) -> str:
    """Four characters at most: ``999``, ``12k``, ``3M``."""
    for limit, divisor, unit in ((10**4, 1, ""), (10**6, 10**3, "k"), (10**9, 10**6, "M")):
        if number < limit:
            return f"{number // divisor}{unit}"
    return f"{number // 10**9}G"
