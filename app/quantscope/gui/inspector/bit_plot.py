"""The plot behind :mod:`~quantscope.gui.inspector.bit_bars`: its library takes long to import."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

import pyqtgraph as pg  # isort: skip

from quantscope.core.heatmap import Depth, HeatRow, edge_positions, fates, fit_axis
from quantscope.gui import wording
from quantscope.gui.inspector.fate_legend import FATES
from quantscope.gui.look.theme import LIGHT, Theme

LEAST_SHARE = 1e-4  # percent: where the logarithmic axis begins
DECADES = (0.0001, 0.01, 1.0, 100.0)


class BitPlot(pg.PlotWidget):  # type: ignore[misc]
    """Share of the values at each bit position; made once, then only given new heights."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Bits of the selected tensor")
        self.setAccessibleDescription("The figures below say in numbers what it shows")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getAxis("left").setLabel("% of values")
        self._bars = {
            fate: pg.BarGraphItem(x=[0.5], height=[0.0], width=0.86, y0=[0.0], pen=None)
            for fate in FATES
        }
        self._edges = [pg.InfiniteLine(angle=90, movable=False) for _ in range(2)]
        for item in (*self._bars.values(), *self._edges):
            self.addItem(item)
        self._depth = Depth.LINEAR
        self._row: HeatRow | None = None
        self.set_theme(LIGHT)

    def set_depth(self, depth: Depth) -> None:
        """A linear axis, or one on which rare values can be seen."""
        self._depth = depth
        self.show_row(self._row)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.setBackground(QColor(theme.base))
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(QColor(theme.border))
            axis.setTextPen(QColor(theme.dim))
        for fate, item in self._bars.items():
            item.setOpts(brush=QColor(getattr(theme, fate)))
        for line in self._edges:
            line.setPen(pg.mkPen(theme.edge, width=2))

    def show_row(self, row: HeatRow | None) -> None:
        """Draw one tensor; nothing before anything was counted."""
        self._row = row
        if row is None:
            for item in self._bars.values():
                item.setOpts(x=[0.5], height=[0.0], y0=[0.0])
            for line in self._edges:
                line.hide()
            return
        axis = fit_axis([row])
        counts = axis.fold(row.counts).sum(axis=0)
        shares = counts * (100.0 / max(int(row.counts.sum()), 1))
        fate = fates(row, axis)
        parts = {
            "overflow": shares * fate.saturated,
            "underflow": shares * fate.underflow,
            "rounded": shares * fate.rounded_up,
        }
        parts["kept"] = np.maximum(shares - sum(parts.values()), 0.0)
        heights = self._heights(shares)
        of_share = heights / np.maximum(shares, LEAST_SHARE)
        at, base = np.arange(axis.columns) + 0.5, np.zeros(axis.columns)
        for name in FATES:
            height = parts[name] * of_share
            self._bars[name].setOpts(x=at, height=height, y0=base)
            base = base + height
        self.setXRange(0, axis.columns, padding=0.02)
        self.setYRange(0, max(float(heights.max()), 1e-9) * 1.05, padding=0)
        every = -(-axis.columns // 6)
        columns = range(0, axis.columns - 1, every)
        ticks = [(c + 0.5, wording.power_of_two(axis.top - c)) for c in columns]
        self.getAxis("bottom").setTicks([ticks])
        self._show_edges(row, axis)

    def _heights(self, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How high bars of these percentages stand."""
        left = self.getAxis("left")
        if self._depth is Depth.LINEAR:
            left.setTicks(None)
            return shares
        left.setTicks([[(_decades(share), f"{share:g}") for share in DECADES]])
        return np.asarray(_decades(shares), np.float64)

    def _show_edges(self, row: HeatRow, axis: object) -> None:
        for line in self._edges:
            line.setVisible(row.data_type is not None)
        if row.data_type is not None:
            places = edge_positions(row.data_type, axis)  # type: ignore[arg-type]
            for line, place in zip(self._edges, places, strict=True):
                line.setPos(place)


def _decades(shares: Any) -> Any:
    """Powers of ten above :data:`LEAST_SHARE`; 0 for less."""
    return np.maximum(np.log10(np.maximum(shares, LEAST_SHARE) / LEAST_SHARE), 0.0)
