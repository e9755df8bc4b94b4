"""A calibration leaves unreadable samples out, says which, and an export knows them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind, content_hash
from quantscope.core.events import Progress
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.sources import screening
from quantscope.session.calibration_file import read_calibration, write_calibration
from tests.engine.exports import finish
from tests.engine.models import conv_relu, save


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(save(conv_relu(), tmp_path, "model.onnx"))


@pytest.fixture
def data(tmp_path: Path) -> DataDescription:
    """Six archives, two of them cut off."""
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(6):
        values = np.random.default_rng(number).normal(size=(3, 8, 8)).astype(np.float32)
        np.savez(folder / f"{number}.npz", x=values)
    for number in (0, 4):
        (folder / f"{number}.npz").write_bytes(b"PK")
    return DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(folder), skip_unreadable=2)


def never() -> bool:
    return False


def test_that_a_calibration_is_that_of_the_readable_samples(
    model: str, data: DataDescription, tmp_path: Path
) -> None:
    steps = tasks.calibrate(model, data, False, never)
    seen = [next(steps) for _ in range(6)]
    assert seen[-1] == Progress(screening.STAGE, 6, 6)
    calibration, finished = finish(steps)
    assert finished
    assert calibration.skipped == ("0.npz", "4.npz")
    assert calibration.sample_names == ("1.npz", "2.npz", "3.npz", "5.npz")
    for name in calibration.skipped:
        (Path(data.path) / name).unlink()
    alone, _ = finish(tasks.calibrate(model, replace(data, skip_unreadable=0), False, never))
    for name, kept in calibration.statistics.items():
        assert np.array_equal(kept.histogram.counts, alone.statistics[name].histogram.counts)
        assert kept.maximum == alone.statistics[name].maximum


def test_that_an_export_leaves_the_same_samples_out_without_looking_for_them(
    model: str, data: DataDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibration, _ = finish(tasks.calibrate(model, data, False, never))
    write_calibration(tmp_path / "kept.npz", calibration)
    monkeypatch.setattr(screening, "screened", None)
    kept = read_calibration(tmp_path / "kept.npz")
    output = str(tmp_path / "out.onnx")
    report = finish(tasks.export(model, kept, PlanSettings(), output, 32, False, never))
    assert report.samples == 4


def test_that_stopping_while_samples_are_looked_for_leaves_no_statistics(
    model: str, data: DataDescription
) -> None:
    calibration, finished = finish(tasks.calibrate(model, data, False, lambda: True))
    assert (calibration.samples, finished) == (0, False)


def test_that_statistics_do_not_hold_the_agreement_to_run_a_file(
    model: str, tmp_path: Path
) -> None:
    path = tmp_path / "data.py"
    path.write_text("def samples():\n    yield {'x': __import__('numpy').ones((3, 8, 8))}\n")
    trusted = content_hash(path.read_bytes())
    data = DataDescription(kind=SourceKind.PYTHON, path=str(path), trusted=trusted)
    calibration, finished = finish(tasks.calibrate(model, data, False, never))
    assert finished
    assert (calibration.data, calibration.data.trusted) == (data, "")
