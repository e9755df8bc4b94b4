"""Channels side by side: counted as a loop counts, outliers by their distance to the median."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quantscope.core.counting.channels import (
    OUTLIER_RATIO,
    ChannelBits,
    activation_channel_axis,
    channel_bits,
)
from quantscope.core.counting.histogram import BIT_COUNT, LOWEST_BIT
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.events import BitCounts
from quantscope.core.networks.network import Network
from tests.core.small_networks import Sketch

VALUES = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1e-45, 6.0, -0.75])
PARAMETERS = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4), elements=VALUES
)


def counted_in_a_loop(values: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    counts = np.zeros((values.shape[axis], 2, BIT_COUNT), np.int64)
    for place, value in np.ndenumerate(values):
        if not math.isfinite(value) or abs(value) < 2.0**LOWEST_BIT:
            continue
        bit = math.frexp(abs(float(value)))[1] - 1
        counts[place[axis], int(value < 0.0), bit - LOWEST_BIT] += 1
    return counts


@settings(deadline=None)
@given(values=PARAMETERS, data=st.data())
def test_that_counts_and_extremes_are_those_of_a_loop(
    values: npt.NDArray[Any], data: st.DataObject
) -> None:
    axis = data.draw(st.integers(-values.ndim, values.ndim - 1))
    found = channel_bits(values, axis)
    np.testing.assert_array_equal(found.counts, counted_in_a_loop(values, axis))
    for channel, largest in enumerate(found.largest):
        part = np.abs(values.take(channel, axis).astype(np.float64)).reshape(-1)
        assert largest == max((x for x in part if math.isfinite(x)), default=0.0)


def test_that_all_channels_together_are_the_row_of_the_parameter() -> None:
    values = np.random.default_rng(1).standard_normal((7, 3, 3, 3)).astype(np.float32)
    statistics = TensorStatistics.of_parameter(values, 0)
    assert statistics.values is not None
    assert statistics.channel_axis is not None
    found = channel_bits(statistics.values, statistics.channel_axis)
    np.testing.assert_array_equal(
        found.counts.sum(axis=0), statistics.histogram.most_significant_bits()
    )


def test_that_outliers_stand_more_than_the_ratio_off_the_median_of_living_channels() -> None:
    just = 2.0 * OUTLIER_RATIO
    largest = np.array([2.0, 2.0, 2.0, just, just + 1e-9, 2.0 / OUTLIER_RATIO, 0.2, 0.0, 0.0])
    found = ChannelBits(np.zeros((len(largest), 2, BIT_COUNT), np.int64), largest)
    assert found.median == 2.0
    assert np.flatnonzero(found.wide).tolist() == [4]
    assert np.flatnonzero(found.narrow).tolist() == [6]


@pytest.mark.parametrize("shape", [(3, 4), (3, 0), (0, 3)])
def test_that_channels_of_zeros_have_no_outliers(shape: tuple[int, ...]) -> None:
    found = channel_bits(np.zeros(shape), 0)
    assert found.median == 0.0
    assert not found.wide.any() and not found.narrow.any()
    assert found.counts.shape == (shape[0], 2, BIT_COUNT)


def test_that_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(np.exceptions.AxisError):
        channel_bits(np.zeros((2, 3)), 2)


@given(values=PARAMETERS, others=PARAMETERS)
def test_that_bits_of_two_parts_add_up(values: npt.NDArray[Any], others: npt.NDArray[Any]) -> None:
    flat, more = values.reshape(1, -1), others.reshape(1, -1)
    found = channel_bits(flat, 0) + channel_bits(more, 0)
    whole = channel_bits(np.concatenate([flat, more], axis=1), 0)
    np.testing.assert_array_equal(found.counts, whole.counts)
    np.testing.assert_array_equal(found.largest, whole.largest)


def sized(operator: str, *sizes: int) -> Network:
    network = Sketch("x").add(operator, "x", "y").network()
    tensors = network.tensors
    shaped = {name: replace(each, shape=sizes) for name, each in tensors.items()}
    return replace(network, tensors=shaped)


@pytest.mark.parametrize(
    ("operator", "sizes", "axis"),
    [
        ("Conv", (1, 8, 4, 4), 1),
        ("Conv", (1, 8, 16), 1),
        ("Add", (1, 16, 8), 2),
        ("Add", (1, 8), 1),
        ("Add", (1, 8, 4, 4), 1),
        ("Add", (8,), None),
        ("Add", (), None),
    ],
)
def test_that_channels_of_activations_lie_where_onnx_has_them(
    operator: str, sizes: tuple[int, ...], axis: int | None
) -> None:
    assert activation_channel_axis(sized(operator, *sizes), "y") == axis


def test_that_weights_are_no_activation_with_channels() -> None:
    assert activation_channel_axis(sized("Conv", 1, 8, 4, 4), "y.w") is None


@given(values=arrays.arrays(np.float32, (3, 5), elements=VALUES))
def test_that_bits_are_the_same_after_a_journey(values: npt.NDArray[Any]) -> None:
    found = channel_bits(values, 0)
    sent = [BitCounts.of(each) for each in found.counts]
    again = ChannelBits.of(sent, found.largest.tolist())
    np.testing.assert_array_equal(again.counts, found.counts)
    np.testing.assert_array_equal(again.largest, found.largest)
