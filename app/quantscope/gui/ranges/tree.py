"""The tree half of the dynamic ranges: rows of one fixed height, as the heat map beside it."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from quantscope.gui.look.theme import Theme
from quantscope.gui.ranges.columns import ColumnHeader
from quantscope.gui.ranges.model import (
    HEADING_ROLE,
    REASON_ROLE,
    SHORTER_ROLE,
    SOURCE_ROLE,
    Place,
    RangesModel,
)
from quantscope.gui.ranges.row_texts import COMPARED, RANGE, Column
from quantscope.gui.translation import tr

ROW_HEIGHT = 26
MARGINS = 8  # pixels of a cell beside its text
LEAST_ROOM = 24  # pixels in which a text across columns is still worth writing
RESTYLED = frozenset({QEvent.Type.StyleChange, QEvent.Type.FontChange, QEvent.Type.PaletteChange})


class RowDelegate(QStyledItemDelegate):
    """Gives every row its fixed height."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)


class RangesDelegate(RowDelegate):
    """Leaves the name of a heading to the tree, and takes fewer digits where there is no room."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if index.column() == Column.NAME:
            option.textElideMode = Qt.TextElideMode.ElideMiddle  # names differ at their ends
            if index.data(HEADING_ROLE):
                option.text = ""
        elif index.column() in RANGE:
            room = option.rect.width() - MARGINS
            if option.fontMetrics.horizontalAdvance(option.text) > room:
                option.text = index.data(SHORTER_ROLE) or option.text


class RangesTree(QTreeView):
    """Layers and tensors, one row high each; the scroll bar stands right of the heat map."""

    toggle_asked = Signal()  # of all selected layers
    toggled = Signal()  # the current row, among those that are selected
    pressed_with = Signal(QModelIndex, object)  # where, modifiers

    def __init__(self, model: RangesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ranges = model
        self._dim = QColor("gray")
        self._line = QColor("lightgray")
        self._behind_chosen = QColor("lightblue")
        self._is_restyled = False
        self.setModel(model)
        self._delegate = RangesDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setUniformRowHeights(True)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setIndentation(16)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.held = Qt.KeyboardModifier.NoModifier  # while a key or a press is worked in
        self._chosen: frozenset[Place] = frozenset()
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setAccessibleName(tr("Layers and tensors"))
        self.setObjectName("rows")
        self.columns = ColumnHeader(self)
        self.setHeader(self.columns)
        self.columns.show_compared(False)

    def set_theme(self, theme: Theme) -> None:
        """Colours of reasons, of the lines between rows and of selected ones."""
        self._dim, self._line = QColor(theme.dim), QColor(theme.border)
        self._behind_chosen = QColor(theme.selection)
        self.viewport().update()

    def drawRow(
        self,
        painter: QPainter,
        options: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        rect: QRect = options.rect
        if self._chosen and self._ranges.place_of(index) in self._chosen:
            painter.fillRect(rect, self._behind_chosen)
        super().drawRow(painter, options, index)
        if index.data(HEADING_ROLE):
            self._draw_heading(painter, rect, index)
        painter.setPen(self._line)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        reason = index.data(REASON_ROLE)
        smallest = self._ranges.sibling(index.row(), Column.MINIMUM, index)
        if reason and not smallest.data():
            self._draw_across(painter, rect, str(reason), Column.TYPE)
        source = index.data(SOURCE_ROLE)
        if source:
            self._draw_across(painter, rect, f"= {source}", Column.SQNR)

    def _draw_heading(
        self, painter: QPainter, row: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Write the name of an open layer, whose columns are empty, as far as they go."""
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = QRect(self.visualRect(index).topLeft(), row.bottomRight())
        self._delegate.initStyleOption(option, index)
        place = QStyle.SubElement.SE_ItemViewItemText
        room = self.style().subElementRect(place, option, self)
        metrics = QFontMetrics(option.font)
        text = str(index.data())
        painter.save()
        painter.setFont(option.font)
        color = index.data(Qt.ItemDataRole.ForegroundRole) or option.palette.text().color()
        painter.setPen(QColor(color))
        left = room.left() + self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
        room.setRect(left, row.top(), row.right() - left, row.height())
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def _draw_across(self, painter: QPainter, row: QRect, text: str, first: Column) -> None:
        """Write over all columns from ``first`` on, which are empty in this row."""
        left = self.columnViewportPosition(first) + 7
        right = self.header().length()
        if not self.isColumnHidden(COMPARED[0]):
            right = self.columnViewportPosition(COMPARED[0])
        if right - left < LEAST_ROOM:
            return
        room = QRect(left, row.top(), right - left, row.height())
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 8)
        painter.setPen(self._dim)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    # ---- selection

    def set_chosen(self, places: frozenset[Place]) -> None:
        """Show these rows as selected; the current one is among them."""
        self._chosen = places
        self.viewport().update()

    def go_quietly(self, index: QModelIndex) -> None:
        """Make a row the current one and tell nobody: who calls says what is chosen."""
        with QSignalBlocker(self.selectionModel()):
            self.setCurrentIndex(index)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        left = self.visualRect(index.siblingAtColumn(0)).left()
        is_arrow = index.column() == 0 and event.position().x() < left
        self.held = event.modifiers()
        super().mousePressEvent(event)
        self.held = Qt.KeyboardModifier.NoModifier
        if event.button() is Qt.MouseButton.LeftButton and index.isValid() and not is_arrow:
            self.pressed_with.emit(index, event.modifiers())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            self.held = event.modifiers()
            super().keyPressEvent(event)
            self.held = Qt.KeyboardModifier.NoModifier
        elif event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.toggled.emit()
        elif len(self._chosen) > 1:
            self.toggle_asked.emit()
        elif self.currentIndex().isValid():
            self._ranges.ask_to_toggle(self._ranges.layer_at(self.currentIndex()))

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
