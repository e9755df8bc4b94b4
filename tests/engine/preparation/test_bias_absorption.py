"""High biases move to the next layer: the network stays the same, channels come down to zero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import Builder
from tests.engine.uneven import CHANNELS, Array, finished, normalized, told

DEVIATION = 0.25
HIGH = np.where(np.arange(CHANNELS) % 3 == 0, 4.0, 0.0)  # mean of each channel
TAKEN = np.where(HIGH > 0.0, 4.0 - 3.0 * DEVIATION, 0.0)
ABSORBED = PreparationChoices(absorb_biases=True)
Build = Callable[[Builder, str], str]


def prepared_both(model: onnx.ModelProto, folder: Path) -> tuple[Prepared, Prepared]:
    """``model`` prepared without and with absorption, the same but for a few values."""
    file = open_model(models.save(model, folder))
    plain, equalized = prepare(file), prepare(file, ABSORBED)
    for feed in models.samples(model, 4):
        exact, seen = (
            exports.run(each.serialized(), feed, optimized=False) for each in (plain, equalized)
        )
        for name, values in exact.items():
            np.testing.assert_allclose(seen[name], values, rtol=1e-4, atol=1e-4)
    return plain, equalized


def network(second: Build, *, mean: Array = HIGH, rectifier: str = "Relu") -> onnx.ModelProto:
    b = Builder(41)
    first = normalized(b, "first", mean, DEVIATION)
    if rectifier == "Clip":
        link = b.clip(first, "link", 0.0, 6.0)
    else:
        link = b.node(rectifier, [first], "link")
    return finished(b, second(b, link))


def pointwise(b: Builder, x: str) -> str:
    return b.conv(x, "second", (CHANNELS, 5), kernel=1)


def valid(b: Builder, x: str) -> str:
    """A convolution of 3 x 3 without padding, in two groups."""
    weight = b.weight("second.weight", (6, CHANNELS // 2, 3, 3), 36)
    return b.node("Conv", [x, weight, b.constant("second.bias", np.ones(6))], "second", group=2)


def pooled_gemm(b: Builder, x: str) -> str:
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [x], "mean")], "flat")
    weight = b.weight("second.weight", (CHANNELS, 5), CHANNELS)
    return b.node("Gemm", [flat, weight, b.constant("second.bias", np.ones(5))], "second")


def flat_gemm(b: Builder, x: str) -> str:
    flat = b.node("Flatten", [b.node("MaxPool", [x], "pool", kernel_shape=[8, 4])], "flat")
    weight = b.weight("second.weight", (5, 5 * CHANNELS), 5 * CHANNELS)
    bias = b.constant("second.bias", np.ones(5))
    return b.node("Gemm", [flat, weight, bias], "second", transB=1)


@pytest.mark.parametrize("rectifier", ["Relu", "Clip", "LeakyRelu"])
@pytest.mark.parametrize("second", [pointwise, valid, pooled_gemm, flat_gemm])
def test_that_all_but_three_deviations_below_the_mean_are_absorbed(
    second: Build, rectifier: str, tmp_path: Path
) -> None:
    pair = prepared_both(network(second, rectifier=rectifier), tmp_path)
    assert told(pair)[0] == "Absorbed 3 high biases of first into second"
    plain, now = (ready.parameters["first.bias"] for ready in pair)
    np.testing.assert_allclose(now, plain - TAKEN, atol=1e-5)


def test_that_the_channels_come_down_to_zero_and_use_less_range(tmp_path: Path) -> None:
    model = network(pointwise)
    ranges = []
    for ready in prepared_both(model, tmp_path):
        feeds = models.samples(model, 8)
        runs = [exports.run(ready.serialized(["link"]), f, optimized=False)["link"] for f in feeds]
        channel = np.concatenate(runs)[:, 0, 1:-1, 1:-1]
        ranges.append((float(channel.min()), float(channel.max())))
    assert ranges[0][0] > 2.5
    assert 0.0 < ranges[1][0] < 1.0
    assert ranges[1][1] < 0.7 * ranges[0][1]


def padded(b: Builder, x: str) -> str:
    return b.conv(x, "second", (CHANNELS, 5))


def automatically_padded(b: Builder, x: str) -> str:
    weight = b.weight("second.weight", (5, CHANNELS, 3, 3), 72)
    bias = b.constant("second.bias", np.ones(5))
    return b.node("Conv", [x, weight, bias], "second", auto_pad="SAME_UPPER")


def pooled_with_padding(b: Builder, x: str) -> str:
    pool = b.node(
        "AveragePool", [x], "pool", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1
    )
    return pointwise(b, pool)


def without_bias(b: Builder, x: str) -> str:
    return b.node("Conv", [x, b.weight("second.weight", (5, CHANNELS, 1, 1), 8)], "second")


def transposed(b: Builder, x: str) -> str:
    weight = b.weight("second.weight", (CHANNELS, 5, 2, 2), CHANNELS)
    bias = b.constant("second.bias", np.ones(5))
    return b.node("ConvTranspose", [x, weight, bias], "second", kernel_shape=[2, 2])


@pytest.mark.parametrize(
    "second", [padded, automatically_padded, pooled_with_padding, without_bias, transposed]
)
def test_that_nothing_is_absorbed_where_zeros_or_parts_of_a_kernel_enter(
    second: Build, tmp_path: Path
) -> None:
    pair = prepared_both(network(second), tmp_path)
    assert not [said for said in told(pair) if said.startswith("Absorbed")]


@pytest.mark.parametrize(
    ("mean", "rectifier", "absorbed"), [(5.0, "Clip", 8), (5.5, "Clip", 0), (5.5, "Relu", 8)]
)
def test_that_channels_that_may_reach_a_bound_keep_their_biases(
    mean: float, rectifier: str, absorbed: int, tmp_path: Path
) -> None:
    model = network(pointwise, mean=np.full(CHANNELS, mean), rectifier=rectifier)
    said = [each for each in told(prepared_both(model, tmp_path)) if each.startswith("Absorbed")]
    wanted = [f"Absorbed {absorbed} high biases of first into second"] if absorbed else []
    assert said == wanted


def test_that_means_near_zero_are_left(tmp_path: Path) -> None:
    model = network(pointwise, mean=np.full(CHANNELS, 3.0 * DEVIATION - 0.01))
    assert not [said for said in told(prepared_both(model, tmp_path)) if "Absorbed" in said]
