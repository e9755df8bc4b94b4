"""One tensor's bit positions as bars, in the order of the heat map, coloured by their fate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from quantscope.core.heatmap import Depth, HeatRow
from quantscope.gui.inspector.fate_legend import FateLegend
from quantscope.gui.look.theme import LIGHT, Theme

if TYPE_CHECKING:
    from quantscope.gui.inspector.bit_plot import BitPlot

HEIGHT = 170


class BitBars(QWidget):
    """Share of the values at each bit position; the plot is made when it is first seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = FateLegend(parent)
        self.theme = LIGHT
        self.plot: BitPlot | None = None
        self._depth = Depth.LINEAR
        self._row: HeatRow | None = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Bit positions of the selected tensor")

    def showEvent(self, event: QShowEvent) -> None:
        if self.plot is None:
            from quantscope.gui.inspector.bit_plot import BitPlot

            self.plot = BitPlot(self)
            column = QVBoxLayout(self)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(self.plot)
            self.plot.set_theme(self.theme)
            self.plot.set_depth(self._depth)
            self.plot.show_row(self._row)
        super().showEvent(event)

    def set_depth(self, depth: Depth) -> None:
        """A linear axis, or one on which rare values can be seen."""
        self._depth = depth
        if self.plot is not None:
            self.plot.set_depth(depth)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = self.legend.theme = theme
        self.legend.update()
        if self.plot is not None:
            self.plot.set_theme(theme)

    def show_row(self, row: HeatRow | None) -> None:
        """Draw one tensor; nothing before anything was counted."""
        self._row = row
        if self.plot is not None:
            self.plot.show_row(row)
