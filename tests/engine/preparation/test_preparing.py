"""Preparation gives a plainer network with the same function, and says all that it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from quantscope.core.errors import QuantscopeError
from quantscope.engine.model.opening import newest_opset, open_model
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import Builder

NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "conv_relu": models.conv_relu,
    "residual_net": models.residual_net,
    "old_style_net": models.old_style_net,
    "transformer_block": models.transformer_block,
    **{name: lambda name=name: models.operators_net(name) for name in models.OPERATORS},
}


def prepared_like(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """The prepared network, once it is shown to be the same from outside."""
    path = models.save(model, folder)
    before = path.read_bytes()
    file = open_model(path)
    ready = prepare(file)
    assert path.read_bytes() == before
    after = onnx.ModelProto.FromString(ready.serialized())
    onnx.checker.check_model(after, full_check=True)
    assert [name for name, _, _ in exports.ports(after)] == [
        name for name, _, _ in exports.ports(model)
    ]
    names = [node.name for node in after.graph.node]
    assert all(names)
    assert len(set(names)) == len(names)
    for feed in models.samples(model, 2):
        exact = exports.run(model, feed, optimized=False)
        for name, values in exports.run(after, feed, optimized=False).items():
            assert values.dtype == exact[name].dtype
            np.testing.assert_allclose(values, exact[name], rtol=1e-4, atol=1e-5)
    return after


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize("name", NETWORKS)
def test_that_preparation_keeps_the_function(name: str, tmp_path: Path) -> None:
    after = operators(prepared_like(NETWORKS[name](), tmp_path))
    assert not {"BatchNormalization", "Identity", "Dropout", "Constant"} & set(after)


def test_that_the_reference_evaluator_agrees_about_the_prepared_network(tmp_path: Path) -> None:
    model = models.residual_net()
    model.opset_import[0].version = 15  # the reference's older batch norm trains
    after = prepared_like(model, tmp_path)
    (feed,) = models.samples(model, 1)
    exact = ReferenceEvaluator(model).run(None, feed)
    for one, other in zip(ReferenceEvaluator(after).run(None, feed), exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_that_the_opened_file_stays_as_it_is(tmp_path: Path) -> None:
    file = open_model(models.save(models.residual_net(), tmp_path))
    nodes = [node.op_type for node in file.model.graph]
    first, second = prepare(file), prepare(file)
    assert [node.op_type for node in file.model.graph] == nodes
    assert first.serialized() == second.serialized()
    assert first.network == second.network


def test_that_every_change_is_told_by_name(tmp_path: Path) -> None:
    changes = exports.prepared(models.residual_net(), tmp_path).network.changes
    assert changes == tuple(f"Folded bn{i} (BatchNormalization) into conv{i}" for i in (1, 2, 3))
    changes = exports.prepared(models.old_style_net(), tmp_path).network.changes
    assert changes[0] == "Upgraded opset 8 to 13"
    assert any("Reshape" in change for change in changes)
    assert any("plus (Add) into conv" in change for change in changes)
    assert exports.prepared(models.conv_relu(), tmp_path).network.changes == ()


def pooled(b: Builder, x: str, opset: int) -> str:
    """Layers whose attributes became inputs as opsets went by; ends with 4 values a sample."""

    def moved(operator: str, x: str, first: int, **given: Sequence[int]) -> str:
        name = f"{operator.lower()}"
        if opset < first:
            return b.node(operator, [x], name, **given)
        kinds = [b.constant(f"{name}.{key}", value, np.int64) for key, value in given.items()]
        return b.node(operator, [x, *kinds], name)

    y = b.batch_norm(b.conv(x, "conv", (3, 4)), "norm", 4)
    if opset < 11:
        y = b.node("Clip", [y], "clip", min=0.0, max=6.0)
    else:
        y = b.clip(y, "clip", 0.0, 6.0)
    y = b.node("Dropout", [y], "dropout")
    if opset < 9:
        y = b.node("Upsample", [y], "up", scales=[1.0, 1.0, 2.0, 2.0], mode="nearest")
    elif opset < 10:
        y = b.node("Upsample", [y, b.constant("scales", [1, 1, 2, 2])], "up", mode="nearest")
    elif opset < 11:
        y = b.node("Resize", [y, b.constant("scales", [1, 1, 2, 2])], "up", mode="nearest")
    else:
        region = b.constant("region", []) if opset < 13 else ""
        y = b.node(
            "Resize",
            [y, region, b.constant("scales", [1, 1, 2, 2])],
            "up",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    y = moved("Slice", y, 10, starts=[1], ends=[7], axes=[2])
    y = moved("Pad", y, 11, pads=[0, 0, 1, 0, 0, 0, 1, 0])
    y = b.node("GlobalAveragePool", [y], "average")
    return moved("Squeeze", y, 13, axes=[2, 3])


def classifier(opset: int) -> onnx.ModelProto:
    b = Builder(3)
    y = pooled(b, "x", opset)
    bias = b.constant("gemm.bias", b.random.standard_normal(5))
    y = b.node("Gemm", [y, b.weight("gemm.weight", (4, 5), 4), bias], "gemm")
    b.node("Softmax", [y], "scores", axis=1)
    old = 3 if opset < 9 else 8
    return b.model({"x": (1, 3, 8, 8)}, {"scores": (1, 5)}, opset=opset, ir_version=old)


@pytest.mark.parametrize("opset", [*range(7, 14), 17, 18, 21, newest_opset()])
def test_that_every_opset_gives_the_same_layers(opset: int, tmp_path: Path) -> None:
    after = prepared_like(classifier(opset), tmp_path)
    assert [node.op_type for node in after.graph.node] == [
        *("Conv", "Clip", "Resize", "Slice", "Pad", "GlobalAveragePool"),
        *("Squeeze", "Gemm", "Softmax"),
    ]
    assert after.opset_import[0].version == max(opset, 13)


def old_network(node: onnx.NodeProto, opset: int, **weights: Sequence[float]) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    shape = [1, 4, 4, 4]
    inputs = [value("x", TensorProto.FLOAT, shape)]
    if "flag" in node.input:
        inputs.append(value("flag", TensorProto.BOOL, [1]))
    tensors = [
        numpy_helper.from_array(np.asarray(values, np.float32), name)
        for name, values in weights.items()
    ]
    graph = helper.make_graph([node], "old", inputs, [value("y", 1, shape)], tensors)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def choice(inner: onnx.NodeProto) -> onnx.NodeProto:
    """An If with ``inner`` (x to t) in one branch."""
    shape = [1, 4, 4, 4]
    value = helper.make_tensor_value_info
    other = helper.make_node("Neg", ["x"], ["e"], "negative")
    return helper.make_node(
        "If",
        ["flag"],
        ["y"],
        "choice",
        then_branch=helper.make_graph([inner], "then", [], [value("t", 1, shape)]),
        else_branch=helper.make_graph([other], "else", [], [value("e", 1, shape)]),
    )


def test_that_what_cannot_be_upgraded_is_refused_in_one_sentence(tmp_path: Path) -> None:
    inputs = ["x", "scale", "bias", "mean", "variance"]
    norm = helper.make_node("BatchNormalization", inputs, ["y"], "norm", spatial=0)
    each = np.ones((4, 4, 4))
    spatial = old_network(norm, 8, **dict.fromkeys(inputs[1:], each))
    clip = helper.make_node("Clip", ["x"], ["t"], "clip", min=0.0, max=1.0)
    for model, reason in ((spatial, "spatial"), (old_network(choice(clip), 8), "Clip in a sub")):
        path = models.save(model, tmp_path)
        with pytest.raises(QuantscopeError, match=reason) as caught:
            prepare(open_model(path))
        sentence = str(caught.value)
        assert sentence.startswith(f"{path}: cannot be upgraded from opset 8 to 13 (")
        assert "\n" not in sentence
        assert "/project" not in sentence


def test_that_branches_which_mean_the_same_are_upgraded(tmp_path: Path) -> None:
    inner = helper.make_node("MaxPool", ["x"], ["t"], "pool", kernel_shape=[1, 1])
    model = old_network(choice(inner), 9)
    ready = exports.prepared(model, tmp_path)
    feed = {"x": np.ones((1, 4, 4, 4), np.float32), "flag": np.array([True])}
    assert (exports.run(ready.serialized(), feed)["y"] == exports.run(model, feed)["y"]).all()


def test_that_a_network_of_other_operators_alone_is_upgraded(tmp_path: Path) -> None:
    node = helper.make_node("Gelu", ["x"], ["y"], "gelu", domain="com.microsoft")
    after = prepared_like(old_network(node, 11), tmp_path)
    assert {entry.domain: entry.version for entry in after.opset_import}["com.microsoft"] == 1


def test_that_functions_of_an_old_opset_are_upgraded_too(tmp_path: Path) -> None:
    clip = helper.make_node("Clip", ["a"], ["r"], "inner", min=0.0, max=1.0)
    imports = [helper.make_opsetid("", 9)]
    function = helper.make_function("mine", "Limit", ["a"], ["r"], [clip], imports)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Limit", ["x"], ["y"], "call", domain="mine")],
        "calls",
        [value("x", 1, [1, 3])],
        [value("y", 1, [1, 3])],
    )
    imports = [*imports, helper.make_opsetid("mine", 1)]
    model = helper.make_model(graph, functions=[function], opset_imports=imports, ir_version=8)
    after = prepared_like(model, tmp_path)
    assert operators(after) == {"Clip": 1}
    assert len(after.graph.node[0].input) == 3


def convolution(tail: Callable[[Builder, str], object], outputs: Sequence[str]) -> onnx.ModelProto:
    b = Builder(1)
    tail(b, b.conv("x", "conv", (4, 4)))
    shapes = dict.fromkeys(outputs, ("batch", 4, 8, 8))
    return b.model({"x": ("batch", 4, 8, 8)}, shapes)


@pytest.mark.parametrize("operator", ["Identity", "Dropout"])
def test_that_a_no_op_goes_and_a_network_output_keeps_its_name(
    operator: str, tmp_path: Path
) -> None:
    model = convolution(lambda b, y: b.node(operator, [y], "out"), ["out"])
    after = prepared_like(model, tmp_path)
    assert operators(after) == {"Conv": 1}
    assert exports.prepared(model, tmp_path).network.changes == (f"Removed 1 {operator}",)


def test_that_no_ops_inside_go(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        y = b.node("Dropout", [b.node("Identity", [y], "identity")], "dropout")
        b.node("Relu", [y], "out")

    assert operators(prepared_like(convolution(tail, ["out"]), tmp_path)) == {"Conv": 1, "Relu": 1}


def test_that_a_dropout_whose_mask_is_read_stays(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        b.nodes.append(helper.make_node("Dropout", [y], ["kept", "mask"], "dropout"))
        b.node("Cast", ["mask"], "out", to=TensorProto.FLOAT)

    prepared_like(convolution(tail, ["kept", "out"]), tmp_path)


@pytest.mark.parametrize(
    "outputs", [["one", "two"], ["two", "one"], ["conv", "one"], ["one", "conv", "two"]]
)
def test_that_outputs_with_the_same_values_keep_their_names(
    outputs: list[str], tmp_path: Path
) -> None:
    def tail(b: Builder, y: str) -> None:
        b.node("Identity", [y], "one")
        b.node("Identity", [y], "two")

    prepared_like(convolution(tail, outputs), tmp_path)


def test_that_inputs_and_constants_may_be_outputs(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        b.node("Identity", ["x"], "copy")
        b.node(
            "Expand",
            [b.constant("one", np.ones((1, 4, 8, 8))), b.constant("shape", [1, 4, 8, 8], np.int64)],
            "fixed",
        )

    prepared_like(convolution(tail, ["copy", "x", "fixed", "conv"]), tmp_path)


def test_that_a_network_output_read_inside_stays_one(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        b.node("Relu", [y], "out")

    prepared_like(convolution(tail, ["conv", "out"]), tmp_path)


def test_that_constant_nodes_become_parameters(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        tensor = numpy_helper.from_array(np.arange(4, dtype=np.float32).reshape(4, 1, 1))
        added = b.node("Add", [y, b.node("Constant", [], "added", value=tensor)], "sum")
        limits = [b.node("Constant", [], f"limit{v}", value_float=float(v)) for v in (0, 6)]
        b.node("Clip", [added, *limits], "out")

    model = convolution(tail, ["out"])
    assert operators(prepared_like(model, tmp_path)) == {"Conv": 1, "Clip": 1}
    (change, _) = exports.prepared(model, tmp_path).network.changes
    assert change == "Folded constants: removed 3 Constant"


def test_that_random_numbers_are_not_taken_for_constants(tmp_path: Path) -> None:
    b = Builder(1)
    noise = b.node("RandomNormal", [], "noise", shape=[1, 4, 8, 8], seed=1.0)
    b.node("Add", [b.conv("x", "conv", (3, 4)), noise], "out")
    model = b.model({"x": (1, 3, 8, 8)}, {"out": (1, 4, 8, 8)})
    ready = exports.prepared(model, tmp_path)
    assert "RandomNormal" in {layer.operator for layer in ready.network.layers}


def shared(second: str, name: str = "shared__3") -> onnx.ModelProto:
    """Three convolutions with one weight, and a value and a weight called as copies would be."""

    def tail(b: Builder, y: str) -> None:
        weight = b.constant("shared", 0.3 * b.random.standard_normal((4, 4, 1, 1)))
        own = b.constant(name, 0.3 * b.random.standard_normal((4, 4, 1, 1)))
        y = b.node("Conv", [y, weight], second)
        y = b.node("Conv", [b.node("Conv", [y, weight], "third"), weight], "fourth")
        b.batch_norm(b.node("Conv", [y, own], "fifth"), "out", 4)

    return convolution(tail, ["out"])


def test_that_readers_of_one_parameter_get_copies_of_their_own(tmp_path: Path) -> None:
    after = prepared_like(shared("shared__2"), tmp_path)
    weights = [node.input[1] for node in after.graph.node]
    assert len(set(weights)) == len(weights) == 5
    changes = exports.prepared(shared("shared__2"), tmp_path).network.changes
    assert changes[0] == "Copied shared parameters for 2 more readers"


def test_that_folding_into_one_reader_leaves_the_other_alone(tmp_path: Path) -> None:
    def tail(b: Builder, y: str) -> None:
        weight = b.constant("shared", 0.3 * b.random.standard_normal((4, 4, 1, 1)))
        norm = b.batch_norm(b.node("Conv", [y, weight], "one"), "norm", 4)
        b.node("Add", [norm, b.node("Conv", [y, weight], "two")], "out")

    after = prepared_like(convolution(tail, ["out"]), tmp_path)
    assert operators(after) == {"Conv": 3, "Add": 1}


def test_that_a_weight_that_is_given_out_stays_what_it_is(tmp_path: Path) -> None:
    b = Builder(1)
    b.batch_norm(b.conv("x", "conv", (3, 4)), "norm", 4)
    outputs = {"norm": ("batch", 4, 8, 8), "conv.weight": (4, 3, 3, 3)}
    after = prepared_like(b.model({"x": ("batch", 3, 8, 8)}, outputs), tmp_path)
    assert operators(after) == {"Conv": 1}


def branching(*, same_weight: bool) -> onnx.ModelProto:
    """An If whose branches read a value, and perhaps a weight, of the graph around them."""
    b = Builder(1)
    weight = b.constant("weight", 0.3 * b.random.standard_normal((3, 3, 1, 1)))
    y = b.node("Conv", ["x", weight], "conv")
    relu = b.node("Relu", [y], "relu")
    mean = b.node("ReduceMean", ["x"], "mean", keepdims=0)
    b.node("Greater", [mean, b.constant("zero", 0.0)], "positive")
    value = helper.make_tensor_value_info
    nodes = {"then": helper.make_node("Conv", [y, weight], ["then"], "inner")}
    nodes["else"] = helper.make_node("Neg", [y], ["else"], "negative")
    if not same_weight:
        nodes["then"] = helper.make_node("Abs", [y], ["then"], "inner")
    graphs = {
        f"{name}_branch": helper.make_graph([node], name, [], [value(name, 1, None)])
        for name, node in nodes.items()
    }
    b.nodes.append(helper.make_node("If", ["positive"], ["branch"], "if", **graphs))
    b.node("Add", ["branch", b.node("Conv", [relu, weight], "last")], "out")
    return b.model({"x": ("batch", 3, 8, 8)}, {"out": ("batch", 3, 8, 8)})


@pytest.mark.parametrize("same_weight", [False, True])
def test_that_subgraphs_keep_what_they_read(same_weight: bool, tmp_path: Path) -> None:
    after = prepared_like(branching(same_weight=same_weight), tmp_path)
    weights = [node.input[1] for node in after.graph.node if node.op_type == "Conv"]
    assert len(set(weights)) == 2


def with_functions() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Conv", ["a", "w"], ["c"], "inner", pads=[1] * 4, kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"], "bend"),
    ]
    imports = [helper.make_opsetid("", 13)]
    block = helper.make_function("mine", "Block", ["a", "w"], ["r"], nodes, imports)
    b = Builder(1)
    weight = b.weight("weight", (3, 3, 3, 3), 27)
    b.node(
        "Block",
        [b.node("Block", ["x", weight], "one", domain="mine"), weight],
        "two",
        domain="mine",
    )
    value = helper.make_tensor_value_info
    shape = ("batch", 3, 8, 8)
    graph = helper.make_graph(
        b.nodes, "calls", [value("x", 1, shape)], [value("two", 1, shape)], b.weights
    )
    imports = [*imports, helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, functions=[block], opset_imports=imports, ir_version=8)


def test_that_local_functions_are_inlined(tmp_path: Path) -> None:
    after = prepared_like(with_functions(), tmp_path)
    assert operators(after) == {"Conv": 2, "Relu": 2}
    assert not after.functions
    changes = exports.prepared(with_functions(), tmp_path).network.changes
    assert changes[0] == "Inlined 1 local functions"


def test_that_nodes_without_names_or_with_one_name_are_told_apart(tmp_path: Path) -> None:
    model = models.residual_net()
    for node in model.graph.node:
        node.name = ""
    prepared_like(model, tmp_path)
    for node in model.graph.node:
        node.name = "same"
    names = [layer.name for layer in exports.prepared(model, tmp_path).network.layers]
    assert len(set(names)) == len(names)


def test_that_external_data_is_read_from_beside_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    model = classifier(12)
    (feed,) = models.samples(model, 1)
    exact = exports.run(model, feed)["scores"]
    onnx.save(
        model,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="model.data",
        size_threshold=0,
    )
    ready = prepare(open_model(folder / "model.onnx"))
    assert ready.files == (folder / "model.onnx", folder / "model.data")
    np.testing.assert_allclose(
        exports.run(ready.serialized(), feed)["scores"], exact, rtol=1e-4, atol=1e-6
    )
