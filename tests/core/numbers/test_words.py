"""Values as binary words: digits, what is kept of them, and which values are shown."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint
from quantscope.core.numbers.words import MOST_WORDS, SampleValues, sample_values, word_table
from quantscope.core.picture.heatmap import BitAxis


def digits_of(value: float, axis: BitAxis) -> list[int]:
    """By whole numbers, without floats."""
    magnitude = abs(Fraction(value))
    return [
        int(magnitude // Fraction(2) ** bit) % 2 for bit in range(axis.top, axis.bottom - 1, -1)
    ]


def test_that_the_published_example_comes_out():
    axis = BitAxis(6, -8)
    table = word_table(SampleValues(np.asarray([0.03125, 2.1, 16.25])), FixedPoint(8, 3), axis)
    assert table.cast.tolist() == [0.0, 2.125, 15.875]
    bits = list(range(6, -9, -1))
    assert [bits[column] for column in table.most_significant] == [-5, 1, 4]
    kept = [bit for bit, is_kept in zip(bits, table.kept[0], strict=True) if is_kept]
    assert kept == [3, 2, 1, 0, -1, -2, -3]
    np.testing.assert_allclose(table.errors, [-0.03125, 0.025, -0.375])


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=9), st.integers(-9, 3))
def test_that_digits_are_those_of_the_magnitude(values, bottom):
    axis = BitAxis(21, bottom)
    table = word_table(SampleValues(np.asarray(values, np.float64)), None, axis)
    for value, digits, first in zip(values, table.digits, table.most_significant, strict=True):
        assert digits.tolist() == digits_of(value, axis)
        shown = next((i for i, digit in enumerate(digits) if digit), -1)
        assert first == shown
    assert table.kept.all()
    assert (table.errors == 0.0).all()


def test_that_weights_are_cast_in_the_type_of_their_channel():
    weights = np.asarray([[1.0, 0.3], [100.0, 33.0]], np.float32)
    samples = sample_values(TensorStatistics.of_parameter(weights, 0))
    table = word_table(samples, ChannelScaled((0.01, 1.0)), BitAxis(7, -7), weights.shape)
    expected = ChannelScaled((0.01, 1.0)).cast(weights).reshape(-1)
    assert samples.places is not None
    np.testing.assert_array_equal(table.cast, expected[samples.places])
    assert table.cast.tolist() == pytest.approx([100.0, 33.0, 1.0, 0.3])


def test_that_a_parameter_without_values_has_no_words():
    samples = sample_values(TensorStatistics.of_parameter(np.zeros((2, 3)), 0))
    assert samples.values.size == 0
    table = word_table(samples, ChannelScaled((0.5, 0.5)), BitAxis(3, 0), (2, 3))
    assert table.digits.shape == (0, 4)


def test_that_each_used_bit_position_and_both_extremes_are_shown():
    values = np.random.default_rng(3).normal(size=4000)
    for statistics in (TensorStatistics.from_values(values), TensorStatistics.of_parameter(values)):
        found = sample_values(statistics).values
        assert {values.astype(np.float32).min(), values.astype(np.float32).max()} <= set(found)
        used = {math.frexp(value)[1] for value in values.astype(np.float32)}
        assert {math.frexp(value)[1] for value in found} == used
        assert (np.diff(np.abs(found)) <= 0).all()
        assert len(set(found)) == len(found)


def test_that_few_values_are_shown_as_they_are():
    pixels = np.random.default_rng(4).integers(0, 256, 3000).astype(np.float64)
    found = sample_values(TensorStatistics.from_values(pixels)).values
    assert set(found) <= set(pixels)
    assert 0.0 in found
    assert 255.0 in found


def test_that_many_bit_positions_are_thinned_out():
    values = np.ldexp(1.0, np.arange(-60, 60))
    found = sample_values(TensorStatistics.of_parameter(values)).values
    assert len(found) == MOST_WORDS
    assert (found[0], found[-1]) == (2.0**59, 2.0**-60)


def test_that_the_extremes_of_a_large_parameter_are_found():
    values = np.full(300_001, 0.5, np.float32)
    values[77_777], values[200_001] = -9.0, 12.0
    samples = sample_values(TensorStatistics.of_parameter(values))
    assert samples.values.tolist() == [12.0, -9.0, 0.5]
    assert samples.places is not None
    assert samples.places[:2].tolist() == [200_001, 77_777]


def test_that_nothing_logged_has_no_words():
    assert sample_values(TensorStatistics.empty()).values.size == 0


def test_that_values_of_a_large_activation_are_edges_of_its_fullest_buckets():
    values = np.random.default_rng(5).normal(size=300_000).astype(np.float32)
    statistics = TensorStatistics.from_values(values, 0)
    assert statistics.distinct is None
    found = sample_values(statistics)
    assert found.places is None
    assert {values.min(), values.max()} <= set(found.values.astype(np.float32))
    positions = np.frexp(values[values != 0.0])[1]
    assert set(np.frexp(found.values)[1]) <= set(positions)
    for value in found.values[1:-1]:
        top = value * (1 + 2**-7)  # a bucket has seven bits of fraction
        low, high = sorted((value, top))
        assert ((values >= low) & (values <= high)).any()
