"""The histogram adds, knows its bit positions, and is exact at the thresholds it promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.histogram import (
    BIT_COUNT,
    BUCKETS,
    HIGHEST_BIT,
    LOWEST_BIT,
    BitHistogram,
    bucket_edges,
    bucket_of,
    most_significant_bit,
    used_by_any,
)

# NaN, infinities, -0 and subnormals included.
arrays = st.lists(st.floats(width=32) | st.sampled_from([0.0, -0.0, 6.0, 1e-45]), max_size=15).map(
    np.float32
)
every_bucket = np.arange(BUCKETS, dtype=np.uint16)
first_of_bucket = (every_bucket.astype(np.uint32) << 16).view(np.float32)
last_of_bucket = ((every_bucket.astype(np.uint32) << 16) | 0xFFFF).view(np.float32)


# ---- mapping -------------------------------------------------------------------------------------


def test_that_every_bucket_holds_its_first_and_its_last_value():
    assert np.array_equal(bucket_of(first_of_bucket), every_bucket)
    assert np.array_equal(bucket_of(last_of_bucket), every_bucket)


def test_that_the_edges_of_every_finite_bucket_enclose_exactly_its_values():
    finite = np.isfinite(first_of_bucket)
    low, high = bucket_edges(every_bucket[finite])
    assert np.array_equal(low, np.abs(first_of_bucket[finite].astype(np.float64)))
    last = np.abs(last_of_bucket[finite])
    with np.errstate(over="ignore"):
        following = np.nextafter(last, np.float32(np.inf))
    expected = np.where(np.isinf(following), 2.0**128, following.astype(np.float64))
    assert np.array_equal(high, expected)


def test_that_buckets_without_finite_values_have_finite_edges():
    odd = ~np.isfinite(first_of_bucket)
    low, high = bucket_edges(every_bucket[odd])
    assert np.isfinite(low).all()
    assert set(high) == {2.0**128}


def test_that_the_bit_position_of_every_bucket_is_the_exponent_that_frexp_finds():
    usable = np.isfinite(first_of_bucket) & (first_of_bucket != 0.0)
    expected = [math.frexp(value)[1] - 1 for value in first_of_bucket[usable].tolist()]
    assert most_significant_bit(every_bucket[usable]).tolist() == expected
    assert (min(expected), max(expected)) == (LOWEST_BIT, HIGHEST_BIT)
    expected = [math.frexp(value)[1] - 1 for value in last_of_bucket[usable].tolist()]
    assert most_significant_bit(every_bucket[usable]).tolist() == expected


def test_that_any_float_type_and_shape_is_taken_as_single_precision():
    values = np.array([[1.0, -2.5], [1e-50, 1e300]])
    assert bucket_of(values).tolist() == bucket_of(np.float32([1.0, -2.5, 0.0, np.inf])).tolist()
    assert bucket_of(np.float16(1.5)).tolist() == [0x3FC0]
    assert bucket_of(values.T).tolist() == bucket_of(values.T.copy()).tolist()


# ---- adding --------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(arrays, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_that_merging_parts_in_any_order_is_counting_them_together(parts, random):
    together = BitHistogram.from_values(np.concatenate(parts))
    shuffled = random.sample(parts, len(parts))
    first, *rest = map(BitHistogram.from_values, shuffled)
    assert first.merge(*rest) == together
    step_by_step = BitHistogram.empty()
    for part in shuffled:
        step_by_step = step_by_step.merge(BitHistogram.from_values(part))
    assert step_by_step == together


@settings(max_examples=25)
@given(arrays)
def test_that_every_value_is_counted_in_one_class(values):
    histogram = BitHistogram.from_values(values)
    table = histogram.most_significant_bits()
    assert histogram.total == len(values)
    assert histogram.not_a_number == np.isnan(values).sum()
    assert histogram.infinities == np.isinf(values).sum()
    assert histogram.zeros == (np.abs(values) < 2.0**-133).sum()
    classes = histogram.zeros + histogram.infinities + histogram.not_a_number
    assert table.sum() == len(values) - classes


@settings(max_examples=25)
@given(arrays)
def test_that_bit_positions_are_counted_by_sign(values):
    expected = np.zeros((2, BIT_COUNT), np.int64)
    for value in values.tolist():
        if math.isfinite(value) and abs(value) >= 2.0**LOWEST_BIT:
            expected[int(value < 0), math.frexp(value)[1] - 1 - LOWEST_BIT] += 1
    assert np.array_equal(BitHistogram.from_values(values).most_significant_bits(), expected)


@settings(max_examples=30)
@given(arrays)
def test_that_dense_counters_give_the_histogram_of_the_values(values):
    dense = np.zeros(BUCKETS, np.int64)
    for value in values:
        dense[int(value.view(np.uint32)) >> 16] += 1
    assert BitHistogram.from_dense(dense) == BitHistogram.from_values(values)


def test_that_the_payload_of_a_nan_can_hide_it_among_the_infinities():
    hidden = np.uint32([0x7F800001, 0xFF800001]).view(np.float32)
    assert np.isnan(hidden).all()
    histogram = BitHistogram.from_values(hidden)
    assert (histogram.infinities, histogram.not_a_number) == (2, 0)


def test_that_no_values_make_the_empty_histogram():
    empty = BitHistogram.from_values(np.empty((0, 4)))
    assert empty == BitHistogram.empty()
    assert (empty.total, empty.zeros, empty.infinities, empty.not_a_number) == (0, 0, 0, 0)
    assert empty.most_significant_bits().sum() == 0
    assert empty.merge(empty) == empty


def test_that_counters_hold_more_than_32_bits():
    dense = np.zeros(BUCKETS, np.int64)
    dense[5] = 2**40
    histogram = BitHistogram.from_dense(dense)
    assert histogram.merge(histogram).total == 2**41


# ---- the value -----------------------------------------------------------------------------------


def test_that_a_histogram_cannot_be_changed():
    histogram = BitHistogram.from_values([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        histogram.counts[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        histogram.buckets[0] = 7


def test_that_histograms_are_equal_by_content_only():
    histogram = BitHistogram.from_values([1.0, 1.0, 2.0])
    assert histogram == BitHistogram.from_values([2.0, 1.0, 1.0])
    assert histogram != BitHistogram.from_values([1.0, 2.0, 2.0])
    assert histogram != BitHistogram.from_values([1.0, 1.0, 3.0])
    assert histogram != [1.0, 1.0, 2.0]
    with pytest.raises(TypeError):
        hash(histogram)


@pytest.mark.parametrize("shape", [(3,), (2, 1), ()])
def test_that_buckets_and_counts_belong_together(shape):
    with pytest.raises(ValueError, match="one count for each bucket"):
        BitHistogram(np.zeros(2, np.uint16), np.zeros(shape, np.int64))
    with pytest.raises(ValueError, match="one count for each bucket"):
        BitHistogram(np.zeros((2, 1), np.uint16), np.zeros((2, 1), np.int64))


def test_that_values_can_be_taken_out_again():
    values = np.float32([6.0, 6.0, 6.0, 0.5, -6.0])
    histogram = BitHistogram.from_values(values)
    bucket = int(bucket_of(6.0)[0])
    assert histogram.without(bucket, 2) == BitHistogram.from_values(values[2:])
    assert histogram.without(bucket, 3) == BitHistogram.from_values(values[3:])
    assert histogram.total == 5


@pytest.mark.parametrize(("value", "count"), [(6.0, 3), (5.0, 1), (-np.inf, 1)])
def test_that_values_which_are_not_there_cannot_be_taken_out(value, count):
    histogram = BitHistogram.from_values([6.0, 6.0, 0.5])
    with pytest.raises(ValueError, match="does not hold"):
        histogram.without(int(bucket_of(value)[0]), count)


# ---- the thresholds of types ---------------------------------------------------------------------


def splits_a_bucket(threshold: float) -> bool:
    """Whether values on both sides of a positive threshold share a bucket."""
    below = np.nextafter(np.float32(threshold), np.float32(0))
    return bucket_of(below)[0] == bucket_of(threshold)[0]


@pytest.mark.parametrize("exponent", [-126, -30, -3, 0, 1, 12, 100])
def test_that_thresholds_of_signed_eight_bit_types_lie_between_buckets(exponent):
    step = 2.0**exponent
    assert not splits_a_bucket(0.5 * step)
    assert not splits_a_bucket(step)
    assert not splits_a_bucket(127.5 * step)
    assert splits_a_bucket(128.5 * step)  # the documented exceptions: two's complement's
    assert splits_a_bucket(255.5 * step)  # extra negative step, and the unsigned top


def test_that_counts_on_either_side_of_such_thresholds_are_those_of_the_values():
    values = np.random.default_rng(1).laplace(scale=3.0, size=50_000).astype(np.float32)
    histogram = BitHistogram.from_values(values)
    low, high = histogram.edges
    for step in (2.0**-5, 2.0**-2, 1.0):
        for threshold in (0.5 * step, step, 127.5 * step):
            assert not ((low < threshold) & (threshold < high)).any()
            beyond = histogram.counts[low >= threshold].sum()
            assert beyond == (np.abs(values) >= threshold).sum()
            negative = histogram.counts[(low >= threshold) & histogram.negative].sum()
            assert negative == (values <= -threshold).sum()


@given(parts=st.lists(arrays, max_size=3))
def test_that_what_any_histogram_uses_is_counted_once(parts):
    together = used_by_any(BitHistogram.from_values(part) for part in parts)
    values = np.concatenate([np.zeros(0, np.float32), *parts])
    assert np.array_equal(together.buckets, np.unique(bucket_of(values)))
    assert together.total == len(together.buckets)
