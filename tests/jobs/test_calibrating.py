"""Requests that make statistics, or tell what making them takes, through the worker and inline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    ForecastCalibration,
    Forecasted,
    Merge,
)
from quantscope.jobs.runner import run
from quantscope.session.calibration_file import read_calibration
from tests.engine import models
from tests.jobs.worker_pipes import REAL, WorkerPipes

NOISE = DataDescription(kind=SourceKind.RANDOM, samples=4)


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerPipes]:
    with WorkerPipes(REAL) as running:
        yield running


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(models.save(models.residual_net(), tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def runs(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2):
        data, output = replace(NOISE, seed=seed), str(folder / f"{seed}.npz")
        assert isinstance(run_inline(Calibrate(model=model, data=data, output=output)), Calibrated)
    return str(folder / "1.npz"), str(folder / "2.npz")


def test_that_runs_are_merged_into_a_new_file(
    worker: WorkerPipes, model: str, runs: tuple[str, str], tmp_path: Path
) -> None:
    output = str(tmp_path / "both.npz")
    worker.send(1, Merge(model=model, calibrations=runs, output=output))
    result = worker.result(1)
    assert isinstance(result, Calibrated)
    assert (result.output, result.samples) == (output, 8)
    together = read_calibration(output)
    assert together.data.is_random and len(together.data.added) == 1
    assert together.derived


def test_that_a_merge_that_is_cancelled_writes_nothing(
    model: str, runs: tuple[str, str], tmp_path: Path
) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    request = Merge(model=model, calibrations=runs, output=str(tmp_path / "both.npz"))
    assert list(run(request, stop))[-1] == Cancelled()
    assert list(tmp_path.iterdir()) == []


def test_that_a_run_counts_no_sample_twice(
    model: str, runs: tuple[str, str], tmp_path: Path
) -> None:
    request = Merge(model=model, calibrations=(runs[0],) * 2, output=str(tmp_path / "a.npz"))
    with pytest.raises(QuantscopeError, match="would count twice"):
        run_inline(request)


def test_that_a_forecast_comes_through_the_worker(worker: WorkerPipes, model: str) -> None:
    worker.send(2, ForecastCalibration(model=model, data=NOISE, counted=1))
    result = worker.result(2)
    assert isinstance(result, Forecasted)
    assert (result.forecast.samples, result.forecast.tried) == (3, 3)


def test_that_a_forecast_can_be_cancelled(model: str) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    assert list(run(ForecastCalibration(model=model, data=NOISE), stop)) == [Cancelled()]
