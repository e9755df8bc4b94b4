"""The same jobs on the real engine: a small network from its file to its quantized file."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    CheckData,
    DataChecked,
    Describe,
    Described,
    Export,
    Exported,
    Failed,
)
from quantscope.session import commands
from quantscope.session.calibration_file import read_calibration
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from tests.engine import models
from tests.jobs.worker_pipes import REAL, WorkerPipes

NOISE = DataDescription(kind=SourceKind.RANDOM, samples=4)
MUCH_NOISE = replace(NOISE, samples=1_000_000)


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerPipes]:
    with WorkerPipes(REAL) as running:
        yield running


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(models.save(models.residual_net(), tmp_path_factory.mktemp("model")))


def test_that_a_model_goes_all_the_way_through_the_worker(
    worker: WorkerPipes, model: str, tmp_path: Path
) -> None:
    worker.send(1, Describe(model=model))
    described = worker.result(1)
    assert isinstance(described, Described)
    worker.send(2, CheckData(model=model, data=NOISE))
    checked = worker.result(2)
    assert isinstance(checked, DataChecked)
    assert checked.check.samples == 4
    worker.send(3, Calibrate(model=model, data=NOISE, output=str(tmp_path / "kept.npz")))
    calibrated = worker.result(3)
    assert isinstance(calibrated, Calibrated)

    session = Session()
    session.open_model(model, described.network)
    session.do(commands.describe_data(checked.data))
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    session.attach_calibration(read_calibration(calibrated.output))
    save_session(session, tmp_path / "a.qscope")
    back = load_session(tmp_path / "a.qscope")
    assert back.plan() == session.plan()
    assert not back.calibration_is_stale

    request = Export(
        model=model,
        calibration=str(tmp_path / "a.qscope"),
        settings=back.document.settings,
        output=str(tmp_path / "quantized.onnx"),
        verification_samples=2,
    )
    worker.send(4, request)
    exported = worker.result(4)
    assert isinstance(exported, Exported)
    assert exported.report.samples == 2
    onnxruntime.InferenceSession(request.output, providers=["CPUExecutionProvider"])


def test_that_the_worker_and_this_process_write_the_same_bytes(
    worker: WorkerPipes, model: str, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    request = Calibrate(model=model, data=NOISE, output=str(there / "kept.npz"))
    worker.send(5, request)
    assert isinstance(worker.result(5), Calibrated)
    run_inline(replace(request, output=str(here / "kept.npz")))
    assert (here / "kept.npz").read_bytes() == (there / "kept.npz").read_bytes()

    export = Export(
        model=model,
        calibration=str(there / "kept.npz"),
        settings=PlanSettings(target="fixed-point", bias_word_length=8, correct_bias=True),
        output=str(there / "quantized.onnx"),
        verification_samples=1,
    )
    worker.send(6, export)
    exported = worker.result(6)
    assert isinstance(exported, Exported)
    assert len(exported.report.corrections) == 7
    run_inline(replace(export, output=str(here / "quantized.onnx")))
    assert (here / "quantized.onnx").read_bytes() == (there / "quantized.onnx").read_bytes()


def test_that_a_cancelled_bias_correction_leaves_no_file(
    worker: WorkerPipes, model: str, tmp_path: Path
) -> None:
    kept, output = str(tmp_path / "kept.npz"), tmp_path / "quantized.onnx"
    run_inline(Calibrate(model=model, data=replace(NOISE, samples=128), output=kept))
    settings = PlanSettings(correct_bias=True)
    worker.send(10, Export(model=model, calibration=kept, settings=settings, output=str(output)))
    event = worker.next()[1]
    assert isinstance(event, Progress)
    assert event.stage == "bias correction"
    worker.cancel(10)
    assert worker.result(10) == Cancelled()
    assert not output.exists()


def test_that_a_long_calibration_is_cancelled_and_keeps_its_samples(
    worker: WorkerPipes, model: str, tmp_path: Path
) -> None:
    request = Calibrate(model=model, data=MUCH_NOISE, output=str(tmp_path / "part.npz"))
    worker.send(7, request)
    while not isinstance(worker.next()[1], LiveCounts):
        pass
    worker.cancel(7)
    result = worker.result(7)
    assert isinstance(result, Cancelled)
    assert 0 < result.samples < 1_000_000
    kept = read_calibration(result.output)
    assert kept.samples == result.samples == len(kept.sample_names)


@pytest.mark.parametrize("content", [b"", b"not ONNX at all", b"\x08\x07\x12"])
def test_that_a_file_that_is_no_model_fails_with_a_sentence_that_names_it(
    worker: WorkerPipes, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    worker.send(8, Describe(model=str(path)))
    result = worker.result(8)
    assert isinstance(result, Failed)
    assert "bad.onnx" in result.problem.sentence()
    assert result.details == ""


def test_that_a_missing_model_fails_with_a_sentence_here_too(tmp_path: Path) -> None:
    with pytest.raises(QuantscopeError, match=r"none\.onnx"):
        run_inline(Describe(model=str(tmp_path / "none.onnx")))


def test_that_a_calibration_reports_every_stage(model: str, tmp_path: Path) -> None:
    heard: list[Progress | LiveCounts] = []
    request = Calibrate(model=model, data=NOISE, output=str(tmp_path / "kept.npz"))
    result = run_inline(request, heard.append)
    assert isinstance(result, Calibrated)
    assert result.samples == 4
    assert any(isinstance(event, Progress) for event in heard)


def test_that_an_export_never_overwrites_unasked(model: str, tmp_path: Path) -> None:
    kept, output = tmp_path / "kept.npz", tmp_path / "taken.onnx"
    run_inline(Calibrate(model=model, data=NOISE, output=str(kept)))
    output.write_bytes(b"precious")
    request = Export(
        model=model, calibration=str(kept), settings=PlanSettings(), output=str(output)
    )
    with pytest.raises(QuantscopeError, match=r"taken\.onnx"):
        run_inline(request)
    assert output.read_bytes() == b"precious"
