"""The tool bar: the actions used most, and the choices for the whole network among them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolBar, QWidget

from quantscope.gui.menus.choices import NetworkChoices
from quantscope.gui.menus.menu_bar import SEPARATOR, TOOLS
from quantscope.gui.translation import tr


class ToolBar(QToolBar):
    """Holds what ``TOOLS`` names; the choices fill their ``menus`` too."""

    def __init__(
        self,
        actions: dict[str, QAction],
        choices: NetworkChoices,
        menus: dict[str, QMenu],
        parent: QWidget,
    ) -> None:
        super().__init__(tr("Tools"), parent)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for key in TOOLS:
            if key == SEPARATOR:
                self.addSeparator()
            elif key == "choices":
                self.addSeparator()
                choices.fill(self, menus)
                self.addSeparator()
            else:
                self.addAction(actions[key])
                actions[key].setIconText(actions[key].text().replace("&", "").rstrip("…"))
