"""The theme of the whole window: chosen from a menu and remembered, or as the desktop has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget

from quantscope.gui.look.icons import icon
from quantscope.gui.look.theme import Theme, ThemeChoice, apply_theme, theme_for
from quantscope.gui.menus.table import ACTIONS
from quantscope.gui.settings import Settings


class Themed(Protocol):
    """A view that paints with colours of its own."""

    def set_theme(self, theme: Theme) -> None: ...


class Appearance(QObject):
    """Gives one theme to ``window``, to ``views`` and to the icons of ``actions``."""

    def __init__(
        self,
        settings: Settings,
        actions: dict[str, QAction],
        views: Sequence[Themed],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._actions = actions
        self._views = views
        self.choose(settings.theme)
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @Slot()
    def do_theme_system(self) -> None:
        self.choose(ThemeChoice.SYSTEM)

    @Slot()
    def do_theme_light(self) -> None:
        self.choose(ThemeChoice.LIGHT)

    @Slot()
    def do_theme_dark(self) -> None:
        self.choose(ThemeChoice.DARK)

    def choose(self, choice: ThemeChoice) -> None:
        """Use and remember a theme."""
        self._settings.theme = choice
        for key in ThemeChoice:
            self._actions[f"theme-{key.value}"].setChecked(key is choice)
        self._apply()

    def _apply(self) -> None:
        theme = theme_for(self._settings.theme)
        apply_theme(self._window, theme)
        for view in self._views:
            view.set_theme(theme)
        for row in ACTIONS:
            if row.icon:
                self._actions[row.key].setIcon(icon(row.icon, theme))

    @Slot()
    def _follow_system(self, *_: object) -> None:
        if self._settings.theme is ThemeChoice.SYSTEM:
            self._apply()
