"""Dragging bands in the heat map: what the mouse holds, and the types that follow from it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot

from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import edge_positions
from quantscope.core.planning.targets import one_of
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.ranges import row_edits
from quantscope.gui.ranges.heat_map import Cell, HeatMap
from quantscope.gui.ranges.type_edits import Grip, dragged, edge_sets_word
from quantscope.gui.translation import plural, tr

SLACK = 0.6  # of the grip: a click that trembles this much is no drag


def moved_bands(n: int) -> str:
    """What moving so many bands is called."""
    return plural("Move one band", "Move {n} bands", n)


def _moved_upper_edges(n: int) -> str:
    return plural("Move one upper edge", "Move {n} upper edges", n)


def _moved_lower_edges(n: int) -> str:
    return plural("Move one lower edge", "Move {n} lower edges", n)


TITLES = {
    Grip.BAND: moved_bands,
    Grip.UPPER: _moved_upper_edges,
    Grip.LOWER: _moved_lower_edges,
}


class BandDrag(QObject):
    """One drag at a time: previews while the mouse moves, pins once on release.

    Where the row is one of several selected ones, all of them move with it. Invariant: ``_starts``
    is empty while nothing is dragged, and has ``_tensor``, the one that is held, otherwise.
    """

    described = Signal(str)
    clicked = Signal(int)  # row: pressed and released without dragging

    def __init__(self, controller: Controller, heat: HeatMap, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._heat = heat
        self._tensor = ""
        self._row = -1
        self._starts: dict[str, DataType] = {}
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
        return bool(self._starts)

    def grip_at(self, cell: Cell) -> Grip | None:
        """What of the band in its row the mouse would hold at ``cell``."""
        tensor = self._heat.rows[cell.row]
        data_type = None if self._heat.is_framed else self._heat.type_in(cell.row)
        readings = self._controller.readings
        if data_type is None or readings.locked(tensor):
            return None
        left, right = edge_positions(data_type, self._heat.axis)
        near, can_change_word = self._heat.grip_columns(), len(readings.word_lengths(tensor)) > 1
        for grip, edge in ((Grip.LOWER, right), (Grip.UPPER, left)):
            is_movable = can_change_word or not edge_sets_word(data_type, grip)
            if abs(cell.x - edge) <= near and is_movable:
                return grip
        return Grip.BAND if left <= cell.x <= right else None

    def begin(self, cell: Cell) -> None:
        """Take hold of the band under the mouse, if there is one."""
        grip = self.grip_at(cell)
        tensor, data_type = self._heat.rows[cell.row], self._heat.type_in(cell.row)
        if grip is None and self._heat.is_framed:
            self.described.emit(tr("The band that is shown is not of the open variant"))
            return
        if grip is None or data_type is None:
            self.clicked.emit(cell.row)
            self._explain(tensor)
            return
        self._tensor, self._row, self._grip, self._from = tensor, cell.row, grip, cell.x
        self._starts, self._moved = {tensor: data_type}, False
        if tensor in self._controller.selection.tensors:
            self._starts |= dict(row_edits.editable(self._controller))
        if grip is Grip.BAND:
            self._heat.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _explain(self, tensor: str) -> None:
        """Say why there is nothing to drag."""
        readings = self._controller.readings
        locked = readings.locked(tensor) if tensor else ""
        if locked and readings.has_counts:
            self.described.emit(
                f"{readings.name_of(tensor)} · " + tr("cannot be dragged: {reason}", reason=locked)
            )

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
        if not self.is_active:
            return
        bits = self._from - cell.x
        if not self._moved and abs(bits) < self._heat.grip_columns() * SLACK:
            return
        self._moved = True
        types = {name: self._dragged(name, start, bits) for name, start in self._starts.items()}
        if types[self._tensor] != self._controller.readings.data_type(self._tensor):
            self._controller.preview(types)
        self._describe(types)

    def _dragged(self, tensor: str, start: DataType, bits: float) -> DataType:
        allowed = self._controller.readings.word_lengths(tensor)
        return dragged(start, self._grip, bits, allowed) or start

    def _describe(self, types: dict[str, DataType]) -> None:
        readings = self._controller.readings
        data_type = types[self._tensor]
        parts = [readings.name_of(self._tensor), data_type.label()]
        if len(types) > 1:
            parts.insert(0, plural("one band", "{n} bands", len(types)))
        if edge_sets_word(data_type, self._grip):
            lengths = one_of(readings.word_lengths(self._tensor))
            parts.append(tr("this edge takes {lengths} bits", lengths=lengths))
        error = readings.error(self._tensor)
        if error is not None:
            parts.append(tr("SQNR {sqnr}", sqnr=wording.decibel(error.sqnr_db)))
            parts.append(tr("overflow {share}", share=wording.share(error.overflow_share)))
            parts.append(tr("underflow {share}", share=wording.share(error.underflow_share)))
        self.described.emit(" · ".join(parts))

    @Slot()
    def _release(self) -> None:
        was_click = self.is_active and not self._moved
        self._finish(keep=True)
        if was_click:
            self.clicked.emit(self._row)

    @Slot()
    def _give_up(self) -> None:
        self._finish(keep=False)

    def _finish(self, keep: bool) -> None:
        if not self.is_active:
            return
        shown = dict(self._controller.readings.preview)
        types = {
            name: shown[name]
            for name, start in self._starts.items()
            if name in shown and shown[name] != start
        }
        self._starts = {}
        self._heat.setCursor(Qt.CursorShape.OpenHandCursor)
        self._controller.preview({})
        if keep and types:
            title = TITLES[self._grip](len(types))
            row_edits.pin_types(self._controller, types, title)
            row_edits.tell(self._controller, types, title, {})
