"""How far channels reach: never less than any input can bring about, and what a norm remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.engine.preparation.folding import fold_added_bias, fold_batch_norm
from quantscope.engine.preparation.reach import Normal, reach, remember, remembered
from tests.engine import exports
from tests.engine.models import Builder
from tests.engine.uneven import CHANNELS, normalized

HIGH = 6.0


def node_called(model: ir.Model, name: str) -> ir.Node:
    return next(node for node in model.graph if node.name == name)


def bounded_layer(kind: str, seed: int) -> Builder:
    """x, a Clip to 0..6, and a layer behind it, maybe with a pool in between."""
    b = Builder(seed)
    link = b.clip("x", "clip", 0.0, HIGH)
    if kind == "Conv":
        b.conv(link, "layer", (4, 6), group=2)
    elif kind == "pooled Conv":
        pool = b.node("AveragePool", [link], "pool", kernel_shape=[3, 3], pads=[1] * 4)
        b.conv(pool, "layer", (4, 6))
    elif kind == "ConvTranspose":
        weight = b.weight("layer.weight", (4, 6, 2, 2), 4)
        b.node("ConvTranspose", [link, weight], "layer", strides=[2, 2])
    else:
        weight = b.weight("layer.weight", (100, 6), 100)
        flat = b.node("Flatten", [link], "flat")
        b.node("Gemm", [flat, weight, b.constant("bias", b.random.standard_normal(6))], "layer")
    return b


@pytest.mark.parametrize("kind", ["Conv", "pooled Conv", "ConvTranspose", "Gemm"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.floats(0.1, 1e4))
def test_that_no_input_brings_a_channel_past_a_proved_bound(
    kind: str, seed: int, size: float
) -> None:
    b = bounded_layer(kind, seed)
    shape = (1, 6) if kind == "Gemm" else (1, 6, "h", "w")
    proto = b.model({"x": (1, 4, 5, 5)}, {"layer": shape})
    bound = reach(node_called(ir.from_proto(proto), "layer"))
    assert bound is not None
    feed = {"x": (size * b.random.standard_normal((1, 4, 5, 5))).astype(np.float32)}
    found = exports.run(proto, feed, optimized=False)["layer"]
    assert (found.max(axis=(0, *range(2, found.ndim))) <= bound).all()


def test_that_the_bound_of_a_convolution_is_reached() -> None:
    b = bounded_layer("Conv", 3)
    proto = b.model({"x": (1, 4, 3, 3)}, {"layer": (1, 6, 3, 3)})
    bound = reach(node_called(ir.from_proto(proto), "layer"))
    assert bound is not None
    weights = np.frombuffer(b.weights[2].raw_data, np.float32).reshape(6, 2, 3, 3)
    for channel in range(6):
        worst = np.zeros((1, 4, 3, 3), np.float32)
        group = channel // 3
        worst[0, 2 * group : 2 * group + 2] = np.where(weights[channel] > 0.0, 99.0, -1.0)
        found = exports.run(proto, {"x": worst}, optimized=False)["layer"][0, channel, 1, 1]
        assert found == pytest.approx(bound[channel], rel=1e-4)


def folded(b: Builder, last: str) -> ir.Model:
    model = ir.from_proto(b.model({"x": (1, 3, 8, 8)}, {last: (1, CHANNELS, 8, 8)}))
    fold_batch_norm(model)
    fold_added_bias(model)
    return model


def test_that_a_folded_norm_is_remembered_and_what_is_added_shifts_it() -> None:
    b = Builder(4)
    mean, deviation = np.linspace(-1.0, 2.0, CHANNELS), -np.linspace(0.1, 0.8, CHANNELS)
    norm = normalized(b, "first", mean, deviation)
    added = b.constant("added", np.full((CHANNELS, 1, 1), 0.5))
    node = node_called(folded(b, b.node("Add", [norm, added], "last")), "first")
    normal, bound = remembered(node), reach(node)
    assert normal is not None and bound is not None
    np.testing.assert_allclose(normal.mean, mean + 0.5, rtol=1e-6)
    np.testing.assert_allclose(normal.deviation, -deviation, rtol=1e-6)
    np.testing.assert_allclose(bound, mean + 0.5 - 12.0 * deviation, rtol=1e-6)


def test_that_a_layer_of_unbounded_input_without_a_norm_is_not_known() -> None:
    b = Builder(5)
    relu = b.node("Relu", ["x"], "relu")
    sigmoid = b.node("Sigmoid", [b.conv(relu, "first", (3, 4))], "sigmoid")
    proto = b.model({"x": (1, 3, 8, 8)}, {b.conv(sigmoid, "second", (4, 2)): (1, 2, 8, 8)})
    model = ir.from_proto(proto)
    assert [reach(node_called(model, name)) for name in ("first", "second")] == [None, None]


def test_that_a_norm_that_is_not_finite_tells_nothing() -> None:
    b = Builder(6)
    node = node_called(folded(b, normalized(b, "first", 0.0, 1.0)), "first")
    remember(node, Normal(np.zeros(CHANNELS), np.where(np.arange(CHANNELS) == 3, np.inf, 1.0)))
    assert reach(node) is None


def test_that_the_graph_is_prepared_with_its_memory(tmp_path: Path) -> None:
    b = Builder(7)
    norm = normalized(b, "first", 1.0, 0.5)
    ready = exports.prepared(
        b.model({"x": (1, 3, 8, 8)}, {b.node("Relu", [norm], "relu"): (1, CHANNELS, 8, 8)}),
        tmp_path,
    )
    assert remembered(node_called(ready.model, "first")) is not None
