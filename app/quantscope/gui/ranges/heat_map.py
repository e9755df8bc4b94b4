"""The heat map: one row for each row of the tree, one column for each bit position.

Only rows in sight are painted, each once until it changes. Positions are columns (x) and rows (y)
until they are drawn, so a row's edge lies on a whole number whatever the scrolling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import BitAxis, Depth, HeatRow, paint
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.ranges.band_marks import BandMarks, solid
from quantscope.gui.ranges.tree import ROW_HEIGHT
from quantscope.gui.translation import tr

STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
NO_MODIFIER, KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
GRIP_PIXELS = 5  # how near to an edge the mouse holds it


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the mouse is: row and column of the map, and the exact position in columns."""

    row: int
    column: int
    x: float


class HeatMap(QAbstractScrollArea):
    """Paints rows on request; tells where the mouse points, presses and drags.

    ``look_up`` gives the row of a tensor (``None``: nothing counted). However often it is told
    of changes, it works them in once, when it is painted next.
    """

    pointed = Signal(object)  # Cell or None
    bit_moved = Signal()  # by a key, or shown and hidden with the focus
    pressed = Signal(object, object)  # Cell, keyboard modifiers
    dragged = Signal(object)  # Cell
    released = Signal()
    gave_up = Signal()  # Esc
    scrolled_by = Signal(int)  # pixels
    key_passed = Signal(object)  # QKeyEvent
    outdated = Signal()  # rows are others, or to be painted anew

    def __init__(
        self, look_up: Callable[[str], HeatRow | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.axis = BitAxis(3, -12)
        self.color_depth = Depth.LINEAR
        self.theme = LIGHT
        self.rows: list[str] = []
        self.is_pinned: Callable[[str], bool] = _never
        self.other_type: Callable[[str], DataType | None] = _none
        self.is_framed = False  # what is shown is not what is edited
        self._look_up = look_up
        self._offset = 0
        self._selected = -1
        self._others: frozenset[int] = frozenset()
        self._cell: Cell | None = None
        self._bit: int | None = None  # the column that keys have moved to
        self._dragging = False
        self._painted: dict[str, npt.NDArray[np.uint8]] = {}
        self._is_current = False
        self._picture = QImage()
        self._marks = self._no_marks()
        self._set_up()

    def _set_up(self) -> None:
        self.setFrameShape(self.Shape.NoFrame)
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Heat map of bit positions; every figure is in the table too"))

    @property
    def cell(self) -> Cell | None:
        """Where the mouse is; ``None`` outside the rows."""
        inside = self._cell is not None and self._cell.row < len(self.rows)
        return self._cell if inside else None

    @property
    def bit_cell(self) -> Cell | None:
        """Where keys have moved to in the selected row; ``None`` where they have not, and while
        the focus is elsewhere."""
        has_row = 0 <= self._selected < len(self.rows) and self.rows[self._selected] != ""
        if self._bit is None or not has_row or not self.hasFocus():
            return None
        return Cell(self._selected, self._bit, self._bit + 0.5)

    # ---- what is shown

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self.forget_all()

    def set_axis(self, axis: BitAxis) -> None:
        """Show other columns, once everything is painted anew."""
        if axis != self.axis:
            if self._bit is not None and (bit := self.axis.bit_of(self._bit)) is not None:
                self._bit = axis.column_of(bit)
            self.axis = axis
            self._bit = None if self._bit is None else min(self._bit, axis.columns - 1)
            self._painted.clear()
            self.outdated.emit()

    @Slot(object)
    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colour depth."""
        self.color_depth = depth
        self.forget_all()

    def set_rows(self, rows: Sequence[str]) -> None:
        """Show the tensors named, top to bottom (empty: a blank row)."""
        self.rows = list(rows)
        self.outdated.emit()
        self.refresh()

    def set_selected(self, row: int, others: Sequence[int] = ()) -> None:
        """Mark a row (-1: none), and ``others`` that are selected with it."""
        self._selected, self._others = row, frozenset(others)
        self.viewport().update()

    def scroll_to(self, offset: int) -> None:
        """Put pixel ``offset`` of the rows at the top."""
        self._offset = offset
        self.refresh()

    def forget(self, names: Sequence[str]) -> None:
        """Paint some tensors anew."""
        for name in names:
            self._painted.pop(name, None)
        self.outdated.emit()
        self.refresh()

    def forget_all(self) -> None:
        """Paint everything anew."""
        self._painted.clear()
        self.outdated.emit()
        self.refresh()

    def refresh(self) -> None:
        """Bring picture and marks to what is in sight."""
        self._is_current = False
        self.viewport().update()

    def picture_of(self, names: Sequence[str]) -> npt.NDArray[np.uint8]:
        """The rows of tensors, shape (names, columns, 3); those of headings for empty names."""
        missing = [name for name in dict.fromkeys(names) if name not in self._painted]
        found = {name: self._look_up(name) if name else None for name in missing}
        rows = {name: row for name, row in found.items() if row is not None}
        pictures = paint(list(rows.values()), self.axis, self.theme.heat, self.color_depth)
        self._painted |= dict.fromkeys(missing, self._blank())
        self._painted |= zip(rows, pictures, strict=True)
        return np.stack([self._painted[name] for name in names])

    def _blank(self) -> npt.NDArray[np.uint8]:
        color = QColor(self.theme.window)
        blank = np.empty((self.axis.columns, 3), np.uint8)
        blank[:] = (color.red(), color.green(), color.blue())
        return blank

    # ---- drawing

    def _visible(self) -> range:
        first = max(self._offset // ROW_HEIGHT, 0)
        last = (self._offset + self.viewport().height()) // ROW_HEIGHT + 1
        return range(first, min(last, len(self.rows)))

    def type_in(self, row: int) -> DataType | None:
        """The type whose band is drawn in ``row``."""
        name = self.rows[row] if 0 <= row < len(self.rows) else ""
        found = self._look_up(name) if name else None
        return found.data_type if found else None

    def _work_in(self) -> None:
        """Make the picture and the marks of the rows in sight."""
        self._is_current = True
        visible, self._marks, self._picture = self._visible(), self._no_marks(), QImage()
        if not visible:
            return
        cells = self.picture_of(self.rows[visible.start : visible.stop])
        height, width, _ = cells.shape
        image = QImage(cells.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._picture = image.copy()
        for row in visible:
            data_type, other = self.type_in(row), self.other_type(self.rows[row])
            top = self.row_top(row)
            if data_type is not None:
                self._marks.add_band(data_type, top, self.is_pinned(self.rows[row]))
            if other is not None and other != data_type:
                self._marks.add_other(other, data_type, top)

    def _no_marks(self) -> BandMarks:
        return BandMarks(self.axis, self.x_of, ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_current:
            self._work_in()
        painter, visible = QPainter(self.viewport()), self._visible()
        painter.fillRect(self.viewport().rect(), QColor(self.theme.base))
        if visible:
            painter.drawImage(self._rect(visible.start, len(visible)), self._picture)
        self._draw_lines(painter, visible)
        self._draw_frames(painter)

    def _draw_lines(self, painter: QPainter, visible: range) -> None:
        width = self.viewport().width()
        tops = [self.row_top(row) for row in (*visible, visible.stop)]
        painter.setPen(solid(self.theme.base, 1.0))
        painter.drawLines([QLineF(0, top, width, top) for top in tops])
        self._marks.draw(painter, self.theme)

    def _draw_frames(self, painter: QPainter) -> None:
        """Around the selected rows and the cell under the mouse."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.is_framed:
            painter.setPen(solid(self.theme.other_edge, 6.0))
            painter.drawRect(self.viewport().rect())
        painter.setPen(solid(self.theme.accent, 1.0))
        painter.drawRects([self._rect(row, 1) for row in self._visible() if row in self._others])
        if 0 <= self._selected < len(self.rows):
            painter.setPen(solid(self.theme.accent, 2.0))
            painter.drawRect(self._rect(self._selected, 1))
        if self.cell is not None:
            painter.setPen(solid(self.theme.text, 1.0))
            painter.drawRect(self._rect_of(self.cell))
        if self.bit_cell is not None:  # two lines: one of them stands out on any colour
            frame = self._rect_of(self.bit_cell)
            painter.setPen(solid(self.theme.text, 2.0))
            painter.drawRect(frame.adjusted(-1, 1, 1, -1))
            painter.setPen(solid(self.theme.base, 1.0))
            painter.drawRect(frame.adjusted(0.5, 2.5, -0.5, -2.5))

    def _rect_of(self, cell: Cell) -> QRectF:
        left, right = self.x_of(cell.column), self.x_of(cell.column + 1)
        return QRectF(left, self.row_top(cell.row), right - left, ROW_HEIGHT)

    def _rect(self, row: int, count: int) -> QRectF:
        """Where ``count`` rows from ``row`` on lie in the viewport."""
        return QRectF(0, self.row_top(row), self.viewport().width(), count * ROW_HEIGHT)

    # ---- geometry

    def row_top(self, row: int) -> float:
        """The y of a row's upper edge in the viewport, as it is drawn."""
        return float(row * ROW_HEIGHT - self._offset)

    def x_of(self, position: float) -> float:
        """The x in the viewport of a position in columns."""
        return position * self.viewport().width() / self.axis.columns

    def cell_at(self, point: QPointF) -> Cell | None:
        """What lies under a point of the viewport."""
        x = point.x() * self.axis.columns / max(self.viewport().width(), 1)
        row = int((point.y() + self._offset) // ROW_HEIGHT)
        if not (0 <= row < len(self.rows)):
            return None
        return Cell(row, min(max(int(x), 0), self.axis.columns - 1), x)

    def grip_columns(self) -> float:
        """:data:`GRIP_PIXELS` in columns."""
        return float(GRIP_PIXELS * self.axis.columns / max(self.viewport().width(), 1))

    # ---- events

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._dragging:
            x = event.position().x() * self.axis.columns / max(self.viewport().width(), 1)
            self.dragged.emit(Cell(cell.row if cell else 0, cell.column if cell else 0, x))
        elif cell != self._cell:
            self._cell = cell
            self.viewport().update()
            self.pointed.emit(cell)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and cell is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._dragging, self._bit = True, None
            self.pressed.emit(cell, event.modifiers())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._dragging:
            self._dragging = False
            self.released.emit()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._cell = None
        self.viewport().update()
        self.pointed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(event.key(), 0) if event.modifiers() & ~KEYPAD == NO_MODIFIER else 0
        if event.key() == Qt.Key.Key_Escape and self._dragging:
            self._dragging = False
            self.gave_up.emit()
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self.bit_cell is not None:
            self._go_to_bit(None)
        elif step and 0 <= self._selected < len(self.rows) and self.rows[self._selected]:
            self._go_to_bit(self._bit_after(step))
        else:
            self.key_passed.emit(event)

    def _bit_after(self, step: int) -> int:
        """The column beside the last one; at first the one with the most values of the row."""
        if self._bit is not None:
            return min(max(self._bit + step, 0), self.axis.columns - 1)
        row = self._look_up(self.rows[self._selected])
        return int(self.axis.fold(row.counts).sum(axis=0).argmax()) if row is not None else 0

    def _go_to_bit(self, column: int | None) -> None:
        self._bit = column
        self.viewport().update()
        self.bit_moved.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._bit is not None:
            self._go_to_bit(self._bit)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._bit is not None:
            self._go_to_bit(self._bit)

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta().y() or event.angleDelta().y() * 3 * ROW_HEIGHT // 120
        self.scrolled_by.emit(-pixels)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()


def _never(name: str) -> bool:
    return False


def _none(name: str) -> None:
    return None
