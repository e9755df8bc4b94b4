"""Report and statistics as files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMainWindow

from quantscope.core.errors import QuantscopeError
from quantscope.gui.controller import Controller
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, tr
from quantscope.jobs.messages import FileWritten

REPORT = (mark("Export report"), "report", (mark("Report (*.html)"),))
STATISTICS = (
    mark("Export statistics"),
    "statistics",
    (mark("Table (*.csv)"), mark("JSON (*.json)")),
)
Kind = tuple[str, str, tuple[str, ...]]


class WrittenFiles(QObject):
    """A feature of the window; ``written`` says what is where."""

    written = Signal(str)

    def __init__(self, controller: Controller, settings: Settings, window: QMainWindow) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._path = ""  # of what is being written
        self.dialog: QFileDialog | None = None
        controller.desk.ended.connect(self._tell)

    def enabled(self) -> dict[str, bool]:
        """Once there are statistics that fit the network."""
        session = self._controller.session
        can_write = session.plan() is not None and not self._controller.is_busy
        return {"report": can_write, "statistics": can_write}

    @Slot()
    def do_report(self) -> None:
        """All that is known, as one page."""
        self._ask(REPORT)

    @Slot()
    def do_statistics(self) -> None:
        """A row for each tensor."""
        self._ask(STATISTICS)

    def _ask(self, kind: Kind) -> None:
        title, name, marked = kind
        filters = [tr(text) for text in marked]
        dialog = QFileDialog(self._window, tr(title), self._settings.folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilters(filters)
        dialog.filterSelected.connect(self._follow_filter)
        dialog.fileSelected.connect(self._write)
        self.dialog = dialog
        self._follow_filter(filters[0])
        dialog.selectFile(f"{Path(self._controller.session.document.model).stem}-{name}")
        dialog.open()

    @Slot(str)
    def _follow_filter(self, text: str) -> None:
        assert self.dialog is not None
        self.dialog.setDefaultSuffix(text.rpartition("*.")[2].partition(")")[0])

    @Slot(str)
    def _write(self, path: str) -> None:
        session = self._controller.session
        record, calibration = session.record(), session.calibration
        if record is None or calibration is None:
            return
        self._path = path
        try:
            self._controller.desk.write_file(record, calibration, path)
        except QuantscopeError as error:
            self._controller.problem_found.emit(error.problem, "")

    @Slot(object, object)
    def _tell(self, _: object, result: object) -> None:
        if isinstance(result, FileWritten) and result.path == self._path:
            self._path = ""
            self.written.emit(written_in_words(result.path))


def written_in_words(path: str) -> str:
    """What is where."""
    file = Path(path)
    return tr("{file} is written to {folder}.", file=file.name, folder=file.parent)
