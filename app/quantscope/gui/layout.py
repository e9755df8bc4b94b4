"""How a person has arranged the window, kept between runs: size, docks, splitters, columns."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QTimer, Slot
from PySide6.QtWidgets import QDockWidget, QHeaderView, QMainWindow, QSplitter

from quantscope.gui.settings import Settings

VERSION = 1  # of the docks: grows when one is renamed, and old arrangements are given up
GEOMETRY, DOCKS = "geometry", "layout/docks"


class Layout(QObject):
    """A feature of ``window``; splitters and headers are kept by their object names.

    Docks are put as they were once a session is on the screen: before, there is nothing for them
    to show. At the very first start it is ``first`` alone.
    """

    def __init__(self, window: QMainWindow, settings: Settings, first: QDockWidget) -> None:
        super().__init__(window)
        self._first = first
        self._window = window
        self._settings = settings
        self._usual = {DOCKS: window.saveState(VERSION)}
        self._is_in_use = False
        window.restoreGeometry(settings.bytes_of(GEOMETRY))

    def _parts(self) -> dict[str, QSplitter | QHeaderView]:
        found: list[QSplitter | QHeaderView] = []
        found += self._window.findChildren(QSplitter)
        found += self._window.findChildren(QHeaderView)
        return {f"layout/{part.objectName()}": part for part in found if part.objectName()}

    def enabled(self) -> dict[str, bool]:
        """There is something to put back once docks are in use."""
        return {"reset-layout": self._is_in_use}

    def begin(self) -> None:
        """Put the docks as they were, the first time that there is something to show."""
        if self._is_in_use:
            return
        self._is_in_use = True
        if not self._window.restoreState(self._settings.bytes_of(DOCKS), VERSION):
            self._first.show()
        QTimer.singleShot(0, self, self._put_parts)  # once they have their first sizes

    @Slot()
    def _put_parts(self) -> None:
        new = {key: part for key, part in self._parts().items() if key not in self._usual}
        for key, part in new.items():
            self._usual[key] = part.saveState()
            part.restoreState(self._settings.bytes_of(key))

    @Slot()
    def follow_filled(self) -> None:
        """A dock has its content now: put its splitters and headers as they were."""
        if self._is_in_use:
            QTimer.singleShot(0, self, self._put_parts)

    def keep(self) -> None:
        """Remember how it all is now."""
        self._settings.keep_bytes(GEOMETRY, self._window.saveGeometry())
        if self._is_in_use:
            self._settings.keep_bytes(DOCKS, self._window.saveState(VERSION))
            for key, part in self._parts().items():
                self._settings.keep_bytes(key, part.saveState())

    @Slot()
    def do_reset_layout(self) -> None:
        """As it was at the very first start."""
        self._window.restoreState(self._usual[DOCKS], VERSION)
        for key, part in self._parts().items():
            part.restoreState(self._usual.get(key, QByteArray()))
        self._first.show()
