"""Matrices and columns of layers: their product is what the layer computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from quantscope.engine.recovery.weight_rounding import patches
from quantscope.engine.recovery.weight_rounding.patches import Patches, patches_of
from tests.engine.exports import run

Array = npt.NDArray[Any]


def layer(
    operator: str, weights: Array, shape: tuple[int, ...], **attributes: Any
) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    node = helper.make_node(operator, ["x", "w"], ["y"], name="layer", **attributes)
    constants = [numpy_helper.from_array(weights.astype(np.float32), "w")]
    graph = helper.make_graph([node], "network", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def patches_in(model: onnx.ModelProto) -> Patches | None:
    (node,) = ir.from_proto(model).graph
    return patches_of(node)


def products(model: onnx.ModelProto, weights: Array, x: Array) -> Array:
    """What the layer yields for every output, (groups, outputs of a group, times)."""
    found = patches_in(model)
    assert found is not None
    return np.asarray(found.matrices(weights) @ found.columns(x).swapaxes(1, 2))


def expected(model: onnx.ModelProto, x: Array, groups: int, channels: int = 1) -> Array:
    flat = np.moveaxis(run(model, {"x": x})["y"], channels, 0)
    return np.asarray(flat.reshape(groups, flat.shape[0] // groups, -1), np.float64)


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((4, 3, 3, 3), (2, 3, 7, 8), {}),
    "one by one": ((5, 3, 1, 1), (1, 3, 4, 4), {}),
    "pads that differ": ((4, 3, 3, 2), (1, 3, 6, 7), {"pads": [1, 0, 2, 1]}),
    "strides": ((4, 3, 3, 3), (2, 3, 9, 8), {"strides": [2, 3], "pads": [1, 1, 1, 1]}),
    "dilations": ((2, 2, 3, 3), (1, 2, 9, 10), {"dilations": [2, 3], "pads": [1, 2, 1, 2]}),
    "groups": ((6, 2, 3, 3), (2, 4, 6, 6), {"group": 2, "pads": [1, 1, 1, 1]}),
    "depthwise": ((4, 1, 3, 3), (1, 4, 6, 6), {"group": 4, "strides": [2, 2]}),
    "depthwise with two outputs": ((8, 1, 3, 3), (1, 4, 6, 6), {"group": 4}),
    "same, upper": ((4, 3, 4, 3), (1, 3, 7, 6), {"auto_pad": "SAME_UPPER", "strides": [2, 1]}),
    "same, lower": ((4, 3, 4, 3), (1, 3, 7, 6), {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
    "valid": ((4, 3, 3, 3), (1, 3, 7, 6), {"auto_pad": "VALID", "strides": [2, 2]}),
    "one axis": ((4, 3, 5), (2, 3, 12), {"strides": [2], "pads": [2, 2]}),
    "three axes": ((2, 2, 2, 2, 2), (1, 2, 4, 4, 5), {"pads": [1] * 6}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_that_patches_times_weights_are_what_a_convolution_yields(name: str) -> None:
    size, shape, attributes = CONVOLUTIONS[name]
    random = np.random.default_rng(1)
    weights, x = random.normal(size=size), random.normal(size=shape).astype(np.float32)
    model = layer("Conv", weights, shape, **attributes)
    true = expected(model, x, attributes.get("group", 1))
    assert np.allclose(products(model, weights, x), true, atol=1e-4)


@settings(max_examples=40)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(4, 7), st.integers(4, 7)),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 2),
)
def test_that_patches_are_those_that_a_loop_finds(
    channels: tuple[int, int], size: tuple[int, int], stride: int, dilation: int, pad: int
) -> None:
    group, within = channels
    x = np.random.default_rng(5).normal(size=(2, group * within, *size)).astype(np.float32)
    moves = {"strides": [stride] * 2, "dilations": [dilation] * 2, "pads": [pad] * 4}
    found = patches_in(
        layer("Conv", np.zeros((group, within, 2, 2)), x.shape, group=group, **moves)
    )
    assert found is not None
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    rows = range(0, padded.shape[2] - dilation, stride)
    across = range(0, padded.shape[3] - dilation, stride)
    reach = dilation + 1
    for number, columns in enumerate(found.columns(x)):
        part = padded[:, number * within : (number + 1) * within]
        looped = [
            part[sample, :, i : i + reach : dilation, j : j + reach : dilation]
            for sample in range(2)
            for i in rows
            for j in across
        ]
        assert np.array_equal(columns, np.array(looped).reshape(len(looped), -1))


TRANSPOSED: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((3, 4, 3, 3), (2, 3, 5, 4), {}),
    "strides": ((3, 4, 2, 2), (1, 3, 5, 4), {"strides": [2, 2]}),
    "strides wider than the kernel": ((3, 4, 2, 2), (1, 3, 5, 4), {"strides": [3, 3]}),
    "groups": ((4, 3, 3, 2), (1, 4, 5, 4), {"group": 2, "strides": [2, 1]}),
    "dilations": ((2, 3, 3, 3), (1, 2, 5, 4), {"dilations": [2, 1], "strides": [1, 2]}),
}


@pytest.mark.parametrize("name", TRANSPOSED)
def test_that_patches_times_weights_are_what_a_transposed_convolution_yields(name: str) -> None:
    size, shape, attributes = TRANSPOSED[name]
    random = np.random.default_rng(2)
    weights, x = random.normal(size=size), random.normal(size=shape).astype(np.float32)
    model = layer("ConvTranspose", weights, shape, **attributes)
    true = expected(model, x, attributes.get("group", 1))
    found = products(model, weights, x)
    if name == "strides wider than the kernel":  # the last outputs of all, which nothing reaches
        assert np.allclose((found**2).sum(), (true**2).sum(), rtol=1e-4)
    else:
        assert np.allclose(found, true, atol=1e-4)


@pytest.mark.parametrize("across", [0, 1])
@pytest.mark.parametrize("turned", [0, 1])
def test_that_columns_times_weights_are_what_a_gemm_yields(across: int, turned: int) -> None:
    random = np.random.default_rng(3)
    weights = random.normal(size=(5, 6) if turned else (6, 5))
    x = random.normal(size=(6, 4) if across else (4, 6)).astype(np.float32)
    model = layer("Gemm", weights, x.shape, transA=across, transB=turned)
    true = expected(model, x, 1)
    assert np.allclose(products(model, weights, x), true, atol=1e-4)


@pytest.mark.parametrize("shape", [(4, 6), (2, 4, 6), (2, 3, 4, 6), (6,)])
def test_that_columns_times_weights_are_what_a_matmul_yields(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(4)
    weights, x = random.normal(size=(6, 5)), random.normal(size=shape).astype(np.float32)
    model = layer("MatMul", weights, shape)
    true = expected(model, x, 1, channels=-1)
    assert np.allclose(products(model, weights, x), true, atol=1e-4)


def test_that_a_matmul_with_a_matrix_for_each_index_has_no_patches() -> None:
    assert patches_in(layer("MatMul", np.ones((2, 6, 5)), (2, 4, 6))) is None


@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
def test_that_weights_come_back_from_their_matrices(operator: str) -> None:
    weights = np.arange(96.0).reshape(4, 4, 3, 2)
    found = patches_in(layer(operator, weights, (1, 8, 5, 5), group=2 if operator == "Conv" else 1))
    assert found is not None
    assert np.array_equal(found.weights(found.matrices(weights), weights.shape), weights)


def test_that_a_large_image_gives_some_patches_from_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patches, "MOST_PATCHES", 60)
    found = patches_in(layer("Conv", np.ones((1, 1, 1, 1)), (1, 1, 32, 32)))
    assert found is not None
    x = np.arange(1024.0, dtype=np.float32).reshape(1, 1, 32, 32)
    places = found.columns(x).reshape(-1).astype(int)
    assert len(set(places)) == len(places) == 60
    assert np.array_equal(places, found.columns(x).reshape(-1))
    corners = {(place // 32 // 8, place % 32 // 8) for place in places}
    assert len(corners) == 16
    assert len({place % 32 for place in places}) > 20
