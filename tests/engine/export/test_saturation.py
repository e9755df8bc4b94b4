"""Processors whose byte products saturate are found out, and weights that are safe there."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.plan_settings import PlanSettings
from quantscope.engine.export import saturation
from quantscope.engine.export.saturation import WARNING, products_saturate, saturation_warnings
from tests.engine import models
from tests.engine.exports import exported


@pytest.fixture(autouse=True)
def _ask_again() -> Iterator[None]:
    forget = products_saturate.cache_clear
    forget()
    yield
    forget()


def test_that_a_processor_that_adds_pairs_in_16_bits_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def saturating(model: onnx.ModelProto) -> np.ndarray:
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0]).astype(np.int64)
        pairs = 255 * (weights[0::2] + weights[1::2])
        return np.asarray(np.minimum(pairs, 2**15 - 1).sum(axis=0))

    monkeypatch.setattr(saturation, "run_once", saturating)
    assert products_saturate()


def test_that_exact_products_raise_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    def exact(model: onnx.ModelProto) -> np.ndarray:
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0])
        return np.asarray(255 * weights.astype(np.int64).sum(0))

    monkeypatch.setattr(saturation, "run_once", exact)
    assert not products_saturate()


@pytest.mark.parametrize(("bits", "warned"), [(8, True), (7, False)])
def test_that_weights_of_7_bits_are_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int, warned: bool
) -> None:
    monkeypatch.setattr(saturation, "products_saturate", lambda: True)
    settings = PlanSettings(weight_word_length=bits)
    export = exported(models.conv_relu(), settings, tmp_path)
    assert saturation_warnings(export.ready, export.plan) == ((WARNING,) if warned else ())
    layer = next(layer for layer in export.ready.network.layers if layer.weights is not None)
    weights = export.constants()[export.rewritten.parameters[str(layer.weights)]]
    assert abs(weights.astype(int)).max() == (127 if warned else 63)
