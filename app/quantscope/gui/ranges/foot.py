"""Below the rows: what is under the mouse or selected, what the colours mean, and their depth."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QWidget

from quantscope.core.picture.heatmap import Depth
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.look.theme import Theme
from quantscope.gui.ranges.color_scale import ColorScale
from quantscope.gui.ranges.heat_axis import Legend
from quantscope.gui.translation import tr

ONE_LINE = 1150  # pixels: in less, the read-out has a line of its own


class Foot(QWidget):
    """One line where there is room, else two."""

    depth_chosen = Signal(object)  # Depth

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.read_out = ElidedLabel(self)
        self.read_out.setAccessibleName(tr("What is under the mouse"))
        self.scale = ColorScale(self)
        self.legend = Legend(self)
        self.depth_combo = QComboBox(self)
        self.depth_combo.addItem(tr("Linear depth"), Depth.LINEAR)
        self.depth_combo.addItem(tr("Logarithmic depth"), Depth.LOGARITHMIC)
        self.depth_combo.setAccessibleName(tr("Colour depth"))
        self.depth_combo.currentIndexChanged.connect(self._choose_depth)
        self._colours = QWidget(self)
        row = QHBoxLayout(self._colours)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.scale)
        row.addWidget(self.legend)
        row.addStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(10, 4, 10, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self.read_out, 0, 0)
        self._grid.addWidget(self.depth_combo, 0, 2)
        self._grid.addWidget(self._colours, 1, 0, 1, 3)
        self._has_one_line = False

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.legend.set_theme(theme)
        self.scale.set_theme(theme)

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colour depth."""
        self.depth_combo.setCurrentIndex(self.depth_combo.findData(depth))

    @Slot(int)
    def _choose_depth(self, index: int) -> None:
        depth = Depth(self.depth_combo.itemData(index))
        self.scale.set_depth(depth)
        self.depth_chosen.emit(depth)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (self.width() >= ONE_LINE) is not self._has_one_line:
            self._has_one_line = not self._has_one_line
            place = (0, 1, 1, 1) if self._has_one_line else (1, 0, 1, 3)
            self._grid.addWidget(self._colours, *place)
