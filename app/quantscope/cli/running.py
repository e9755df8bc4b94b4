"""Runs one request in this process, with progress on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from quantscope.cli.console import ProgressBars
from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.forecast import Forecast
from quantscope.core.data.description import DataDescription
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    Describe,
    Described,
    Export,
    Exported,
    ForecastCalibration,
    Forecasted,
    Request,
)
from quantscope.session.calibration_file import read_calibration

R = TypeVar("R")


class Interrupted(Exception):  # noqa: N818  it was asked for, nothing failed
    """Ctrl+C was pressed, and the job has ended without its result; ``done`` is what it kept."""

    def __init__(self, done: Cancelled) -> None:
        super().__init__("cancelled; no file was left half-written")
        self.done = done


class Paused(Exception):  # noqa: N818  it was asked for, nothing failed
    """Ctrl+C was pressed, and what was done is kept: the sentence says where."""


def ask(request: Request, kind: type[R]) -> R:
    """The result of ``request``, which is a ``kind``.

    Raises :class:`Interrupted` after Ctrl+C, and what :func:`run_inline` raises.
    """
    with ProgressBars() as bars:
        result = run_inline(request, bars.hear)
    if isinstance(result, Cancelled):
        raise Interrupted(result)
    assert isinstance(result, kind)
    return result


def describe(model: str, preparation: PreparationChoices | None = None) -> Network:
    """The network in the file ``model``, prepared as always or as chosen."""
    request = Describe(model=model, preparation=preparation or PreparationChoices())
    return ask(request, Described).network


def calibrate(
    model: str,
    data: DataDescription,
    folder: Path,
    *,
    only_quantized: bool = False,
    preparation: PreparationChoices | None = None,
    basis: str = "",
) -> tuple[Path, Calibration]:
    """Run ``data`` through ``model``; the calibration and its file, which lies in ``folder``.

    ``basis`` is a file with statistics of the first samples, to go on from.
    """
    request = Calibrate(
        model=model,
        data=data,
        output=str(folder / "calibration.npz"),
        only_quantized=only_quantized,
        basis=basis,
        preparation=preparation or PreparationChoices(),
    )
    path = Path(ask(request, Calibrated).output)
    return path, read_calibration(path)


def forecast(
    model: str, data: DataDescription, counted: int, preparation: PreparationChoices
) -> Forecast:
    """What calibrating ``model`` with ``data`` will take, ``counted`` samples being known."""
    request = ForecastCalibration(model=model, data=data, counted=counted, preparation=preparation)
    return ask(request, Forecasted).forecast


def export(
    model: str,
    calibration: Path,
    settings: PlanSettings,
    output: str,
    *,
    overwrite: bool,
    preparation: PreparationChoices | None = None,
    trusted: str = "",
) -> ExportReport:
    """Write and verify the quantized model; ``trusted`` as in ``messages.Export``."""
    request = Export(
        model=model,
        calibration=str(calibration),
        settings=settings,
        output=output,
        overwrite=overwrite,
        preparation=preparation or PreparationChoices(),
        trusted=trusted,
    )
    return ask(request, Exported).report
