"""Diagnosis through the worker: a network is measured, a mix is found, and cancel keeps results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.diagnosis.mixing import Mix, parse_goal
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import (
    Calibrate,
    Cancelled,
    Failed,
    FindMix,
    LayersMeasured,
    MeasureSensitivity,
    MixSearched,
)
from quantscope.jobs.runner import run
from tests.engine import models
from tests.jobs.worker_pipes import REAL, WorkerPipes

NOISE = DataDescription(kind=SourceKind.RANDOM, samples=64)
GOAL = parse_goal("sqnr>=48")


@dataclass(frozen=True)
class Subject:
    """A model and its calibration."""

    model: str
    calibration: str

    def measure(self, folder: Path, samples: int = 4) -> MeasureSensitivity:
        """The request for all layers."""
        return MeasureSensitivity(
            model=self.model,
            calibration=self.calibration,
            settings=PlanSettings(),
            output=str(folder / "kept.json"),
            samples=samples,
        )

    def search(self, folder: Path, samples: int = 4) -> FindMix:
        """The request for a mix."""
        return FindMix(
            model=self.model,
            calibration=self.calibration,
            settings=PlanSettings(),
            output=str(folder / "kept.json"),
            goal=GOAL,
            samples=samples,
            layer_samples=samples,
        )


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    model = str(models.save(models.residual_net(), folder))
    calibration = str(folder / "calibration.npz")
    run_inline(Calibrate(model=model, data=NOISE, output=calibration))
    return Subject(model, calibration)


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerPipes]:
    with WorkerPipes(REAL) as running:
        yield running


def measured(result: object) -> LayersMeasured:
    assert isinstance(result, LayersMeasured)
    return result


def test_that_the_worker_measures_what_this_process_measures(
    worker: WorkerPipes, subject: Subject, tmp_path: Path
) -> None:
    request = replace(subject.measure(tmp_path), fixes=3, cumulative=True)
    worker.send(1, request)
    there = measured(worker.result(1))
    assert there.sensitivity.complete
    assert len(there.fixes) == 3
    (tmp_path / "kept.json").unlink()
    here = measured(run_inline(request))
    assert (here.sensitivity, here.fixes) == (there.sensitivity, there.fixes)


def test_that_what_is_known_already_is_not_measured_again(subject: Subject, tmp_path: Path) -> None:
    request = subject.measure(tmp_path)
    first = measured(run_inline(request))
    heard: list[object] = []
    assert measured(run_inline(request, heard.append)) == first
    assert heard == []


def test_that_a_cancelled_measurement_keeps_its_layers_and_goes_on(
    worker: WorkerPipes, subject: Subject, tmp_path: Path
) -> None:
    request = subject.measure(tmp_path, samples=64)
    worker.send(2, request)
    while True:
        event = worker.next()[1]
        assert isinstance(event, Progress)
        if event.done > 5 * 64:  # past the whole plan and the first four layers
            break
    worker.cancel(2)
    assert worker.result(2) == Cancelled(output=request.output)
    (kept,) = json.loads(Path(request.output).read_text(encoding="utf-8"))["results"]
    assert 0 < len(kept["layers"]) < 9
    worker.send(3, request)
    whole = measured(worker.result(3)).sensitivity
    assert whole.complete
    kept_layers = {each["layer"] for each in kept["layers"]}
    assert kept_layers < {each.layer for each in whole.layers}


def test_that_one_cancelled_before_anything_was_measured_writes_nothing(
    subject: Subject, tmp_path: Path
) -> None:
    asked = iter([False, True, True, True])
    events = list(run(subject.measure(tmp_path), lambda: next(asked)))
    assert events[-1] == Cancelled()
    assert list(tmp_path.iterdir()) == []


def test_that_the_worker_finds_a_mix_that_meets_the_goal(
    worker: WorkerPipes, subject: Subject, tmp_path: Path
) -> None:
    request = subject.search(tmp_path)
    worker.send(4, request)
    found = worker.result(4)
    assert isinstance(found, MixSearched)
    assert found.found.reached
    assert found.found.best.deviation.sqnr >= 48
    assert found.found.best.mix != Mix()
    assert found.settings == found.found.best.mix.apply(request.settings)
    assert Path(request.output).exists()
    assert run_inline(request) == found


def test_that_a_cancelled_search_keeps_the_layers(
    worker: WorkerPipes, subject: Subject, tmp_path: Path
) -> None:
    request = subject.search(tmp_path, samples=64)
    worker.send(5, request)
    while True:
        event = worker.next()[1]
        assert isinstance(event, Progress)
        if event.stage == "goal":
            break
    worker.cancel(5)
    assert worker.result(5) == Cancelled(output=request.output)
    result = measured(run_inline(subject.measure(tmp_path, samples=64)))
    assert result.sensitivity.complete


def test_that_statistics_of_another_preparation_are_refused_in_words(
    worker: WorkerPipes, subject: Subject, tmp_path: Path
) -> None:
    equalized = PreparationChoices(equalize=True)
    for number, request in (
        (6, replace(subject.measure(tmp_path), preparation=equalized)),
        (7, replace(subject.search(tmp_path), preparation=equalized)),
    ):
        worker.send(number, request)
        result = worker.result(number)
        assert isinstance(result, Failed)
        assert "another version or preparation" in result.problem.sentence()
        assert result.details == ""


def test_that_a_metric_without_meaning_is_refused_in_words(tmp_path: Path) -> None:
    model = str(models.save(models.conv_relu(), tmp_path))
    calibration = str(tmp_path / "calibration.npz")
    run_inline(Calibrate(model=model, data=replace(NOISE, samples=2), output=calibration))
    request = replace(
        Subject(model, calibration).search(tmp_path), goal=parse_goal("agreement>=0.9")
    )
    with pytest.raises(QuantscopeError, match="nothing can agree") as caught:
        run_inline(request)
    assert not hasattr(caught.value, "__notes__")


def test_that_a_damaged_file_of_results_is_named(subject: Subject, tmp_path: Path) -> None:
    request = subject.measure(tmp_path)
    Path(request.output).write_text('{"class": "Kept"}', encoding="utf-8")
    with pytest.raises(QuantscopeError, match=r"kept\.json: it does not hold measured layers"):
        run_inline(request)
