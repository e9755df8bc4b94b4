"""Check marks in the menus for what is on or off in the document: its preparation and its plan."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from quantscope.core.networks.preparation import CHOICES
from quantscope.core.planning.settings import SWITCHES, WeightRounding
from quantscope.core.planning.targets import TARGETS
from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import model_is_missing, why_not_edit
from quantscope.session import commands

COMPENSATE = "compensate"


class Switches(QObject):
    """Follows the document; each action's id is the key of its switch, with ``-`` for ``_``."""

    def __init__(
        self, controller: Controller, actions: dict[str, QAction], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        keys = {key.replace("_", "-"): key for key in (*CHOICES, *SWITCHES)}
        self._actions = {key: actions[name] for name, key in keys.items()}
        self._actions[COMPENSATE] = actions[COMPENSATE]
        for action in self._actions.values():
            action.triggered.connect(self._flip)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.job_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)
        self.refresh()

    @Slot(bool)
    def _flip(self, on: bool) -> None:
        key = next(key for key, action in self._actions.items() if action is self.sender())
        if key in CHOICES:
            self._controller.choose_preparation(key, on)
        elif key == COMPENSATE:
            rounding = WeightRounding.COMPENSATED if on else WeightRounding.NEAREST
            self._controller.do(commands.choose_weight_rounding(rounding))
        else:
            self._controller.switch(key, on)

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show what the document says, and what can be changed now."""
        document = self._controller.session.document
        settings = document.settings
        compensated = settings.weight_rounding is WeightRounding.COMPENSATED
        for key, action in self._actions.items():
            if key in CHOICES:
                action.setChecked(getattr(document.preparation, key))
            else:
                action.setChecked(compensated if key == COMPENSATE else getattr(settings, key))
            action.setEnabled(self._can_flip(key))

    def _can_flip(self, key: str) -> bool:
        session = self._controller.session
        if why_not_edit(session):
            return False
        if key in CHOICES:
            return not self._controller.is_busy and not model_is_missing(session)
        if key == "unsigned":
            return TARGETS[session.document.settings.target].either_sign
        return True
