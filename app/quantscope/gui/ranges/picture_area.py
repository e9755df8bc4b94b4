"""The heat map with what stands around it: the axis above, minimap and scroll bar beside."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollBar, QWidget

from quantscope.gui.ranges.heat_axis import HeatAxis
from quantscope.gui.ranges.heat_map import HeatMap
from quantscope.gui.ranges.minimap import Minimap

LEAST_WIDTH = 154  # pixels: where a window is too narrow, the table gives way
WITH_MINIMAP = 300  # pixels: in less, the heat map has all the room


class PictureArea(QWidget):
    """Puts them together; the minimap goes away where there is no room for it."""

    def __init__(
        self, axis: HeatAxis, heat: HeatMap, minimap: Minimap, bar: QScrollBar, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._minimap = minimap
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(axis, 0, 0)
        grid.addWidget(heat, 1, 0)
        grid.addWidget(minimap, 1, 1)
        grid.addWidget(bar, 1, 2)
        self.setMinimumWidth(LEAST_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._minimap.setVisible(self.width() >= WITH_MINIMAP)
