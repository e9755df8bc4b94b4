"""The operator table: its rules, and what it says of the runtime's kernels, by looking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper

from quantscope.core.network import LayerKind
from quantscope.engine.operators import (
    INTERPOLATING,
    OPERATORS,
    clip_bounds,
    constant_of,
    rule_for,
)
from tests.engine import exports, models
from tests.engine.models import Builder

MORE = {
    "Sub": {},
    "ReduceMean": {"axes": [2], "keepdims": 1},
    "GlobalMaxPool": {},
    "DepthToSpace": {"blocksize": 2},
    "SpaceToDepth": {"blocksize": 2},
}
"""Operators that ``models.operators_net`` does not have."""


def network_with(operator: str) -> onnx.ModelProto:
    """A convolution, the operator, and a convolution or Gemm behind it."""
    names = [name for name in models.OPERATORS if name.split()[0] == operator]
    if names:
        return models.operators_net("Resize nearest" if operator == "Resize" else names[0])
    b = Builder(1)
    y = b.conv("x", "before", (3, 4))
    channels = {"DepthToSpace": 1, "SpaceToDepth": 16}.get(operator, 4)
    if operator == "Sub":
        b.node("Sub", [y, b.conv("x", "beside", (3, 4), kernel=1)], "operator")
    elif operator in MORE:
        b.node(operator, [y], "operator", **MORE[operator])
    elif operator == "Squeeze":
        b.node("Squeeze", [b.node("GlobalAveragePool", [y], "average"), axes(b)], "operator")
        b.node("Gemm", ["operator", b.weight("after.weight", (4, 5), 4)], "after")
        return b.model({"x": ("batch", 3, 8, 8)}, {"after": ("batch", 5)})
    elif operator == "Unsqueeze":
        flat = b.node("Squeeze", [b.node("GlobalAveragePool", [y], "average"), axes(b)], "flat")
        b.node("Unsqueeze", [flat, axes(b, "back")], "operator")
    elif operator == "Split":
        b.nodes.append(helper.make_node("Split", [y], ["operator", "rest"], "operator", axis=1))
        channels = 2
        b.conv("rest", "other", (2, 5), kernel=1)
    else:
        assert operator in ("Conv", "Gemm", "MatMul")
        return weighted(operator)
    b.conv("operator", "after", (channels, 5), kernel=1)
    shape = ("batch", 5, "h", "w")
    outputs = {"after": shape} | ({"other": shape} if operator == "Split" else {})
    return b.model({"x": ("batch", 3, 8, 8)}, outputs)


def axes(b: Builder, name: str = "axes") -> str:
    return b.constant(name, [2, 3], np.int64)


def weighted(operator: str) -> onnx.ModelProto:
    b = Builder(2)
    if operator == "Conv":
        b.conv("x", "operator", (3, 4))
        return b.model({"x": ("batch", 3, 8, 8)}, {"operator": ("batch", 4, 8, 8)})
    weight = b.weight("weight", (6, 5), 6)
    shape: tuple[int | str, ...] = ("batch", 6) if operator == "Gemm" else ("batch", 7, 6)
    b.node(operator, ["x", weight], "operator")
    return b.model({"x": shape}, {"operator": (*shape[:-1], 5)})


def runs_in_integers(export: exports.Export) -> bool:
    """Whether the value that the operator reads is an integer in the graph that really runs.

    The runtime puts Transpose around convolutions: what lies behind them counts.
    """
    graph = export.optimized().graph
    makers = {name: node for node in graph.node for name in node.output}
    nodes = [node for node in graph.node if node.name == "operator"]
    if not nodes:
        return True  # merged into another
    (node,) = nodes
    if node.op_type.startswith(("QLinear", "QGemm", "MatMulInteger")):
        return True
    maker = makers.get(node.input[0])
    while maker is not None and maker.op_type in ("Transpose", "Squeeze"):
        maker = makers.get(maker.input[0])
    return maker is not None and maker.op_type.startswith(("QLinear", "QuantizeLinear"))


@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_that_the_table_is_right_about_integer_kernels(
    operator: str, target: str, tmp_path: Path
) -> None:
    export = exports.exported(network_with(operator), exports.TARGETS[target], tmp_path)
    layer = export.ready.network.layer("operator")
    rules, kind = export.plan.settings.placement_rules, OPERATORS[operator].kind
    follows = rules.has_kernel_for(operator) or kind is LayerKind.PASS_THROUGH
    assert ("operator" in export.plan.placement.layers) == follows
    if not follows:
        return
    if "operator" in export.plan.placement.fused:
        return  # one with the layer before it
    assert layer.kind is OPERATORS[operator].kind
    assert runs_in_integers(export) == OPERATORS[operator].integer_kernel


def node_of(operator: str, constants: tuple[object, ...] = (), **attributes: object) -> ir.Node:
    """A node whose first input is computed; further ones are constants, or None."""
    inputs: list[ir.Value | None] = [ir.Value(name="x")]
    for number, values in enumerate(constants):
        array = None if values is None else np.asarray(values)
        tensor = None if array is None else ir.tensor(array, name=f"c{number}")
        value = None if tensor is None else ir.Value(name=f"c{number}", const_value=tensor)
        inputs.append(value)
    return ir.node(operator, inputs, attributes)


@pytest.mark.parametrize(
    ("node", "bounds"),
    [
        (node_of("Relu"), (0.0, None)),
        (node_of("Clip", (np.float32(0), np.float32(6))), (0.0, 6.0)),
        (node_of("Clip", (None, np.float32(6))), (None, 6.0)),
        (node_of("Clip", (np.float32(-1),)), (-1.0, None)),
        (node_of("Clip"), (None, None)),
    ],
)
def test_that_bounds_are_read(node: ir.Node, bounds: tuple[float | None, ...]) -> None:
    assert clip_bounds(node) == bounds


def test_that_a_network_input_with_a_default_is_no_constant() -> None:
    value = ir.Value(name="w", const_value=ir.tensor(np.ones(2, np.float32), name="w"))
    assert constant_of(value) is not None
    ir.Graph([value], [], nodes=[], name="graph")
    assert constant_of(value) is None
    assert constant_of(None) is None


def test_that_conditions_tell_moving_from_making_values() -> None:
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    assert rule_for(node_of("Resize", **nearest)) == (OPERATORS["Resize"], "")
    assert rule_for(node_of("Resize", mode="linear")) == (INTERPOLATING, "")
    pads = np.array([0, 1])
    assert rule_for(node_of("Pad", (pads,)))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, np.float32(0))))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, None)))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, np.float32(1)), mode="reflect"))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, np.float32(1)))) == (INTERPOLATING, "")


def test_that_computed_bounds_keep_a_clip_in_float() -> None:
    node = ir.node("Clip", [ir.Value(name="x"), ir.Value(name="low")])
    rule, reason = rule_for(node)
    assert rule is None
    assert "bounds" in reason


def test_that_unknown_operators_and_domains_get_a_reason() -> None:
    assert rule_for(node_of("Erf")) == (None, "Erf has no integer form here")
    node = ir.node("Conv", [ir.Value(name="x")], domain="com.example")
    assert rule_for(node) == (None, "com.example.Conv has no integer form here")


def test_that_each_row_has_a_kind_that_takes_part() -> None:
    taking_part = set(LayerKind) - {LayerKind.INPUT, LayerKind.FLOAT, LayerKind.PRODUCT}
    assert {rule.kind for rule in OPERATORS.values()} == taking_part
