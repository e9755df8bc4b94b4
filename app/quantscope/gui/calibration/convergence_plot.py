"""The plot behind :mod:`~quantscope.gui.calibration.convergence_curve`: its library is slow to
import."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

import pyqtgraph as pg  # isort: skip

from quantscope.gui.calibration.convergence_points import Points
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr

MARGIN = 0.06  # of the axes, beside the points


class ConvergencePlot(pg.PlotWidget):  # type: ignore[misc]
    """Two curves: ranges as circles, exponents as squares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What still moved with each added sample"))
        self.setAccessibleDescription(tr("The table beside it has the same figures"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getAxis("bottom").setLabel(tr("samples"))
        self.getAxis("left").setLabel(tr("tensors moved by a sample"))
        self._ranges = pg.PlotDataItem(symbol="o", symbolSize=8)
        self._exponents = pg.PlotDataItem(symbol="s", symbolSize=8)
        self._none = pg.InfiniteLine(angle=0, movable=False)
        for item in (self._none, self._ranges, self._exponents):
            self.addItem(item)
        self._points: Points | None = None
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.setBackground(QColor(theme.base))
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(QColor(theme.border))
            axis.setTextPen(QColor(theme.dim))
        self._none.setPen(pg.mkPen(theme.border, width=1, style=Qt.PenStyle.DashLine))
        for curve, color in ((self._ranges, theme.kept), (self._exponents, theme.edge)):
            curve.setPen(pg.mkPen(color, width=2))
            curve.setSymbolBrush(QColor(color))
            curve.setSymbolPen(pg.mkPen(theme.base, width=1))

    def show_points(self, points: Points | None) -> None:
        """Draw ``points``; nothing where there are none."""
        for item in (self._none, self._ranges, self._exponents):
            item.setVisible(points is not None)
        if points is None:
            return
        self._ranges.setData(points.samples, points.ranges)
        self._exponents.setData(points.samples, points.exponents)
        self._none.setPos(points.floor)
        self.getAxis("bottom").setTicks([points.sample_ticks])
        self.getAxis("left").setTicks([points.moved_ticks])
        first, last = points.samples[0], points.samples[-1]
        beside = MARGIN * max(last - first, 1.0)
        self.setXRange(first - beside, last + beside, padding=0)
        above = 2 * MARGIN * (points.top - points.floor)
        self.setYRange(points.floor - above, points.top + above, padding=0)
