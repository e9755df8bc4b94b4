"""Asks where to write the types for another tool, and writes them there."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from quantscope.core.errors import QuantscopeError
from quantscope.core.exchange.formats import FORMATS, ExchangeFormat
from quantscope.gui.controller import Controller
from quantscope.gui.settings import Settings
from quantscope.gui.translation import plural, tr
from quantscope.session.atomic import atomic_writer


class TypesFile(QObject):
    """The plan in the format of another tool; ``written`` tells what and where."""

    written = Signal(str)

    def __init__(self, controller: Controller, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self.dialog: QFileDialog | None = None

    def enabled(self) -> dict[str, bool]:
        """Types are there once the network is calibrated."""
        return {"types": self._controller.session.plan() is not None}

    @Slot()
    def do_types(self) -> None:
        """Ask for a file and, by the filter, for its format."""
        dialog = QFileDialog(self._window, tr("Export types"), self._settings.folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([_filter(each) for each in FORMATS.values()])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filterSelected.connect(self._suggest)
        dialog.fileSelected.connect(self._write)
        self.dialog = dialog
        self._suggest(dialog.selectedNameFilter())
        dialog.open()

    @Slot(str)
    def _suggest(self, text: str) -> None:
        """A name that fits the format."""
        assert self.dialog is not None
        chosen = _format_of(text)
        model = Path(self._controller.session.document.model)
        self.dialog.setDefaultSuffix(chosen.ending.lstrip("."))
        self.dialog.selectFile(f"{model.stem}-{chosen.key}{chosen.ending}")

    @Slot(str)
    def _write(self, path: str) -> None:
        assert self.dialog is not None
        chosen = _format_of(self.dialog.selectedNameFilter())
        session = self._controller.session
        plan = session.plan()
        if session.network is None or plan is None:
            return
        try:
            text = chosen.write(session.network, plan)
            with atomic_writer(Path(path)) as file:
                file.write(text.encode("utf-8"))
        except QuantscopeError as error:
            self._controller.problem_found.emit(error.problem, "")
            return
        self.written.emit(
            plural(
                "{format}, one tensor, written to {path}.",
                "{format}, {n} tensors, written to {path}.",
                len(plan.types),
                format=chosen.title,
                path=path,
            )
        )


def _filter(each: ExchangeFormat) -> str:
    return f"{each.title} (*{each.ending})"


def _format_of(text: str) -> ExchangeFormat:
    return next(each for each in FORMATS.values() if _filter(each) == text)
