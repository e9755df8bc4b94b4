"""What each layer costs to run: parameters, memory, products, and what it reads and writes."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from quantscope.core.networks.cost_wording import (
    HEADINGS,
    largest_in_words,
    macs_in_words,
    parameters_in_words,
    row_in_words,
    sort_keys,
)
from quantscope.core.networks.layer_costs import LayerCosts, costs_to_run
from quantscope.gui.controller import Controller
from quantscope.gui.diagnosis.layers_view import first_tensor
from quantscope.gui.look.plain_table import make_table
from quantscope.gui.look.sortable_table import UNSORTED, SortableTable
from quantscope.gui.translation import mark, tr

WIDTHS = (170, 130, 92, 84, 84, 116, 92, 140)
INVITATION = mark("Open a model to see what each of its layers costs to run.")
BEFORE = mark("Before a calibration all of it counts as float, and lengths are those of the file.")


class CostsView(QWidget):
    """One row for each layer; follows every edit, and a row that is chosen selects its layer."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._follows = False
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.model = SortableTable(HEADINGS, 2, self)
        self.table = make_table(self.model, tr("Layers by what they cost to run"), WIDTHS, self)
        self.table.header().setSortIndicator(UNSORTED, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        column.addStretch()
        self.table.selectionModel().currentChanged.connect(self._go_to)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)
        controller.selection.moved.connect(self._follow_selection)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Count again; nothing is done while out of sight."""
        if not self.isVisible():
            return
        costs = self._costs()
        self.table.setVisible(bool(costs))
        self.state.setText(state_in_words(costs, self._is_planned))
        self._follows = True
        self.model.show_named([(each.layer, row_in_words(each), sort_keys(each)) for each in costs])
        self._follows = False
        self._follow_selection()

    @property
    def _is_planned(self) -> bool:
        return self._controller.session.plan() is not None

    def _costs(self) -> tuple[LayerCosts, ...]:
        session = self._controller.session
        network, plan, kept = session.network, session.plan(), session.calibration
        if network is None:
            return ()
        if plan is None or kept is None:
            return costs_to_run(network, {}, 0)
        return costs_to_run(network, kept.statistics, kept.samples, plan.types)

    # ---- selection

    @Slot()
    def _follow_selection(self) -> None:
        place = self.model.row_of(self._controller.selection.layer)
        self._follows = True
        if place >= 0:
            index = self.model.index(place, 0)
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)
        else:
            self.table.setCurrentIndex(QModelIndex())
        self._follows = False

    @Slot(QModelIndex, QModelIndex)
    def _go_to(self, current: QModelIndex, _: QModelIndex) -> None:
        if self._follows or not current.isValid():
            return
        name, network = self.model.name_at(current.row()), self._controller.session.network
        found = [each for each in network.layers if each.name == name] if network else []
        if found:
            self._controller.selection.select(name, first_tensor(found[0]))


def state_in_words(costs: tuple[LayerCosts, ...], is_planned: bool) -> str:
    """What the rows come to."""
    if not costs:
        return tr(INVITATION)
    parts = [tr("Parameters: {counts}", counts=parameters_in_words(costs))]
    parts.append(tr("Multiplications: {counts}", counts=macs_in_words(costs)))
    if largest := largest_in_words(costs):
        parts.append(tr("Most activations: {counts}", counts=largest))
    text = " · ".join(parts)
    return text if is_planned else f"{text}\n" + tr(BEFORE)
