"""What the line below the rows says: of the cell of mouse or keys, or of the selection."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from quantscope.gui.controller import Controller
from quantscope.gui.ranges.band_drag import BandDrag
from quantscope.gui.ranges.foot import Foot
from quantscope.gui.ranges.heat_map import Cell, HeatMap
from quantscope.gui.ranges.read_out import describe_cell, describe_selection
from quantscope.gui.variants.comparison import Comparison


class Pointing(QObject):
    """Keeps read-out and colour bar as mouse, keys and selection are.

    The mouse goes before the keys, and these before the selection. While a band is dragged, what
    the drag says stays.
    """

    def __init__(
        self,
        controller: Controller,
        comparison: Comparison,
        heat: HeatMap,
        drag: BandDrag,
        foot: Foot,
    ) -> None:
        super().__init__(heat)
        self._controller = controller
        self._comparison = comparison
        self._heat = heat
        self._drag = drag
        self._foot = foot
        drag.described.connect(foot.read_out.setText)
        controller.told.connect(foot.read_out.setText)
        controller.selection.moved.connect(self._announce)
        heat.pointed.connect(self.refresh)
        heat.bit_moved.connect(self._announce)

    @Slot()
    def refresh(self, *_: object) -> None:
        """Say it anew."""
        if self._drag.is_active:
            return
        cell = self._heat.cell or self._heat.bit_cell
        self._say(cell, self._of_cell(cell) if cell is not None else self._of_selection())

    @Slot()
    def _announce(self) -> None:
        """Another bit or row by a key: say so, to those who cannot see it too."""
        if self._drag.is_active:
            return
        cell = self._heat.bit_cell
        text = self._of_cell(cell) if cell is not None else self._of_selection()
        self._say(cell, text)
        if cell is not None:
            self._heat.setAccessibleDescription(text)
            event = QAccessibleAnnouncementEvent(self._heat, text)
            QAccessible.updateAccessibility(event)

    # ---- in words

    def _of_cell(self, cell: Cell) -> str:
        tensor, readings = self._heat.rows[cell.row], self._controller.readings
        if not tensor:
            return ""
        row = self._comparison.heat_row(tensor)
        return describe_cell(readings, row, tensor, self._heat.axis, cell.column)

    def _of_selection(self) -> str:
        selection = self._controller.selection
        text = describe_selection(self._controller.readings, selection)
        other = self._comparison.describe(selection.tensor)
        return " · ".join(filter(None, (text, other)))

    def _say(self, cell: Cell | None, text: str) -> None:
        self._foot.read_out.setText(text)
        tensor = self._controller.selection.tensor if cell is None else self._heat.rows[cell.row]
        row = self._comparison.heat_row(tensor) if tensor else None
        if row is None:
            self._foot.scale.show_row(0, 0)
            return
        counts = self._heat.axis.fold(row.counts).sum(axis=0)
        marked = int(counts[cell.column]) if cell is not None else None
        self._foot.scale.show_row(int(counts.max()), int(row.counts.sum()), marked)
