"""Processors whose byte products saturate are found out, and told of with what helps there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.findings.report import ExportReport, OutputAccuracy
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import Batch
from quantscope.engine.export import saturation
from quantscope.engine.export.saturation import may_saturate, products_saturate, saturation_warnings
from quantscope.engine.export.verification import Verification
from quantscope.engine.runtime import start_session
from quantscope.engine.writing import save_model
from tests.engine import exports, models
from tests.engine.exports import Array, exported, finish

ON_THIS_MACHINE = products_saturate()
needs_saturation = pytest.mark.skipif(
    not ON_THIS_MACHINE, reason="this processor's products of bytes are exact"
)


@pytest.fixture
def _ask_again() -> Iterator[None]:
    products_saturate.cache_clear()
    yield
    products_saturate.cache_clear()


@pytest.mark.usefixtures("_ask_again")
def test_that_a_processor_that_adds_pairs_in_16_bits_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def saturating(model: onnx.ModelProto) -> np.ndarray:
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0]).astype(np.int64)
        pairs = 255 * (weights[0::2] + weights[1::2])
        return np.asarray(np.minimum(pairs, 2**15 - 1).sum(axis=0))

    monkeypatch.setattr(saturation, "run_once", saturating)
    assert products_saturate()


@pytest.mark.usefixtures("_ask_again")
def test_that_exact_products_raise_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    def exact(model: onnx.ModelProto) -> np.ndarray:
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0])
        return np.asarray(255 * weights.astype(np.int64).sum(0))

    monkeypatch.setattr(saturation, "run_once", exact)
    assert not products_saturate()


@pytest.mark.parametrize(("bits", "risky"), [(8, True), (7, False)])
def test_that_weights_of_7_bits_are_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int, risky: bool
) -> None:
    monkeypatch.setattr(saturation, "products_saturate", lambda: True)
    settings = PlanSettings(weight_word_length=bits)
    export = exported(models.conv_relu(), settings, tmp_path)
    assert may_saturate(export.ready, export.plan) is risky
    layer = next(layer for layer in export.ready.network.layers if layer.weights is not None)
    weights = export.constants()[export.rewritten.parameters[str(layer.weights)]]
    assert abs(weights.astype(int)).max() == (127 if risky else 63)


def large_product() -> tuple[onnx.ModelProto, Array]:
    """MatMulInteger of the largest bytes, and the exact result."""
    size = saturation.PROBE_SIZE
    return saturation.probe(), np.full((size, size), 255 * 127 * size)


def test_that_sessions_of_this_program_have_exact_products_everywhere() -> None:
    model, expected = large_product()
    feed = {"a": np.full(expected.shape, 255, np.uint8)}
    session = start_session(model.SerializeToString())
    assert np.array_equal(session.run(None, feed)[0], expected)


@needs_saturation
def test_that_the_default_of_the_runtime_saturates_here() -> None:
    model, expected = large_product()
    feed = {"a": np.full(expected.shape, 255, np.uint8)}
    session = start_session(model.SerializeToString(), exact_products=False)
    assert (session.run(None, feed)[0] < expected).all()


def verified(folder: Path, saturates: bool) -> ExportReport:
    """A convolution with 8-bit weights, written, and its report."""
    export = exported(models.conv_relu(), exports.RUNTIME, folder)
    path = folder / "checked.onnx"
    save_model(export.rewritten.model, path)
    verification = Verification(
        prepared=export.ready,
        rewritten=export.rewritten,
        plan=export.plan,
        calibration=export.calibration,
        path=path,
        batches=[lambda: Batch(export.feeds[0], 1)],
        saturates=saturates,
    )
    return finish(verification.run(lambda: False))


def test_that_the_file_is_run_by_default_too_where_products_saturate(tmp_path: Path) -> None:
    report = verified(tmp_path, saturates=True)
    assert [each.output for each in report.outputs_by_default] == [
        each.output for each in report.outputs
    ]
    if not ON_THIS_MACHINE:
        assert report.outputs_by_default == report.outputs


def test_that_elsewhere_it_is_not(tmp_path: Path) -> None:
    assert verified(tmp_path, saturates=False).outputs_by_default == ()


def test_that_the_warning_says_how_much_is_lost_and_what_helps(tmp_path: Path) -> None:
    report = verified(tmp_path, saturates=True)
    assert saturation_warnings(report) == () or ON_THIS_MACHINE
    worse = OutputAccuracy(output="scores", sqnr=12.34, agreement=0.5)
    exact = OutputAccuracy(output="scores", sqnr=31.0, agreement=1.0)
    told = saturation_warnings(replace(report, outputs=(exact,), outputs_by_default=(worse,)))
    assert len(told) == 1
    assert "scores has 12.3 dB instead of 31.0 dB" in told[0]
    assert "x64quantprecision" in told[0] and "7-bit weights" in told[0]
    assert saturation_warnings(replace(report, outputs=(exact,), outputs_by_default=(exact,))) == ()
