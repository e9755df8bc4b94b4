"""The inspector: the selected tensor from several sides, one on each tab."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QTabWidget, QWidget

from quantscope.core.heatmap import Depth
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.channels_view import ChannelsView
from quantscope.gui.inspector.integers_view import IntegersView
from quantscope.gui.inspector.panel import Inspector
from quantscope.gui.inspector.words_view import WordsView
from quantscope.gui.look.theme import Theme

TIPS = (
    "Bit positions, data type and figures",
    "Sample values as binary words, and what the type leaves of them",
    "Channels of a weight by bit positions, outliers marked",
    "The integers that the exported file will hold",
)


class InspectorTabs(QTabWidget):
    """Bits and type, words, channels, integers."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.overview = Inspector(controller, self)
        self.words = WordsView(controller, self)
        self.channels = ChannelsView(controller, self)
        self.integers = IntegersView(controller, self)
        self.setAccessibleName("Inspector")
        self.setDocumentMode(True)
        self.setUsesScrollButtons(False)
        self._views = (self.overview, self.words, self.channels, self.integers)
        for view, name, tip in zip(
            self._views, ("&Bits", "W&ords", "Cha&nnels", "&Integers"), TIPS, strict=True
        ):
            index = self.addTab(view, name)
            self.setTabToolTip(index, tip)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for view in self._views:
            view.set_theme(theme)

    @Slot(object)
    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic, as the heat map has it."""
        self.overview.bars.set_depth(depth)
        self.channels.map.set_depth(depth)
