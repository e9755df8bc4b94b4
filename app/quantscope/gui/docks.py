"""The panels around the rows: where each docks, what it is called."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from quantscope.gui.translation import tr

RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class Dock(QDockWidget):
    """Takes its content in when it is first shown.

    Before that no style is worked out for what nobody sees: half of the window's widgets.
    """

    filled = Signal()

    def __init__(self, title: str, content: QWidget, window: QMainWindow) -> None:
        super().__init__(tr(title), window)
        self.setObjectName(title.lower())
        self._content = content
        content.setParent(None)

    def setVisible(self, visible: bool) -> None:
        if visible and self.widget() is None:
            self.setWidget(self._content)
            self.filled.emit()
        super().setVisible(visible)


class Docks(QObject):
    """Docks of ``window``, by title; all start hidden, and those at the bottom are tabs of one.

    Every dock can be shown from the menu that :meth:`fill` is given.
    """

    filled = Signal()  # a dock that nobody had seen has its content now

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._docks: dict[str, QDockWidget] = {}
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)

    def add(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        """Put ``widget`` into a dock of its own; ``title`` is marked for translation."""
        dock = Dock(title, widget, self._window)
        dock.filled.connect(self.filled)
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
