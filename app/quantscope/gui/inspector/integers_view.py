"""The integers that the exported file will hold for the selected weights or bias."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QLabel, QTableView, QVBoxLayout, QWidget

from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import DataType
from quantscope.core.numbers.stored import written_type
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.integers_model import IntegersModel
from quantscope.gui.look.theme import Theme, tabular
from quantscope.gui.translation import mark, tr

AROUND = 14  # pixels beside the longest integer of a column
NOTHING = mark("Select quantized weights or a bias to see its stored integers.")
NOT_CALIBRATED = mark("No types yet: calibrate to see stored integers.")
ACTIVATION = mark(
    "An activation has no integers in the file: they come into being when the network runs."
    " Select weights or a bias."
)


class IntegersView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.model = IntegersModel(self)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.table = QTableView(self)
        self.table.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.table.setModel(self.model)
        self.setFocusProxy(self.table)
        self.table.setAccessibleName(tr("Stored integers of the selected tensor"))
        self.table.setFont(tabular(self.table.font()))
        self.table.setWordWrap(False)
        self.table.horizontalHeader().setMinimumSectionSize(24)
        self.table.verticalHeader().setDefaultSectionSize(22)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addStretch()
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
        plan, network = session.plan(), session.network
        shown = values is not None and plan is not None and tensor in plan.types
        self.table.setVisible(shown)
        if values is None or plan is None or network is None or not shown:
            self.model.show_nothing()
            self.summary.setText(self._reason(tensor))
            return
        self.model.show_parameter(network, plan, tensor, values)
        self._fit_columns(written_type(network, plan, tensor))
        self.summary.setText(self._summary(plan, tensor, values.shape))

    def _reason(self, tensor: str) -> str:
        """Why there are no integers to see."""
        readings = self._controller.readings
        if readings.network is None or tensor not in readings.network.tensors:
            return tr(NOTHING)
        if readings.network.tensors[tensor].role is Role.ACTIVATION:
            return tr(ACTIVATION)
        if self._controller.session.plan() is None:
            return tr(NOT_CALIBRATED)
        return tr("Not quantized: {reason}.", reason=readings.locked(tensor))

    def _fit_columns(self, data_type: DataType) -> None:
        """As wide as the longest integer of the type, which all fit."""
        metrics = QFontMetrics(self.table.font())
        widest = max(metrics.horizontalAdvance(str(end)) for end in data_type.limits)
        highest = metrics.horizontalAdvance(str(self.model.columnCount()))
        self.table.horizontalHeader().setDefaultSectionSize(max(widest, highest) + AROUND)

    def _summary(self, plan: Plan, tensor: str, shape: tuple[int, ...]) -> str:
        network = self._controller.session.network
        assert network is not None
        written = written_type(network, plan, tensor)
        parts = [tr("In the file: {type}.", type=written.label())]
        if len(shape) > 1:
            sizes = " × ".join(map(str, shape[1:]))
            parts.append(tr("Rows are the first axis, columns the others ({sizes}).", sizes=sizes))
        changed = _changed_by_export(plan.settings, network.tensors[tensor].role)
        return " ".join([*parts, *changed])


def _changed_by_export(settings: PlanSettings, role: Role) -> list[str]:
    """What the export does to these integers beside rounding."""
    if role is Role.WEIGHTS and settings.weight_rounding is WeightRounding.COMPENSATED:
        return [tr("Compensated rounding will move some of them by a step or more.")]
    if role is Role.BIAS and settings.correct_bias:
        return [tr("Bias correction will change them.")]
    return []
