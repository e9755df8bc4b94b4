"""Everything that helps: guide, explanation, palette, shortcuts, and F1 on all of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QMainWindow, QMenu, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.docks import RIGHT, Docks
from quantscope.gui.files.network_dialog import about_box
from quantscope.gui.help.explanation import Explanation
from quantscope.gui.help.guide import Guide, GuideDialog
from quantscope.gui.help.guide_pages import FIRST_PAGE, page_of_action
from quantscope.gui.help.shortcuts import ShortcutSheet, places, plain
from quantscope.gui.look.theme import Theme, theme_shown
from quantscope.gui.menus.palette import CommandPalette, Entry
from quantscope.gui.menus.reasons import why_off
from quantscope.gui.translation import mark

PAGE = "guide"  # property of a widget: the page that is about it


class Later(QWidget):
    """Stands in a dock for what is made when it is first seen."""

    seen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.dock: QDockWidget | None = None
        self.content: QWidget | None = None

    def fill(self, content: QWidget) -> None:
        """Put what was made in its place."""
        self.content = content
        assert self.dock is not None
        self.dock.setWidget(content)

    def sizeHint(self) -> QSize:
        return QSize(420, 400)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._tell)

    @Slot()
    def _tell(self) -> None:
        self.seen.emit()


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
        self._guide = Later(window)
        self._explanation = Later(window)
        self.dialog: QDialog | None = None

    def dock(self, docks: Docks) -> None:
        """Put guide and explanation beside the others, and hear F1 in menus.

        What is in them is made when it is first seen: the window is there sooner.
        """
        self._docks = docks
        for title, later in (
            (mark("What am I looking at?"), self._explanation),
            (mark("Guide"), self._guide),
        ):
            later.dock = docks.add(title, later, RIGHT)
        self._explanation.seen.connect(self._make_explanation)
        self._guide.seen.connect(self._make_guide)
        for menu in self._window.menuBar().findChildren(QMenu):
            menu.installEventFilter(self)

    def enabled(self) -> dict[str, bool]:
        """Help is always at hand."""
        return {}

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for later in (self._guide, self._explanation):
            if isinstance(later.content, Guide | Explanation):
                later.content.set_theme(theme)

    @Slot()
    def _make_guide(self) -> None:
        if self._guide.content is None:
            guide = Guide(self._window)
            guide.set_theme(theme_shown())
            guide.go_to(FIRST_PAGE)
            self._guide.fill(guide)

    @Slot()
    def _make_explanation(self) -> None:
        if self._explanation.content is None:
            explanation = Explanation(self._controller, self._window)
            explanation.set_theme(theme_shown())
            explanation.guide_asked.connect(self.show_page)
            self._explanation.fill(explanation)

    @property
    def guide(self) -> Guide:
        """The guide, made now if nobody has seen it."""
        self._make_guide()
        assert isinstance(self._guide.content, Guide)
        return self._guide.content

    @property
    def explanation(self) -> Explanation:
        """The explanation, made now if nobody has seen it."""
        self._make_explanation()
        assert isinstance(self._explanation.content, Explanation)
        return self._explanation.content

    # ---- the guide

    @Slot()
    def do_guide(self) -> None:
        """The page about what has the focus."""
        focus = QApplication.focusWidget()
        self.show_page(page_about(focus) or self.guide.page.page)

    @Slot(str)
    def show_page(self, place: str) -> None:
        """Open the guide at a page; over a dialog, in a window of its own."""
        modal = QApplication.activeModalWidget()
        if isinstance(modal, QDialog):
            GuideDialog(place, modal).open()
            return
        self.guide.go_to(place)
        self._bring_up(self._guide)
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
        self._bring_up(self._explanation)
        self.explanation.setFocus()

    def _bring_up(self, later: Later) -> None:
        assert self._docks is not None
        assert later.dock is not None
        self._docks.bring_up(later.dock)

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
