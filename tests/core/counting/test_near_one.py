"""How near to one values come, against plain loops; and that it covers its bucket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.counting.histogram import BitHistogram
from quantscope.core.counting.near_one import COLUMNS, NearOne, edges
from quantscope.core.counting.statistics import TensorStatistics

STEP = 2.0**-24
within = st.floats(-1.0, 1.0, width=32)
near = st.integers(1, 1 << 16).map(lambda steps: 1.0 - steps * STEP)
values = st.lists(within | near | near.map(lambda value: -value), max_size=30).map(np.float32)


def counted(found) -> list[list[int]]:
    table = [[0] * COLUMNS for _ in range(2)]
    for value in map(float, found):
        distance = 1.0 - abs(value)
        if 0.0 < distance <= 2.0**-8:
            table[int(value < 0)][sum(distance >= STEP * 2.0**j for j in range(1, COLUMNS))] += 1
    return table


@given(values)
def test_that_distances_are_counted_by_powers_of_two(found):
    assert NearOne.from_bits(found.view(np.uint32)).counts.tolist() == counted(found)


@given(values)
def test_that_all_values_of_the_bucket_are_counted(found):
    near = NearOne.from_bits(found.view(np.uint32))
    assert near.fits(BitHistogram.from_values(found)) == bool(near)
    twice = np.concatenate([found, found])
    assert not near.fits(BitHistogram.from_values(twice))


@given(values.filter(len))
def test_that_the_extremes_are_taken_out_once(found):
    spread, near = TensorStatistics.from_values(found).spread()
    rest = [v for v in found.tolist() if v not in (found.min(), found.max())]
    assert near.counts.tolist() == counted(rest)
    in_all = spread.counts[spread.finite].sum() + near.counts.sum()
    assert in_all == sum(abs(v) >= 2.0**-133 for v in rest)


def test_that_the_columns_cover_the_bucket_without_a_gap():
    low, high = edges()
    assert (high[0], low[-1]) == (1.0, 1.0 - 2.0**-8)
    assert np.array_equal(low[:-1], high[1:])
    assert (low < high).all()


@pytest.mark.parametrize("beyond", [1.5, -7.0])
def test_that_nothing_is_finer_where_something_is_larger_than_one(beyond):
    kept = TensorStatistics.from_values(np.float32([0.999, 0.9999]))
    assert kept.near_one
    assert not TensorStatistics.from_values(np.float32([0.999, beyond])).near_one
    assert not kept.merge(TensorStatistics.from_values(np.float32([beyond]))).near_one
