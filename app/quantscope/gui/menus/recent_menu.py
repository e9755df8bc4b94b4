"""File > Open recent: filled when it opens, so that it is never stale."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from quantscope.gui.settings import Settings
from quantscope.gui.translation import tr


class RecentMenu(QObject):
    """Fills ``menu`` with the files that were open last."""

    asked = Signal(str)  # path

    def __init__(self, menu: QMenu, settings: Settings) -> None:
        super().__init__(menu)
        self._menu = menu
        self._settings = settings
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self._menu.clear()
        for path in self._settings.recent:
            action = self._menu.addAction(Path(path).name.replace("&", "&&"))
            action.setToolTip(path)
            action.setData(path)
            action.triggered.connect(self._open)
        if not self._settings.recent:
            self._menu.addAction(tr("Nothing yet")).setEnabled(False)

    @Slot()
    def _open(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.asked.emit(str(action.data()))
