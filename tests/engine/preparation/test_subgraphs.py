"""If and Loop stay in float; what they take from the network around them is what it holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from quantscope.core.networks.network import LayerKind
from quantscope.core.planning.placement import place
from quantscope.engine.export.integer_ports import open_integer_ports, ports_of
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.writing import save_model
from tests.engine import exports
from tests.engine.exports import exported
from tests.engine.models import Builder

value = helper.make_tensor_value_info


def loop_around_if() -> onnx.ModelProto:
    """A Loop whose body holds an If; the branches take the input, a rounded value, one that was
    moved, and weights of a convolution outside."""
    b = Builder(60)
    conv = b.conv("x", "conv", (3, 3))
    moved = b.node("Transpose", [conv], "moved", perm=[0, 1, 3, 2])
    nodes = {
        "then": [
            helper.make_node("Add", ["x", moved], ["sum"], "inner_sum"),
            helper.make_node("Conv", ["sum", "conv.weight"], ["then"], "inner", pads=[1] * 4),
        ],
        "else": [helper.make_node("Sub", ["x", conv], ["else"], "difference")],
    }
    branches = {
        f"{name}_branch": helper.make_graph(inner, name, [], [value(name, TensorProto.FLOAT, None)])
        for name, inner in nodes.items()
    }
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["again"], "again"),
            helper.make_node("Equal", ["turn", "one"], ["odd"], "equal"),
            helper.make_node("If", ["odd"], ["chosen"], "if", **branches),
            helper.make_node("Add", ["state", "chosen"], ["next"], "add"),
        ],
        "body",
        [
            value("turn", TensorProto.INT64, []),
            value("more", TensorProto.BOOL, []),
            value("state", TensorProto.FLOAT, None),
        ],
        [value("again", TensorProto.BOOL, []), value("next", TensorProto.FLOAT, None)],
    )
    b.constant("one", 1, np.int64)
    count, go_on = b.constant("count", 3, np.int64), b.constant("go_on", True, np.bool_)
    b.nodes.append(helper.make_node("Loop", [count, go_on, conv], ["total"], "loop", body=body))
    b.conv(b.node("Add", ["total", moved], "out"), "after", (3, 2))
    return b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 8, 8), "total": (1, 3, 8, 8)})


def test_that_a_loop_says_why_and_names_all_that_its_branches_read(tmp_path: Path) -> None:
    network = exports.prepared(loop_around_if(), tmp_path).network
    layer = network.layer("loop")
    assert layer.kind is LayerKind.FLOAT
    assert layer.reason == "Loop holds a subgraph, which stays in float"
    assert set(layer.inputs) == {"x", "conv", "moved"}
    placement = place(network)
    assert {"x", "conv", "moved"} <= placement.quantized
    assert placement.reasons["loop"] == placement.reasons["total"] == layer.reason


@pytest.mark.parametrize("integer_ports", [False, True])
@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_branches_read_rounded_values_and_float_weights(
    target: str, integer_ports: bool, tmp_path: Path
) -> None:
    export = exported(loop_around_if(), exports.TARGETS[target], tmp_path, samples=4)
    rewritten = rewrite(export.ready, export.plan)
    if integer_ports:
        open_integer_ports(rewritten, export.plan)
    (path,) = save_model(rewritten.model, tmp_path / "written.onnx")
    onnx.checker.check_model(str(path), full_check=True)
    ports = ports_of(onnx.load(path), export.ready.network.float_ports)
    assert set(ports.inputs) == ({"x"} if integer_ports else set())
    types = export.plan.types
    for feed in export.feeds:
        signal = exports.run(export.source, feed)["total"]
        for optimized in (False, True):
            stored = exports.run(path, ports.feed(feed), optimized=optimized)
            noise = np.abs(ports.reals(stored)["total"] - signal)
            # Three turns: each adds values rounded by half a step, some through weights below 1.
            assert noise.max() < 12 * (types["x"].step + types["conv"].step)
    (loop,) = (node for node in onnx.load(path).graph.node if node.op_type == "Loop")
    inner = onnx.load(path).graph.initializer
    assert any(entry.name == "conv.weight" and entry.data_type == 1 for entry in inner)
    body = next(entry.g for entry in loop.attribute if entry.name == "body")
    assert not {"QuantizeLinear", "DequantizeLinear"} & {node.op_type for node in body.node}


@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_the_runtime_loads_what_a_branch_reads_behind_layers_that_move_values(
    target: str, tmp_path: Path
) -> None:
    """Without the second rounding, ONNX Runtime 1.32 ends the process."""
    b = Builder(61)
    conv = b.conv("x", "conv", (3, 3))
    twice = b.node("Transpose", [b.node("Transpose", [conv], "once")], "twice")
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(operator, [twice], [name], operator)],
            name,
            [],
            [value(name, TensorProto.FLOAT, None)],
        )
        for name, operator in (("then", "Neg"), ("else", "Abs"))
    }
    largest = b.node("ReduceMax", ["x"], "largest", keepdims=0)
    yes = b.node("Greater", [largest, b.constant("zero", 0.0)], "yes")
    b.nodes.append(helper.make_node("If", [yes], ["chosen"], "if", **branches))
    model = b.model({"x": (1, 3, 8, 8)}, {"chosen": (1, 3, 8, 8)})
    in_float = replace(exports.TARGETS[target], float_layers=frozenset({"once", "twice"}))
    export = exported(model, in_float, tmp_path, samples=1)
    (feed,) = export.feeds
    found, step = exports.run(export.path, feed)["chosen"], export.plan.types["conv"].step
    assert np.abs(found - exports.run(model, feed)["chosen"]).max() < 2 * step
    assert np.allclose(found / step, np.round(found / step), atol=1e-4)
