"""Stored integers as a table: worked out row by row, when they come into sight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled
from quantscope.core.numbers.stored import stored_integers
from quantscope.core.planning.plan import Plan
from quantscope.gui import wording
from quantscope.gui.translation import tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
VALUES_AT_ONCE = 2**14
MOST_KEPT = 32  # parts


class IntegersModel(QAbstractTableModel):
    """Rows are the first axis, columns all others together; a tensor of one axis is one row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tensor = ""
        self._network: Network | None = None
        self._plan: Plan | None = None
        self._values: npt.NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._parts: dict[int, npt.NDArray[np.int64]] = {}

    def show_parameter(
        self, network: Network, plan: Plan, tensor: str, values: npt.NDArray[np.float32]
    ) -> None:
        """Replace all by those of ``tensor``, of any shape."""
        self.beginResetModel()
        self._network, self._plan, self._tensor, self._values = network, plan, tensor, values
        self._parts.clear()
        self.endResetModel()

    def show_nothing(self) -> None:
        """No rows."""
        self.beginResetModel()
        self._values = np.empty((0, 0), np.float32)
        self._parts.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        if parent.isValid():
            return 0
        return len(self._values) if self._values.ndim > 1 else 1

    def columnCount(self, parent: Index = ROOT) -> int:
        rows = self.rowCount(parent)
        return self._values.size // rows if rows else 0

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return section if role == Qt.ItemDataRole.DisplayRole else None  # as indices count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self.integer_at(index.row(), index.column()))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._place(index.row(), index.column())
        return None

    def integer_at(self, row: int, column: int) -> int:
        """The stored integer there."""
        at_once = max(VALUES_AT_ONCE // self.columnCount(), 1)
        part = row // at_once
        if part not in self._parts:
            if len(self._parts) >= MOST_KEPT:
                self._parts.clear()
            self._parts[part] = self._stored(part * at_once, (part + 1) * at_once)
        return int(self._parts[part][row % at_once, column])

    def _stored(self, first: int, end: int) -> npt.NDArray[np.int64]:
        """Rows ``first`` up to ``end`` of the table."""
        assert self._network is not None
        assert self._plan is not None
        plan, values = self._plan, self._values
        if values.ndim > 1:
            plan, values = _of_rows(plan, self._tensor, first, end), values[first:end]
        integers = stored_integers(self._network, plan, self._tensor, values)
        return integers.reshape(-1, self.columnCount())

    def _place(self, row: int, column: int) -> str:
        """Where in the tensor it is, and the value that was rounded."""
        shape = self._values.shape
        flat = row * self.columnCount() + column
        place = ", ".join(str(int(each)) for each in np.unravel_index(flat, shape))
        value = wording.decimal(float(self._values.reshape(-1)[flat]), digits=6)
        return tr("[{place}]: {value} before rounding", place=place, value=value)


def _of_rows(plan: Plan, tensor: str, first: int, end: int) -> Plan:
    """``plan`` for some rows of ``tensor`` alone."""
    kind = plan.types[tensor]
    if isinstance(kind, ChannelScaled) and kind.axis == 0:
        kind = replace(kind, scales=kind.scales[first:end])
    return replace(plan, types={**plan.types, tensor: kind})
