"""Equalized networks compute the same to the last bit, with channels of similar ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import Builder
from tests.engine.uneven import (
    CHANNELS,
    EQUALIZED,
    OCTAVES,
    Link,
    both,
    factors,
    finished,
    gemm,
    relu,
    spread_conv,
    told,
)


def node(operator: str, **attributes: Any) -> Link:
    return lambda b, x: b.node(operator, [x], "link", **attributes)


def second_conv(inputs: int, outputs: int, group: int) -> Link:
    return lambda b, x: b.conv(x, "second", (inputs, outputs), group=group)


def transposed(b: Builder, x: str) -> str:
    weight = b.weight("second.weight", (CHANNELS, 5, 2, 2), CHANNELS)
    return b.node("ConvTranspose", [x, weight], "second", kernel_shape=[2, 2], strides=[2, 2])


def reshaped(*shape: int) -> Link:
    def link(b: Builder, x: str) -> str:
        return b.node("Reshape", [x, b.constant("shape", shape, np.int64)], "link")

    return link


def after(link: Link, columns: int, *, turned: bool = False) -> Link:
    return lambda b, x: gemm(b, link(b, x), columns, turned=turned)


def sloped(b: Builder, x: str) -> str:
    return b.node("PRelu", [x, b.constant("slope", np.full((CHANNELS, 1, 1), 0.3))], "link")


def then_conv(link: Link) -> Link:
    return lambda b, x: b.conv(link(b, x), "second", (CHANNELS, 5))


def clipped(low: float, high: float | None) -> Link:
    def link(b: Builder, x: str) -> str:
        ends = [b.constant("low", low)] + ([b.constant("high", high)] if high is not None else [])
        return b.node("Clip", [x, *ends], "link")

    return then_conv(link)


POOL: Mapping[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
PAIRS: dict[str, Link] = {
    "a plain convolution": second_conv(CHANNELS, 5, 1),
    "a depthwise convolution": second_conv(CHANNELS, CHANNELS, CHANNELS),
    "two filters a channel": second_conv(CHANNELS, 2 * CHANNELS, CHANNELS),
    "groups of channels": second_conv(CHANNELS, 6, 2),
    "a transposed convolution": transposed,
    "Flatten and Gemm": after(node("Flatten"), 64 * CHANNELS),
    "Flatten and turned Gemm": after(node("Flatten"), 64 * CHANNELS, turned=True),
    "Reshape that keeps the batch": after(reshaped(0, -1), 64 * CHANNELS),
    "Reshape to all places": after(reshaped(-1, 64 * CHANNELS), 64 * CHANNELS),
    "LeakyRelu": then_conv(node("LeakyRelu", alpha=0.1)),
    "PRelu": then_conv(sloped),
    "MaxPool": then_conv(node("MaxPool", **POOL)),
    "AveragePool": then_conv(node("AveragePool", **POOL)),
    "GlobalAveragePool": then_conv(node("GlobalAveragePool")),
    "GlobalMaxPool": then_conv(node("GlobalMaxPool")),
    "a mean over places": after(node("ReduceMean", axes=[2, -1], keepdims=0), CHANNELS),
    "a Clip at zero": (clipped(0.0, None)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_that_a_pair_is_equalized_and_computes_the_same(name: str, tmp_path: Path) -> None:
    b = Builder(11)
    link = spread_conv(b) if "mean" in name or "Clip" in name else relu(b, spread_conv(b))
    pair = both(finished(b, PAIRS[name](b, link)), tmp_path)
    (said,) = told(pair)
    assert re.match(r"Equalized \d of 8 channels between first and second: the widest was ", said)
    by = factors(pair, "first.weight", 0)
    np.testing.assert_array_equal(np.exp2(np.rint(np.log2(by))), by)
    assert by[-1] / by[0] >= 4.0
    np.testing.assert_array_equal(
        pair[1].parameters["first.bias"], pair[0].parameters["first.bias"] * by.astype(np.float32)
    )


NOT_PROVED: dict[str, Link] = {
    "Sigmoid": then_conv(node("Sigmoid")),
    "softmax": then_conv(node("Softmax", axis=1)),
    "a Transpose": then_conv(node("Transpose", perm=[0, 1, 3, 2])),
    "Flatten of all": after(node("Flatten", axis=0), 64 * CHANNELS),
    "a mean over channels": lambda b, x: b.conv(
        b.node("ReduceMean", [x], "link", axes=[1]), "second", (1, 5)
    ),
    "a mean over an axis behind": after(node("ReduceMean", axes=[1, 2], keepdims=0), CHANNELS),
    "a mean over all": lambda b, x: b.conv(node("ReduceMean")(b, x), "second", (1, 5)),
    "a Clip with a computed bound": then_conv(
        lambda b, x: b.node("Clip", [x, b.node("ReduceMax", ["x"], "bound", keepdims=0)], "link")
    ),
    "a Reshape across channels": lambda b, x: b.conv(reshaped(1, 4, 16, 8)(b, x), "second", (4, 5)),
}


@pytest.mark.parametrize("name", NOT_PROVED)
def test_that_what_mixes_or_bends_channels_is_left_alone(name: str, tmp_path: Path) -> None:
    b = Builder(12)
    model = finished(b, NOT_PROVED[name](b, spread_conv(b)))
    plain, equalized = both(model, tmp_path)
    assert told((plain, equalized)) == []
    assert equalized.serialized() == plain.serialized()


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [(0.0, 6.0, ", and nothing tells how far they reach"), (-1.0, None, ""), (-1.0, 1.0, "")],
)
def test_that_a_clip_that_may_cut_keeps_its_pair_as_it_is_and_says_so(
    low: float, high: float | None, why: str, tmp_path: Path
) -> None:
    b = Builder(13)
    pair = both(finished(b, clipped(low, high)(b, spread_conv(b))), tmp_path)
    assert told(pair) == [
        f"Did not equalize first and second: link between them bounds all channels alike{why}"
    ]
    assert pair[0].serialized() == pair[1].serialized()


def test_that_factors_are_those_of_the_paper_rounded_to_powers_of_two(tmp_path: Path) -> None:
    b = Builder(14)
    first = b.constant("first.weight", b.random.standard_normal((3, 16)) * np.geomspace(1, 90, 16))
    second = b.constant("second.weight", b.random.standard_normal((16, 5)))
    link = b.node("Relu", [b.node("Gemm", ["x", first], "first")], "relu")
    model = b.model({"x": (1, 3)}, {b.node("Gemm", [link, second], "second"): (1, 5)})
    pair = both(model, tmp_path)
    r1 = np.abs(pair[0].parameters["first.weight"]).max(axis=0).astype(np.float64)
    r2 = np.abs(pair[0].parameters["second.weight"]).max(axis=1).astype(np.float64)
    exact = np.sqrt((r1 / r1.max()) / (r2 / r2.max()))
    wanted = np.exp2(np.rint(np.log2(exact)))
    np.testing.assert_array_equal(factors(pair, "first.weight", 1), 1 / wanted)
    np.testing.assert_array_equal(factors(pair, "second.weight", 0), wanted)
    ratio = (r1 / wanted / r1.max()) / (r2 * wanted / r2.max())
    assert ratio.max() <= 2.0 and ratio.min() >= 0.5


def test_that_a_triple_is_equalized_as_two_pairs(tmp_path: Path) -> None:
    b = Builder(15)
    first = spread_conv(b)
    del b.nodes[-1].input[2]  # without a bias nothing holds the factors back
    link = relu(b, first)
    weight = b.weight("depthwise.weight", (CHANNELS, 1, 3, 3), 9)
    link = b.node("Conv", [link, weight], "depthwise", group=CHANNELS)
    pair = both(finished(b, b.conv(link, "last", (CHANNELS, 5), kernel=1)), tmp_path)
    assert [said.split(":")[0].split("between ")[1] for said in told(pair)] == [
        "first and depthwise",
        "depthwise and last",
    ]
    for name in ("first.weight", "depthwise.weight"):
        ranges = np.abs(pair[1].parameters[name]).max(axis=(1, 2, 3))
        assert ranges.max() / np.median(ranges) < 8.0


def test_that_dead_channels_stay_as_they_are(tmp_path: Path) -> None:
    b = Builder(16)
    scales = OCTAVES.copy()
    scales[[2, 5]] = 0.0
    link = relu(b, spread_conv(b, scales=scales))
    weight = b.random.standard_normal((5, CHANNELS, 1, 1))
    weight[:, 3] = 0.0
    last = b.node("Conv", [link, b.constant("second.weight", weight)], "second")
    pair = both(finished(b, last), tmp_path)
    assert told(pair)[0].startswith("Equalized")
    for name in ("first.weight", "second.weight"):
        axis = 0 if name.startswith("first") else 1
        before, now = (np.moveaxis(ready.parameters[name], axis, 0) for ready in pair)
        np.testing.assert_array_equal(now[[2, 3, 5]], before[[2, 3, 5]])
        assert np.isfinite(now).all()


def test_that_a_network_of_zeros_stays_as_it_is(tmp_path: Path) -> None:
    b = Builder(17)
    link = relu(b, spread_conv(b, scales=np.zeros(CHANNELS)))
    pair = both(finished(b, b.conv(link, "second", (CHANNELS, 5))), tmp_path)
    assert pair[0].serialized() == pair[1].serialized()


@pytest.mark.parametrize("worst", [np.inf, np.nan])
def test_that_weights_that_are_not_finite_stay_as_they_are(worst: float, tmp_path: Path) -> None:
    b = Builder(18)
    scales = OCTAVES.copy()
    scales[0] = worst
    link = relu(b, spread_conv(b, scales=scales))
    model = finished(b, b.conv(link, "second", (CHANNELS, 5)))
    file = open_model(models.save(model, tmp_path))
    assert prepare(file, EQUALIZED).serialized() == prepare(file).serialized()


def test_that_no_bias_grows_past_twice_the_largest(tmp_path: Path) -> None:
    b = Builder(19)
    first = spread_conv(b)
    bias = b.constant("large", np.linspace(0.0, 0.1, CHANNELS))
    b.nodes[-1].input[2] = bias
    model = finished(b, b.conv(relu(b, first), "second", (CHANNELS, 5)))
    before, now = (ready.parameters["large"] for ready in both(model, tmp_path))
    assert np.abs(before).max() < np.abs(now).max() <= 2 * np.abs(before).max()


def test_that_factors_are_bounded(tmp_path: Path) -> None:
    b = Builder(20)
    link = relu(b, spread_conv(b, scales=1e-5 ** np.arange(CHANNELS)))
    pair = both(finished(b, b.conv(link, "second", (CHANNELS, 5))), tmp_path)
    by = factors(pair, "first.weight", 0)
    assert by.max() == 2.0**10


def branching(b: Builder) -> onnx.ModelProto:
    """The first layer's output is added to what the second makes of it."""
    link = relu(b, spread_conv(b))
    second = b.conv(link, "second", (CHANNELS, CHANNELS))
    return finished(b, b.node("Add", [second, link], "add"))


def watched(b: Builder) -> onnx.ModelProto:
    """What lies between the layers is an output of the network."""
    link = relu(b, spread_conv(b))
    last = b.conv(link, "second", (CHANNELS, 5))
    return b.model({"x": (1, 3, 8, 8)}, {last: (1, 5, 8, 8), link: (1, CHANNELS, 8, 8)})


def computed_weights(b: Builder) -> onnx.ModelProto:
    """The second layer's weights come from the network."""
    link = relu(b, spread_conv(b))
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [link], "mean")], "flat")
    columns = b.node("Reshape", ["x", b.constant("to", [8, 24], np.int64)], "columns")
    b.node("Gemm", [flat, columns], "second")
    return b.model({"x": (1, 3, 8, 8)}, {"second": (1, 24)})


def slope_of_the_network(b: Builder) -> onnx.ModelProto:
    """The first layer's output is the slope of a PRelu on something else."""
    slope = relu(b, spread_conv(b))
    other = b.conv("x", "other", (3, CHANNELS))
    bent = b.node("PRelu", [other, slope], "bent")
    return finished(b, b.conv(bent, "second", (CHANNELS, 5)))


def grouped_transposed(b: Builder) -> onnx.ModelProto:
    link = relu(b, spread_conv(b))
    weight = b.weight("second.weight", (CHANNELS, 1, 2, 2), 4)
    last = b.node("ConvTranspose", [link, weight], "second", kernel_shape=[2, 2], group=CHANNELS)
    return finished(b, last)


def turned_input(b: Builder) -> onnx.ModelProto:
    link = b.node("Relu", [b.linear("x", "first", (8, 16))], "relu")
    b.node("Gemm", [link, b.weight("second.weight", (4, 5), 4)], "second", transA=1)
    return b.model({"x": (4, 8)}, {"second": (16, 5)})


@pytest.mark.parametrize(
    "network",
    [
        branching,
        watched,
        computed_weights,
        slope_of_the_network,
        grouped_transposed,
        turned_input,
    ],
)
def test_that_a_layer_with_other_readers_or_weights_not_its_own_is_left_alone(
    network: Callable[[Builder], onnx.ModelProto], tmp_path: Path
) -> None:
    plain, equalized = both(network(Builder(21)), tmp_path)
    assert not [said for said in told((plain, equalized)) if said.startswith("Equalized")]
    assert equalized.serialized() == plain.serialized()


def test_that_weights_shared_by_two_layers_are_copied_before(tmp_path: Path) -> None:
    b = Builder(22)
    left, right = spread_conv(b, "first"), b.conv("x", "beside", (3, CHANNELS))
    b.nodes[-1].input[1] = "first.weight"
    one = b.conv(b.node("Relu", [left], "relu1"), "second", (CHANNELS, 5))
    other = b.node("Relu", [right], "relu2")
    joined = b.node("Concat", [one, other], "joined", axis=1)
    pair = both(finished(b, joined), tmp_path)
    assert "channels between first and second" in told(pair)[0]


def test_that_a_bias_of_one_number_for_all_channels_keeps_the_pair(tmp_path: Path) -> None:
    b = Builder(23)
    first = b.constant("first.weight", b.random.standard_normal((3, 8)) * OCTAVES)
    bias = b.constant("rows", b.random.standard_normal((2, 8)))
    link = b.node("Relu", [b.node("Gemm", ["x", first, bias], "first")], "relu")
    last = b.node("Gemm", [link, b.weight("second.weight", (8, 5), 8)], "second")
    pair = both(b.model({"x": (2, 3)}, {last: (2, 5)}), tmp_path)
    assert told(pair) == []


@pytest.mark.parametrize("seed", range(6))
def test_that_random_chains_compute_the_same(seed: int, tmp_path: Path) -> None:
    b = Builder(seed)
    random = np.random.default_rng(seed)
    value, channels = "x", 3
    for number in range(5):
        depthwise = number > 0 and random.random() < 0.4
        outputs = channels if depthwise else int(random.integers(2, 9))
        group = channels if depthwise else 1
        value = b.conv(value, f"conv{number}", (channels, outputs), group=group)
        value = b.batch_norm(value, f"norm{number}", outputs)
        wide = b.weights[-4]  # the scale of the normalization
        scale = np.frombuffer(wide.raw_data, np.float32) * np.exp2(random.uniform(-6, 6, outputs))
        wide.raw_data = scale.astype(np.float32).tobytes()
        if random.random() < 0.8:
            value = b.node("Relu", [value], f"relu{number}")
        channels = outputs
    pair = both(finished(b, value), tmp_path)
    assert told(pair)


@pytest.mark.parametrize("name", ["residual_net", "old_style_net", "transformer_block"])
def test_that_every_network_computes_the_same(name: str, tmp_path: Path) -> None:
    both(getattr(models, name)(), tmp_path)


def test_that_the_source_stays_as_it_is_and_the_fingerprint_tells_the_preparation(
    tmp_path: Path,
) -> None:
    b = Builder(24)
    model = finished(b, b.conv(relu(b, spread_conv(b)), "second", (CHANNELS, 5)))
    file = open_model(models.save(model, tmp_path))
    plain = prepare(file).serialized()
    network = prepare(file, EQUALIZED).network
    assert prepare(file).serialized() == plain
    assert prepare(file).network.fingerprint == file.fingerprint
    assert network.fingerprint == EQUALIZED.fingerprint(file.fingerprint) != file.fingerprint


def test_that_statistics_of_another_preparation_are_refused(tmp_path: Path) -> None:
    model = str(models.save(models.conv_relu(), tmp_path))
    data = DataDescription(kind=SourceKind.RANDOM, samples=1)
    calibration, _ = exports.finish(tasks.calibrate(model, data, False, lambda: False))
    output = str(tmp_path / "out.onnx")
    steps = tasks.export(
        model, calibration, PlanSettings(), output, 1, False, lambda: False, EQUALIZED
    )
    with pytest.raises(QuantscopeError, match="another version or preparation"):
        exports.finish(steps)


def test_that_the_channels_of_the_demo_are_found_and_its_integers_become_better(
    tmp_path: Path,
) -> None:
    model = str(demo_folder() / "demo.onnx")
    said = "\n".join(tasks.describe(model, EQUALIZED).changes)
    assert "channels between block4/expand and block4/depthwise: the widest was 14.5 " in said
    assert (
        "stem/conv and block1/depthwise, within the bound of stem/relu6: the widest was 2.6" in said
    )
    path = str(demo_folder() / "calibration")
    data = DataDescription(kind=SourceKind.IMAGES, path=path, samples=40)
    found = []
    for choices in (PreparationChoices(), EQUALIZED):
        calibration, _ = exports.finish(tasks.calibrate(model, data, False, lambda: False, choices))
        output = str(tmp_path / "quantized.onnx")
        settings = PlanSettings().with_target("fixed-point")
        steps = tasks.export(model, calibration, settings, output, 40, True, lambda: False, choices)
        found.append(exports.finish(steps).outputs[0].sqnr)
    assert found[1] > found[0] + 6.0
