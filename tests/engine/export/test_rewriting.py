"""The written file holds exactly the plan's types, and the runtime runs it in integers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.numbers.rounding import Ties
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export import rewriting
from quantscope.engine.export.rewriting import rewrite, saturation_does_the_same
from quantscope.engine.writing import save_model
from tests.engine import exports, models
from tests.engine.exports import FIXED, RUNTIME, Export, exported
from tests.engine.models import Builder
from tests.engine.preparation.test_preparing import NETWORKS, branching

Array = npt.NDArray[Any]
SETTINGS = {
    "fixed-point 8": FIXED,
    "fixed-point 8 histogram": replace(FIXED, scheme=Scheme.HISTOGRAM),
    "fixed-point 16": replace(FIXED, word_length=16, bias_word_length=32),
    "onnxruntime 8": RUNTIME,
    "onnxruntime 8 histogram": replace(RUNTIME, scheme=Scheme.HISTOGRAM),
    "onnxruntime 16": replace(RUNTIME, word_length=16),
}
LEAST_SQNR = {8: 18.0, 16: 45.0}  # dB at the output; 8 bits lose some 6 dB with powers of two
FLOAT_PRODUCTS = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulNBits"}
KINDS = {
    (8, True): np.int8,
    (8, False): np.uint8,
    (16, True): np.int16,
    (16, False): np.uint16,
    (32, True): np.int32,
}


# ---- what is in the file ---------------------------------------------------------------------


def grid_of(export: Export, stored: str) -> tuple[Array, Array, int | None]:
    """Scale, zero point and axis of the DequantizeLinear that reads ``stored``."""
    constants = export.constants()
    (node,) = (
        node
        for node in export.model.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] == stored
    )
    axis = next((entry.i for entry in node.attribute if entry.name == "axis"), None)
    return constants[node.input[1]], constants[node.input[2]], axis


def check_grid(export: Export, stored: str, data_type: DataType) -> None:
    scale, zero_point, axis = grid_of(export, stored)
    if isinstance(data_type, ChannelScaled):
        assert scale.tobytes() == np.asarray(data_type.scales, np.float32).tobytes()
        assert axis == data_type.axis
    else:
        assert scale.shape == ()
        assert scale.tobytes() == np.float32(data_type.step).tobytes()
    assert zero_point.dtype == KINDS[data_type.word_length, data_type.signed]
    assert zero_point.shape == scale.shape
    assert (zero_point == data_type.zero_point).all()


def stored_like(data_type: DataType, role: Role, values: Array) -> DataType:
    """The type in the file: a fixed operand without negative values is stored as uint8."""
    is_signed_byte = isinstance(data_type, FixedPoint | Scaled) and data_type.word_length == 8
    if role is Role.CONSTANT and is_signed_byte and data_type.signed and values.min() >= 0:
        return replace(data_type, signed=False)
    return data_type


def away(values: Array) -> Array:
    """The nearest whole numbers, ties away from zero."""
    return np.sign(values) * np.floor(np.abs(values) + 0.5)


def check_parameters(export: Export) -> None:
    """Weights, constants and biases against integers computed here."""
    constants, plan = export.constants(), export.plan
    for name, tensor in export.ready.network.tensors.items():
        if name not in plan.types or tensor.role is Role.ACTIVATION:
            continue
        stored = export.rewritten.parameters[name]
        values = export.ready.parameters[name].astype(np.float64)
        scale, zero_point, axis = grid_of(export, stored)
        if tensor.role is Role.BIAS:
            check_bias(export, name, constants[stored], scale)
            continue
        check_grid(export, stored, stored_like(plan.types[name], tensor.role, values))
        steps = scale.astype(np.float64)
        if axis is not None and scale.ndim:
            steps = steps.reshape([-1 if i == axis else 1 for i in range(values.ndim)])
        low, high = plan.types[name].limits
        expected = np.clip(away(values / steps) + zero_point.astype(np.int64).flat[0], low, high)
        assert (constants[stored] == expected).all(), name


def check_bias(export: Export, name: str, stored: Array, scale: Array) -> None:
    network, plan = export.ready.network, export.plan
    layer = network.layer_of(name)
    assert layer.weights is not None
    assert stored.dtype == np.int32
    weight_scale = grid_of(export, export.rewritten.parameters[layer.weights])[0]
    step = plan.types[layer.inputs[0]].step
    product = (weight_scale.astype(np.float64) * step).astype(np.float32)
    assert scale.shape == weight_scale.shape
    assert (scale == product).all()
    reals = stored.astype(np.float64) * scale.astype(np.float64)
    planned = plan.types[name]
    np.testing.assert_array_equal(reals, planned.cast(export.ready.parameters[name]))
    if isinstance(planned, FixedPoint) and plan.settings.bias_word_length == 8:
        assert np.unique(np.abs(reals) / planned.step).max(initial=0) <= 128


def check_activations(export: Export) -> None:
    plan, stored = export.plan, export.rewritten.stored
    makers = {node.output[0]: node for node in export.model.graph.node}
    for group in plan.placement.groups:
        grids = set()
        for name in group.members:
            if name in export.ready.parameters:
                continue
            maker = makers[stored[name]]
            assert maker.op_type == "QuantizeLinear"
            constants = export.constants()
            scale, zero_point = constants[maker.input[1]], constants[maker.input[2]]
            data_type = plan.types[name]
            assert scale.tobytes() == np.float32(data_type.step).tobytes()
            assert zero_point.dtype == KINDS[data_type.word_length, data_type.signed]
            assert int(zero_point) == data_type.zero_point
            grids.add((scale.tobytes(), zero_point.tobytes()))
        assert len(grids) <= 1


def check_powers_of_two(export: Export) -> None:
    constants = export.constants()
    for node in export.model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            mantissa, _ = np.frexp(constants[node.input[1]])
            assert (mantissa == 0.5).all()
            assert (constants[node.input[2]] == 0).all()


def check_outside(export: Export) -> None:
    """Names and shapes stay, the checker is content, and both ways to run it agree."""
    onnx.checker.check_model(str(export.path), full_check=True)
    inputs = len(export.model.graph.input)
    found, given = exports.ports(export.model), exports.ports(export.source)
    assert found[:inputs] == given[:inputs]
    for (name, kind, shape), (old_name, old_kind, old_shape) in zip(found, given, strict=True):
        assert (name, kind) == (old_name, old_kind)
        assert exports.fits(shape, old_shape)
    feed = export.feeds[0]
    fast = exports.run(export.path, feed)
    slow = exports.run(export.path, feed, optimized=False)
    for name, values in slow.items():
        if name in export.plan.types:
            steps = np.abs(fast[name] - values).max(initial=0) / export.plan.types[name].step
            assert steps < 2.01, name


def check_all(export: Export) -> None:
    check_outside(export)
    check_parameters(export)
    check_activations(export)
    if export.plan.settings.target == "fixed-point":
        check_powers_of_two(export)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", NETWORKS)
def test_that_the_file_holds_the_planned_types(name: str, settings: str, tmp_path: Path) -> None:
    export = exported(NETWORKS[name](), SETTINGS[settings], tmp_path, samples=2)
    check_all(export)
    word = SETTINGS[settings].word_length
    assert min(export.sqnr().values()) > LEAST_SQNR[word]
    if word == 16:
        assert export.model.opset_import[0].version == 21
        assert export.model.ir_version >= 10
    else:
        assert export.model.opset_import[0].version == export.ready.network.opset


# ---- what the runtime makes of it ------------------------------------------------------------


def inverted_residual() -> onnx.ModelProto:
    """As in MobileNetV2: a linear bottleneck is read by a convolution and by an Add."""
    b = Builder(20)
    narrow = b.conv("x", "stem", (3, 8))
    for block in (1, 2):
        wide = b.batch_norm(b.conv(narrow, f"expand{block}", (8, 16), kernel=1), f"n{block}", 16)
        wide = b.clip(wide, f"limit{block}", 0.0, 6.0)
        wide = b.conv(wide, f"depthwise{block}", (16, 16), group=16)
        wide = b.clip(wide, f"bound{block}", 0.0, 6.0)
        back = b.conv(wide, f"project{block}", (16, 8), kernel=1)
        narrow = b.node("Add", [back, narrow], f"sum{block}")
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [narrow], "average")], "flat")
    b.node("Gemm", [flat, b.weight("w", (8, 5), 8), b.constant("b", np.ones(5))], "scores")
    return b.model({"x": ("batch", 3, 8, 8)}, {"scores": ("batch", 5)})


def dense_block() -> onnx.ModelProto:
    """Concat of branches, read again by Concat and by convolutions; it is an output as well."""
    b = Builder(21)
    first = b.conv("x", "first", (3, 4))
    second = b.node("Relu", [b.conv(first, "second", (4, 4))], "bend")
    joined = b.node("Concat", [first, second], "joined", axis=1)
    third = b.node("Relu", [b.conv(joined, "third", (8, 4))], "bow")
    more = b.node("Concat", [joined, third], "more", axis=1)
    b.conv(more, "last", (12, 2))
    shape = ("batch", 2, 8, 8)
    return b.model({"x": ("batch", 3, 8, 8)}, {"last": shape, "joined": ("batch", 8, 8, 8)})


def outputs_read_inside() -> onnx.ModelProto:
    """A convolution and a Gemm whose results are outputs, and read by others too."""
    b = Builder(22)
    conv = b.conv("x", "conv", (3, 4))
    pool = b.node("MaxPool", [b.node("Relu", [conv], "relu")], "pool", kernel_shape=[2, 2])
    b.conv(pool, "left", (4, 3))
    b.conv(pool, "right", (4, 3))
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [conv], "average")], "flat")
    b.node("Gemm", [flat, b.weight("w", (4, 6), 4), b.constant("b", np.ones(6))], "scores")
    heads = [b.node("Gemm", ["scores", b.weight(f"w{i}", (6, 3), 6)], f"head{i}") for i in range(4)]
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(heads, ("batch", 3))
    shapes |= {"scores": ("batch", 6), "conv": ("batch", 4, 8, 8)}
    shapes |= dict.fromkeys(("left", "right"), ("batch", 3, 7, 7))
    return b.model({"x": ("batch", 3, 8, 8)}, shapes)


def sequence(opset: int) -> onnx.ModelProto:
    b = Builder(23)
    y = b.linear(b.linear("x", "first", (6, 8)), "second", (8, 4))
    return b.model({"x": ("batch", 7, 6)}, {y: ("batch", 7, 4)}, opset=opset, ir_version=10)


def one_dimensional() -> onnx.ModelProto:
    b = Builder(24)
    weight, bias = b.weight("weight", (4, 3, 3), 9), b.constant("bias", np.linspace(-1, 1, 4))
    y = b.node("Relu", [b.node("Conv", ["x", weight, bias], "conv")], "relu")
    y = b.node("MaxPool", [y], "pool", kernel_shape=[2])
    return b.model({"x": ("batch", 3, 12)}, {y: ("batch", 4, 9)})


def split() -> onnx.ModelProto:
    b = Builder(25)
    y = b.conv("x", "conv", (3, 4))
    b.nodes.append(helper.make_node("Split", [y], ["upper", "lower"], "split", axis=1))
    b.node("Add", [b.conv("upper", "left", (2, 2)), b.conv("lower", "right", (2, 2))], "sum")
    return b.model({"x": ("batch", 3, 8, 8)}, {"sum": ("batch", 2, 8, 8)})


INTEGER_NETS: dict[str, Callable[[], onnx.ModelProto]] = {
    "conv_relu": models.conv_relu,
    "residual_net": models.residual_net,
    "old_style_net": models.old_style_net,
    "inverted_residual": inverted_residual,
    "dense_block": dense_block,
    "outputs_read_inside": outputs_read_inside,
    "sequence": lambda: sequence(13),
    "sequence at opset 21": lambda: sequence(21),
    "one_dimensional": one_dimensional,
    "split": split,
}


@pytest.mark.parametrize("scheme", [Scheme.MINMAX, Scheme.HISTOGRAM])
@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("name", INTEGER_NETS)
def test_that_no_product_is_left_in_float(
    name: str, target: str, scheme: Scheme, tmp_path: Path
) -> None:
    settings = replace(exports.TARGETS[target], scheme=scheme)
    export = exported(INTEGER_NETS[name](), settings, tmp_path, samples=2)
    check_all(export)
    assert min(export.sqnr().values()) > LEAST_SQNR[8]
    operators = export.optimized_operators()
    assert not FLOAT_PRODUCTS & set(operators)
    weighted = [layer for layer in export.ready.network.layers if layer.weights]
    kernels = ("QLinearConv", "QGemm", "QLinearMatMul", "MatMulIntegerToFloat")
    assert sum(operators[kernel] for kernel in kernels) == len(weighted)
    assert not {"Concat", "GlobalAveragePool", "AveragePool"} & set(operators)
    biases = [layer for layer in weighted if layer.bias in export.plan.placement.reasons]
    assert operators["Add"] == len(biases)  # of sequences: added in float to an integer product
    if target == "onnxruntime" and name != "dense_block":  # where a Concat ties unlike ranges
        assert operators["Relu"] == 0


@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_products_of_a_transformer_run_in_integers(target: str, tmp_path: Path) -> None:
    export = exported(models.transformer_block(), exports.TARGETS[target], tmp_path)
    operators = export.optimized_operators()
    weighted = [layer for layer in export.ready.network.layers if layer.weights]
    integer = operators["MatMulIntegerToFloat"] + operators["QLinearMatMul"]
    assert len(weighted) <= integer <= len(weighted) + 2  # the runtime may take others along
    assert operators["MatMul"] + operators["FusedMatMul"] + integer == len(weighted) + 2


def test_that_integer_kernels_and_float_simulation_agree_for_powers_of_two(
    tmp_path: Path,
) -> None:
    """All sums are exact in float32 then, so that nothing may differ at all."""
    export = exported(inverted_residual(), FIXED, tmp_path, samples=4)
    for feed in export.feeds:
        fast = exports.run(export.path, feed)["scores"]
        slow = exports.run(export.path, feed, optimized=False)["scores"]
        np.testing.assert_array_equal(fast, slow)


# ---- a whole network in numpy ----------------------------------------------------------------


def small_net() -> onnx.ModelProto:
    b = Builder(30)
    y = b.node("Relu", [b.conv("x", "conv", (3, 4))], "relu")
    flat = b.node("Flatten", [b.node("MaxPool", [y], "pool", kernel_shape=[6, 6])], "flat")
    weight, bias = b.weight("w", (4, 5), 4), b.constant("b", b.random.standard_normal(5))
    b.node("Gemm", [flat, weight, bias], "gemm")
    return b.model({"x": (1, 3, 6, 6)}, {"gemm": (1, 5)})


def to_integers(values: Array, data_type: DataType) -> Array:
    """QuantizeLinear: a float32 quotient, ties to even, saturation."""
    quotient = np.rint(values.astype(np.float32) / np.float32(data_type.step))
    low, high = data_type.limits
    return np.clip(quotient.astype(np.int64) + data_type.zero_point, low, high)


def simulated(export: Export, x: Array) -> Array:
    """``small_net`` in whole numbers, from the integers in the file."""
    constants, types = export.constants(), export.plan.types
    stored = {
        name: constants[key].astype(np.int64) for name, key in export.rewritten.parameters.items()
    }

    def layer(acc: Array, source: str, weights: str, output: str, axis: int) -> Array:
        scale = grid_of(export, export.rewritten.parameters[weights])[0].astype(np.float64)
        if scale.ndim:
            scale = scale.reshape([-1 if i == axis else 1 for i in range(acc.ndim)])
        return to_integers(acc * (scale * types[source].step), types[output])

    padded = np.zeros((3, 8, 8), np.int64)
    padded[:, 1:7, 1:7] = to_integers(x[0], types["x"]) - types["x"].zero_point
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    acc = np.einsum("cyxij,ocij->oyx", windows, stored["conv.weight"])
    acc += stored["conv.bias"][:, None, None]
    hidden = layer(acc, "x", "conv.weight", "relu", 0)
    hidden = np.maximum(hidden, types["relu"].zero_point)
    flat = hidden.max(axis=(1, 2)) - types["relu"].zero_point
    acc = (flat @ stored["w"] + stored["b"])[None]
    result = layer(acc, "relu", "w", "gemm", 1)
    return (result - types["gemm"].zero_point) * types["gemm"].step


@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_a_network_in_whole_numbers_gives_what_the_runtime_gives(
    target: str, tmp_path: Path
) -> None:
    export = exported(small_net(), exports.TARGETS[target], tmp_path, samples=12)
    step = export.plan.types["gemm"].step
    off = []
    for feed in export.feeds:
        expected = simulated(export, feed["x"])
        for optimized in (False, True):
            seen = exports.run(export.path, feed, optimized=optimized)["gemm"]
            off.append(np.abs(np.rint((seen - expected) / step)).max())
    if target == "fixed-point":
        assert max(off) == 0  # every sum is exact in float32
    assert max(off) <= 1
    assert np.mean(off) < 0.1


# ---- Relu and Clip ---------------------------------------------------------------------------


def limits(low: float, high: float) -> onnx.ModelProto:
    """Convolutions each followed by what may be saturation."""
    b = Builder(31)
    y = b.node("Relu", [b.conv("x", "conv1", (3, 4))], "relu")
    y = b.clip(b.conv(y, "conv2", (4, 4)), "clip", low, high)
    y = b.node("Add", [y, b.conv("x", "conv3", (3, 4))], "add")
    b.conv(b.node("Relu", [y], "bend"), "conv4", (4, 2))
    return b.model({"x": (1, 3, 8, 8)}, {"conv4": (1, 2, 8, 8)})


@pytest.mark.parametrize("bounds", [(0.0, 6.0), (-0.5, 0.5), (0.25, 1.0), (0.0, 0.01)])
@pytest.mark.parametrize("settings", SETTINGS)
def test_that_a_removed_relu_or_clip_changes_no_bit(
    settings: str,
    bounds: tuple[float, float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = exported(limits(*bounds), SETTINGS[settings], tmp_path)
    monkeypatch.setattr(rewriting, "saturation_does_the_same", lambda *_: False)
    keeping = rewrite(export.ready, export.plan)
    assert keeping.removed == ()
    (kept,) = save_model(keeping.model, tmp_path / "kept.onnx")
    operators = [node.op_type for node in onnx.load(kept).graph.node]
    assert (operators.count("Relu"), operators.count("Clip")) == (2, 1)
    for feed in export.feeds:
        one = exports.run(export.path, feed, optimized=False)["conv4"]
        other = exports.run(kept, feed, optimized=False)["conv4"]
        assert one.tobytes() == other.tobytes()


def test_that_unsigned_types_take_the_place_of_relu_and_signed_ones_do_not(
    tmp_path: Path,
) -> None:
    assert exported(limits(0.0, 6.0), RUNTIME, tmp_path).rewritten.removed == (
        "relu",
        "clip",
        "bend",
    )
    export = exported(limits(0.0, 6.0), FIXED, tmp_path)
    assert export.rewritten.removed == ()


TYPES = st.one_of(
    st.builds(
        FixedPoint,
        st.sampled_from([4, 8]),
        st.integers(-3, 6),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda scale, zero_point, signed: Scaled(scale, zero_point - 128 * signed, 8, signed),
        st.floats(0.01, 4.0),
        st.integers(0, 255),
        st.booleans(),
    ),
)
NUMBERS = st.one_of(st.none(), st.floats(-300, 300, width=32))


@given(data_type=TYPES, low=NUMBERS, high=NUMBERS, half=st.booleans(), ends=st.booleans())
def test_that_saturation_does_the_same_exactly_where_it_is_said_to(
    data_type: DataType, low: float | None, high: float | None, half: bool, ends: bool
) -> None:
    if half and high is not None:  # put the bounds on ties, where the rounding rule decides
        high = (math.floor(high / data_type.step) + 0.5) * data_type.step
    if ends and high is not None:
        high = data_type.maximum - 0.5 * data_type.step
    if low is not None and high is not None and low > high:
        low, high = high, low
    steps = np.arange(-300, 300, 0.25) * data_type.step
    values = np.concatenate([[-1e9, 1e9], steps]).astype(np.float32)
    limited = np.clip(values, low, high)
    same = np.array_equal(
        data_type.quantize(values, Ties.EVEN), data_type.quantize(limited, Ties.EVEN)
    )
    assert saturation_does_the_same(data_type, low, high) == same


def test_that_a_bound_on_a_tie_is_judged_by_the_runtimes_rounding() -> None:
    eight = FixedPoint(8, 0)
    assert not saturation_does_the_same(eight, None, 126.5)  # rounds to 126: 127 must not pass
    assert saturation_does_the_same(eight, None, 126.75)
    assert not saturation_does_the_same(Scaled(1.0, 1, 8, signed=False), -0.5, None)
    assert saturation_does_the_same(Scaled(1.0, 0, 8, signed=False), 0.0, None)


def test_that_the_cut_off_side_of_a_relu_stays_cut_off_for_a_branch(tmp_path: Path) -> None:
    for settings in (RUNTIME, FIXED):
        export = exported(branching(same_weight=True), settings, tmp_path, samples=4)
        check_all(export)
        assert "relu" not in export.rewritten.removed
        assert export.sqnr()["out"] > LEAST_SQNR[8]


# ---- choices of a person ---------------------------------------------------------------------


def test_that_a_layer_kept_in_float_keeps_its_weights(tmp_path: Path) -> None:
    for settings in (FIXED, RUNTIME):
        chosen = replace(settings, float_layers=frozenset({"conv3", "gemm"}))
        export = exported(models.residual_net(), chosen, tmp_path)
        check_all(export)
        constants = export.constants()
        np.testing.assert_array_equal(
            constants["conv3.weight"], export.ready.parameters["conv3.weight"]
        )
        assert not any(name.startswith("conv3.weight_") for name in constants)
        operators = export.optimized_operators()
        assert operators["Conv"] + operators["FusedConv"] == 1
        assert operators["Gemm"] == 1
        assert operators["QLinearConv"] == 5


def test_that_pinned_types_are_written(tmp_path: Path) -> None:
    activation, weights = FixedPoint(8, 3), FixedPoint(8, 4)
    group = ("pool", "relu2", "add")
    settings = FIXED.pin(group, activation).pin(("conv4.weight",), weights)
    export = exported(models.residual_net(), settings, tmp_path)
    check_all(export)
    for name in group:
        check_grid(export, export.rewritten.stored[name], activation)
    check_grid(export, export.rewritten.parameters["conv4.weight"], weights)

    fine, sized = Scaled(0.02, 7, 8, signed=False), Scaled(0.01, 0, 8, narrow_range=True)
    settings = RUNTIME.pin(("x",), fine).pin(("conv1.weight",), sized)
    export = exported(models.residual_net(), settings, tmp_path)
    check_all(export)
    check_grid(export, export.rewritten.stored["x"], fine)
    check_grid(export, export.rewritten.parameters["conv1.weight"], sized)


def test_that_weights_have_a_scale_for_each_output_channel(tmp_path: Path) -> None:
    export = exported(models.residual_net(), RUNTIME, tmp_path)
    for layer in export.ready.network.layers:
        if layer.weights is not None and layer.bias is not None:
            values = export.ready.parameters[layer.weights]
            scale, _, axis = grid_of(export, export.rewritten.parameters[layer.weights])
            assert (axis, scale.shape) == (0, (values.shape[0],))
            largest = np.abs(values).reshape(len(values), -1).max(axis=1)
            np.testing.assert_allclose(scale, largest / 127, rtol=1e-6)
            bias, _, axis = grid_of(export, export.rewritten.parameters[layer.bias])
            assert (axis, bias.shape) == (0, scale.shape)


@pytest.mark.parametrize("settings", ["fixed-point 8", "fixed-point 16", "onnxruntime 8"])
def test_that_a_dead_channel_with_a_large_bias_does_not_overflow(
    settings: str, tmp_path: Path
) -> None:
    b = Builder(40)
    weight = b.random.standard_normal((4, 3, 3, 3)) * 1e-9
    if SETTINGS[settings].target == "onnxruntime":
        weight[0] *= 1e9
        weight[2] = 0.0
    offsets = [0.1, 30.0, -5.0, 1e-3]
    b.constant("weight", weight)
    b.constant("bias", offsets)
    b.node("Conv", ["x", "weight", "bias"], "conv")
    b.conv("conv", "after", (4, 2))
    model = b.model({"x": (1, 3, 8, 8)}, {"after": (1, 2, 6, 6)})
    export = exported(model, SETTINGS[settings], tmp_path)
    check_all(export)
    assert "int32" in export.plan.notes["conv"]
    stored = export.constants()[export.rewritten.parameters["bias"]].astype(np.int64)
    scale = grid_of(export, export.rewritten.parameters["bias"])[0].astype(np.float64)
    assert stored[1] > 0 > stored[2]
    rounding = np.maximum(scale, export.plan.types["bias"].step) / 2
    assert (np.abs(stored * scale - np.float32(offsets)) <= 1.001 * rounding).all()
    assert min(export.sqnr().values()) > LEAST_SQNR[8]


# ---- names, and what stays as it was ---------------------------------------------------------


def called_alike() -> onnx.ModelProto:
    """Weights and values with the names that Q/DQ would like to have."""
    b = Builder(41)
    y = b.conv("x", "t", (3, 4))
    factor = b.constant("t_scale", np.full((4, 1, 1), 0.3))
    y = b.node("Mul", [b.node("Sigmoid", [y], "t_before"), factor], "t_dequantized")
    offset = b.constant("t_zero_point", np.full((4, 1, 1), 0.7))
    b.conv(b.node("Add", [y, offset], "t_quantized"), "x_quantized", (4, 2))
    shapes = {"x_quantized": ("batch", 2, 8, 8), "t": ("batch", 4, 8, 8)}
    return b.model({"x": ("batch", 3, 8, 8)}, shapes)


@pytest.mark.parametrize("settings", SETTINGS)
def test_that_names_of_the_network_do_not_collide_with_new_ones(
    settings: str, tmp_path: Path
) -> None:
    export = exported(called_alike(), SETTINGS[settings], tmp_path)
    check_all(export)
    assert min(export.sqnr().values()) > LEAST_SQNR[SETTINGS[settings].word_length]


@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_inputs_and_weights_may_be_outputs(target: str, tmp_path: Path) -> None:
    b = Builder(42)
    b.conv("x", "conv", (3, 4))
    shapes = {"conv": ("batch", 4, 8, 8), "x": ("batch", 3, 8, 8), "conv.weight": (4, 3, 3, 3)}
    export = exported(b.model({"x": shapes["x"]}, shapes), exports.TARGETS[target], tmp_path)
    check_outside(export)
    given = exports.run(export.path, export.feeds[0])
    np.testing.assert_array_equal(given["x"], export.feeds[0]["x"])
    np.testing.assert_array_equal(given["conv.weight"], numpy_helper.to_array(b.weights[0]))


def test_that_the_prepared_network_is_not_changed(tmp_path: Path) -> None:
    model = models.residual_net()
    ready = exports.prepared(model, tmp_path)
    before = ready.serialized()
    calibration = exports.calibration_of(ready, models.samples(model, 2))
    for settings in SETTINGS.values():
        rewrite(ready, calibration.plan(ready.network, settings))
    assert ready.serialized() == before


def test_that_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    model = models.residual_net()
    first = exported(model, FIXED, tmp_path).path.read_bytes()
    assert exported(model, FIXED, tmp_path).path.read_bytes() == first


def test_that_16_bits_are_written_at_the_opset_that_has_them_and_8_at_the_networks_own(
    tmp_path: Path,
) -> None:
    for opset in (13, 18, 21, 22):
        for word, expected in ((8, opset), (16, max(opset, 21))):
            settings = PlanSettings(word_length=word)
            export = exported(sequence(opset), settings, tmp_path)
            assert export.model.opset_import[0].version == expected
            check_all(export)


def test_that_many_readers_of_a_signed_tensor_each_get_a_pair(tmp_path: Path) -> None:
    export = exported(outputs_read_inside(), FIXED, tmp_path)
    graph = export.model.graph
    readers = {name: 0 for node in graph.node for name in node.output}
    for node in graph.node:
        for name in node.input:
            if name in readers:
                readers[name] += 1
    outputs = {output.name for output in graph.output}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in readers:
            assert readers[node.input[0]] == 1
            name = node.output[0]
            assert readers[name] + (name in outputs) == 1, name


# ---- fixed operands --------------------------------------------------------------------------


def with_operand(operator: str, values: npt.ArrayLike) -> onnx.ModelProto:
    """A convolution whose result meets a constant that differs along its rows."""
    b = Builder(3)
    operand = b.constant("operand", np.asarray(values).reshape(1, 1, 8, 1))
    met = b.node(operator, [b.conv("x", "conv", (3, 4)), operand], "met")
    b.conv(met, "last", (4, 4))
    return b.model({"x": ("batch", 3, 8, 8)}, {"last": ("batch", 4, 8, 8)})


@pytest.mark.parametrize(("operator", "kernel"), [("Add", "QLinearAdd"), ("Mul", "QLinearMul")])
def test_that_an_operand_without_negative_values_runs_in_integers(
    operator: str, kernel: str, tmp_path: Path
) -> None:
    export = exported(with_operand(operator, np.linspace(0.0, 1.5, 8)), FIXED, tmp_path)

    assert export.optimized_operators()[kernel] == 1
    (name,) = (name for name in export.constants() if name == "operand_quantized")
    stored, zero_point = export.constants()[name], export.constants()["operand_zero_point"]
    data_type = export.plan.types["operand"]
    assert stored.dtype == np.uint8
    assert zero_point == 0
    expected = data_type.quantize(np.linspace(0.0, 1.5, 8, dtype=np.float32))
    assert stored.view(np.int8).reshape(-1).tolist() == expected.tolist()


@pytest.mark.parametrize("operator", ["Add", "Mul"])
def test_that_an_operand_with_negative_values_keeps_its_signed_type(
    operator: str, tmp_path: Path
) -> None:
    export = exported(with_operand(operator, np.linspace(-1.0, 1.5, 8)), FIXED, tmp_path)

    assert export.constants()["operand_quantized"].dtype == np.int8
    assert export.optimized_operators()[operator] == 1  # the runtime computes it in float
