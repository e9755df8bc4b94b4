"""The integers that the exported file will hold for the selected weights or bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QTableView, QVBoxLayout, QWidget

from quantscope.core.formats import ChannelScaled
from quantscope.core.network import Role
from quantscope.core.plan import Plan
from quantscope.core.plan_settings import PlanSettings, WeightRounding
from quantscope.core.stored import stored_integers, written_type
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import Theme, tabular
from quantscope.gui.translation import plural, tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MOST_VALUES = 2**20  # of one tensor that are shown
COLUMN_WIDTH = 56


class IntegersModel(QAbstractTableModel):
    """Rows are the first axis, columns all others together."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.integers: npt.NDArray[np.int64] = np.empty((0, 0), np.int64)

    def show_integers(self, integers: npt.NDArray[np.int64]) -> None:
        """Replace all; two axes."""
        self.beginResetModel()
        self.integers = integers
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.integers)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self.integers.shape[1]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return str(int(self.integers[index.row(), index.column()]))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


class IntegersView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.model = IntegersModel(self)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.setFocusProxy(self.table)
        self.table.setAccessibleName(tr("Stored integers of the selected tensor"))
        self.table.setFont(tabular(self.table.font()))
        self.table.setWordWrap(False)
        self.table.horizontalHeader().setDefaultSectionSize(COLUMN_WIDTH)
        self.table.verticalHeader().setDefaultSectionSize(22)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        for signal in (controller.changed, controller.results_changed):
            signal.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Nothing here has colours of its own."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        session, tensor = self._controller.session, self._controller.selection.tensor
        statistics = self._controller.readings.statistics(tensor) if tensor else None
        values = statistics.values if statistics is not None else None
        plan = session.plan()
        shown = values is not None and plan is not None and tensor in plan.types
        self.table.setVisible(shown)
        if values is None or plan is None or not shown:
            self.model.show_integers(np.empty((0, 0), np.int64))
            self.summary.setText(
                tr("Select quantized weights or a bias to see its stored integers.")
            )
            return
        self.model.show_integers(self._integers(plan, tensor, values))
        self.summary.setText(self._summary(plan, tensor, values.shape))

    def _integers(
        self, plan: Plan, tensor: str, values: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.int64]:
        network = self._controller.session.network
        assert network is not None
        rows = values.shape[0] if values.ndim > 1 else 1
        shown = max(MOST_VALUES // max(values.size // max(rows, 1), 1), 1)
        if shown < rows:
            plan, values, rows = _first_rows(plan, tensor, shown), values[:shown], shown
        return stored_integers(network, plan, tensor, values).reshape(rows, -1)

    def _summary(self, plan: Plan, tensor: str, shape: tuple[int, ...]) -> str:
        network = self._controller.session.network
        assert network is not None
        written = written_type(network, plan, tensor)
        parts = [tr("In the file: {type}.", type=written.label())]
        if len(shape) > 1:
            sizes = " × ".join(map(str, shape[1:]))
            parts.append(tr("Rows are the first axis, columns the others ({sizes}).", sizes=sizes))
        if len(self.model.integers) < (shape[0] if len(shape) > 1 else 1):
            parts.append(plural("The first row.", "The first {n} rows.", len(self.model.integers)))
        changed = _changed_by_export(plan.settings, network.tensors[tensor].role)
        return " ".join([*parts, *changed])


def _first_rows(plan: Plan, tensor: str, rows: int) -> Plan:
    """``plan`` for the first rows of ``tensor`` alone."""
    kind = plan.types[tensor]
    if isinstance(kind, ChannelScaled) and kind.axis == 0:
        kind = replace(kind, scales=kind.scales[:rows])
    return replace(plan, types={**plan.types, tensor: kind})


def _changed_by_export(settings: PlanSettings, role: Role) -> list[str]:
    """What the export does to these integers beside rounding."""
    if role is Role.WEIGHTS and settings.weight_rounding is WeightRounding.COMPENSATED:
        return [tr("Compensated rounding will move some of them by a step or more.")]
    if role is Role.BIAS and settings.correct_bias:
        return [tr("Bias correction will change them.")]
    return []
