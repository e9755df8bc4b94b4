"""The variants as tabs above the rows, and beside them what the open one is compared with."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTabBar,
    QToolButton,
    QWidget,
)

from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.menus.readiness import why_not_edit
from quantscope.gui.translation import tr
from quantscope.gui.variants.comparison import Comparison
from quantscope.session.variants import LONGEST_NAME

NUMBERED = 9  # variants that have a key


class NameField(QLineEdit):
    """Stands over a tab while its variant is renamed."""

    given_up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


class VariantTabs(QTabBar):
    """No wider than its tabs: Qt keeps room for buttons that scroll them, needed or not."""

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(self.sizeHint())


class VariantBar(QWidget):
    """Follows the document and the comparison; asks for what is clicked, and does nothing itself.

    Places are those of ``Document.variants``.
    """

    opened = Signal(int)
    added = Signal()
    renamed = Signal(int, str)
    menu_asked = Signal(int, QPoint)

    def __init__(self, controller: Controller, comparison: Comparison, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._comparison = comparison
        self.theme = LIGHT
        self.tabs = VariantTabs(self)
        self.add = QToolButton(self)
        self.field = NameField(self.tabs)
        self.label = QLabel(tr("Compare with"), self)
        self.combo = QComboBox(self)
        self.swap = QToolButton(self)
        self._set_up()
        self._lay_out()
        self._connect()
        self.refresh()

    def _set_up(self) -> None:
        self.tabs.setAccessibleName(tr("Variants of the plan"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.add.setText("+")
        self.add.setAutoRaise(True)
        self.add.setAccessibleName(tr("New variant"))
        self.add.setToolTip(tr("New variant: keep this one and go on with a copy"))
        self.add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.field.setAccessibleName(tr("Name of the variant"))
        self.field.setMaxLength(LONGEST_NAME)
        self.field.hide()
        self.label.setBuddy(self.combo)
        self.label.setProperty("role", "dim")
        self.combo.setAccessibleName(tr("What the open variant is compared with"))
        self.combo.setToolTip(tr("Mark its bands with dashes, and show its types in the table"))
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.swap.setCheckable(True)
        self.swap.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.swap.setAccessibleName(tr("Show the other one on the heat map"))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 10, 0)
        row.setSpacing(6)
        row.addWidget(self.tabs)
        row.addWidget(self.add)
        row.addStretch(1)
        row.addWidget(self.label)
        row.addWidget(self.combo)
        row.addWidget(self.swap)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self.opened)
        self.tabs.tabBarDoubleClicked.connect(self.begin_renaming)
        self.tabs.customContextMenuRequested.connect(self._ask_for_menu)
        self.add.clicked.connect(self.added)
        self.field.returnPressed.connect(self._end_renaming)
        self.field.editingFinished.connect(self._end_renaming)
        self.field.given_up.connect(self._give_up)
        self.combo.activated.connect(self._choose)
        self.swap.toggled.connect(self._comparison.swap)
        self._controller.changed.connect(self.refresh)
        self._controller.results_changed.connect(self.refresh)
        self._controller.session_replaced.connect(self.refresh)
        self._comparison.changed.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme

    # ---- following

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the variants and the comparison as they are now."""
        can_edit = not why_not_edit(self._controller.session)
        self._show_tabs()
        self.setVisible(can_edit)
        self._show_offers()
        with QSignalBlocker(self.swap):
            self.swap.setChecked(self._comparison.is_swapped)
        label = self._comparison.label
        self.swap.setVisible(bool(label))
        self.swap.setText(tr("Show {variant}", variant=label))
        mine = self._controller.session.document.name
        self.swap.setToolTip(
            tr(
                "Show {variant} on the heat map, with the bands of {other} dashed (F9)",
                variant=label,
                other=mine,
            )
        )

    def _show_tabs(self) -> None:
        document = self._controller.session.document
        names = [each.name for each in document.variants]
        with QSignalBlocker(self.tabs):
            while self.tabs.count() > len(names):
                self.tabs.removeTab(self.tabs.count() - 1)
            while self.tabs.count() < len(names):
                self.tabs.addTab("")
            for place, name in enumerate(names):
                self.tabs.setTabText(place, name.replace("&", "&&"))
                self.tabs.setTabToolTip(place, _tab_tip(place, name))
            self.tabs.setCurrentIndex(document.place)

    def _show_offers(self) -> None:
        """Nothing to compare with: nothing to choose."""
        offers = self._comparison.offers()
        texts = [tr("Nothing"), *(each.title for each in offers)]
        with QSignalBlocker(self.combo):
            if texts != [self.combo.itemText(place) for place in range(self.combo.count())]:
                self.combo.clear()
                self.combo.addItems(texts)
            subjects = [each.subject for each in offers]
            chosen = self._comparison.subject
            self.combo.setCurrentIndex(subjects.index(chosen) + 1 if chosen in subjects else 0)
            for place, offer in enumerate(offers, 1):
                tip = tr("Not now: {reason}", reason=offer.reason) if offer.reason else ""
                self.combo.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
                flags = None if not offer.reason else 0  # the default model: 0 turns it off
                self.combo.setItemData(place, flags, Qt.ItemDataRole.UserRole - 1)
        self.label.setVisible(bool(offers))
        self.combo.setVisible(bool(offers))

    @Slot(int)
    def _choose(self, place: int) -> None:
        offers = self._comparison.offers()
        self._comparison.choose(offers[place - 1].subject if 0 < place <= len(offers) else None)

    @Slot(QPoint)
    def _ask_for_menu(self, point: QPoint) -> None:
        place = self.tabs.tabAt(point)
        if place >= 0:
            self.menu_asked.emit(place, self.tabs.mapToGlobal(point))

    # ---- renaming

    @Slot(int)
    def begin_renaming(self, place: int) -> None:
        """Let the name of the variant at ``place`` be typed over its tab."""
        if place < 0:
            return
        self._renamed_place = place
        room = self.tabs.tabRect(place)
        room.setWidth(max(room.width(), 120))
        self.field.setGeometry(room.intersected(self.tabs.rect()))
        self.field.setText(self._controller.session.document.variants[place].name)
        self.field.show()
        self.field.selectAll()
        self.field.setFocus()

    @Slot()
    def _end_renaming(self) -> None:
        if self.field.isHidden():
            return
        self.field.hide()
        self.renamed.emit(self._renamed_place, self.field.text())

    @Slot()
    def _give_up(self) -> None:
        self.field.setText(self._controller.session.document.variants[self._renamed_place].name)
        self.field.hide()
        self.tabs.setFocus()


def _tab_tip(place: int, name: str) -> str:
    if place >= NUMBERED:
        return tr("Variant {name}; double-click to rename", name=name)
    key = f"Ctrl+{place + 1}"
    return tr("Variant {name} ({key}); double-click to rename", name=name, key=key)
