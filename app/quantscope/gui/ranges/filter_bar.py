"""The line above the dynamic ranges: what to show of a large network, and in which order."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from quantscope.core.networks.network import Network
from quantscope.core.wording import count
from quantscope.gui.ranges.arrangement import (
    LEAST_SQNR,
    MOST_OVERFLOW,
    Arrangement,
    Order,
    operators,
)
from quantscope.gui.translation import mark, plural, tr

PAUSE = 150  # milliseconds without a key before the rows follow what is typed
ORDERS = {
    Order.NETWORK: mark("Network order"),
    Order.SQNR: mark("Worst SQNR first"),
    Order.OVERFLOW: mark("Most overflow first"),
    Order.NAME: mark("By name"),
}


class FilterField(QLineEdit):
    """Where words are typed; Esc empties it, and leaves it when it is empty; Down leaves it too."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """Holds the arrangement; ``do_...`` methods are its actions in the menu."""

    arranged = Signal(object)  # Arrangement
    left = Signal()  # back to the rows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.arrangement = Arrangement()
        self.total = 0  # tensors that have rows where nothing is left out
        self.field = FilterField(self)
        self.type_combo = QComboBox(self)
        self.order_combo = QComboBox(self)
        self.problems_box = QCheckBox(tr("Only problems"), self)
        self.layer_box = QCheckBox(tr("By layer"), self)
        self.count = QLabel(self)
        self._is_open = False
        self._actions: dict[str, QAction] = {}
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(PAUSE)
        self._set_up()
        self._lay_out()
        self._connect()

    def _set_up(self) -> None:
        self.field.setPlaceholderText(tr("Filter by name or type"))
        self.field.setAccessibleName(tr("Filter rows by name or type"))
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(96)
        self.field.setMaximumWidth(260)
        self.type_combo.setAccessibleName(tr("Show layers of one type"))
        self.type_combo.addItem(tr("All types"), "")
        self.order_combo.setAccessibleName(tr("Order of the rows"))
        for order, title in ORDERS.items():
            self.order_combo.addItem(tr(title), order)
        self.problems_box.setToolTip(
            tr(
                "Tensors with an SQNR below {sqnr} dB, with more than {share} overflow, or with a"
                " type that the target forbids",
                sqnr=f"{LEAST_SQNR:.0f}",
                share=f"{MOST_OVERFLOW:.0%}",
            )
        )
        self.layer_box.setToolTip(tr("Tensors below their layer, or each for itself"))
        self.layer_box.setChecked(True)
        self.count.setAccessibleName(tr("How many tensors are shown"))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 10, 4)
        row.setSpacing(8)
        row.addWidget(self.field, 4)
        for widget in (self.type_combo, self.order_combo, self.problems_box, self.layer_box):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.count)

    def _connect(self) -> None:
        self.field.textChanged.connect(self._typed.start)
        self.field.left.connect(self.left)
        self._typed.timeout.connect(self._read)
        self.type_combo.currentIndexChanged.connect(self._read)
        self.order_combo.currentIndexChanged.connect(self._read)
        self.problems_box.toggled.connect(self._read)
        self.layer_box.toggled.connect(self._read)

    def follow(self, actions: dict[str, QAction]) -> None:
        """Keep the check marks of the menu's entries as the boxes are."""
        self._actions = actions
        self._mark_actions()

    def enabled(self) -> dict[str, bool]:
        """All of it once there are rows."""
        keys = ("find", "only-problems", "by-layer", *(f"sort-{order}" for order in Order))
        return dict.fromkeys(keys, self._is_open)

    # ---- the rows

    @property
    def at_once(self) -> Arrangement:
        """As chosen, but in network order where another one takes figures of all tensors."""
        chosen = self.arrangement
        return replace(chosen, order=Order.NETWORK) if chosen.needs_figures else chosen

    def show_network(self, network: Network | None) -> None:
        """Offer the layer types of ``network``, and show all of it."""
        self._is_open = network is not None
        with QSignalBlocker(self.type_combo), QSignalBlocker(self.field):
            self.type_combo.clear()
            self.type_combo.addItem(tr("All types"), "")
            for operator in operators(network):
                self.type_combo.addItem(operator, operator)
            self.field.clear()
        with QSignalBlocker(self.problems_box):
            self.problems_box.setChecked(False)
        self._typed.stop()
        self.arrangement = self._chosen()
        self._mark_actions()

    def show_count(self, shown: int) -> None:
        """Say how many of the network's tensors are in the rows."""
        if not shown:
            text = tr("No tensor fits")
        elif shown < self.total:
            text = plural(
                "{shown} of one tensor", "{shown} of {n} tensors", self.total, shown=count(shown)
            )
        else:
            text = plural("one tensor", "{n} tensors", shown)
        self.count.setText(text)

    def _chosen(self) -> Arrangement:
        return Arrangement(
            order=Order(self.order_combo.currentData()),
            text=self.field.text(),
            operator=str(self.type_combo.currentData() or ""),
            only_problems=self.problems_box.isChecked(),
            by_layer=self.layer_box.isChecked(),
        )

    @Slot()
    def _read(self, *_: object) -> None:
        chosen = self._chosen()
        if chosen != self.arrangement:
            self.arrangement = chosen
            self._mark_actions()
            self.arranged.emit(chosen)

    def _mark_actions(self) -> None:
        if self._actions:
            self._actions["only-problems"].setChecked(self.arrangement.only_problems)
            self._actions["by-layer"].setChecked(self.arrangement.by_layer)
            for order in Order:
                self._actions[f"sort-{order}"].setChecked(order is self.arrangement.order)

    # ---- actions

    @Slot()
    def do_find(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    @Slot()
    def do_only_problems(self) -> None:
        self.problems_box.toggle()

    @Slot()
    def do_by_layer(self) -> None:
        self.layer_box.toggle()

    @Slot()
    def do_sort_network(self) -> None:
        self._sort(Order.NETWORK)

    @Slot()
    def do_sort_sqnr(self) -> None:
        self._sort(Order.SQNR)

    @Slot()
    def do_sort_overflow(self) -> None:
        self._sort(Order.OVERFLOW)

    @Slot()
    def do_sort_name(self) -> None:
        self._sort(Order.NAME)

    def _sort(self, order: Order) -> None:
        self.order_combo.setCurrentIndex(self.order_combo.findData(order))
        self._mark_actions()
