"""Dynamic ranges: the tree of tensors and the heat map, row beside row, and what edits them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import (
    QCoreApplication,
    QModelIndex,
    QPoint,
    QSignalBlocker,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QScrollBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.picture.heatmap import BitAxis
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.actions import Feature
from quantscope.gui.ranges.arrangement import Arrangement, Group, Order, arranging, overflows
from quantscope.gui.ranges.band_drag import BandDrag
from quantscope.gui.ranges.copied_rows import CopiedRows
from quantscope.gui.ranges.empty_state import EmptyState
from quantscope.gui.ranges.filter_bar import FilterBar
from quantscope.gui.ranges.foot import Foot
from quantscope.gui.ranges.heat_axis import HeatAxis
from quantscope.gui.ranges.heat_map import Cell, HeatMap
from quantscope.gui.ranges.minimap import Minimap
from quantscope.gui.ranges.model import RangesModel
from quantscope.gui.ranges.picture_area import PictureArea
from quantscope.gui.ranges.pointing import Pointing
from quantscope.gui.ranges.row_edits import toggle_layers
from quantscope.gui.ranges.selection import RowSelection
from quantscope.gui.ranges.tree import ROW_HEIGHT, RangesTree
from quantscope.gui.ranges.worst import WorstRows
from quantscope.gui.variants.bar import VariantBar
from quantscope.gui.variants.comparison import Comparison
from quantscope.gui.work.long_work import LongWork
from quantscope.session.commands import ChangeKind
from quantscope.session.history import Change
from quantscope.session.steps import finish

AT_ONCE = 1_000  # tensors whose rows are laid out in some milliseconds


class RangesView(QWidget):
    """Tree and heat map share rows, scrolling and selection.

    Invariant: row ``i`` of ``heat`` shows the tensor of the ``i``-th row in sight of ``tree``,
    at the same height.
    """

    def __init__(
        self, controller: Controller, comparison: Comparison, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._readings = controller.readings
        self._comparison = comparison
        self.model = RangesModel(self._readings, comparison, self)
        self.tree = RangesTree(self.model, self)
        self.heat = HeatMap(comparison.heat_row, self)
        self.heat.other_type = comparison.hidden_type
        self.heat.is_pinned = self._readings.is_pinned
        self.empty = EmptyState(controller, self)
        self.variant_bar = VariantBar(controller, comparison, self)
        self.filter_bar = FilterBar(self)
        self.axis = HeatAxis(self)
        self.minimap = Minimap(self.heat, partial(overflows, self._readings), self)
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.foot = Foot(self)
        self.read_out = self.foot.read_out
        self.drag = BandDrag(controller, self.heat, self)
        self.rows = RowSelection(controller, self.tree, self.model, self.heat)
        self.pointing = Pointing(controller, comparison, self.heat, self.drag, self.foot)
        self.worst = WorstRows(controller, self.tree, self.model)
        self.copied_rows = CopiedRows(controller, comparison, self)
        self._arranging = LongWork(self)
        self._then: Callable[[], None] = self._go_to_first
        self._is_to_open = False
        self._opening = QTimer(self)
        self._opening.setSingleShot(True)
        self._opening.setInterval(0)
        self._opening.timeout.connect(self._open_rest)
        self._lay_out()
        self._connect_tree()
        self._connect_heat()
        self._connect_controller()

    def _lay_out(self) -> None:
        picture = PictureArea(self.axis, self.heat, self.minimap, self.bar, self)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(picture)
        self.splitter.setObjectName("ranges")
        self.tree.columns.setObjectName("columns")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.variant_bar)
        column.addWidget(self.filter_bar)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.foot)
        self.empty.raise_()

    def _connect_tree(self) -> None:
        scroll = self.tree.verticalScrollBar()
        scroll.valueChanged.connect(self._follow_scroll)
        scroll.rangeChanged.connect(self._follow_range)
        self.bar.valueChanged.connect(scroll.setValue)
        self.tree.expanded.connect(self._note_expanded)
        self.tree.collapsed.connect(self._note_collapsed)
        self.tree.toggle_asked.connect(self._toggle_layers)
        self.model.quantize_asked.connect(self._controller.quantize_layer)

        self.filter_bar.arranged.connect(self._arrange)
        self.filter_bar.left.connect(self.tree.setFocus)

    def _connect_heat(self) -> None:
        self.heat.pressed.connect(self._press)
        self.heat.scrolled_by.connect(self._scroll_by)
        self.heat.key_passed.connect(self._pass_key)
        self.minimap.asked.connect(self.bar.setValue)
        self.drag.clicked.connect(self.rows.choose_one)
        self.foot.depth_chosen.connect(self.heat.set_depth)

    def _connect_controller(self) -> None:
        self._controller.changed.connect(self._refresh_change)
        self._controller.results_changed.connect(self._refresh_results)
        self._controller.session_replaced.connect(self._load)
        self._controller.live_counted.connect(self._refresh_live)
        self._controller.previewed.connect(self._refresh_tensors)
        self._comparison.changed.connect(self._compare)

    @property
    def features(self) -> tuple[Feature, ...]:
        """What does the actions of the rows."""
        return (self.filter_bar, self.rows, self.worst, self.copied_rows)

    def take_actions(self, actions: dict[str, QAction]) -> None:
        """Keep check marks as they are here; a key that other panels have too acts on rows here."""
        self.filter_bar.follow(actions)
        copy = actions["copy-rows"]
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.addAction(copy)

    # ---- look

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.model.set_look(theme, self.font())
        self.tree.set_theme(theme)
        self.axis.show_axis(self.heat.axis, theme)
        self.foot.set_theme(theme)
        self.variant_bar.set_theme(theme)
        self.heat.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() < 0 < self.width():
            left = min(self.tree.columns.usual_width(), self.width() * 6 // 10)
            self.splitter.setSizes([left, self.width() - left])

    # ---- following the session

    @Slot()
    def _load(self) -> None:
        self.filter_bar.show_network(self._readings.network)
        self._arranging.abandon()
        self.model.load(finish(arranging(self._readings, self.filter_bar.at_once)))
        self.filter_bar.total = self.model.tensor_count
        self._open_loaded(True, self._go_to_first)

    @Slot()
    def _go_to_first(self) -> None:
        self.tree.verticalScrollBar().setValue(0)
        self.tree.setCurrentIndex(self.model.index(0, 0))

    @Slot(object)
    def _arrange(self, arrangement: Arrangement) -> None:
        """Show other rows, or the same in another order; the selected one stays selected."""
        steps = arranging(self._readings, arrangement)
        self._arranging.begin("", steps, self._show_arranged)

    def _show_arranged(self, groups: list[Group]) -> None:
        was_open = self.model.is_any_open
        self.model.load(groups)
        is_sorted = self.filter_bar.arrangement.order is not Order.NETWORK
        self._open_loaded(was_open, self._go_to_top if is_sorted else self.show_current)

    @Slot()
    def _go_to_top(self) -> None:
        self.tree.verticalScrollBar().setValue(0)  # what comes first is what was asked for

    def _arrange_by_figures(self) -> None:
        """Rows that were chosen by what types cost, once that is known anew."""
        if self.filter_bar.arrangement.needs_figures:
            self._arrange(self.filter_bar.arrangement)

    @Slot(object)
    def _refresh_change(self, change: Change) -> None:
        before, after = change.before.settings, change.after.settings
        base = (before.target, before.scheme, before.word_length, before.bias_word_length)
        now = (after.target, after.scheme, after.word_length, after.bias_word_length)
        if base != now or change.kind is ChangeKind.VARIANTS:
            self.heat.set_axis(self._fitted())
            self._arrange_by_figures()
        self._refresh_all()

    @Slot()
    def _refresh_results(self) -> None:
        self.heat.set_axis(self._fitted())
        self._arrange_by_figures()
        self._refresh_all()

    def _fitted(self) -> BitAxis:
        return self._readings.fit_axis(self._comparison.other)

    @Slot()
    def _compare(self) -> None:
        """Show what is compared with, or no longer."""
        self.tree.columns.show_compared(self._comparison.other is not None)
        self.foot.legend.show_other(self._comparison.hidden_label())
        self.heat.is_framed = self._comparison.is_swapped
        self.heat.set_axis(self._fitted())
        self._refresh_all()

    @Slot()
    def _refresh_live(self) -> None:
        fitted = self._readings.fit_axis()
        if fitted.top > self.heat.axis.top or fitted.bottom < self.heat.axis.bottom:
            self.heat.set_axis(fitted)
        self._refresh_all()

    def _refresh_all(self) -> None:
        self.tree.viewport().update()
        self.axis.show_axis(self.heat.axis, self.heat.theme)
        self.heat.forget_all()
        self.pointing.refresh()

    @Slot(tuple)
    def _refresh_tensors(self, names: tuple[str, ...]) -> None:
        self.model.refresh_tensors(names)
        self.heat.forget(names)

    # ---- rows

    def _open_loaded(self, is_open: bool, then: Callable[[], None]) -> None:
        """Open the layers of a model just loaded, which is closed, and go on with ``then``.

        Laying out thousands of rows is a turn of the event loop for itself, and so is ``then``.
        """
        self._then = then
        if is_open and self.model.tensor_count > AT_ONCE:
            self.model.set_all_open(False)
            self._note_rows()
            self._is_to_open = True
            self._opening.start()
        else:
            self._opening.stop()
            self.open_all(is_open)
            then()

    @Slot()
    def _open_rest(self) -> None:
        if self._is_to_open:
            self._is_to_open = False
            self.open_all(True)
            self._opening.start()
        else:
            self._then()

    def _collect_rows(self) -> None:
        self._note_rows()
        self.rows.show()

    def _note_rows(self) -> None:
        self.heat.set_rows(self.model.shown_tensors())
        self.rows.set_places(self.model.shown_places())
        self.filter_bar.show_count(self.model.tensor_count)

    def open_all(self, is_open: bool) -> None:
        """Expand or collapse every layer, in one go."""
        with QSignalBlocker(self.tree):
            if is_open:
                self.tree.expandAll()
            else:
                self.tree.collapseAll()
        self.model.set_all_open(is_open)
        self._collect_rows()

    @Slot(QModelIndex)
    def _note_expanded(self, index: QModelIndex) -> None:
        self.model.set_open(index.row(), True)
        self._collect_rows()

    @Slot(QModelIndex)
    def _note_collapsed(self, index: QModelIndex) -> None:
        self.model.set_open(index.row(), False)
        self._collect_rows()

    @Slot(int)
    def _follow_scroll(self, value: int) -> None:
        self.bar.setValue(value)
        self.heat.scroll_to(value)
        self.minimap.show_offset(value)

    @Slot(int, int)
    def _follow_range(self, low: int, high: int) -> None:
        scroll = self.tree.verticalScrollBar()
        self.bar.setRange(low, high)
        self.bar.setPageStep(scroll.pageStep())
        self.bar.setSingleStep(ROW_HEIGHT)
        scroll.setSingleStep(ROW_HEIGHT)

    @Slot(int)
    def _scroll_by(self, pixels: int) -> None:
        scroll = self.tree.verticalScrollBar()
        scroll.setValue(scroll.value() + pixels)

    @Slot(object)
    def _pass_key(self, event: QKeyEvent) -> None:
        QCoreApplication.sendEvent(self.tree, event)

    # ---- selection and pointing

    @Slot()
    def show_current(self) -> None:
        """Scroll to the selected row, where less room has put it out of sight."""
        self.tree.scrollTo(self.tree.currentIndex())

    def row_of_tensor(self, tensor: str) -> int:
        """The row of the heat map that shows ``tensor``; -1 where none does."""
        return self.heat.rows.index(tensor) if tensor in self.heat.rows else -1

    @Slot(object, object)
    def _press(self, cell: Cell, modifiers: Qt.KeyboardModifier) -> None:
        if self.rows.press(cell.row, modifiers):
            self.drag.begin(cell)

    @Slot()
    def _toggle_layers(self) -> None:
        toggle_layers(self._controller)

    def row_center(self, tensor: str) -> QPoint:
        """A point of the heat map's viewport in the row of ``tensor``, for pointing at it."""
        top = self.heat.row_top(self.row_of_tensor(tensor))
        return QPoint(self.heat.viewport().width() // 2, round(top + ROW_HEIGHT / 2))
