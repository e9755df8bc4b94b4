"""Statistics of parts add up to the statistics of the whole."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.growth import Growth
from quantscope.core.counting.histogram import BitHistogram
from quantscope.core.counting.near_one import NearOne
from quantscope.core.counting.statistics import (
    MOST_DISTINCT,
    NO_SAMPLE,
    SMALL_TENSOR,
    DistinctValues,
    Extreme,
    TensorStatistics,
    merge_all,
)

# Few different values, so that extremes meet; NaN, infinities and -0 included.
near_one = st.sampled_from([0.99609375, 0.999, 0.99999994, -0.99999994, 1.0])
values = st.floats(width=32) | st.sampled_from([0.0, -0.0, 6.0, -6.0, 1e-45, -1e-45]) | near_one
samples = st.lists(st.lists(values, max_size=8).map(np.float32), min_size=1, max_size=6)


def assert_same(one: TensorStatistics, two: TensorStatistics) -> None:
    assert one.histogram == two.histogram
    assert (one.minimum, one.maximum) == (two.minimum, two.maximum)
    assert one.growth == two.growth
    assert one.near_one.counts.tolist() == two.near_one.counts.tolist()
    assert (one.distinct is None) == (two.distinct is None)
    if one.distinct is not None and two.distinct is not None:
        assert one.distinct.values.tolist() == two.distinct.values.tolist()
        assert one.distinct.counts.tolist() == two.distinct.counts.tolist()


def expected_of(parts: list[np.ndarray]) -> TensorStatistics:
    """Written out with plain loops over the values."""
    every = [(float(v), i) for i, part in enumerate(parts) for v in part if np.isfinite(v)]
    counts: dict[float, int] = {}
    for value, _ in every:
        counts[value + 0.0] = counts.get(value + 0.0, 0) + 1
    ends = []
    for pick in (min, max):
        end = pick(counts, default=None)
        first = next((i for v, i in every if v == end), 0)
        ends.append(None if end is None else Extreme(end, counts[end], first))
    keys = sorted(counts)
    growth = Growth()
    for value, i in every:
        growth = growth.merge(Growth.of(value, value, i))
    table = DistinctValues(np.float32(keys), np.array([counts[k] for k in keys], np.int64))
    histogram, near = BitHistogram.from_values(np.concatenate(parts)), NearOne.nothing()
    if keys and max(-keys[0], keys[-1]) <= 1.0:
        near = NearOne.from_bits(np.concatenate(parts).view(np.uint32))
    return TensorStatistics(histogram, *ends, table, growth=growth, near_one=near)


@settings(max_examples=40)
@given(samples, st.randoms(use_true_random=False))
def test_that_samples_merged_in_any_order_give_the_statistics_of_all_values(parts, random):
    kept = [TensorStatistics.from_values(part, i) for i, part in enumerate(parts)]
    shuffled = random.sample(kept, len(kept))
    assert_same(merge_all(shuffled), expected_of(parts))
    right = reduce(lambda one, two: two.merge(one), shuffled)
    assert_same(right, expected_of(parts))


@settings(max_examples=15)
@given(samples)
def test_that_one_pass_over_everything_gives_the_same_but_for_the_sample_numbers(parts):
    merged = merge_all(TensorStatistics.from_values(part, 0) for part in parts)
    assert_same(merged, TensorStatistics.from_values(np.concatenate(parts), 0))


def test_that_the_grouping_of_merges_does_not_matter():
    rng = np.random.default_rng(0)
    a, b, c = (TensorStatistics.from_values(np.round(rng.normal(size=500)), i) for i in range(3))
    assert_same(a.merge(b).merge(c), a.merge(b.merge(c)))


def test_that_extremes_say_how_often_they_occur_and_where_first():
    parts = [[1.0, 6.0], [6.0, 6.0, -2.0], [0.0, -2.0, np.inf, np.nan]]
    merged = merge_all(TensorStatistics.from_values(part, i) for i, part in enumerate(parts))
    assert merged.maximum == Extreme(6.0, 3, 0)
    assert merged.minimum == Extreme(-2.0, 2, 1)
    assert merged.histogram.infinities == 1
    assert merged.histogram.not_a_number == 1


def test_that_no_statistics_merge_to_the_empty_ones():
    empty = merge_all([])
    assert_same(empty, TensorStatistics.empty())
    assert empty.largest_magnitude == 0.0
    assert empty.range_with_zero == (0.0, 0.0)
    assert empty.point_masses() == []
    assert empty.spread()[0] == BitHistogram.empty()


def test_that_a_tensor_without_finite_values_has_no_extremes():
    kept = TensorStatistics.from_values([np.nan, np.inf, -np.inf])
    assert (kept.minimum, kept.maximum) == (None, None)
    assert kept.histogram.total == 3
    assert kept.distinct is not None
    assert kept.distinct.values.size == 0


def test_that_minus_zero_is_zero():
    kept = TensorStatistics.from_values(np.float32([-0.0, 0.0, -0.0]))
    assert kept.minimum == Extreme(0.0, 3, NO_SAMPLE)
    assert str(kept.minimum.value) == "0.0"
    assert kept.distinct is not None
    assert str(kept.distinct.values.tolist()) == "[0.0]"


@given(samples)
def test_that_renumbered_statistics_are_those_of_samples_called_so(parts):
    numbers = [3 * i + 1 for i in range(len(parts))]
    merged = merge_all(TensorStatistics.from_values(part, i) for i, part in enumerate(parts))
    called = merge_all(
        TensorStatistics.from_values(part, numbers[i]) for i, part in enumerate(parts)
    )
    assert_same(merged.renumbered(numbers), called)


def test_that_a_parameter_stays_as_it_is_when_samples_are_renumbered():
    kept = TensorStatistics.of_parameter([1.0, 2.0])
    assert kept.renumbered([7]) is kept


# ---- the table of distinct values ----------------------------------------------------------------


TIMES = SMALL_TENSOR // 600  # how often each value has to occur to make them too many


def test_that_the_table_of_many_values_ends_past_1024_distinct_ones():
    at_most = TensorStatistics.from_values(np.tile(np.arange(1_024), 20))
    assert at_most.distinct is not None
    assert at_most.distinct.counts.tolist() == [20] * MOST_DISTINCT
    assert TensorStatistics.from_values(np.tile(np.arange(1_025), 20)).distinct is None


def test_that_a_small_tensor_keeps_all_of_its_values():
    at_most = TensorStatistics.from_values(np.arange(SMALL_TENSOR))
    assert at_most.distinct is not None
    assert at_most.distinct.values.tolist() == list(range(SMALL_TENSOR))
    with_more = np.append(np.arange(SMALL_TENSOR), [np.nan, np.inf])  # these do not count
    assert TensorStatistics.from_values(with_more).distinct is not None
    assert TensorStatistics.from_values(np.arange(SMALL_TENSOR + 1)).distinct is None


def test_that_parts_with_too_many_values_together_lose_the_table_for_good():
    every = np.tile(np.arange(600), TIMES)
    parts = [TensorStatistics.from_values(every + start) for start in (0, 600)]
    assert all(part.distinct is not None for part in parts)
    assert merge_all(parts).distinct is None
    assert merge_all([*parts, TensorStatistics.from_values([0.0])]).distinct is None
    assert merge_all([TensorStatistics.empty(), *parts]).distinct is None


def test_that_small_parts_together_are_small_up_to_the_same_number():
    values = np.arange(SMALL_TENSOR + 1)
    parts = [TensorStatistics.from_values(part) for part in np.array_split(values[1:], 3)]
    distinct = merge_all(parts).distinct
    assert distinct is not None
    assert distinct.values.tolist() == values[1:].tolist()
    assert merge_all([*parts, TensorStatistics.from_values(values[:1])]).distinct is None


def test_that_parts_with_1024_values_together_keep_the_table():
    every = np.tile(np.arange(512), TIMES)
    parts = [TensorStatistics.from_values(every + start) for start in (0, 512)]
    distinct = merge_all(parts).distinct
    assert distinct is not None
    assert distinct.values.tolist() == list(range(1_024))


def test_that_parts_with_the_same_values_keep_the_table():
    pixels = TensorStatistics.from_values(np.arange(256))
    merged = merge_all([pixels] * 5)
    assert merged.distinct is not None
    assert merged.distinct.values.tolist() == list(range(256))
    assert merged.distinct.counts.tolist() == [5] * 256
    assert merged.distinct.counts.dtype == np.int64


# ---- parameters ----------------------------------------------------------------------------------


def test_that_a_parameter_keeps_its_values_and_no_table():
    weights = np.arange(6.0).reshape(2, 3)
    kept = TensorStatistics.of_parameter(weights, channel_axis=0)
    assert np.array_equal(kept.values, weights)
    assert kept.values.dtype == np.float32
    assert (kept.distinct, kept.channel_axis) == (None, 0)
    assert kept.maximum == Extreme(5.0, 1, NO_SAMPLE)


def test_that_merging_parameters_forgets_their_values():
    one, two = (TensorStatistics.of_parameter([v, 2.0]) for v in (1.0, 3.0))
    merged = one.merge(two)
    assert merged.values is None
    assert_same(merged, TensorStatistics.from_values([1.0, 2.0, 3.0, 2.0]))
    assert merge_all([one]) is one


def test_that_doubles_past_single_precision_are_infinite_in_it():
    for kept in (TensorStatistics.from_values([1e300]), TensorStatistics.of_parameter([1e300])):
        assert kept.histogram.infinities == 1
        assert kept.maximum is None


# ---- what schemes read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "largest", "with_zero"),
    [
        ([1.0, 3.0], 3.0, (0.0, 3.0)),
        ([-4.0, -1.0], 4.0, (-4.0, 0.0)),
        ([-4.0, 2.0], 4.0, (-4.0, 2.0)),
        ([0.0, 0.0], 0.0, (0.0, 0.0)),
    ],
)
def test_that_ranges_include_zero(data, largest, with_zero):
    kept = TensorStatistics.from_values(data)
    assert kept.largest_magnitude == largest
    assert kept.range_with_zero == with_zero


def test_that_point_masses_are_taken_out_of_the_histogram_once():
    data = np.float32([0.0, 0.0, 1.0, 6.0, 6.0, 6.01])
    kept = TensorStatistics.from_values(np.minimum(data, np.float32(6)))
    assert kept.point_masses() == [(0.0, 2), (6.0, 3)]
    assert kept.spread()[0] == BitHistogram.from_values([0.0, 0.0, 1.0])  # zeros cost nothing
    constant = TensorStatistics.from_values([5.0, 5.0])
    assert constant.point_masses() == [(5.0, 2)]
    assert constant.spread()[0] == BitHistogram.empty()


def test_that_an_extreme_too_small_for_a_bucket_of_its_own_is_taken_from_the_zeros():
    kept = TensorStatistics.from_values([1e-45, 0.0, -1e-45])
    assert kept.point_masses() == [(-float(np.float32(1e-45)), 1), (float(np.float32(1e-45)), 1)]
    assert kept.spread()[0] == BitHistogram.from_values([0.0])


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 4)])
def test_that_values_of_a_parameter_keep_their_shape_and_are_contiguous(
    shape: tuple[int, ...],
) -> None:
    values = TensorStatistics.of_parameter(np.ones(shape[::-1], np.float64).T).values
    assert values is not None
    assert (values.shape, values.dtype) == (shape, np.float32)
    assert values.flags.c_contiguous
