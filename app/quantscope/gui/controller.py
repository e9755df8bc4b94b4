"""The one caller of session commands and jobs: views ask it, and hear what changed from it.

Every edit comes back as one ``changed`` signal, from undo and redo too; results of jobs come
as ``results_changed``. Views keep no state that the session has. Its desk follows the jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from quantscope.core.data.description import DataDescription
from quantscope.core.errors import Problem, QuantscopeError
from quantscope.core.findings.validation import ValidationRequest
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.schemes import Scheme
from quantscope.gui.diagnosis.measuring import LayerEffort, MixSearch, attach_measured
from quantscope.gui.menus.readiness import (
    look_only_problem,
    missing_problem,
    other_network_problem,
)
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.selection import Selection
from quantscope.gui.translation import tr
from quantscope.gui.validation.runs import attach_validated
from quantscope.gui.work.job import Job
from quantscope.gui.work.job_desk import JobDesk
from quantscope.gui.work.long_work import LongWork
from quantscope.gui.work.worker_process import WorkerProcess
from quantscope.jobs import messages
from quantscope.session import commands
from quantscope.session.calibration_file import reading_calibration
from quantscope.session.commands import Command
from quantscope.session.document import Document
from quantscope.session.draft import Draft
from quantscope.session.history import Change
from quantscope.session.session import Results, Session, letting_go
from quantscope.session.session_file import loading_session, saving_session
from quantscope.session.steps import Steps, finish


class Controller(QObject):
    """Session, desk and selection; see the signals for what views hear."""

    changed = Signal(object)  # Change: an edit, an undo or a redo
    results_changed = Signal()  # network, calibration or report
    live_counted = Signal()  # readings show more samples
    told = Signal(str)  # what an edit of several rows did, and what it left
    previewed = Signal(tuple)  # names of tensors whose type is being dragged
    job_changed = Signal()  # started, progressed, ended
    problem_found = Signal(object, str)  # Problem, details
    missing_found = Signal(object, str)  # Problem, details: model or data are to be located
    located = Signal(str)  # path of the model or the data
    data_checked = Signal(object)  # DataChecked or Failed
    partial_offered = Signal(int, str)  # samples done, calibration file
    exported = Signal(object)  # ExportReport
    overwrite_asked = Signal(str)  # path that exists
    saved = Signal(str)  # path of the session file
    save_failed = Signal()
    session_replaced = Signal()  # another session is open
    session_shown = Signal()  # after all views have it, in a turn for itself
    draft_described = Signal(object)  # Described, or why not: the model of work left behind

    def __init__(
        self, worker: WorkerProcess, folder: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = Session()
        self.readings = Readings(self.session)
        self.selection = Selection(self)
        self.desk = JobDesk(worker, self.readings, folder, self)
        self.work = LongWork(self)
        self.failed_request: messages.Request | None = None  # while its problem is told
        self._is_demo = False
        self.work.changed.connect(self.job_changed)
        self.work.failed.connect(self._tell_problem)
        self.desk.changed.connect(self.job_changed)
        self.desk.live_counted.connect(self.live_counted)
        self.desk.data_checked.connect(self.data_checked)
        self.desk.ended.connect(self._keep_measured)
        self.desk.ended.connect(self._finish)

    # ---- files

    def open_path(self, path: str, data: DataDescription | None = None) -> None:
        """Open a model or a session; with ``data``, calibrate with it at once."""
        self.work.abandon()
        if Path(path).suffix.lower() == ".qscope":
            title = tr("Opening {file}", file=Path(path).name)
            self.work.begin(title, self._opening(path), self._ask_for_missing)
        else:
            self.desk.open_model(self.session.document, path, then=data)

    @Slot(object)
    def _tell_problem(self, problem: Problem) -> None:
        self.problem_found.emit(problem, "")

    def _opening(self, path: str) -> Steps[Session]:
        return (yield from self._showing((yield from loading_session(path))))

    def show_session(self, session: Session) -> None:
        """Go on with another session."""
        finish(self._showing(session))
        self._ask_for_missing(session)

    def _showing(self, session: Session, is_demo: bool = False) -> Steps[Session]:
        yield
        self.readings.foresee(session)
        yield
        self.desk.abandon()
        before, self.session = [self.session], session
        self._is_demo = is_demo
        yield from self._replacing_session()
        yield from letting_go(before)
        return session

    def _ask_for_missing(self, session: Session) -> None:
        if session.missing:
            self.missing_found.emit(missing_problem(session), "")
        elif session.network_is_stale:
            self.locate_model(session.document.model)

    def describe_draft(self, draft: Draft) -> None:
        """Describe the model of work that was left behind; answered by ``draft_described``."""
        self.desk.describe_draft(draft)

    def locate_model(self, path: str) -> None:
        """Take ``path`` for the session's model, once it is described as the same network."""
        self.desk.locate_model(self.session.document, path)

    def locate_data(self, path: str) -> None:
        """Say where the session's data is now."""
        self._note_located(path, self.session.locate_data(path))

    def _locate_described(self, model: str, network: Network) -> None:
        if network.fingerprint != self.session.document.fingerprint:
            self.missing_found.emit(other_network_problem(model), "")
        else:
            was_known = model == self.session.document.model and not self.session.missing
            self._note_located(model, self.session.locate_model(model, network), was_known)

    def _note_located(self, path: str, change: Change | None, was_known: bool = False) -> None:
        self._tell(change)
        self._note_results()
        if not was_known:
            self.located.emit(path)

    def _replacing_session(self) -> Steps[None]:
        self.readings.preview = {}
        self.readings.show_live({})
        self.readings.refresh(self.session)
        self.selection.select("", "")
        self.session_replaced.emit()
        yield
        self.session_shown.emit()
        yield
        self.results_changed.emit()

    def save(self, path: str) -> bool:
        """Write the session file; answered by a signal. Returns false where it fails at once."""
        return self.work.begin(
            tr("Saving {file}", file=Path(path).name), self._saving(path), self.saved.emit
        )

    def _saving(self, path: str) -> Steps[str]:
        try:
            yield from saving_session(self.session, path)
        except (QuantscopeError, GeneratorExit):
            self.save_failed.emit()
            raise
        self.results_changed.emit()
        return path

    @property
    def has_unsaved_work(self) -> bool:
        """Whether a person would lose something; a demo only looked at is nothing."""
        only_looked_at = self._is_demo and self.session.path is None and not self.session.can_undo
        is_open = self.session.network is not None
        return is_open and self.session.is_modified and not only_looked_at

    def shut_down(self) -> None:
        """End the worker because the window closes."""
        self.work.abandon()
        self.desk.close()

    # ---- edits

    def do(self, command: Command) -> None:
        """Apply a command of :mod:`quantscope.session.commands`, where types can be changed."""
        if self.readings.is_look_only:
            self.problem_found.emit(look_only_problem(self.session), "")
        else:
            self._tell(self.session.do(command))

    def choose_target(self, key: str) -> None:
        """Plan for another target."""
        self.do(commands.choose_target(key))

    def choose_scheme(self, scheme: Scheme) -> None:
        """Choose types by another scheme."""
        self.do(commands.choose_scheme(scheme))

    def choose_word_length(self, word_length: int) -> None:
        """Another word length for the network."""
        self.do(commands.choose_word_length(word_length))

    def switch(self, key: str, on: bool) -> None:
        """Turn one of the plan's switches on or off."""
        self.do(commands.switch(key, on))

    def describe_data(self, data: DataDescription | None, title: str = "") -> None:
        """Calibrate with other data from now on; ``title`` is what Undo calls it."""
        self._tell(self.session.do(commands.describe_data(data, title or tr("Choose data"))))

    def quantize_layer(self, layer: str, quantized: bool) -> None:
        """Run a layer in integers, or keep it in float."""
        self.do(commands.set_layer_quantized(layer, quantized, self._label(layer)))

    def widen_layer(self, layer: str, wide: bool) -> None:
        """Let a layer read 16-bit activations, or those of the usual word length."""
        self.do(commands.set_layer_wide(layer, wide, self._label(layer)))

    def _label(self, layer: str) -> str:
        layers = self.session.network.layers if self.session.network else ()
        return next((each.label for each in layers if each.name == layer), layer)

    def pin(self, tensor: str, data_type: DataType) -> None:
        """Set the type of ``tensor``, and of all that share it, by hand."""
        members = self.readings.members(tensor)
        self.do(commands.pin_type(members, data_type, self.readings.name_of(tensor)))

    def reset(self, tensor: str) -> None:
        """Let ``tensor``, and all that share its type, follow the scheme again."""
        members = self.readings.members(tensor)
        self.do(commands.reset_types(members, self.readings.name_of(tensor)))

    def choose_preparation(self, key: str, made: bool) -> None:
        """Make, or take back, a choice of preparation."""
        self.do(commands.choose_preparation(key, made))

    def preview(self, types: Mapping[str, DataType]) -> None:
        """Show types (none: the plan's again) as if they were pinned, without an undo step."""
        before = self.readings.preview
        self.readings.preview = self.readings.with_members(types)
        self.previewed.emit(tuple({**before, **self.readings.preview}))

    def undo(self) -> None:
        """Take back the last edit."""
        self._tell(self.session.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        self._tell(self.session.redo())

    def _tell(self, change: Change | None) -> None:
        if change is not None:
            self.readings.refresh(self.session)
            self.changed.emit(change)
            if change.before.preparation != change.after.preparation:
                self._follow_preparation(change.after.model)

    def _follow_preparation(self, model: str) -> None:
        """Describe the network under another preparation, where it is not known from before."""
        self.desk.abandon()  # what was begun under the other one
        if self.session.network_is_stale:
            self.locate_model(model)
        else:
            self.results_changed.emit()

    # ---- jobs

    @property
    def is_busy(self) -> bool:
        """Whether the person waits for a job."""
        return self.job is not None or self.work.is_active

    @property
    def job(self) -> Job | None:
        """What the person waits for."""
        return self.desk.job

    def check_data(self, data: DataDescription, guess: bool, sample: int = 0) -> None:
        """Read one sample of ``data``; answered by ``data_checked``."""
        self.desk.check_data(self.session.document.model, data, guess, sample)

    def stop_checking(self) -> None:
        """Nobody waits for the check any more."""
        self.desk.stop_checking()

    def calibrate(self) -> None:
        """Run the data through the model."""
        document = self.session.document
        if document.data is not None and document.model:
            self.desk.calibrate(document, document.data)

    def export(self, path: str, overwrite: bool = False) -> None:
        """Write and verify the quantized model."""
        calibration = self.session.calibration
        if calibration is None:
            return
        if Path(path).exists() and not overwrite:
            self.overwrite_asked.emit(path)
            return
        self._ask(self.desk.export, self.session.document, calibration, path, overwrite)

    def measure_layers(self, effort: LayerEffort) -> None:
        """Measure what each layer's rounding costs, going on from what is known."""
        session = self.session
        if session.calibration is not None:
            measure = self.desk.measure_layers
            self._ask(measure, session.document, session.calibration, session.diagnosis, effort)

    def find_mix(self, search: MixSearch) -> None:
        """Search the cheapest mix of words that meets a goal."""
        session = self.session
        if session.calibration is not None:
            find = self.desk.find_mix
            self._ask(find, session.document, session.calibration, session.diagnosis, search)

    def _ask(self, begin: Callable[..., None], *given: object) -> None:
        """Begin a job; where it has no file to start from, say so."""
        try:
            begin(*given)
        except QuantscopeError as error:
            self.problem_found.emit(error.problem, "")

    def validate(self, request: ValidationRequest, files: tuple[str, ...], with_plan: bool) -> None:
        """Judge the float network, the plan where asked, and quantized ``files`` by labels."""
        calibration = self.session.calibration if with_plan else None
        self._ask(self.desk.validate, self.session.document, request, files, calibration)

    def cancel_job(self) -> None:
        """Ask the job under way to stop."""
        self.work.abandon()
        self.desk.cancel()

    @Slot(object, object)
    def _keep_measured(self, job: Job, result: messages.Result) -> None:
        if any(attach(self.session, job, result) for attach in (attach_measured, attach_validated)):
            self.results_changed.emit()

    @Slot(object, object)
    def _finish(self, job: Job, result: messages.Result) -> None:
        if job.draft is not None:
            self.draft_described.emit(result)
        elif isinstance(result, messages.Described):
            assert isinstance(job.request, messages.Describe)
            if job.locates:
                self._locate_described(job.request.model, result.network)
            else:
                self._open_described(job.request.model, result.network, job.then)
        elif isinstance(result, messages.Calibrated):
            self.attach_calibration(result.output)
        elif isinstance(result, messages.Exported):
            self.session.attach_report(result.report, job.settings)
            self.results_changed.emit()
            self.exported.emit(result.report)
        else:
            self._end_without_result(job, result)

    def _end_without_result(self, job: Job, result: messages.Result) -> None:
        if isinstance(result, messages.Failed):
            self.results_changed.emit()
            tell = self.missing_found if job.locates else self.problem_found
            self.failed_request = job.request
            tell.emit(result.problem, result.details)
            self.failed_request = None
        elif isinstance(result, messages.Cancelled):
            self.results_changed.emit()
            if job.locates:
                self.missing_found.emit(missing_problem(self.session), "")
            if result.output and result.samples > 0:
                self.partial_offered.emit(result.samples, result.output)

    def _open_described(self, model: str, network: Network, data: DataDescription | None) -> None:
        document = Document(model=model, fingerprint=network.fingerprint, data=data)
        showing = self._showing(Session(document, Results(network=network)), data is not None)
        then = self.calibrate if data is not None else self.work.abandon  # nothing more
        self.work.begin(tr("Opening {file}", file=Path(model).name), showing, lambda _: then())

    def attach_calibration(self, path: str) -> None:
        """Use the statistics that a job wrote; of a cancelled one, those it had."""
        self.work.begin(tr("Reading statistics"), self._attaching(path), self._note_results)

    def _attaching(self, path: str) -> Steps[None]:
        before = [self.session.calibration]
        self.session.attach_calibration((yield from reading_calibration(path)))
        yield from self.session.planning()  # it takes long, and is remembered
        self.readings.refresh(self.session)  # which leaves what was before to be dropped
        yield from letting_go(before)

    def _note_results(self, _: None = None) -> None:
        self.readings.refresh(self.session)
        self.results_changed.emit()
