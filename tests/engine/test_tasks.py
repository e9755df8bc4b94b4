"""The front door, end to end: a model and its data in, a quantized file out, or a reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.findings.report import ExportReport
from quantscope.core.numbers.formats import FixedPoint, Scaled
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from tests.engine import exports, models
from tests.engine.exports import FIXED, RUNTIME
from tests.engine.models import Builder


def never() -> bool:
    return False


@dataclass(frozen=True, eq=False)
class Desk:
    """A model, its data and a calibration, in a folder of their own."""

    folder: Path
    model: Path
    data: DataDescription
    calibration: Calibration
    source: onnx.ModelProto
    samples: np.ndarray

    def export(
        self,
        settings: PlanSettings = RUNTIME,
        output: str | Path = "out.onnx",
        *,
        overwrite: bool = False,
        stop: Callable[[], bool] = never,
        samples: int = 6,
    ) -> ExportReport:
        path = str(self.folder / output)
        running = tasks.export(
            str(self.model), self.calibration, settings, path, samples, overwrite, stop
        )
        return exports.finish(running)


def desk(model: onnx.ModelProto, folder: Path, count: int = 20, *, only: bool = False) -> Desk:
    path = models.save(model, folder)
    samples = np.concatenate([feed["x"] for feed in models.samples(model, count)])
    np.save(folder / "data.npy", samples)
    data = DataDescription(kind=SourceKind.NPY, path=str(folder / "data.npy"))
    calibration, done = exports.finish(tasks.calibrate(str(path), data, only, never))
    assert done
    return Desk(folder, path, data, calibration, model, samples)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A calibrated residual net; tests that leave files there clean up."""
    return desk(models.residual_net(), tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("scheme", [Scheme.MINMAX, Scheme.HISTOGRAM])
@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_a_network_goes_from_file_to_verified_file(
    target: str, scheme: Scheme, shared: Desk, tmp_path: Path
) -> None:
    settings = replace(exports.TARGETS[target], scheme=scheme)
    report = shared.export(settings, tmp_path / "out.onnx")
    assert report.path == str(tmp_path / "out.onnx")
    assert report.file_bytes == (tmp_path / "out.onnx").stat().st_size
    assert report.samples == 6
    assert report.integer_kernels == len(report.kernels)
    assert report.warnings == ()
    exact = exports.run(shared.source, {"x": shared.samples})["gemm"]
    seen = exports.run(tmp_path / "out.onnx", {"x": shared.samples})["gemm"]
    noise = ((exact - seen) ** 2).sum()
    assert 10 * np.log10((exact**2).sum() / noise) > 18.0
    assert (exact.argmax(axis=1) == seen.argmax(axis=1)).mean() >= 0.9


def test_that_calibration_statistics_are_those_of_a_plain_run(shared: Desk) -> None:
    ready = exports.prepared(shared.source, shared.folder)
    feeds = [{"x": sample[None]} for sample in shared.samples]
    expected = exports.calibration_of(ready, feeds)
    assert shared.calibration.fingerprint == ready.network.fingerprint
    assert shared.calibration.samples == 20
    assert set(shared.calibration.statistics) == set(expected.statistics)
    for name, statistics in expected.statistics.items():
        found = shared.calibration.statistics[name]
        assert found.histogram.total == statistics.histogram.total
        assert found.largest_magnitude == pytest.approx(statistics.largest_magnitude, rel=1e-5)


def test_that_the_same_export_gives_the_same_bytes(shared: Desk, tmp_path: Path) -> None:
    for settings in (FIXED, RUNTIME, replace(RUNTIME, word_length=16)):
        shared.export(settings, tmp_path / "one.onnx", overwrite=True, samples=1)
        shared.export(settings, tmp_path / "two.onnx", overwrite=True, samples=2)
        assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_that_logging_only_what_is_quantized_gives_the_same_file(
    shared: Desk, tmp_path: Path
) -> None:
    less = desk(models.residual_net(), tmp_path, only=True)
    assert set(less.calibration.statistics) < set(shared.calibration.statistics)
    for settings in (FIXED, RUNTIME):
        shared.export(settings, tmp_path / "full.onnx", overwrite=True, samples=1)
        less.export(settings, tmp_path / "less.onnx", overwrite=True, samples=1)
        assert (tmp_path / "full.onnx").read_bytes() == (tmp_path / "less.onnx").read_bytes()
    chosen = replace(RUNTIME, float_layers=frozenset({"relu1"}))
    with pytest.raises(QuantscopeError, match="were not logged"):
        less.export(chosen, "other.onnx")


def test_that_random_data_is_marked_in_the_report(tmp_path: Path) -> None:
    path = models.save(models.conv_relu(), tmp_path)
    data = DataDescription(kind=SourceKind.RANDOM, samples=3)
    calibration, _ = exports.finish(tasks.calibrate(str(path), data, False, never))
    out = str(tmp_path / "out.onnx")
    report = exports.finish(tasks.export(str(path), calibration, FIXED, out, 3, False, never))
    assert report.random_data
    assert any("random" in warning for warning in report.warnings)


def test_that_samples_of_varying_length_are_calibrated_and_exported(tmp_path: Path) -> None:
    model = models.transformer_block()
    path = models.save(model, tmp_path)
    (tmp_path / "data").mkdir()
    for number, feed in enumerate(models.samples(model, 6)):
        np.savez(tmp_path / "data" / f"{number}.npz", **feed)
    data = DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(tmp_path / "data"))
    calibration, done = exports.finish(tasks.calibrate(str(path), data, False, never))
    assert done and calibration.samples == 6
    out = str(tmp_path / "out.onnx")
    report = exports.finish(tasks.export(str(path), calibration, RUNTIME, out, 6, False, never))
    assert report.outputs[0].sqnr > 20.0
    assert report.outputs[0].agreement is None


def test_that_a_fixed_batch_is_calibrated_and_verified_sample_by_sample(tmp_path: Path) -> None:
    b = Builder(60)
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [b.conv("x", "c", (3, 4))], "a")], "f")
    b.node("Gemm", [flat, b.weight("w", (4, 5), 4)], "scores")
    model = b.model({"x": (4, 3, 8, 8)}, {"scores": (4, 5)})
    path = models.save(model, tmp_path)
    random = np.random.default_rng(0)
    np.save(tmp_path / "data.npy", random.standard_normal((6, 3, 8, 8)).astype(np.float32))
    data = DataDescription(kind=SourceKind.NPY, path=str(tmp_path / "data.npy"))
    calibration, _ = exports.finish(tasks.calibrate(str(path), data, False, never))
    assert calibration.samples == 6
    out = str(tmp_path / "out.onnx")
    report = exports.finish(tasks.export(str(path), calibration, FIXED, out, 5, False, never))
    assert report.samples == 5
    assert report.outputs[0].agreement is not None
    assert onnx.load(out).graph.input[0].type.tensor_type.shape.dim[0].dim_value == 4


# ---- what is refused -------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def check_refused(
    shared: Desk,
    pattern: str,
    settings: PlanSettings = RUNTIME,
    output: str | Path = "out.onnx",
    *,
    overwrite: bool = False,
) -> str:
    """Nothing is written, and the reason is one sentence; returns it."""
    before = files(shared.folder)
    with pytest.raises(QuantscopeError, match=pattern) as caught:
        shared.export(settings, output, overwrite=overwrite)
    assert files(shared.folder) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_that_an_existing_file_is_kept_unless_it_may_be_replaced(shared: Desk) -> None:
    target = shared.folder / "there.onnx"
    target.write_bytes(b"precious")
    assert "there.onnx" in check_refused(shared, "exists", output="there.onnx")
    assert target.read_bytes() == b"precious"
    shared.export(output="there.onnx", overwrite=True, samples=1)
    onnx.checker.check_model(str(target))
    target.unlink()


def test_that_the_source_is_never_written(shared: Desk) -> None:
    for output in ("model.onnx", "./model.onnx"):
        check_refused(shared, "being quantized", output=output, overwrite=True)
    link = shared.folder / "link.onnx"
    link.symlink_to(shared.model)
    check_refused(shared, "being quantized", output="link.onnx", overwrite=True)
    link.unlink()


def test_that_a_missing_folder_is_named(shared: Desk) -> None:
    check_refused(shared, "missing does not exist", output=Path("missing") / "out.onnx")


def test_that_a_folder_that_may_not_be_written_is_named(
    shared: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert "out.onnx" in check_refused(shared, "may not be written")


def test_that_the_calibration_of_another_model_is_refused(shared: Desk, tmp_path: Path) -> None:
    other = desk(models.conv_relu(), tmp_path, 2)
    mixed = replace(shared, calibration=other.calibration)
    assert "model.onnx" in check_refused(mixed, "another version")


def test_that_a_calibration_without_samples_is_refused(shared: Desk) -> None:
    running = tasks.calibrate(str(shared.model), shared.data, False, lambda: True)
    empty, done = exports.finish(running)
    assert not done
    assert empty.samples == 0
    check_refused(replace(shared, calibration=empty), "stopped before its first sample")


def test_that_a_plan_without_an_integer_layer_is_refused(shared: Desk) -> None:
    layers = {layer.name for layer in tasks.describe(str(shared.model)).layers}
    settings = replace(RUNTIME, float_layers=frozenset(layers))
    check_refused(shared, "no layer would run in integers", settings)


def test_that_a_network_with_nothing_to_quantize_is_refused(tmp_path: Path) -> None:
    b = Builder(61)
    b.node("Exp", ["x"], "out")
    nothing = desk(b.model({"x": ("batch", 3)}, {"out": ("batch", 3)}), tmp_path, 2)
    check_refused(nothing, "no layer would run in integers")


@pytest.mark.parametrize(
    ("settings", "tensor", "reason"),
    [
        (RUNTIME.pin(("x",), FixedPoint(8, 5)), "x", "unsigned"),
        (FIXED.pin(("x",), Scaled(0.1, 3)), "x", "power-of-two"),
        (FIXED.pin(("x",), FixedPoint(12, 5)), "x", "8 or 16 bits"),
        (FIXED.pin(("conv1.bias",), FixedPoint(8, 60)), "conv1.bias", "no finer"),
        (RUNTIME.pin(("conv1.weight",), Scaled(0.1, 3)), "conv1.weight", "zero point 0"),
        (RUNTIME.pin(("conv1.bias",), FixedPoint(8, 3)), "conv1.bias", "follows from"),
    ],
)
def test_that_a_pinned_type_that_the_target_forbids_is_refused(
    settings: PlanSettings, tensor: str, reason: str, shared: Desk
) -> None:
    assert tensor in check_refused(shared, reason, settings)


def test_that_tied_tensors_pinned_apart_are_refused(shared: Desk) -> None:
    settings = FIXED.pin(("pool",), FixedPoint(8, 3)).pin(("relu2",), FixedPoint(8, 4))
    check_refused(shared, "pinned otherwise", settings)


def roots() -> onnx.ModelProto:
    b = Builder(62)
    b.conv(b.node("Sqrt", [b.conv("x", "before", (3, 4))], "root"), "after", (4, 2))
    return b.model({"x": ("batch", 3, 8, 8)}, {"after": ("batch", 2, 8, 8)})


def test_that_nan_inside_the_network_names_the_layer(tmp_path: Path) -> None:
    broken = desk(roots(), tmp_path, 2)
    assert "root" in check_refused(broken, "NaN")


def test_that_data_that_does_not_fit_is_refused_before_the_first_run(tmp_path: Path) -> None:
    path = models.save(models.residual_net(), tmp_path)
    np.save(tmp_path / "data.npy", np.zeros((4, 3, 8, 8), np.float32))
    data = DataDescription(kind=SourceKind.NPY, path=str(tmp_path / "data.npy"))
    with pytest.raises(QuantscopeError, match=r"data\.npy"):
        exports.finish(tasks.calibrate(str(path), data, False, never))


def test_that_data_that_went_away_since_is_named(tmp_path: Path) -> None:
    gone = desk(models.conv_relu(), tmp_path, 2)
    (tmp_path / "data.npy").unlink()
    check_refused(gone, r"data\.npy")


# ---- stopping --------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [1, 2, 4, 7])
def test_that_a_stopped_export_leaves_nothing_behind(asked: int, shared: Desk) -> None:
    calls = []

    def stop() -> bool:
        calls.append(None)
        return len(calls) >= asked

    before = files(shared.folder)
    with pytest.raises(tasks.Stopped):
        shared.export(stop=stop)
    assert files(shared.folder) == before


def test_that_an_abandoned_export_leaves_nothing_behind(shared: Desk) -> None:
    before = files(shared.folder)
    out = str(shared.folder / "out.onnx")
    running = tasks.export(str(shared.model), shared.calibration, FIXED, out, 6, False, never)
    assert next(running) == Progress("verification", 1, 6)
    running.close()
    assert files(shared.folder) == before


def test_that_a_stopped_calibration_keeps_what_was_done(shared: Desk) -> None:
    calls = []

    def stop() -> bool:
        calls.append(None)
        return len(calls) > 5

    running = tasks.calibrate(str(shared.model), shared.data, False, stop)
    calibration, done = exports.finish(running)
    assert not done
    assert 0 < calibration.samples < 20
    assert len(calibration.sample_names) == calibration.samples


# ---- looking before ----------------------------------------------------------------------------


def test_that_a_description_needs_no_data(shared: Desk) -> None:
    network = tasks.describe(str(shared.model))
    assert network.fingerprint == shared.calibration.fingerprint
    assert network.name == "model"


def test_that_data_is_guessed_and_tried(shared: Desk) -> None:
    blank = DataDescription(kind=SourceKind.IMAGES, path=shared.data.path)
    data, check = tasks.check_data(str(shared.model), blank, True)
    assert data.kind is SourceKind.NPY
    assert check.samples == 20
    assert check.shapes == (("x", (1, 3, 16, 16), "float32"),)
    assert check.minimum == pytest.approx(shared.samples[0].min())


def test_that_network_wide_questions_are_answered_beforehand(shared: Desk) -> None:
    known = len(shared.calibration.derived)
    network = tasks.describe(str(shared.model))
    for settings in (FIXED, RUNTIME):
        for scheme in (Scheme.MINMAX, Scheme.HISTOGRAM):
            for word in (8, 16):
                chosen = replace(settings, scheme=scheme, word_length=word)
                shared.calibration.plan(network, chosen)
    assert len(shared.calibration.derived) == known
