"""Where a script's work lies: the session, and files for what is too large to keep in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quantscope.api.data import (
    CalibrationOptions,
    DataOptions,
    agreement,
    settled,
    whole_number,
)
from quantscope.api.going_on import counted_samples, grown_data
from quantscope.api.running import Halt, Listener, ask, attempt, called
from quantscope.api.samples import Samples, write_samples
from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.forecast import Forecast
from quantscope.core.data.description import DataDescription, SourceCheck
from quantscope.core.data.joined import sources_of
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    CheckData,
    DataChecked,
    Export,
    Exported,
    ForecastCalibration,
    Forecasted,
    Merge,
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
        self._agreed: set[str] = set()
        self._merged: list[Workbench] = []  # whose samples may lie in their folders
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

    def sharing(self, tensor: str) -> tuple[str, ...]:
        """The tensors that share the type of ``tensor``, itself among them."""
        if tensor not in self.network.tensors:
            raise QuantscopeError(
                f'there is no tensor "{tensor}"',
                where=self.network.name,
                remedy="The names are in network.tensors",
            )
        group = placement_for(self.network, self.settings).group_of(tensor)
        return group.members if group else (tensor,)

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

    # ---- data

    def described(
        self, data: PathLike | Samples, keep_in: PathLike | None, options: DataOptions
    ) -> DataDescription:
        """The data at a path or in memory; what is in memory is written to files."""
        if isinstance(data, str | os.PathLike):
            return self._settle(data, options)[0]
        place, rest = self._store(data, keep_in, options)
        with called(place, "data"):
            return self._settle(place, rest)[0]

    def check(self, data: PathLike, options: DataOptions) -> SourceCheck:
        """What a dry run of the data at a path found."""
        return self._settle(data, options)[1]

    def _settle(self, data: PathLike, options: DataOptions) -> tuple[DataDescription, SourceCheck]:
        """The data at a path, with what is not said guessed, and what a dry run found."""

        def check(wish: DataDescription, guess: bool) -> tuple[DataDescription, SourceCheck]:
            request = CheckData(model=self.session.document.model, data=wish, guess=guess)
            done = ask(request, DataChecked)
            return done.data, done.check

        return settled(os.fspath(data), options, check)

    def _store(
        self, samples: Samples, keep_in: PathLike | None, options: DataOptions
    ) -> tuple[Path, DataOptions]:
        """Write samples into a folder; where they lie, and the options that are left to follow."""
        folder = Path(keep_in) if keep_in else self.new_file("samples")
        if folder.exists() and any(folder.iterdir()):
            raise QuantscopeError(
                "the folder for the samples is not empty",
                where=str(folder),
                remedy="Name another one, or empty it",
            )
        folder.mkdir(parents=True, exist_ok=True)
        most = whole_number(options, "samples", least=1)
        place, kind = write_samples(samples, folder, self.network, most)
        rest = options.copy()
        rest["kind"] = kind.value
        return place, rest

    # ---- statistics

    def forecast(self, data: DataDescription) -> Forecast:
        """What calibrating with ``data`` will take."""
        document = self.session.document
        request = ForecastCalibration(
            model=document.model, data=data, preparation=document.preparation
        )
        return ask(request, Forecasted).forecast

    def calibrate(self, data: DataDescription, *, only_quantized: bool, goes_on: bool) -> None:
        """Run ``data`` through the network and keep the statistics, also where it is stopped.

        ``goes_on``: from the statistics at hand, where they are of the first samples of ``data``.
        """
        counted = counted_samples(self.session, data) if goes_on else 0
        request = Calibrate(
            model=self.session.document.model,
            data=data,
            output=str(self.new_file("calibration.npz")),
            only_quantized=only_quantized,
            basis=str(self.calibration_file()) if counted else "",
            preparation=self.session.document.preparation,
        )
        found = attempt(request, Calibrated, self.listener)
        output = found.kept.output if isinstance(found, Halt) else found.output
        if output:
            self._agreed |= set(data.trusted.split())
            self._keep(output)
        if isinstance(found, Halt) and not (output and found.by_listener):
            raise found.error()

    def grown(self, added: DataDescription | None, options: CalibrationOptions) -> DataDescription:
        """What is to be counted when the calibration goes on."""
        document = self.session.document
        data = grown_data(self.session, added, options, document.model)
        return replace(data, trusted=f"{data.trusted} {self.trusted}".strip())

    def merge(self, others: Sequence[Workbench]) -> None:
        """Take the samples of ``others`` too, as if all had been counted in one run."""
        files = [each.calibration_file() for each in (self, *others)]
        request = Merge(
            model=self.session.document.model,
            calibrations=tuple(map(str, files)),
            output=str(self.new_file("calibration.npz")),
            preparation=self.session.document.preparation,
        )
        done = ask(request, Calibrated, self.listener)
        for each in others:
            self._agreed |= each._agreed
        self._merged += others
        self._keep(done.output)

    def _keep(self, output: str) -> None:
        calibration = read_calibration(output)
        self.session.do(commands.describe_data(calibration.data))
        self.session.attach_calibration(calibration)

    # ---- files

    def export(self, output: PathLike, *, overwrite: bool, samples: int) -> ExportReport:
        """Write and verify the quantized model."""
        request = self.export_request(output, overwrite=overwrite, samples=samples)
        report = ask(request, Exported, self.listener).report
        self.session.attach_report(report, self.settings)
        return report

    def export_request(self, output: PathLike, *, overwrite: bool, samples: int) -> Export:
        """What writes the quantized model under the settings as they are."""
        return Export(
            model=self.session.document.model,
            calibration=str(self.calibration_file()),
            settings=self.settings,
            output=os.fspath(output),
            verification_samples=samples,
            overwrite=overwrite,
            preparation=self.session.document.preparation,
            trusted=self.trusted,
        )

    def trust(self, data: DataDescription) -> None:
        """Agree to run the Python files among the sources of ``data``, as they are now."""
        self._agreed |= {agreement(each.path) for each in sources_of(data)} - {""}

    @property
    def trusted(self) -> str:
        """The agreements to run Python files that were given, as requests hold them."""
        return " ".join(sorted(self._agreed))

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
        return self._folder / f"{self._files:04}-{name}"
