"""What is kept of the samples that widened a range is what a plain loop over them finds."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.counting.growth import LEVELS_PER_BIT, Growth, level_of

values = st.floats(-(2.0**99), 2.0**99, width=32) | st.sampled_from(
    [0.0, -1.0, 1.0, 1.99, 2.0, 1e-45]
)
ranges = st.lists(st.tuples(values, values).map(sorted), max_size=12)


def growth_of(samples, numbers=None):
    parts = [Growth.of(*ends, number) for number, ends in enumerate(samples)]
    return reduce(Growth.merge, parts, Growth())


def steps_by_loop(levels):
    found, top = [], 0
    for sample, level in enumerate(levels):
        if level > top:
            found.append((sample, level))
            top = level
    return tuple(found)


@given(ranges, st.randoms(use_true_random=False))
def test_that_samples_in_any_order_give_the_steps_of_a_loop_over_them(samples, random):
    parts = [Growth.of(*ends, number) for number, ends in enumerate(samples)]
    random.shuffle(parts)
    found = reduce(Growth.merge, parts, Growth())
    assert found.low == steps_by_loop(level_of(-low) for low, _ in samples)
    assert found.high == steps_by_loop(level_of(high) for _, high in samples)


@given(ranges, ranges)
def test_that_two_runs_merge_to_the_growth_of_one_after_the_other(first, second):
    shifted = growth_of(second).renumbered(range(len(first), len(first) + len(second)))
    assert growth_of(first).merge(shifted) == growth_of(first + second)
    assert shifted.merge(growth_of(first)) == growth_of(first + second)


@given(ranges)
def test_that_exponents_are_those_of_the_largest_magnitude_so_far(samples):
    found, top = [], 0.0
    for sample, (low, high) in enumerate(samples):
        before, top = top, max(top, -low, high)
        if level_of(top) and (
            not level_of(before) or np.frexp(np.float32(top))[1] > np.frexp(np.float32(before))[1]
        ):
            found.append((sample, int(np.frexp(np.float32(top))[1]) - 1))
    normal = [(sample, exponent) for sample, exponent in found if exponent >= -126]
    assert [step for step in growth_of(samples).exponents if step[1] >= -126] == normal


@pytest.mark.parametrize("value", [0.0, -3.0, -0.0])
def test_that_what_is_not_above_zero_has_no_level(value):
    assert level_of(value) == 0


def test_that_a_power_of_two_is_eight_levels():
    assert level_of(2.0) - level_of(1.0) == LEVELS_PER_BIT
    assert len({level_of(1.0 + part / 100) for part in range(100)}) == LEVELS_PER_BIT


def test_that_the_levels_are_those_that_the_first_samples_reached():
    growth = growth_of([(0.0, 1.0), (-4.0, 0.5), (-4.0, 2.0)])
    assert growth.levels(0) == (0, 0)
    assert growth.levels(1) == (0, level_of(1.0))
    assert growth.levels(2) == (level_of(4.0), level_of(1.0))
    assert growth.levels(3) == (level_of(4.0), level_of(2.0))


def test_that_one_sample_in_pieces_is_one_step():
    pieces = [Growth.of(0.0, high, 4) for high in (1.0, 8.0, 2.0)]
    assert reduce(Growth.merge, pieces).high == ((4, level_of(8.0)),)
