"""The heat map: one row for each row of the tree, one column for each bit position.

Only rows in sight are painted, each once until it changes. Coordinates of the scene are
columns (x) and rows (y), so a row's edge lies on a whole number whatever the zoom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

# pyqtgraph picks the Qt binding that is imported already.
import pyqtgraph as pg  # isort: skip

from quantscope.core.formats import DataType
from quantscope.core.heatmap import BitAxis, Depth, HeatRow, edge_positions, paint
from quantscope.gui.ranges_tree import ROW_HEIGHT
from quantscope.gui.theme import LIGHT, Theme

GRIP_PIXELS = 5  # how near to an edge the mouse holds it


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the mouse is: row and column of the map, and the exact position in columns."""

    row: int
    column: int
    x: float


class Marks(pg.GraphicsObject):  # type: ignore[misc]
    """Lines over the picture: between rows, band edges, what is selected or hovered."""

    def __init__(self) -> None:
        super().__init__()
        self.extent = QRectF()
        self.separators: list[QLineF] = []
        self.edges: list[QLineF] = []
        self.pinned_edges: list[QLineF] = []
        self.signs: list[QLineF] = []
        self.selected: QRectF | None = None
        self.hovered: QRectF | None = None
        self.theme: Theme = LIGHT

    def show_extent(self, extent: QRectF) -> None:
        """Cover ``extent`` of the scene and draw anew."""
        if extent != self.extent:
            self.prepareGeometryChange()
            self.extent = extent
        self.update()

    def boundingRect(self) -> QRectF:
        return self.extent

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        theme = self.theme
        for lines, color, width in (
            (self.separators, theme.base, 1.0),
            (self.signs, theme.edge, 1.5),
            (self.edges, theme.edge, 2.0),
            (self.pinned_edges, theme.edge, 4.0),
        ):
            painter.setPen(_cosmetic(color, width))
            painter.drawLines(lines)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for rect, color, width in (
            (self.selected, theme.accent, 2.0),
            (self.hovered, theme.text, 1.0),
        ):
            if rect is not None:
                painter.setPen(_cosmetic(color, width))
                painter.drawRect(rect)


def _cosmetic(color: str, width: float) -> QPen:
    pen = QPen(QColor(color), width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


class HeatMap(pg.GraphicsView):  # type: ignore[misc]
    """Paints rows on request; tells where the mouse points, presses and drags.

    ``look_up`` gives the row of a tensor (``None``: nothing counted).
    """

    pointed = Signal(object)  # Cell or None
    pressed = Signal(object)  # Cell
    dragged = Signal(object)  # Cell
    released = Signal()
    gave_up = Signal()  # Esc
    scrolled_by = Signal(int)  # pixels
    key_passed = Signal(object)  # QKeyEvent

    def __init__(
        self, look_up: Callable[[str], HeatRow | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, background=None)
        self.axis = BitAxis(3, -12)
        self.color_depth = Depth.LINEAR
        self.theme = LIGHT
        self.rows: list[str] = []
        self.is_pinned: Callable[[str], bool] = _never
        self._look_up = look_up
        self._offset = 0
        self._selected = -1
        self._cell: Cell | None = None
        self._dragging = False
        self._painted: dict[str, npt.NDArray[np.uint8]] = {}
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, border=None)
        self._box.setDefaultPadding(0.0)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._marks = Marks()
        self._set_up()

    def _set_up(self) -> None:
        self.setCentralItem(self._box)
        self._box.addItem(self._image, ignoreBounds=True)
        self._box.addItem(self._marks, ignoreBounds=True)
        self._box.disableAutoRange()
        self.setFrameShape(self.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Heat map of bit positions; every figure is in the table too")
        self.set_theme(LIGHT)

    @property
    def cell(self) -> Cell | None:
        """Where the mouse is; ``None`` outside the rows."""
        inside = self._cell is not None and self._cell.row < len(self.rows)
        return self._cell if inside else None

    # ---- what is shown

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = self._marks.theme = theme
        self.setBackground(QColor(theme.base))
        self.forget_all()

    def set_axis(self, axis: BitAxis) -> None:
        """Show other columns, once everything is painted anew."""
        if axis != self.axis:
            self.axis = axis
            self._painted.clear()

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colour depth."""
        self.color_depth = depth
        self.forget_all()

    def set_rows(self, rows: Sequence[str]) -> None:
        """Show the tensors named, top to bottom (empty: a blank row)."""
        self.rows = list(rows)
        self.refresh()

    def set_selected(self, row: int) -> None:
        """Mark a row (-1: none)."""
        self._selected = row
        self._place_marks()

    def scroll_to(self, offset: int) -> None:
        """Put pixel ``offset`` of the rows at the top."""
        self._offset = offset
        self.refresh()

    def forget(self, names: Sequence[str]) -> None:
        """Paint some tensors anew."""
        for name in names:
            self._painted.pop(name, None)
        self.refresh()

    def forget_all(self) -> None:
        """Paint everything anew."""
        self._painted.clear()
        self.refresh()

    def refresh(self) -> None:
        """Bring picture and marks to what is in sight."""
        height = self.viewport().height()
        top = self._offset / ROW_HEIGHT
        below = top + height / ROW_HEIGHT
        self._box.setRange(
            xRange=(0, self.axis.columns), yRange=(top, below), padding=0, update=True
        )
        first = max(int(top), 0)
        names = self.rows[first : int(below) + 1]
        self._image.setVisible(bool(names))
        if names:
            picture = np.ascontiguousarray(np.stack([self._picture_of(n) for n in names]))
            self._image.setImage(picture, autoLevels=False, levels=(0, 255))
            self._image.setRect(QRectF(0, first, self.axis.columns, len(names)))
        self._place_marks()

    def _picture_of(self, name: str) -> npt.NDArray[np.uint8]:
        found = self._painted.get(name)
        if found is None:
            row = self._look_up(name) if name else None
            found = (
                self._blank()
                if row is None
                else paint([row], self.axis, self.theme.heat, self.color_depth)[0]
            )
            self._painted[name] = found
        return found

    def _blank(self) -> npt.NDArray[np.uint8]:
        color = QColor(self.theme.window)
        blank = np.empty((self.axis.columns, 3), np.uint8)
        blank[:] = (color.red(), color.green(), color.blue())
        return blank

    # ---- marks

    def _visible(self) -> range:
        first = max(self._offset // ROW_HEIGHT, 0)
        last = (self._offset + self.viewport().height()) // ROW_HEIGHT + 1
        return range(first, min(last, len(self.rows)))

    def type_in(self, row: int) -> DataType | None:
        """The type whose band is drawn in ``row``."""
        name = self.rows[row] if 0 <= row < len(self.rows) else ""
        found = self._look_up(name) if name else None
        return found.data_type if found else None

    def _place_marks(self) -> None:
        marks, columns = self._marks, self.axis.columns
        visible = self._visible()
        marks.separators = [QLineF(0, row, columns, row) for row in (*visible, visible.stop)]
        marks.edges, marks.pinned_edges, marks.signs = [], [], []
        for row in visible:
            data_type = self.type_in(row)
            if data_type is not None:
                self._mark_band(row, data_type)
        marks.selected = None
        if 0 <= self._selected < len(self.rows):
            marks.selected = QRectF(0, self._selected, columns, 1)
        marks.hovered = None
        if self._cell is not None and self._cell.row < len(self.rows):
            marks.hovered = QRectF(self._cell.column, self._cell.row, 1, 1)
        top = self._offset / ROW_HEIGHT
        marks.show_extent(QRectF(0, top, columns, self.viewport().height() / ROW_HEIGHT + 1))

    def _mark_band(self, row: int, data_type: DataType) -> None:
        left, right = edge_positions(data_type, self.axis)
        margin = 2.0 / ROW_HEIGHT
        marks = self._marks
        lines = marks.pinned_edges if self.is_pinned(self.rows[row]) else marks.edges
        inside = [x for x in (left, right) if 0.0 < x < self.axis.columns]
        lines += [QLineF(x, row + margin, x, row + 1 - margin) for x in inside]
        if data_type.signed and left in inside:
            tick = 7 * self.axis.columns / max(self.viewport().width(), 1)
            marks.signs.append(QLineF(left - tick, row + 0.5, left, row + 0.5))

    # ---- geometry

    def row_top(self, row: int) -> float:
        """The y of a row's upper edge in the viewport, as it is drawn."""
        return self._device(QPointF(0, row)).y()

    def x_of(self, position: float) -> float:
        """The x in the viewport of a position in columns."""
        return self._device(QPointF(position, 0)).x()

    def _device(self, point: QPointF) -> QPointF:
        found: QPointF = self._box.mapViewToDevice(point)
        return found

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
            self._place_marks()
            self.pointed.emit(cell)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and cell is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._dragging = True
            self.pressed.emit(cell)
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
        self._place_marks()
        self.pointed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._dragging:
            self._dragging = False
            self.gave_up.emit()
            event.accept()
        else:
            self.key_passed.emit(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta().y() or event.angleDelta().y() * 3 * ROW_HEIGHT // 120
        self.scrolled_by.emit(-pixels)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_marks"):
            self.refresh()


def _never(name: str) -> bool:
    return False
