"""Validation as a feature of the window: its action, its dialog and its dock."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow

from quantscope.core.findings.validation import ValidationRequest
from quantscope.gui.controller import Controller
from quantscope.gui.docks import BOTTOM, Docks
from quantscope.gui.menus.readiness import why_not_validate
from quantscope.gui.translation import mark
from quantscope.gui.validation.dialog import ValidationDialog
from quantscope.gui.validation.panel import ValidationPanel
from quantscope.jobs.messages import Validated


class ValidationDesk(QObject):
    """Asks what to validate, and shows what came out; its dock is added with :meth:`dock`."""

    validated = Signal()  # the session has a new one

    def __init__(self, controller: Controller, window: QMainWindow) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self._docks: Docks | None = None
        self._dock: QDockWidget | None = None
        self.panel = ValidationPanel(controller, window)
        self.panel.validate_asked.connect(self.do_validate)
        self.dialog: ValidationDialog | None = None
        controller.desk.ended.connect(self._show_validated)

    def dock(self, docks: Docks) -> None:
        """Put the panel among the others."""
        self._docks = docks
        self._dock = docks.add(mark("Validation"), self.panel, BOTTOM)

    def enabled(self) -> dict[str, bool]:
        """Wherever a network is open, nothing runs, and the model is there."""
        return {"validate": not self.reason()}

    def reason(self) -> str:
        """Why validating is impossible now; empty where it is possible."""
        return why_not_validate(self._controller.session, self._controller.is_busy)

    @Slot()
    def do_validate(self) -> None:
        """Ask what to judge, and by what."""
        if self.reason():
            return
        self.dialog = ValidationDialog(self._controller, self._window)
        self.dialog.wanted.connect(self._begin)
        self.dialog.open()

    @Slot(object, object, bool)
    def _begin(self, request: ValidationRequest, files: tuple[str, ...], with_plan: bool) -> None:
        self._controller.validate(request, tuple(files), with_plan)

    @Slot(object, object)
    def _show_validated(self, _: object, result: object) -> None:
        if not isinstance(result, Validated):
            return
        self.validated.emit()
        if self._docks is not None and self._dock is not None:
            self._docks.bring_up(self._dock)
