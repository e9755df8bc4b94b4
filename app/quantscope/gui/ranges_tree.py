"""The tree half of the dynamic ranges: rows of one fixed height, as the heat map beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from quantscope.gui.ranges_model import REASON_ROLE, SOURCE_ROLE, RangesModel
from quantscope.gui.row_texts import COMPARED, RANGE, Column

ROW_HEIGHT = 26
HEADER_HEIGHT = 32
RESTYLED = frozenset({QEvent.Type.StyleChange, QEvent.Type.FontChange, QEvent.Type.PaletteChange})
WIDTHS = {
    Column.NAME: 172,
    Column.TYPE: 156,
    Column.MINIMUM: 76,
    Column.MAXIMUM: 70,
    Column.SQNR: 70,
    Column.OVERFLOW: 76,
    Column.UNDERFLOW: 78,
    Column.OTHER_TYPE: 130,
    Column.GAIN: 80,
}


class RowDelegate(QStyledItemDelegate):
    """Gives every row its fixed height."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)


class RangesTree(QTreeView):
    """Layers and tensors, one row high each; the scroll bar stands right of the heat map."""

    def __init__(self, model: RangesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ranges = model
        self._dim = QColor("gray")
        self._line = QColor("lightgray")
        self._is_restyled = False
        self.setModel(model)
        self.setItemDelegate(RowDelegate(self))
        self.setUniformRowHeights(True)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setIndentation(18)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setAccessibleName("Layers and tensors")
        self._set_up_header()

    def _set_up_header(self) -> None:
        header = self.header()
        header.setFixedHeight(HEADER_HEIGHT)
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setResizeContentsPrecision(0)
        header.setMinimumSectionSize(70)  # a power-of-two type
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        for column, width in WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.TYPE, QHeaderView.ResizeMode.Stretch)
        self.show_compared(False)

    def show_compared(self, is_shown: bool) -> None:
        """Show the columns of what is compared with, in place of the range's."""
        for column in COMPARED:
            self.setColumnHidden(column, not is_shown)
        for column in RANGE:
            self.setColumnHidden(column, is_shown)

    def set_colors(self, dim: str, line: str) -> None:
        """Colours of reasons and of the lines between rows."""
        self._dim, self._line = QColor(dim), QColor(line)
        self.viewport().update()

    def table_width(self) -> int:
        """Wide enough for every column."""
        return sum(width for column, width in WIDTHS.items() if column not in COMPARED) + 2

    def drawRow(
        self,
        painter: QPainter,
        options: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().drawRow(painter, options, index)
        rect: QRect = options.rect
        painter.setPen(self._line)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        reason = index.data(REASON_ROLE)
        smallest = self._ranges.sibling(index.row(), Column.MINIMUM, index)
        if reason and not smallest.data():
            self._draw_across(painter, rect, str(reason), Column.TYPE)
        source = index.data(SOURCE_ROLE)
        if source:
            self._draw_across(painter, rect, f"= {source}", Column.SQNR)

    def _draw_across(self, painter: QPainter, row: QRect, text: str, first: Column) -> None:
        """Write over all columns from ``first`` on, which are empty in this row."""
        left = self.columnViewportPosition(first) + 7
        right = self.header().length()
        if not self.isColumnHidden(COMPARED[0]):
            right = self.columnViewportPosition(COMPARED[0])
        room = QRect(left, row.top(), right - left, row.height())
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 8)
        painter.setPen(self._dim)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and index.isValid():
            self._ranges.ask_to_toggle(self._ranges.layer_at(index))
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        self._is_restyled = event.type() in RESTYLED
        try:
            return super().event(event)
        finally:
            self._is_restyled = False

    def doItemsLayout(self) -> None:
        """A style changes no row's height, and Qt lays all out anew six times for a theme."""
        if not self._is_restyled:
            super().doItemsLayout()

    def viewportEvent(self, event: QEvent) -> bool:
        handled = super().viewportEvent(event)
        if event.type() == QEvent.Type.Leave:
            self.viewport().update()
        return handled
