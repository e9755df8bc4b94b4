"""Live counts travel cut to their used columns and come back whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.histogram import BIT_COUNT, LOWEST_BIT, BitHistogram
from quantscope.core.events import BitCounts, LiveCounts, Progress


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, BIT_COUNT - 1)), max_size=6))
def test_that_a_table_comes_back_from_its_used_columns(cells):
    table = np.zeros((2, BIT_COUNT), np.int64)
    for cell in cells:
        table[cell] += 2**40
    counts = BitCounts.of(table)
    assert np.array_equal(counts.table(), table)
    used = sorted({column for _, column in cells})
    width = used[-1] - used[0] + 1 if used else 0
    assert len(counts.positive) == len(counts.negative) == width


def test_that_only_used_columns_travel_as_plain_integers():
    table = BitHistogram.from_values([1.0, 1.5, -4.0, 0.0]).most_significant_bits()
    counts = BitCounts.of(table)
    assert counts == BitCounts(first=0, positive=(2, 0, 0), negative=(0, 0, 1))
    assert {type(number) for number in counts.positive} == {int}


def test_that_the_lowest_bit_has_a_place():
    counts = BitCounts(LOWEST_BIT, (7,), (0,))
    assert counts.table()[0, 0] == 7
    assert BitCounts.of(counts.table()) == counts


def test_that_events_compare_by_what_they_say():
    assert Progress("calibrate", 1, 9) == Progress("calibrate", 1, 9, 0.0, 0.0)
    assert LiveCounts(3, {"x": BitCounts(0, (1,), (0,))}) != LiveCounts(3, {})
    with pytest.raises(AttributeError):
        Progress("calibrate", 1, 9).done = 2
