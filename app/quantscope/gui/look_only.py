"""A network that is quantized already: what would change it is off, and says why."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_edit

EDITS = (
    *("export", "types", "check", "unsigned", "integer-ports", "correct-bias", "compensate"),
    *("larger", "smaller", "longer", "shorter", "reset", "reset-all", "toggle-layer", "wide"),
    *("wider", "narrower"),
)
"""Actions that change types, or write them for something that is to be quantized."""


class LookOnly(QObject):
    """The last of the window's features: what it turns off stays off."""

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._is_explained = False

    def enabled(self) -> dict[str, bool]:
        """Nothing that is an edit, where nothing can be edited."""
        is_final = self._controller.readings.is_look_only
        return dict.fromkeys(EDITS, False) if is_final else {}

    def explain(self, actions: dict[str, QAction]) -> None:
        """Say in the tool tips of edits why they are off; take that back with another model."""
        is_final = self._controller.readings.is_look_only
        if not (is_final or self._is_explained):
            return
        self._is_explained = is_final
        reason = why_not_edit(self._controller.session)
        for action in (actions[key] for key in EDITS):
            tip = action.whatsThis()
            action.setToolTip(f"{tip}\n{reason}." if is_final else tip)
            action.setStatusTip(reason if is_final else tip)
