"""Calibration beyond one run, as a feature of the window: pause, resume, add, merge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMainWindow

from quantscope.core.counting.calibration import Calibration
from quantscope.core.errors import QuantscopeError
from quantscope.gui import wording
from quantscope.gui.calibration.convergence_panel import ConvergencePanel
from quantscope.gui.controller import Controller
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.docks import BOTTOM, Docks
from quantscope.gui.menus.readiness import why_not_add, why_not_merge, why_not_resume
from quantscope.gui.message_bar import MessageBar
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, plural, tr
from quantscope.gui.work.job import Job
from quantscope.jobs.messages import Calibrate, Calibrated, Cancelled, Merge, Result
from quantscope.session.calibration_file import stored_at

STATISTICS = mark("Sessions and statistics (*.qscope *.npz)")


class CalibrationDesk(QObject):
    """Follows calibrations to what is done with their statistics.

    ``_then`` is what is told once the session has the statistics in the file ``_awaited``.
    """

    def __init__(
        self, controller: Controller, settings: Settings, messages: MessageBar, window: QMainWindow
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._messages = messages
        self._window = window
        self._pausing: Job | None = None
        self._partial = ""
        self._awaited = ""
        self._then: Callable[[Calibration], None] | None = None
        self._offer = ""
        self._docks: Docks | None = None
        self._dock: QDockWidget | None = None
        self.panel = ConvergencePanel(controller, window)
        self.dialog: DataDialog | QFileDialog | None = None
        controller.partial_offered.connect(self._take_partial)
        controller.desk.ended.connect(self._note_end)
        controller.results_changed.connect(self._follow_statistics)
        controller.session_replaced.connect(self._forget)
        controller.job_changed.connect(self._withdraw_offer)

    def dock(self, docks: Docks) -> None:
        """Put the panel for convergence among the others."""
        self._docks = docks
        self._dock = docks.add(mark("Convergence"), self.panel, BOTTOM)

    def enabled(self) -> dict[str, bool]:
        """Pausing while a calibration runs; the others where the statistics allow it."""
        session, busy = self._controller.session, self._controller.is_busy
        return {
            "pause": self._is_calibrating,
            "resume": not why_not_resume(session, busy),
            "add-samples": not why_not_add(session, busy),
            "merge": not why_not_merge(session, busy),
            "convergence": session.network is not None,
        }

    @property
    def _is_calibrating(self) -> bool:
        job = self._controller.job
        return job is not None and isinstance(job.request, Calibrate)

    # ---- actions

    @Slot()
    def do_pause(self) -> None:
        """Stop the calibration under way, and keep what it has counted."""
        if self._is_calibrating:
            self._pausing = self._controller.job
            self._controller.cancel_job()

    @Slot()
    def do_resume(self) -> None:
        """Count the samples of the data that are not counted yet."""
        session = self._controller.session
        if reason := why_not_resume(session, self._controller.is_busy):
            self._messages.show_message(tr("{reason}.", reason=reason))
            return
        document, calibration = session.document, session.calibration
        data, desk = document.data, self._controller.desk
        if data is not None:
            self._try(lambda: desk.calibrate(document, data, calibration))

    @Slot()
    def do_add_samples(self) -> None:
        """Ask for more samples, and count them."""
        self.dialog = DataDialog(self._controller, self._window, adds=True)
        self.dialog.accepted.connect(self.do_resume)
        self.dialog.open()

    @Slot()
    def do_merge(self) -> None:
        """Ask for other statistics, and put them to those at hand."""
        dialog = QFileDialog(
            self._window, tr("Merge statistics of"), self._settings.folder, tr(STATISTICS)
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.merge)
        self.dialog = dialog
        dialog.open()

    @Slot(str)
    def merge(self, path: str) -> None:
        """Put the statistics in the file ``path`` to those at hand."""
        session, desk = self._controller.session, self._controller.desk
        calibration = session.calibration
        if calibration is not None:
            self._try(lambda: desk.merge(session.document, calibration, path))

    @Slot()
    def do_convergence(self) -> None:
        """Show how much ranges still move."""
        if self._docks is not None and self._dock is not None:
            self._docks.bring_up(self._dock)
            has_rows = self.panel.splitter.isVisibleTo(self.panel)
            (self.panel.table if has_rows else self.panel.stops).setFocus()

    def _try(self, begin: Callable[[], None]) -> None:
        try:
            begin()
        except QuantscopeError as error:
            self._controller.problem_found.emit(error.problem, "")

    # ---- what came of them

    @Slot(int, str)
    def _take_partial(self, samples: int, path: str) -> None:
        """A calibration was stopped: keep what it counted where it was paused, else offer it."""
        self._partial = path
        if self._pausing is not None:
            self._keep(tr("Pausing"))
            return
        text = plural(
            "Calibration stopped after one sample.",
            "Calibration stopped after {n} samples.",
            samples,
        )
        answer = plural("&Keep the sample", "&Keep the {n} samples", samples)
        self._ask(text, answer, self._keep_partial)

    @Slot()
    def _keep_partial(self) -> None:
        self._keep(tr("Keeping"))

    def _keep(self, title: str) -> None:
        """Take what was counted once its types are worked out; that done, or stopped."""
        self._controller.desk.keep_samples(self._controller.session.document, self._partial, title)

    @Slot(object, object)
    def _note_end(self, job: Job, result: Result) -> None:
        paused, self._pausing = self._pausing is job, None
        if _keeps(job):
            path = result.output if isinstance(result, Calibrated) else self._partial
            self._await(path, self._tell_paused)
            if path == self._partial:
                self._controller.attach_calibration(path)
        elif isinstance(result, Calibrated):
            self._await(
                result.output,
                self._take_data if isinstance(job.request, Merge) else self._tell_rest,
            )
        elif paused and isinstance(result, Cancelled) and not result.output:
            self._messages.show_message(tr("Paused before a sample was counted."))

    def _await(self, path: str, then: Callable[[Calibration], None]) -> None:
        """Do ``then`` once the session has the statistics in the file ``path``, or has them."""
        self._awaited, self._then = path, then
        self._follow_statistics()

    @Slot()
    def _follow_statistics(self) -> None:
        calibration, then = self._controller.session.calibration, self._then
        if calibration is None or then is None or self._controller.work.is_active:
            return
        if stored_at(calibration) == Path(self._awaited):
            self._then = None
            then(calibration)

    def _tell_paused(self, calibration: Calibration) -> None:
        counted = wording.count(calibration.samples)
        of_all = wording.count(calibration.samples + calibration.left)
        text = tr(
            "Paused after {counted} of {all} samples. Resume goes on with the rest.",
            counted=counted,
            all=of_all,
        )
        self._ask(text, tr("&Resume"), self.do_resume)

    def _tell_rest(self, calibration: Calibration) -> None:
        """Say that a run ended early because exponents had come to rest."""
        if calibration.left:
            counted, left = wording.count(calibration.samples), wording.count(calibration.left)
            text = tr(
                "Exponents are at rest after {counted} samples; {left} more were not run.",
                counted=counted,
                left=left,
            )
            self._messages.show_message(text)

    def _take_data(self, calibration: Calibration) -> None:
        """The data of merged statistics is that of all of them."""
        self._controller.describe_data(calibration.data, tr("Merge statistics"))
        samples = wording.count(calibration.samples)
        self._messages.show_message(
            tr("The statistics are of {samples} samples now.", samples=samples)
        )

    # ---- offers

    def _ask(self, text: str, answer: str, do: Callable[[], None]) -> None:
        self._offer = text
        self._messages.show_message(text, answers=[(answer, do)])

    @Slot()
    def _withdraw_offer(self) -> None:
        """What was stopped is not of interest once another calibration runs."""
        if self._offer and self._is_calibrating:
            if self._messages.sentence.text() == self._offer:
                self._messages.dismiss()
            self._offer = ""

    @Slot()
    def _forget(self) -> None:
        self._pausing, self._then, self._offer = None, None, ""


def _keeps(job: Job) -> bool:
    """Whether a job works out the types of statistics that are to be kept."""
    return isinstance(job.request, Merge) and len(job.request.calibrations) == 1
