"""The menu that says which operators run in integers: all, or only those with a check mark."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from quantscope.core.networks.network import LayerKind
from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_edit
from quantscope.gui.translation import tr
from quantscope.session import commands

_NEVER = frozenset({LayerKind.INPUT, LayerKind.FLOAT})


class OperatorMenu(QObject):
    """Fills ``menu`` with the operators of the network that have an integer form."""

    def __init__(self, menu: QMenu, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._menu = menu
        self._controller = controller
        menu.aboutToShow.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Offer what the network holds."""
        network = self._controller.session.network
        layers = network.layers if network is not None else ()
        operators = sorted({layer.operator for layer in layers if layer.kind not in _NEVER})
        chosen = self._controller.session.document.settings.only_operators
        self._menu.clear()
        self._menu.setEnabled(bool(operators) and not why_not_edit(self._controller.session))
        self._add(tr("&All operators"), "", not chosen)
        self._menu.addSeparator()
        for operator in operators:
            self._add(operator, operator, operator in chosen)

    def _add(self, text: str, operator: str, checked: bool) -> None:
        action = QAction(text, self._menu)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setData(operator)
        action.triggered.connect(self._choose)
        self._menu.addAction(action)

    @Slot()
    def _choose(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        operator = str(action.data())
        chosen = self._controller.session.document.settings.only_operators
        only = chosen ^ {operator} if operator else frozenset()
        self._controller.do(commands.choose_operators(frozenset(only)))
