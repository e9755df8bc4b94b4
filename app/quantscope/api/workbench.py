"""Where a script's work lies: the session, and files for what is too large to keep in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path

from quantscope.api.data import DataOptions, agreement, settled
from quantscope.api.running import Listener, ask
from quantscope.api.samples import Samples, write_samples
from quantscope.core.calibration import Calibration
from quantscope.core.data import DataDescription, SourceCheck
from quantscope.core.errors import QuantscopeError
from quantscope.core.network import Network
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.report import ExportReport
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    CheckData,
    DataChecked,
    Export,
    Exported,
)
from quantscope.session import commands
from quantscope.session.calibration_file import read_calibration, stored_at, write_calibration
from quantscope.session.commands import ChangeKind, Command
from quantscope.session.session import Session

PathLike = str | os.PathLike[str]


class Workbench:
    """A session with the jobs that a script runs on it.

    Its folder holds the statistics and the samples that came from memory, and goes with it.
    """

    def __init__(self, session: Session, listener: Listener | None) -> None:
        self.session = session
        self.listener = listener
        self._agreements: dict[str, str] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="quantscope-"))
        self._files = 0
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def network(self) -> Network:
        """The prepared network; :class:`QuantscopeError` where the session has none."""
        if self.session.network is None:
            raise QuantscopeError(
                "the session holds no model", where="session", remedy="Open a model"
            )
        return self.session.network

    @property
    def settings(self) -> PlanSettings:
        """The settings of the plan."""
        return self.session.document.settings

    @settings.setter
    def settings(self, settings: PlanSettings) -> None:
        self.session.do(
            Command(
                "Choose settings",
                ChangeKind.SETTINGS,
                lambda document: replace(document, settings=settings),
            )
        )

    @property
    def calibration(self) -> Calibration:
        """The statistics; :class:`QuantscopeError` where there are none of this network."""
        kept, document = self.session.calibration, self.session.document
        if kept is None or kept.fingerprint != document.fingerprint:
            raise QuantscopeError(
                "there are no statistics of this network",
                where=document.model,
                remedy="Call calibrate() first",
            )
        return kept

    def settle(self, data: PathLike, options: DataOptions) -> tuple[DataDescription, SourceCheck]:
        """The data at a path, with what is not said guessed, and what a dry run found."""

        def check(wish: DataDescription, guess: bool) -> tuple[DataDescription, SourceCheck]:
            request = CheckData(model=self.session.document.model, data=wish, guess=guess)
            done = ask(request, DataChecked)
            return done.data, done.check

        return settled(os.fspath(data), options, check)

    def store(
        self, samples: Samples, keep_in: PathLike | None, options: DataOptions
    ) -> tuple[Path, DataOptions]:
        """Write samples into a folder; where they lie, and the options that are left to follow."""
        self._files += 1
        folder = Path(keep_in) if keep_in else self._folder / f"samples-{self._files}"
        if folder.exists() and any(folder.iterdir()):
            raise QuantscopeError(
                "the folder for the samples is not empty",
                where=str(folder),
                remedy="Name another one, or empty it",
            )
        folder.mkdir(parents=True, exist_ok=True)
        place, kind = write_samples(samples, folder, self.network, options.get("samples"))
        rest = options.copy()
        rest["kind"] = kind.value
        return place, rest

    def calibrate(self, data: DataDescription, only_quantized: bool) -> None:
        """Run ``data`` through the network and keep the statistics."""
        request = Calibrate(
            model=self.session.document.model,
            data=data,
            output=str(self.new_file("calibration.npz")),
            only_quantized=only_quantized,
            preparation=self.session.document.preparation,
        )
        done = ask(request, Calibrated, self.listener)
        self._agreements[data.path] = data.trusted
        self.session.do(commands.describe_data(data))
        self.session.attach_calibration(read_calibration(done.output))

    def export(self, output: PathLike, *, overwrite: bool, samples: int) -> ExportReport:
        """Write and verify the quantized model."""
        request = Export(
            model=self.session.document.model,
            calibration=str(self.calibration_file()),
            settings=self.settings,
            output=os.fspath(output),
            verification_samples=samples,
            overwrite=overwrite,
            preparation=self.session.document.preparation,
            trusted=self.trusted,
        )
        report = ask(request, Exported, self.listener).report
        self.session.attach_report(report, self.settings)
        return report

    def trust_python(self) -> None:
        """Agree to run the Python file that the data is, as it is now."""
        path = self.calibration.data.path
        self._agreements[path] = agreement(path)

    @property
    def trusted(self) -> str:
        """The agreement to run the data's Python file, empty where none was given."""
        return self._agreements.get(self.calibration.data.path, "")

    def calibration_file(self) -> Path:
        """The file that holds the statistics; a new one where their data was moved."""
        stored = stored_at(self.calibration)
        if stored is None:
            stored = self.new_file("calibration.npz")
            write_calibration(stored, self.calibration)
        return stored

    def new_file(self, name: str) -> Path:
        """A new file each time: statistics at hand may still be read from an earlier one."""
        self._files += 1
        return self._folder / f"{self._files}-{name}"
