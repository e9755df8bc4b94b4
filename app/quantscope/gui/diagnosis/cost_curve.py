"""Accuracy against cost: the plot is made when it is first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from quantscope.gui.diagnosis.cost_points import Curve
from quantscope.gui.look.plots import loading_pyqtgraph
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr
from quantscope.gui.work.long_work import LongWork

if TYPE_CHECKING:
    from quantscope.gui.diagnosis.cost_plot import CostPlot


class CostCurve(QWidget):
    """Holds what is to be drawn until there is a plot."""

    picked = Signal(int)  # a point, by its number

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot: CostPlot | None = None
        self._loading = LongWork(self)
        self._theme = LIGHT
        self._shown: tuple[Curve | None, int] = (None, -1)
        self.setMinimumWidth(220)
        self.setAccessibleName(tr("Accuracy against cost"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.plot is None and not self._loading.is_active:
            self._loading.begin("", loading_pyqtgraph(), self._make_plot)

    def _make_plot(self, _: None) -> None:
        from quantscope.gui.diagnosis.cost_plot import CostPlot

        self.plot = CostPlot(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.plot.picked.connect(self.picked)
        self.plot.set_theme(self._theme)
        self.plot.show_curve(*self._shown)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        if self.plot is not None:
            self.plot.set_theme(theme)

    def show_curve(self, curve: Curve | None, current: int) -> None:
        """Draw ``curve`` with the point ``current`` ringed (-1: none)."""
        self._shown = (curve, current)
        if self.plot is not None:
            self.plot.show_curve(curve, current)
