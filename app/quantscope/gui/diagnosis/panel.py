"""The dock for diagnosis: what layers cost in accuracy, the accuracy goal, costs to run."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.diagnosis.costs_view import CostsView
from quantscope.gui.diagnosis.goal_view import GoalView
from quantscope.gui.diagnosis.layers_view import LayersView
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.readiness import why_not_export
from quantscope.gui.translation import tr


class DiagnosisPanel(QWidget):
    """Three pages, and the actions that lead to them."""

    wanted = Signal()  # it should be seen

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.layers = LayersView(controller, self)
        self.goal = GoalView(controller, self.layers, self)
        self.costs = CostsView(controller, self)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName(tr("Which layers cost accuracy, and what would help"))
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.layers, tr("Layers"))
        self.tabs.addTab(self.goal, tr("Accuracy goal"))
        self.tabs.addTab(self.costs, tr("Costs to run"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def enabled(self) -> dict[str, bool]:
        """Which of its actions can be done now."""
        session, busy = self._controller.session, self._controller.is_busy
        return {
            "diagnosis": session.network is not None,
            "goal": session.network is not None,
            "costs": session.network is not None,
            "measure": not why_not_export(session, busy),
        }

    def set_theme(self, theme: Theme) -> None:
        """Plots and bars take their colours from ``theme``."""
        self.layers.set_theme(theme)
        self.goal.set_theme(theme)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(280)
        return hint

    @Slot()
    def do_diagnosis(self) -> None:
        self._show(self.layers, self.layers.table)

    @Slot()
    def do_goal(self) -> None:
        self._show(self.goal, self.goal.form.metric_box)

    @Slot()
    def do_costs(self) -> None:
        self._show(self.costs, self.costs.table)

    @Slot()
    def do_measure(self) -> None:
        self._show(self.layers, self.layers.table)
        self.layers.measure()

    def _show(self, page: QWidget, focus: QWidget) -> None:
        self.wanted.emit()
        self.tabs.setCurrentWidget(page)
        focus.setFocus()
