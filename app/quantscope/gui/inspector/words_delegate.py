"""How a word is drawn: one digit in a cell, the edges of the band, the binary point."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from quantscope.gui.inspector.words_model import WordsModel
from quantscope.gui.look.theme import LIGHT, Theme

BESIDE = 6  # pixels at both sides of a number


def sums_font(font: QFont) -> QFont:
    """Smaller than that of the digits: a sum has up to four characters above one digit."""
    smaller = QFont(font)
    smaller.setPointSizeF(font.pointSizeF() * 0.8)
    return smaller


class WordsDelegate(QStyledItemDelegate):
    """Draws cells itself: some 600 are in sight, and Qt's own way asks eight times for each."""

    def __init__(self, model: WordsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self._model = model

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row, column = index.row(), index.column()
        cell, bit = self._model.cell(row, column), self._model.bit_in(column)
        room, palette = option.rect, option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(room, QColor(self.theme.selection))
        elif cell.back:
            painter.fillRect(room, QColor(cell.back))
        own = cell.front and not selected
        painter.setPen(QColor(cell.front) if own else palette.color(QPalette.ColorRole.Text))
        if bit is None:
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room.adjusted(BESIDE, 0, -BESIDE, 0), side, cell.text)
            return
        if row == self._model.rowCount() - 1:
            painter.setFont(sums_font(option.font))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, cell.text)
        painter.setFont(option.font)
        if bit == 0:  # the binary point, right of 2^0
            painter.setPen(QColor(self.theme.border))
            painter.drawLine(room.topRight(), room.bottomRight())
