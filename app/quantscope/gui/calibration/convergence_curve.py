"""What still moved with each added sample: the plot is made when it is first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from quantscope.gui.calibration.convergence_points import Points
from quantscope.gui.look.plots import loading_pyqtgraph
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.work.long_work import LongWork

if TYPE_CHECKING:
    from quantscope.gui.calibration.convergence_plot import ConvergencePlot


class ConvergenceCurve(QWidget):
    """Holds what is to be drawn until there is a plot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot: ConvergencePlot | None = None
        self._loading = LongWork(self)
        self._theme = LIGHT
        self._points: Points | None = None
        self.setMinimumWidth(260)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.plot is None and not self._loading.is_active:
            self._loading.begin("", loading_pyqtgraph(), self._make_plot)

    def _make_plot(self, _: None) -> None:
        from quantscope.gui.calibration.convergence_plot import ConvergencePlot

        self.plot = ConvergencePlot(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.plot.set_theme(self._theme)
        self.plot.show_points(self._points)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        if self.plot is not None:
            self.plot.set_theme(theme)

    def show_points(self, points: Points | None) -> None:
        """Draw ``points``."""
        self._points = points
        if self.plot is not None:
            self.plot.show_points(points)
