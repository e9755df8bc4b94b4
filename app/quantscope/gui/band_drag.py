"""Dragging a band in the heat map: what the mouse holds, and the type that follows from it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot

from quantscope.core.formats import DataType, FixedPoint
from quantscope.core.heatmap import edge_positions
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.heat_map import Cell, HeatMap
from quantscope.gui.type_edits import Grip, dragged

SLACK = 0.6  # of the grip: a click that trembles this much is no drag


class BandDrag(QObject):
    """One drag at a time: previews while the mouse moves, pins once on release.

    Invariant: ``_start`` is ``None`` while nothing is dragged.
    """

    described = Signal(str)

    def __init__(self, controller: Controller, heat: HeatMap, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._heat = heat
        self._tensor = ""
        self._start: DataType | None = None
        self._grip = Grip.BAND
        self._from = 0.0
        self._moved = False
        heat.pointed.connect(self._show_grip)
        heat.dragged.connect(self._move)
        heat.released.connect(self._release)
        heat.gave_up.connect(self._give_up)

    @property
    def is_active(self) -> bool:
        """Whether a band is being dragged."""
        return self._start is not None

    def grip_at(self, cell: Cell) -> Grip | None:
        """What of the band in its row the mouse would hold at ``cell``."""
        data_type = None if self._heat.is_framed else self._heat.type_in(cell.row)
        if data_type is None or self._controller.readings.locked(self._heat.rows[cell.row]):
            return None
        left, right = edge_positions(data_type, self._heat.axis)
        near = self._heat.grip_columns()
        if abs(cell.x - right) <= near and isinstance(data_type, FixedPoint):
            return Grip.LOWER
        if abs(cell.x - left) <= near and not isinstance(data_type, FixedPoint):
            return Grip.UPPER
        return Grip.BAND if left <= cell.x <= right else None

    def begin(self, cell: Cell) -> None:
        """Take hold of the band under the mouse, if there is one."""
        grip = self.grip_at(cell)
        tensor = self._heat.rows[cell.row]
        if grip is None and self._heat.is_framed:
            self.described.emit("The band that is shown is not of the open variant")
            return
        if grip is None:
            locked = self._controller.readings.locked(tensor) if tensor else ""
            if locked and self._controller.readings.has_counts:
                name = self._controller.readings.name_of(tensor)
                self.described.emit(f"{name} · cannot be dragged: {locked}")
            return
        self._tensor, self._grip, self._from = tensor, grip, cell.x
        self._start, self._moved = self._heat.type_in(cell.row), False
        if grip is Grip.BAND:
            self._heat.setCursor(Qt.CursorShape.ClosedHandCursor)

    @Slot(object)
    def _show_grip(self, cell: Cell | None) -> None:
        grip = self.grip_at(cell) if cell is not None else None
        shapes = {
            Grip.BAND: Qt.CursorShape.OpenHandCursor,
            Grip.UPPER: Qt.CursorShape.SizeHorCursor,
            Grip.LOWER: Qt.CursorShape.SizeHorCursor,
        }
        self._heat.setCursor(shapes[grip] if grip else Qt.CursorShape.ArrowCursor)

    @Slot(object)
    def _move(self, cell: Cell) -> None:
        if self._start is None:
            return
        bits = self._from - cell.x
        if not self._moved and abs(bits) < self._heat.grip_columns() * SLACK:
            return
        self._moved = True
        allowed = self._controller.readings.target.word_lengths
        data_type = dragged(self._start, self._grip, bits, allowed)
        if data_type is None or data_type == self._controller.readings.data_type(self._tensor):
            return
        self._controller.preview(self._tensor, data_type)
        self._describe(data_type)

    def _describe(self, data_type: DataType) -> None:
        readings = self._controller.readings
        parts = [readings.name_of(self._tensor), data_type.label()]
        error = readings.error(self._tensor)
        if error is not None:
            parts.append(f"SQNR {wording.decibel(error.sqnr_db)}")
            parts.append(f"overflow {wording.share(error.overflow_share)}")
            parts.append(f"underflow {wording.share(error.underflow_share)}")
        self.described.emit(" · ".join(parts))

    @Slot()
    def _release(self) -> None:
        self._finish(keep=True)

    @Slot()
    def _give_up(self) -> None:
        self._finish(keep=False)

    def _finish(self, keep: bool) -> None:
        if self._start is None:
            return
        changed = self._controller.readings.data_type(self._tensor) != self._start
        self._start = None
        self._heat.setCursor(Qt.CursorShape.OpenHandCursor)
        self._controller.end_preview(self._tensor, keep and changed)
