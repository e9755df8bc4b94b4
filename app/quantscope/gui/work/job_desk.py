"""The controller's desk for jobs: sends requests to the worker and follows them to their end.

Only the controller has one, and asks it. It knows no session: what a result means for the
session is the controller's to say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal, Slot

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.findings.record import Record
from quantscope.core.findings.validation import ValidationRequest
from quantscope.core.picture.look import PictureLook
from quantscope.gui.data.agreements import Agreements
from quantscope.gui.diagnosis.measuring import (
    Files,
    LayerEffort,
    MixSearch,
    layers_request,
    mix_request,
)
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.translation import tr
from quantscope.gui.work.job import Job, calibrate_request, export_request
from quantscope.gui.work.worker_process import RESULTS, WorkerProcess
from quantscope.jobs import messages
from quantscope.session.calibration_file import stored_at, write_calibration
from quantscope.session.diagnosis import Diagnosis
from quantscope.session.document import Document
from quantscope.session.draft import Draft
from quantscope.session.sensitivity_file import write_if_new


class JobDesk(QObject):
    """At most one job that the person waits for, a check of data beside it, and their files.

    Files that jobs write for the window go to ``folder``, which is its owner's to remove; without
    one, to a temporary folder. Live counts go straight to ``readings``. Events of jobs that nobody
    waits for any more are not heard.
    """

    changed = Signal()  # started, progressed, ended
    live_counted = Signal()  # readings show more samples
    data_checked = Signal(object)  # DataChecked or Failed
    forecasted = Signal(object)  # Forecasted or Failed
    ended = Signal(object, object)  # Job, its result

    def __init__(
        self,
        worker: WorkerProcess,
        readings: Readings,
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self.worker = worker
        self.agreements = Agreements()
        self._readings = readings
        self._job_number = 0
        self._check_number = self._forecast_number = 0
        self._rewritten: tuple[Calibration, str] | None = None
        self._temporary = QTemporaryDir() if folder is None else None
        self._folder = folder
        self._scratch_files = 0
        worker.setParent(self)
        worker.received.connect(self._receive)

    # ---- requests

    def open_model(self, basis: Document, path: str, then: DataDescription | None) -> None:
        """Describe another model than that of ``basis``, to calibrate it with ``then``."""
        request = messages.Describe(model=str(Path(path).absolute()))
        self._begin(basis, request, tr("Opening {file}", file=Path(path).name), then=then)

    def locate_model(self, basis: Document, path: str) -> None:
        """Describe what a person takes for the model of ``basis``."""
        model = str(Path(path).absolute())
        request = messages.Describe(model=model, preparation=basis.preparation)
        self._begin(basis, request, tr("Opening {file}", file=Path(path).name), locates=True)

    def describe_draft(self, draft: Draft) -> None:
        """Describe the model of unsaved work that was left behind."""
        document = draft.document
        request = messages.Describe(model=document.model, preparation=document.preparation)
        self._begin(document, request, tr("Recovering {draft}", draft=draft.name), draft=draft)

    def calibrate(
        self, basis: Document, data: DataDescription, counted: Calibration | None = None
    ) -> None:
        """Run ``data`` through the model; with ``counted``, what that has not counted of it.

        Raises where statistics to go on from have no file.
        """
        output = self._scratch_path("calibration")
        known = "" if counted is None else self._file_of(counted)
        request = calibrate_request(basis, self.agreements.stamped(data), output, known)
        self._begin(basis, request, tr("Calibrating"))

    def keep_samples(self, basis: Document, path: str, title: str) -> None:
        """Answer what types will be asked of the statistics in the file ``path``, which a
        calibration that was stopped wrote: in the window that would take long."""
        self._merge(basis, (path,), title)

    def merge(self, basis: Document, calibration: Calibration, path: str) -> None:
        """Put the samples of the calibration or session file ``path`` to those of ``calibration``;
        raises as :meth:`calibrate`."""
        self._merge(basis, (self._file_of(calibration), path), tr("Merging statistics"))

    def _merge(self, basis: Document, paths: tuple[str, ...], title: str) -> None:
        request = messages.Merge(
            model=basis.model,
            calibrations=paths,
            output=self._scratch_path("merged"),
            preparation=basis.preparation,
        )
        self._begin(basis, request, title)

    def export(self, basis: Document, calibration: Calibration, path: str, overwrite: bool) -> None:
        """Write and verify the quantized model; raises where the statistics have no file."""
        trusted = self.agreements.hashes_of(calibration.data)
        request = export_request(basis, self._file_of(calibration), path, overwrite, trusted)
        self._begin(basis, request, tr("Exporting {file}", file=Path(path).name))

    def measure_layers(
        self, basis: Document, calibration: Calibration, known: Diagnosis, effort: LayerEffort
    ) -> None:
        """Measure what layers cost, beyond what is ``known``; raises as :meth:`export`."""
        request = layers_request(basis, self._files_to_measure(calibration, known), effort)
        self._begin(basis, request, tr("Measuring layers"))

    def find_mix(
        self, basis: Document, calibration: Calibration, known: Diagnosis, search: MixSearch
    ) -> None:
        """Search the cheapest mix that meets a goal; raises as :meth:`export`."""
        request = mix_request(basis, self._files_to_measure(calibration, known), search)
        self._begin(basis, request, tr("Searching a mix"))

    def validate(
        self,
        basis: Document,
        request: ValidationRequest,
        files: tuple[str, ...],
        calibration: Calibration | None,
    ) -> None:
        """Judge ``files`` by labelled data and, with ``calibration``, the plan before them.

        Raises where the statistics have no file.
        """
        hashes = self.agreements.hashes_of(request.data), self.agreements.hash_of(request.custom)
        trusted = " ".join(filter(None, hashes))
        request = replace(request, data=replace(request.data, trusted=trusted))
        export = None
        if calibration is not None:
            export = export_request(
                basis,
                self._file_of(calibration),
                self._scratch_path("plan", ending="onnx"),
                overwrite=True,
                trusted=self.agreements.hashes_of(calibration.data),
            )
            export = replace(export, verification_samples=1)
        asked = messages.Validate(model=basis.model, variants=files, request=request, export=export)
        self._begin(basis, asked, tr("Validating"))

    def write_file(self, record: Record, calibration: Calibration, path: str) -> None:
        """Write a report or statistics; raises where the statistics have no file."""
        self._write(record, calibration, path, PictureLook())

    def draw_picture(
        self, record: Record, calibration: Calibration, look: PictureLook, path: str = ""
    ) -> str:
        """Write a picture of the ranges to ``path``, or to a scratch file; returns which.

        Raises where the statistics have no file.
        """
        file = path or self._scratch_path("picture", ending="ppm")
        self._write(record, calibration, file, look)
        return file

    def _write(
        self, record: Record, calibration: Calibration, path: str, look: PictureLook
    ) -> None:
        request = messages.WriteFile(
            model=record.model,
            calibration=self._file_of(calibration),
            record=record,
            output=path,
            look=look,
        )
        basis = Document(model=record.model, settings=record.settings)
        self._begin(basis, request, tr("Writing {file}", file=Path(path).name))

    def count_channels(self, basis: Document, calibration: Calibration, tensor: str) -> None:
        """Count one activation channel by channel; raises where the statistics have no file."""
        request = messages.CountChannels(
            model=basis.model,
            calibration=self._file_of(calibration),
            tensor=tensor,
            preparation=basis.preparation,
            trusted=self.agreements.hashes_of(calibration.data),
        )
        self._begin(basis, request, tr("Counting channels"))

    def check_data(
        self, model: str, data: DataDescription, guess: bool, sample: int = 0, name: str = ""
    ) -> None:
        """Read one sample of ``data``, by its number or ``name``; answered by ``data_checked``."""
        self.stop_checking()
        stamped = self.agreements.stamped(data)
        request = messages.CheckData(
            model=model, data=stamped, guess=guess, sample=sample, name=name
        )
        self._check_number = self.worker.send(request)

    def forecast(self, basis: Document, data: DataDescription, counted: int) -> None:
        """Try what calibrating ``data`` takes, where ``counted`` samples are known; answered by
        ``forecasted``."""
        stamped = self.agreements.stamped(data)
        self._forecast_number = self.worker.send(
            messages.ForecastCalibration(
                model=basis.model, data=stamped, counted=counted, preparation=basis.preparation
            )
        )

    def stop_checking(self) -> None:
        """Nobody waits for the check or the forecast any more."""
        self.worker.cancel(self._forecast_number)
        self._check_number = self._forecast_number = 0

    def cancel(self) -> None:
        """Ask the job under way to stop."""
        if self.job is not None:
            self.worker.cancel(self._job_number)

    def abandon(self) -> None:
        """Stop the job under way and listen to it no more."""
        self.cancel()
        if self.job is not None:
            self._end()

    def close(self) -> None:
        """End the worker because the window closes."""
        self.job, self._job_number = None, 0
        self.worker.stop()
        if self._temporary is not None:
            self._temporary.remove()

    def _begin(
        self,
        basis: Document,
        request: messages.Request,
        title: str,
        then: DataDescription | None = None,
        locates: bool = False,
        draft: Draft | None = None,
    ) -> None:
        self.abandon()
        self.job = Job(
            request=request,
            title=title,
            settings=basis.settings,
            model=basis.model,
            then=then,
            locates=locates,
            draft=draft,
        )
        self._job_number = self.worker.send(request)
        self.changed.emit()

    # ---- files

    def _file_of(self, calibration: Calibration) -> str:
        """The file that holds ``calibration``: the session's, or a job's.

        Only where the data was located elsewhere, no file says so yet, and one is written.
        """
        stored = stored_at(calibration)
        if stored is not None:
            return str(stored)
        if self._rewritten is None or self._rewritten[0] is not calibration:
            file = self._scratch_path("located")
            write_calibration(file, calibration)
            self._rewritten = (calibration, file)
        return self._rewritten[1]

    def _files_to_measure(self, calibration: Calibration, known: Diagnosis) -> Files:
        """With a file of results that holds what is known already."""
        output = self._scratch_path("layers", ending="json")
        write_if_new(output, [each.sensitivity for each in reversed(known.layers)])
        return Files(
            calibration=self._file_of(calibration),
            output=output,
            trusted=self.agreements.hashes_of(calibration.data),
        )

    def _scratch_path(self, name: str, ending: str = "npz") -> str:
        """A new file each time: statistics at hand may still be read from an earlier one."""
        self._scratch_files += 1
        file = f"{name}-{self._scratch_files}.{ending}"
        if self._temporary is not None:
            return self._temporary.filePath(file)
        return str(Path(self._folder or "") / file)

    # ---- events

    @Slot(int, object)
    def _receive(self, number: int, event: messages.Event) -> None:
        if number == self._check_number and isinstance(event, RESULTS):
            self._check_number = 0
            self.data_checked.emit(event)
        elif number == self._forecast_number and isinstance(event, RESULTS):
            self._forecast_number = 0
            self.forecasted.emit(event)
        elif number == self._job_number and self.job is not None:
            self._receive_for(self.job, event)

    def _receive_for(self, job: Job, event: messages.Event) -> None:
        if isinstance(event, Progress):
            job.progress = event
            self.changed.emit()
        elif isinstance(event, LiveCounts):
            self._readings.show_live(event.counts)
            self.live_counted.emit()
        else:
            self._end()
            self.ended.emit(job, event)

    def _end(self) -> None:
        self.job, self._job_number = None, 0
        self._readings.show_live({})
        self.changed.emit()
