"""Below the rows: what is under the mouse or selected, what the colours mean, and their depth."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QWidget

from quantscope.core.heatmap import Depth
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.ranges.heat_axis import Legend
from quantscope.gui.translation import tr

ONE_LINE = 1000  # pixels: in less, the read-out has a line of its own


class Foot(QWidget):
    """One line where there is room, else two."""

    depth_chosen = Signal(object)  # Depth

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.read_out = ElidedLabel(self)
        self.read_out.setAccessibleName(tr("What is under the mouse"))
        self.legend = Legend(self)
        self.depth_combo = QComboBox(self)
        self.depth_combo.addItem(tr("Linear depth"), Depth.LINEAR)
        self.depth_combo.addItem(tr("Logarithmic depth"), Depth.LOGARITHMIC)
        self.depth_combo.setAccessibleName(tr("Colour depth"))
        self.depth_combo.currentIndexChanged.connect(self._choose_depth)
        colours = QHBoxLayout()
        colours.setSpacing(12)
        colours.addWidget(self.legend)
        colours.addStretch(1)
        colours.addWidget(self.depth_combo)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(10, 4, 10, 4)
        self._lines.setSpacing(6)
        self._lines.addWidget(self.read_out, 1)
        self._lines.addLayout(colours)

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colour depth."""
        self.depth_combo.setCurrentIndex(self.depth_combo.findData(depth))

    @Slot(int)
    def _choose_depth(self, index: int) -> None:
        self.depth_chosen.emit(Depth(self.depth_combo.itemData(index)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        is_wide = self.width() >= ONE_LINE
        self._lines.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
