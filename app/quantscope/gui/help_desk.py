"""Everything that helps: guide, explanation, palette, shortcuts, and F1 on all of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QMainWindow, QMenu, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.docks import RIGHT, Docks
from quantscope.gui.explanation import Explanation
from quantscope.gui.guide import Guide, GuideDialog
from quantscope.gui.guide_pages import FIRST_PAGE, page_of_action
from quantscope.gui.network_dialog import about_box
from quantscope.gui.palette import CommandPalette, Entry
from quantscope.gui.reasons import why_off
from quantscope.gui.shortcuts import ShortcutSheet, places, plain
from quantscope.gui.theme import Theme

PAGE = "guide"  # property of a widget: the page that is about it


class HelpDesk(QObject):
    """A feature of the window; its docks are added with :meth:`dock`."""

    def __init__(
        self, controller: Controller, actions: dict[str, QAction], window: QMainWindow
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._actions = actions
        self._window = window
        self._docks: Docks | None = None
        self._guide_dock: QDockWidget | None = None
        self._explanation_dock: QDockWidget | None = None
        self.guide = Guide(window)
        self.explanation = Explanation(controller, window)
        self.explanation.guide_asked.connect(self.show_page)
        self.dialog: QDialog | None = None

    def dock(self, docks: Docks) -> None:
        """Put guide and explanation beside the others, and hear F1 in menus."""
        self._docks = docks
        self._explanation_dock = docks.add("What am I looking at?", self.explanation, RIGHT)
        self._guide_dock = docks.add("Guide", self.guide, RIGHT)
        for menu in self._window.menuBar().findChildren(QMenu):
            menu.installEventFilter(self)

    def enabled(self) -> dict[str, bool]:
        """Help is always at hand."""
        return {}

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.guide.set_theme(theme)
        self.explanation.set_theme(theme)

    # ---- the guide

    @Slot()
    def do_guide(self) -> None:
        """The page about what has the focus."""
        focus = QApplication.focusWidget()
        self.show_page(page_about(focus) or self.guide.page.page or FIRST_PAGE)

    @Slot(str)
    def show_page(self, place: str) -> None:
        """Open the guide at a page; over a dialog, in a window of its own."""
        modal = QApplication.activeModalWidget()
        if isinstance(modal, QDialog):
            GuideDialog(place, modal).open()
            return
        assert self._docks is not None
        assert self._guide_dock is not None
        self.guide.go_to(place)
        self._docks.bring_up(self._guide_dock)
        self.guide.page.setFocus()

    @Slot(str)
    def show_page_of(self, key: str) -> None:
        """Open the guide at what it says about an action."""
        self.show_page(page_of_action(key))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        if is_key and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F1:
            action = watched.activeAction() if isinstance(watched, QMenu) else None
            if action is not None and action.objectName() in self._actions:
                if event.type() == QEvent.Type.KeyPress:
                    self._close_menus()
                    self.show_page_of(action.objectName())
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _close_menus(self) -> None:
        for menu in self._window.menuBar().findChildren(QMenu):
            menu.hide()

    # ---- the rest

    @Slot()
    def do_explain(self) -> None:
        assert self._docks is not None
        assert self._explanation_dock is not None
        self._docks.bring_up(self._explanation_dock)
        self.explanation.setFocus()

    @Slot()
    def do_shortcuts(self) -> None:
        self._open(ShortcutSheet(self._window))

    @Slot()
    def do_palette(self) -> None:
        palette = CommandPalette(self._entries(), self._window)
        palette.guide_asked.connect(self.show_page_of)
        self._open(palette)

    def _entries(self) -> list[Entry]:
        listed = [(place, self._actions[place.key]) for place in places()]
        return [
            Entry(
                action,
                plain(action.text()),
                place.path,
                action.whatsThis(),
                why_off(action, self._controller),
            )
            for place, action in listed
            if place.key != "palette"
        ]

    @Slot()
    def do_about(self) -> None:
        about_box(self._window).open()

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.open()


def page_about(widget: QWidget | None) -> str:
    """The page that ``widget``, or what it is in, says is about it; empty where none is."""
    while widget is not None:
        if page := widget.property(PAGE):
            return str(page)
        widget = widget.parentWidget()
    return ""
