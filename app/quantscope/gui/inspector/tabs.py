"""The inspector: the selected tensor from several sides, one on each tab."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QStyle,
    QStyleOptionFocusRect,
    QStyleOptionTab,
    QStylePainter,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.picture.heatmap import Depth
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.help.guide_pages import page_of_action
from quantscope.gui.help.help_desk import PAGE
from quantscope.gui.inspector.channels_view import ChannelsView
from quantscope.gui.inspector.histogram_view import HistogramView
from quantscope.gui.inspector.integers_view import IntegersView
from quantscope.gui.inspector.type_view import TypeView
from quantscope.gui.inspector.words_view import WordsView
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.table import INSPECTOR
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, tr

TITLES = (mark("Histogram"), mark("Type"), mark("Words"), mark("Channels"), mark("Integers"))
TIPS = (
    mark("Bit positions as bars, and what is known of the values"),
    mark("The type of the selected rows, what it keeps and what it costs"),
    mark("Sample values as binary words, and what the type leaves of them"),
    mark("Channels by bit positions, outliers marked"),
    mark("The integers that the exported file will hold"),
)
TIGHTER = 12  # pixels that each tab is narrower than usual: all five stand side by side
NOTHING_SELECTED = mark("Select a tensor to see its bits.")


class NarrowTabs(QTabBar):
    """Tabs with little room around their titles, which are never shortened."""

    def tabSizeHint(self, index: int) -> QSize:
        return super().tabSizeHint(index) - QSize(TIGHTER, 0)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        shown = self.currentIndex()
        for index in sorted(range(self.count()), key=lambda each: each == shown):
            option = QStyleOptionTab()
            self.initStyleOption(option, index)
            painter.drawControl(QStyle.ControlElement.CE_TabBarTabShape, option)
            painter.drawText(self.tabRect(index), Qt.AlignmentFlag.AlignCenter, option.text)
            if index == shown and self.hasFocus():
                frame = QStyleOptionFocusRect()
                frame.initFrom(self)
                frame.rect = self.tabRect(index).adjusted(4, 4, -4, -4)
                painter.drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, frame)


class InspectorTabs(QWidget):
    """Which tensor it is, and below it histogram, type, words, channels, integers.

    A feature of the window; the tab and the axis of the bars are remembered between runs.
    """

    wanted = Signal()  # a tab was asked for: show the panel

    def __init__(
        self, controller: Controller, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._settings = controller, settings
        self.setAccessibleName(tr("Inspector"))
        self.name = ElidedLabel(self)
        self.name.setProperty("role", "heading")
        self.full_name = ElidedLabel(self)
        self.full_name.setProperty("role", "dim")
        self.full_name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.histogram = HistogramView(controller, self)
        self.type = TypeView(controller, self)
        self.words = WordsView(controller, self)
        self.channels = ChannelsView(controller, self)
        self.integers = IntegersView(controller, self)
        self._views = (self.histogram, self.type, self.words, self.channels, self.integers)
        self.tabs = QTabWidget(self)
        self.tabs.setTabBar(NarrowTabs(self.tabs))
        self.tabs.setAccessibleName(tr("The selected tensor from several sides"))
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        for view, title, tip, key in zip(self._views, TITLES, TIPS, INSPECTOR, strict=True):
            self.tabs.setTabToolTip(self.tabs.addTab(view, tr(title)), tr(tip))
            view.setProperty(PAGE, page_of_action(key))
        self._lay_out()
        self._restore()
        self.tabs.currentChanged.connect(self._keep_tab)
        self.histogram.axis_chosen.connect(self._keep_axis)
        for signal in (controller.selection.moved, controller.results_changed):
            signal.connect(self._name)
        self._name()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        names = QVBoxLayout()
        names.setContentsMargins(12, 8, 12, 4)
        names.setSpacing(2)
        names.addWidget(self.name)
        names.addWidget(self.full_name)
        column.addLayout(names)
        column.addWidget(self.tabs, 1)

    def _restore(self) -> None:
        kept = self._settings.inspector_tab
        self.tabs.setCurrentIndex(INSPECTOR.index(kept) if kept in INSPECTOR else 0)
        self._set_axis(self._settings.bars_axis)

    @Slot(int)
    def _keep_tab(self, index: int) -> None:
        self._settings.inspector_tab = INSPECTOR[index]

    @Slot(object)
    def _keep_axis(self, depth: Depth) -> None:
        self._settings.bars_axis = depth
        self._set_axis(depth)

    def _set_axis(self, depth: Depth) -> None:
        self.histogram.set_axis(depth)
        self.type.set_axis(depth)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for view in self._views:
            view.set_theme(theme)

    @Slot(object)
    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colours, as the heat map has them."""
        self.channels.map.set_depth(depth)

    @Slot()
    def _name(self, *_: object) -> None:
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        known = bool(tensor) and readings.network is not None and tensor in readings.network.tensors
        name = readings.name_of(tensor) if known else tr(NOTHING_SELECTED)
        more = len(self._controller.selection.tensors) - 1
        if known and more > 0:
            name = tr("{name} and {n} more", name=name, n=wording.count(more))
        self.name.setText(name)
        self.full_name.setText(tensor if known else "")

    # ---- actions

    def enabled(self) -> dict[str, bool]:
        """Tabs can be shown once there is something to select."""
        return dict.fromkeys(INSPECTOR, self._controller.session.network is not None)

    def _show(self, index: int) -> None:
        """Show a tab; where it is shown already, go into it."""
        was_shown = self.tabs.currentIndex() == index and self.tabs.isVisible()
        self.wanted.emit()
        self.tabs.setCurrentIndex(index)
        if was_shown:
            self._views[index].setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def do_inspect_histogram(self) -> None:
        self._show(0)

    @Slot()
    def do_inspect_type(self) -> None:
        self._show(1)

    @Slot()
    def do_inspect_words(self) -> None:
        self._show(2)

    @Slot()
    def do_inspect_channels(self) -> None:
        self._show(3)

    @Slot()
    def do_inspect_integers(self) -> None:
        self._show(4)
