"""Tapped tensors hold what the network computes, in the buffers that were given."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from quantscope.core.errors import QuantscopeError
from quantscope.engine.calibration.taps import TappedNetwork, TapRunner
from quantscope.engine.runtime import Optimization, start_session
from tests.engine.text_networks import BY_VALUE, IN_PLACE, VARYING, prepared, rows, tensors_of


@pytest.mark.parametrize("optimized", Optimization)
def test_that_no_tap_is_overwritten_by_a_later_layer(optimized: Optimization) -> None:
    """onnxruntime issue 21922: an exposed tensor can come back changed by a node in place."""
    network = prepared(IN_PLACE)
    names = [name for name in tensors_of(network) if name != "x"]
    plain = start_session(network.serialized(names), optimized=Optimization.NONE)
    evaluator = ReferenceEvaluator(onnx.load_from_string(network.serialized(names)))
    runner = TapRunner(TappedNetwork(network, names, optimized=optimized))
    for sample in rows(5, (3, 8)):
        before = sample["x"].copy()
        outputs = runner.run(sample, "sample")
        np.testing.assert_array_equal(sample["x"], before)
        independent = evaluator.run(names, dict(sample))
        unoptimized = plain.run(names, dict(sample))
        for name, one, two in zip(names, independent, unoptimized, strict=True):
            np.testing.assert_allclose(outputs[name], one, rtol=1e-5, atol=1e-6, err_msg=name)
            np.testing.assert_allclose(outputs[name], two, rtol=1e-5, atol=1e-6, err_msg=name)


def test_that_the_runtime_writes_into_the_buffers_it_was_given() -> None:
    runner = TapRunner(TappedNetwork(prepared(IN_PLACE), ["c", "e", "y"]))
    data = rows(5, (2, 8))
    outputs = [runner.run(sample, "sample") for sample in data]
    places = [[array.ctypes.data for array in each.values()] for each in outputs[1:]]
    assert places == [places[0]] * 4


def test_that_a_tensor_that_is_not_float_is_refused_by_name() -> None:
    text = """<ir_version: 9, opset_import: ["": 17]>
    g (float[N, 6] x) => (float[N, 6] y) { size = Shape(x) y = Reshape(x, size) }"""
    with pytest.raises(QuantscopeError, match="net.onnx, tensor size: its values are int64"):
        TappedNetwork(prepared(text), ["size"])


def test_that_buffers_serve_shapes_that_come_again() -> None:
    network = prepared(VARYING)
    runner = TapRunner(TappedNetwork(network, ["a", "b", "y"]))
    plain = start_session(network.serialized(["a", "b"]), optimized=Optimization.NONE)
    for seed, length in enumerate([3, 3, 3, 5, 5, 3, 7, 7, 9, 9, 11, 11, 11, 3, 3, 5]):
        sample = rows(1, (1, length), seed)[0]
        outputs = runner.run(sample, "sample")
        for name, expected in zip("aby", plain.run(["a", "b", "y"], dict(sample)), strict=True):
            np.testing.assert_array_equal(outputs[name], expected)


def test_that_shapes_that_depend_on_values_are_left_to_the_runtime() -> None:
    runner = TapRunner(TappedNetwork(prepared(BY_VALUE), ["y"]))
    for sample in rows(6, (1, 6)):
        kept = sample["x"][sample["x"] > 0]
        np.testing.assert_array_equal(runner.run(sample, "sample")["y"], kept)
