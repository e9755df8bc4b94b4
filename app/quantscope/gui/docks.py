"""The panels around the rows: where each docks, what it is called."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from quantscope.gui.translation import tr

RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class Docks:
    """Docks of ``window``, by title; all start hidden, and those at the bottom are tabs of one.

    Every dock can be shown from the menu that :meth:`fill` is given.
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._docks: dict[str, QDockWidget] = {}
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)

    def add(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        """Put ``widget`` into a dock of its own; ``title`` is marked for translation."""
        dock = QDockWidget(tr(title), self._window)
        dock.setObjectName(title.lower())
        dock.setWidget(widget)
        before = [each for each in self._docks.values() if self._area(each) is area]
        self._window.addDockWidget(area, dock)
        if before:
            self._window.tabifyDockWidget(before[-1], dock)
        self._docks[title] = dock
        dock.hide()
        return dock

    def _area(self, dock: QDockWidget) -> Qt.DockWidgetArea:
        return self._window.dockWidgetArea(dock)

    def bring_up(self, dock: QDockWidget) -> None:
        """Show ``dock``, before others that share its place."""
        dock.show()
        dock.raise_()

    def fill(self, menu: QMenu) -> None:
        """An entry for each dock."""
        for dock in self._docks.values():
            menu.addAction(dock.toggleViewAction())
