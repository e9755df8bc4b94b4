"""Folding keeps the function: the runtime before and after, and what stays where it must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper

from quantscope.engine.preparation.folding import (
    fold_added_bias,
    fold_batch_norm,
    fold_gemm_factors,
    is_per_channel,
)
from tests.engine import exports, models
from tests.engine.models import Builder


def folded(model: onnx.ModelProto, folder: Path) -> tuple[Counter[str], tuple[str, ...]]:
    """Operators left after preparation, and its changes, once both give the same values."""
    ready = exports.prepared(model, folder)
    after = onnx.ModelProto.FromString(ready.serialized())
    onnx.checker.check_model(after, full_check=True)
    for feed in models.samples(model, 2):
        exact = exports.run(model, feed, optimized=False)
        seen = exports.run(after, feed, optimized=False)
        assert list(exact) == list(seen)
        for name, values in exact.items():
            np.testing.assert_allclose(seen[name], values, rtol=1e-4, atol=1e-5)
    return Counter(node.op_type for node in after.graph.node), ready.network.changes


def convolution(kind: str, group: int, tail: Callable[[Builder, str], str]) -> onnx.ModelProto:
    b = Builder(7)
    if kind == "Conv":
        y = b.conv("x", "conv", (4, 8), group=group)
        channels = 8
    else:
        channels = 2 * group if group > 1 else 8
        weight = b.weight("conv.weight", (4, channels // group, 3, 3), 12)
        y = b.node("ConvTranspose", ["x", weight], "conv", group=group)
    out = tail(b, y)
    return b.model({"x": ("batch", 4, 6, 6)}, {out: ("batch", channels, "h", "w")})


@pytest.mark.parametrize(
    ("kind", "group", "left"),
    [("Conv", 1, 0), ("Conv", 4, 0), ("ConvTranspose", 1, 0), ("ConvTranspose", 4, 1)],
)
def test_that_batch_norm_behind_a_convolution_keeps_the_function(
    kind: str, group: int, left: int, tmp_path: Path
) -> None:
    model = convolution(kind, group, lambda b, y: b.batch_norm(y, "norm", 8))
    operators, changes = folded(model, tmp_path)
    assert operators["BatchNormalization"] == left
    assert any("norm" in change and "conv" in change for change in changes) == (left == 0)


def gemm(
    bias: tuple[int, ...] | None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transposed: bool = False,
    norm: bool = False,
) -> onnx.ModelProto:
    b = Builder(8)
    weight = b.weight("weight", (5, 6) if transposed else (6, 5), 6)
    inputs = ["x", weight]
    if bias is not None:
        inputs.append(b.constant("bias", b.random.standard_normal(bias)))
    y = b.node("Gemm", inputs, "gemm", alpha=alpha, beta=beta, transB=int(transposed))
    if norm:
        y = b.batch_norm(y, "norm", 5)
    return b.model({"x": (5, 6)}, {y: (5, 5)})


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.5, -3.0)])
@pytest.mark.parametrize("bias", [None, (5,), (1, 5), (1,), (), (1, 1), (5, 1), (5, 5)])
def test_that_batch_norm_behind_any_gemm_keeps_the_function(
    bias: tuple[int, ...] | None, alpha: float, beta: float, transposed: bool, tmp_path: Path
) -> None:
    operators, changes = folded(gemm(bias, alpha, beta, transposed, norm=True), tmp_path)
    by_rows = bias in ((5, 1), (5, 5))
    assert operators["BatchNormalization"] == by_rows
    assert any("factors" in change for change in changes) == (alpha != 1.0 and not by_rows)


@pytest.mark.parametrize("bias", [(5,), (1, 5), (1,), ()])
def test_that_a_gemm_ends_with_one_bias_for_each_output(
    bias: tuple[int, ...], tmp_path: Path
) -> None:
    ready = exports.prepared(gemm(bias, 0.5, 2.0), tmp_path)
    (layer,) = (layer for layer in ready.network.layers if layer.operator == "Gemm")
    assert layer.bias is not None
    assert ready.parameters[layer.bias].shape == (5,)
    (node,) = onnx.ModelProto.FromString(ready.serialized()).graph.node
    assert {entry.name for entry in node.attribute} <= {"transA", "transB"}


@pytest.mark.parametrize("bias", [(5, 1), (5, 5)])
def test_that_a_gemm_with_a_bias_along_its_rows_stays_float_with_a_reason(
    bias: tuple[int, ...], tmp_path: Path
) -> None:
    ready = exports.prepared(gemm(bias), tmp_path)
    assert "rows" in ready.network.layer("gemm").reason


@pytest.mark.parametrize(
    ("shape", "foldable"),
    [
        ((8, 1, 1), True),
        ((1, 8, 1, 1), True),
        ((), True),
        ((1,), True),
        ((1, 1, 1, 1), True),
        ((6,), False),
        ((8, 6, 6), False),
        ((1, 1, 6, 6), False),
        ((2, 8, 1, 1), False),
        ((1, 8, 1, 6), False),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_that_an_added_constant_becomes_a_bias_only_where_it_is_one_for_each_channel(
    shape: tuple[int, ...], foldable: bool, swapped: bool, tmp_path: Path
) -> None:
    def tail(b: Builder, y: str) -> str:
        pair = [y, b.constant("more", b.random.standard_normal(shape))]
        return b.node("Add", pair[::-1] if swapped else pair, "sum")

    operators, _ = folded(convolution("Conv", 1, tail), tmp_path)
    assert operators["Add"] == (not foldable)


def test_that_as_many_columns_as_channels_do_not_make_a_bias(tmp_path: Path) -> None:
    b = Builder(9)
    added = b.constant("more", b.random.standard_normal(4))  # along the width, which is 4 too
    y = b.node("Add", [b.conv("x", "conv", (3, 4)), added], "sum")
    operators, _ = folded(b.model({"x": ("batch", 3, 4, 4)}, {y: ("batch", 4, 4, 4)}), tmp_path)
    assert operators["Add"] == 1


def test_that_an_added_bias_is_put_behind_a_transposed_convolution_of_one_group(
    tmp_path: Path,
) -> None:
    def tail(b: Builder, y: str) -> str:
        return b.node("Add", [b.constant("more", b.random.standard_normal((8, 1, 1))), y], "sum")

    operators, _ = folded(convolution("ConvTranspose", 1, tail), tmp_path)
    assert operators["Add"] == 0
    operators, _ = folded(convolution("ConvTranspose", 4, tail), tmp_path)
    assert operators["Add"] == 1


def test_that_a_chain_of_norms_and_constants_ends_in_one_convolution(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> str:
        y = b.batch_norm(b.batch_norm(y, "first", 8), "second", 8)
        return b.node("Add", [y, b.constant("more", b.random.standard_normal((8, 1, 1)))], "sum")

    operators, changes = folded(convolution("Conv", 4, tail), tmp_path)
    assert operators == {"Conv": 1}
    assert len(changes) == 3


def test_that_what_is_read_elsewhere_or_given_out_is_not_folded_into(tmp_path: Path) -> None:
    b = Builder(10)
    y = b.conv("x", "conv", (4, 8))
    norm, other = b.batch_norm(y, "norm", 8), b.node("Relu", [y], "relu")
    shapes = {"sum": ("batch", 8, 6, 6)}
    b.node("Add", [norm, other], "sum")
    operators, _ = folded(b.model({"x": ("batch", 4, 6, 6)}, shapes), tmp_path)
    assert operators["BatchNormalization"] == 1

    b = Builder(10)
    b.batch_norm(b.conv("x", "conv", (4, 8)), "norm", 8)
    shapes = {"conv": ("batch", 8, 6, 6), "norm": ("batch", 8, 6, 6)}
    operators, _ = folded(b.model({"x": ("batch", 4, 6, 6)}, shapes), tmp_path)
    assert operators["BatchNormalization"] == 1


@pytest.mark.parametrize(("shape", "operator"), [((5,), "Gemm"), ((1, 5), "Gemm"), ((), "Gemm")])
def test_that_a_product_of_matrices_and_its_bias_become_a_gemm(
    shape: tuple[int, ...], operator: str, tmp_path: Path
) -> None:
    b = Builder(11)
    product = b.node("MatMul", ["x", b.weight("weight", (6, 5), 6)], "product")
    y = b.node("Add", [b.constant("bias", b.random.standard_normal(shape)), product], "y")
    operators, _ = folded(b.model({"x": ("batch", 6)}, {y: ("batch", 5)}), tmp_path)
    assert operators == {operator: 1}


def test_that_a_product_over_a_sequence_stays_one_and_shows_its_bias(tmp_path: Path) -> None:
    b = Builder(12)
    model = b.model({"x": ("batch", 7, 6)}, {b.linear("x", "y", (6, 5)): ("batch", 7, 5)})
    operators, _ = folded(model, tmp_path)
    assert operators == {"MatMul": 1, "Add": 1}
    network = exports.prepared(model, tmp_path).network
    layer = network.layer("y.matmul")
    assert layer.bias == "y.bias"
    assert layer.outputs == ("y",)
    assert [entry.operator for entry in network.layers] == ["Input", "MatMul"]
    assert "float" in network.tensors["y.bias"].reason


@pytest.mark.parametrize(
    ("shape", "channels", "answer"),
    [
        ((), 5, True),
        ((1,), 5, True),
        ((1, 1), 5, True),
        ((5,), 5, True),
        ((1, 5), 5, True),
        ((5, 1), 5, False),
        ((5, 5), 5, False),
        ((5, 1), 1, False),
        ((4,), 5, False),
    ],
)
def test_that_a_bias_is_told_from_a_column(
    shape: tuple[int, ...], channels: int, answer: bool
) -> None:
    assert is_per_channel(shape, channels) is answer


def test_that_float16_weights_stay_float16() -> None:
    b = Builder(13)
    weight = b.constant("weight", b.random.standard_normal((4, 3, 1, 1)), np.float16)
    norm = [b.constant(f"norm.{i}", b.random.uniform(0.5, 1.5, 4), np.float16) for i in range(4)]
    conv = b.node("Conv", ["x", weight], "conv")
    b.node("BatchNormalization", [conv, *norm], "norm")
    value = helper.make_tensor_value_info
    kind = onnx.TensorProto.FLOAT16
    graph = helper.make_graph(
        b.nodes, "half", [value("x", kind, [1, 3, 4, 4])], [value("norm", kind, None)], b.weights
    )
    model = ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)]))
    assert len(fold_batch_norm(model)) == 1
    assert {v.dtype for v in model.graph.initializers.values() if v.uses()} == {ir.DataType.FLOAT16}


def test_that_passes_with_nothing_to_do_change_nothing() -> None:
    model = ir.from_proto(models.conv_relu())
    before = ir.to_proto(model).SerializeToString()
    for step in (fold_gemm_factors, fold_batch_norm, fold_added_bias):
        assert step(model) == []
    assert ir.to_proto(model).SerializeToString() == before
