"""A description leaves nothing unsaid: each layer and tensor may be quantized, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from quantscope.core.networks.network import LayerKind, Network, Role
from quantscope.core.planning.placement import place
from quantscope.engine.preparation.description import loggable
from tests.engine import exports, models
from tests.engine.models import Builder
from tests.engine.preparation.test_preparing import NETWORKS, branching

FLOATS = {"float32", "float16", "bfloat16", "float64"}


def described(model: onnx.ModelProto, folder: Path) -> Network:
    return exports.prepared(model, folder).network


def check_complete(network: Network) -> None:
    """What must hold for every description."""
    labels = [layer.label for layer in network.layers]
    names = [layer.name for layer in network.layers]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    assert len(set(names)) == len(names)
    placement = place(network)
    for layer in network.layers:
        if layer.kind is LayerKind.FLOAT:
            assert layer.reason, layer.name
        if layer.kind is not LayerKind.INPUT:
            assert (layer.name in placement.layers) != bool(placement.reasons.get(layer.name))
        for name in (*layer.tensors, *layer.inputs):
            assert name in network.tensors, (layer.name, name)
        for name in layer.tensors:
            assert network.tensors[name].layer == layer.name
    for name, tensor in network.tensors.items():
        if tensor.dtype != "float32":
            assert tensor.reason, name
        is_typed = name in placement.quantized or (
            tensor.role in (Role.WEIGHTS, Role.BIAS)
            and not tensor.reason
            and tensor.layer in placement.layers
        )
        if name not in names:  # a layer's reason stands under the same name
            assert is_typed != bool(placement.reasons.get(name)), name


def check_against_the_runtime(model: onnx.ModelProto, folder: Path) -> None:
    """Types and ranks of activations are those that a run gives."""
    ready = exports.prepared(model, folder)
    network = ready.network
    names = list(loggable(network))
    inputs = {port.name for port in network.inputs}
    proto = onnx.ModelProto.FromString(ready.serialized())
    tapped = exports.with_outputs(proto, [name for name in names if name not in inputs])
    (feed,) = models.samples(model, 1)
    for name, values in exports.run(tapped, feed, optimized=False).items():
        if name in names:
            tensor = network.tensors[name]
            assert tensor.dtype == str(values.dtype)
            assert len(tensor.shape) in (0, values.ndim)
            for known, size in zip(tensor.shape, values.shape, strict=bool(tensor.shape)):
                assert isinstance(known, str) or known == size


@pytest.mark.parametrize("name", NETWORKS)
def test_that_every_layer_and_tensor_is_quantizable_or_says_why_not(
    name: str, tmp_path: Path
) -> None:
    model = NETWORKS[name]()
    check_complete(described(model, tmp_path))
    check_against_the_runtime(model, tmp_path)


def test_that_layers_of_the_residual_net_have_their_kinds(tmp_path: Path) -> None:
    network = described(models.residual_net(), tmp_path)
    kinds = {layer.label: layer.kind for layer in network.layers}
    weighted = {label for label, kind in kinds.items() if kind is LayerKind.WEIGHTED}
    assert weighted == {"conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "gemm"}
    assert kinds["x"] is LayerKind.INPUT
    assert kinds["add"] is LayerKind.FOLLOWER
    assert kinds["concat"] is LayerKind.CONCAT
    assert kinds["pool"] is LayerKind.PASS_THROUGH
    assert kinds["relu6"] is LayerKind.RECTIFIER
    axes = {n: t.channel_axis for n, t in network.tensors.items() if t.role is Role.WEIGHTS}
    assert set(axes.values()) == {0}
    assert network.inputs[0].shape == ("batch", 3, 16, 16)
    assert (network.name, network.opset) == ("model", 13)


def product(right_first: bool, second: str) -> onnx.ModelProto:
    b = Builder(2)
    factors = {
        "weights": lambda: b.weight("weight", (8, 8), 8),
        "activation": lambda: b.node("Transpose", ["x"], "turned", perm=[0, 2, 1]),
        "computed": lambda: b.node(
            "Mul",
            [b.weight("weight", (8, 8), 8), b.node("ReduceMean", ["x"], "m", keepdims=0)],
            "made",
        ),
    }
    pair = ["x", factors[second]()]
    b.node("MatMul", pair[::-1] if right_first else pair, "product")
    return b.model({"x": (1, 8, 8)}, {"product": (1, 8, 8)})


@pytest.mark.parametrize(
    ("right_first", "second", "kind"),
    [
        (False, "weights", LayerKind.WEIGHTED),
        (True, "weights", LayerKind.PRODUCT),
        (False, "activation", LayerKind.PRODUCT),
        (False, "computed", LayerKind.PRODUCT),
    ],
)
def test_that_a_product_without_fixed_weights_on_the_right_has_two_operands(
    right_first: bool, second: str, kind: LayerKind, tmp_path: Path
) -> None:
    network = described(product(right_first, second), tmp_path)
    check_complete(network)
    layer = network.layer("product")
    assert layer.kind is kind
    assert len(layer.inputs) + len(layer.constants) == (1 if kind is LayerKind.WEIGHTED else 2)
    assert "product" in place(network).layers


def test_that_computed_weights_and_biases_keep_a_convolution_in_float(tmp_path: Path) -> None:
    b = Builder(3)
    mean = b.node("ReduceMean", ["x"], "mean", keepdims=0)
    weight = b.node("Mul", [b.weight("weight", (4, 3, 3, 3), 27), mean], "made")
    b.node("Conv", ["x", weight], "first")
    bias = b.node("Mul", [b.constant("bias", np.ones(4)), mean], "offset")
    b.node("Conv", ["x", b.weight("other", (4, 3, 3, 3), 27), bias], "second")
    b.node("Add", ["first", "second"], "out")
    network = described(b.model({"x": (1, 3, 8, 8)}, {"out": (1, 4, 6, 6)}), tmp_path)
    check_complete(network)
    assert "weights are computed" in network.layer("first").reason
    assert "bias is computed" in network.layer("second").reason


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_that_layers_of_other_float_types_stay_and_are_still_logged(
    kind: int, tmp_path: Path
) -> None:
    b = Builder(4)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    conv = b.conv("x", "before", (3, 4))
    weight = b.constant("weight", b.random.standard_normal((4, 4, 1, 1)), dtype.type)
    inside = b.node("Conv", [b.node("Cast", [conv], "down", to=kind), weight], "inside")
    b.conv(b.node("Cast", [inside], "up", to=TensorProto.FLOAT), "after", (4, 2))
    model = b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 8, 8)})
    network = described(model, tmp_path)
    check_complete(network)
    assert str(dtype) in network.layer("inside").reason
    assert {"down", "inside"} <= set(loggable(network))
    assert "inside" not in set(loggable(network, only_quantized=True))


def test_that_integer_tensors_are_not_logged_and_say_so(tmp_path: Path) -> None:
    network = described(models.transformer_block(), tmp_path)
    assert "int64" in network.tensors["ids"].reason
    assert "ids" not in set(loggable(network))
    b = Builder(5)
    shape = b.node("Shape", [b.conv("x", "conv", (3, 4))], "shape")
    b.node("Reshape", ["conv", b.node("Identity", [shape], "same")], "out")
    dynamic = b.model({"x": ("batch", 3, "h", "w")}, {"out": ("batch", 4, "h", "w")})
    network = described(dynamic, tmp_path)
    check_complete(network)
    assert "shape" not in set(loggable(network))


def test_that_the_indices_of_a_pool_have_no_part_in_its_type(tmp_path: Path) -> None:
    b = Builder(6)
    y = b.conv("x", "conv", (3, 4))
    size = {"kernel_shape": [2, 2], "strides": [2, 2]}
    b.nodes.append(helper.make_node("MaxPool", [y], ["pool", "places"], "pool", **size))
    b.conv(b.node("MaxUnpool", ["pool", "places"], "unpool", **size), "after", (4, 2))
    model = b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 8, 8)})
    network = described(model, tmp_path)
    check_complete(network)
    assert network.layer("pool").kind is LayerKind.PASS_THROUGH
    assert network.layer("pool").outputs == ("pool",)
    group = place(network).group_of("pool")
    assert group is not None and set(group.members) == {"conv", "pool"}


def test_that_a_branch_stays_float_and_counts_as_a_reader(tmp_path: Path) -> None:
    network = described(branching(same_weight=False), tmp_path)
    check_complete(network)
    layer = network.layer("if")
    assert "subgraph" in layer.reason
    assert "conv" in layer.inputs
    assert "relu" not in place(network).fused  # the branch sees what the Relu cuts off


def test_that_a_loop_is_described(tmp_path: Path) -> None:
    b = Builder(7)
    y = b.conv("x", "conv", (3, 4))
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["again"], "again"),
            helper.make_node("Add", ["state", y], ["next"], "add"),
        ],
        "body",
        [value("turn", 7, []), value("more", 9, []), value("state", 1, None)],
        [value("again", 9, []), value("next", 1, None)],
    )
    count, go_on = b.constant("count", 3, np.int64), b.constant("go_on", True, np.bool_)
    b.nodes.append(helper.make_node("Loop", [count, go_on, y], ["sum"], "loop", body=body))
    b.conv("sum", "after", (4, 2))
    model = b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 8, 8)})
    network = described(model, tmp_path)
    check_complete(network)
    assert "subgraph" in network.layer("loop").reason
    assert network.layer("loop").inputs == ("conv",)


def test_that_operators_of_other_domains_say_which(tmp_path: Path) -> None:
    b = Builder(8)
    y = b.conv("x", "conv", (3, 4))
    b.nodes.append(helper.make_node("Gelu", [y], ["gelu"], "gelu", domain="com.microsoft"))
    b.conv("gelu", "after", (4, 2))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        b.nodes,
        "other",
        [value("x", 1, [1, 3, 8, 8])],
        [value("after", 1, [1, 2, 8, 8])],
        b.weights,
    )
    imports = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    network = described(model, tmp_path)
    check_complete(network)
    assert "com.microsoft.Gelu" in network.layer("gelu").reason


def test_that_constants_of_a_follower_are_tensors_of_their_own(tmp_path: Path) -> None:
    b = Builder(9)
    factor = b.constant("factor", b.random.uniform(0.5, 1.5, (4, 1, 1)))
    y = b.node("Mul", [factor, b.conv("x", "conv", (3, 4))], "mul")
    b.conv(y, "after", (4, 2))
    network = described(b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 8, 8)}), tmp_path)
    check_complete(network)
    layer = network.layer("mul")
    assert (layer.inputs, layer.constants) == (("conv",), ("factor",))
    assert network.tensors["factor"].role is Role.CONSTANT
    assert place(network).group_of("factor") is not None


def test_that_a_table_counts_once_for_all_layers_that_look_it_up(tmp_path: Path) -> None:
    b = Builder(9)
    table, rows = b.constant("table", np.ones((7, 4))), b.constant("rows", [0, 1], np.int64)
    first = b.node("Gather", [table, "x"], "first")
    second = b.node("Gather", [table, rows], "second")
    b.node("Add", [first, second], "sum")
    model = b.model({"x": (2,)}, {"sum": (2, 4)}, dtype=TensorProto.INT64)
    network = described(model, tmp_path)
    check_complete(network)
    counted = {layer.name: layer.float_parameters for layer in network.layers}
    assert counted["first"] == 28
    assert sum(counted.values()) == 28


@pytest.mark.parametrize("extreme", [-3.4e38, -np.inf, np.nan])
def test_that_an_operand_of_extremes_keeps_its_layer_in_float(
    extreme: float, tmp_path: Path
) -> None:
    b = Builder(9)
    mask = b.constant("mask", [0.0, 0.0, extreme, 0.0, 0.0, 0.0, 0.0, 0.0])
    b.node("Add", [b.conv("x", "conv", (3, 4)), mask], "masked")
    network = described(b.model({"x": (1, 3, 8, 8)}, {"masked": (1, 4, 8, 8)}), tmp_path)
    check_complete(network)
    assert network.layer("masked").kind is LayerKind.FLOAT
    assert "mask of extremes" in network.layer("masked").reason


AXES: list[tuple[str, Callable[[Builder], object], int | None]] = [
    ("Conv", lambda b: b.conv("x", "layer", (4, 6)), 0),
    (
        "ConvTranspose",
        lambda b: b.node("ConvTranspose", ["x", b.weight("w", (4, 6, 3, 3), 9)], "layer"),
        1,
    ),
    (
        "ConvTranspose in groups",
        lambda b: b.node("ConvTranspose", ["x", b.weight("w", (4, 3, 3, 3), 9)], "layer", group=2),
        None,
    ),
    ("MatMul", lambda b: b.node("MatMul", ["x", b.weight("w", (8, 6), 8)], "layer"), 1),
    (
        "MatMul with a weight for each row",
        lambda b: b.node("MatMul", ["x", b.weight("w", (4, 8, 6), 8)], "layer"),
        None,
    ),
    (
        "MatMul with a vector",
        lambda b: b.node("MatMul", ["x", b.weight("w", (8,), 8)], "layer"),
        None,
    ),
]


@pytest.mark.parametrize(("name", "build", "axis"), AXES, ids=[row[0] for row in AXES])
def test_that_the_axis_of_output_channels_is_found(
    name: str, build: Callable[[Builder], object], axis: int | None, tmp_path: Path
) -> None:
    b = Builder(10)
    build(b)
    rank = 3 if "vector" in name else 4
    model = b.model({"x": (1, 4, 8, 8)}, {"layer": [None] * rank})
    network = described(model, tmp_path)
    weights = network.layer("layer").weights
    assert weights is not None
    assert network.tensors[weights].channel_axis == axis


def test_that_only_what_is_rounded_is_logged_on_request(tmp_path: Path) -> None:
    network = described(models.residual_net(), tmp_path)
    every, quantized = set(loggable(network)), set(loggable(network, only_quantized=True))
    sources = {name for group in place(network).groups for name in group.sources}
    assert quantized == sources
    assert every > quantized
    assert "pool" in every - quantized
