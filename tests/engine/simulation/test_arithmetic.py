"""Rounding to stored integers against exact arithmetic on fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.numbers.rounding import Ties
from quantscope.engine.simulation.arithmetic import (
    Grid,
    Reals,
    Steps,
    aligned,
    by_table,
    requantize,
    shifted,
)

HALF = Fraction(1, 2)
ALL_WORDS = 2**20  # beyond what a word of 16 bits holds
scales = st.floats(2**-20, 2**10, width=32)


def rounded(value: Fraction, ties: Ties) -> int:
    if ties is Ties.EVEN:
        return round(value)
    if ties is Ties.UP:
        return math.floor(value + HALF)
    magnitude = math.floor(abs(value) + HALF)
    return magnitude if value >= 0 else -magnitude


def grid(scale: float, zero_point: int = 0, limits: tuple[int, int] = (-128, 127)) -> Grid:
    return Grid(np.asarray(scale, np.float64), np.asarray(zero_point, np.int64), limits)


def steps(integers: object, step: object, divisor: object = 1) -> Steps:
    return Steps(
        np.asarray(integers, np.int64),
        np.asarray(step, np.float64),
        np.asarray(divisor, np.int64),
    )


@given(
    st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=5),
    st.integers(-90, 40),
    st.integers(1, 2**40 - 1) | st.sampled_from([1, 2, 3, 4, 9, 64]),
    st.sampled_from(Ties),
)
def test_that_a_shift_is_the_rounded_quotient(
    integers: list[int], exponent: int, divisor: int, ties: Ties
) -> None:
    found = shifted(np.array(integers), np.array(exponent), np.array(divisor), ties)
    for integer, mine in zip(integers, found.tolist(), strict=True):
        exact = rounded(Fraction(integer) * Fraction(2) ** exponent / divisor, ties)
        if abs(exact) < ALL_WORDS:
            assert mine == exact
        else:
            assert abs(mine) >= ALL_WORDS and (mine > 0) == (exact > 0)


@given(st.integers(-300, 300), st.integers(1, 9), st.sampled_from(Ties))
def test_that_every_tie_of_a_shift_follows_the_rule(whole: int, bits: int, ties: Ties) -> None:
    tie = (2 * whole + 1) << (bits - 1)  # whole and a half, before a shift by so many bits
    assert int(shifted(np.array(tie), np.array(-bits), 1, ties)) == rounded(whole + HALF, ties)


@given(
    st.integers(-(2**40), 2**40),
    scales,
    scales,
    st.integers(-128, 127),
    st.integers(1, 1000),
    st.sampled_from(Ties),
)
def test_that_requantizing_by_any_ratio_is_the_rounded_quotient(
    integer: int, step: float, scale: float, zero_point: int, divisor: int, ties: Ties
) -> None:
    exact = Fraction(integer) * Fraction(step) / Fraction(scale) / divisor
    from_tie = abs(exact - math.floor(exact) - HALF)
    found = requantize(steps(integer, step, divisor), grid(scale, zero_point), ties)
    near = [rounded(exact, ties)]
    if 0 < from_tie < abs(exact) * Fraction(2) ** -50:  # float64 cannot tell it from a tie
        near += [math.floor(exact), math.ceil(exact)]
    assert int(found) in [min(max(each + zero_point, -128), 127) for each in near]


@given(
    st.lists(st.integers(-(2**30), 2**30), min_size=1, max_size=6),
    st.integers(-20, 20),
    st.integers(-20, 20),
    st.sampled_from(Ties),
)
def test_that_a_power_of_two_ratio_of_odd_steps_is_a_shift_as_well(
    integers: list[int], one: int, other: int, ties: Ties
) -> None:
    """Float64 and integers agree: the ratio decides, not whether the steps are powers of two."""
    plain = requantize(steps(integers, 2.0**one), grid(2.0**other), ties)
    odd = requantize(steps(integers, 0.7 * 2.0**one), grid(0.7 * 2.0**other), ties)
    assert plain.tolist() == odd.tolist()


def test_that_channels_have_ratios_of_their_own() -> None:
    exact = steps([[5, 5, 5], [-5, -5, -5]], [1.0, 0.5, 0.1])
    assert requantize(exact, grid(1.0)).tolist() == [[5, 2, 0], [-5, -2, 0]]


def test_that_results_saturate_and_nan_is_zero() -> None:
    reals = Reals(np.array([np.inf, -np.inf, np.nan, 1e30, -1e30, 127.4, 127.6]))
    assert requantize(reals, grid(1.0)).tolist() == [127, -128, 0, 127, -128, 127, 127]
    assert requantize(reals, grid(1.0, 3, (0, 255))).tolist() == [255, 0, 3, 255, 0, 130, 131]
    huge = steps([2**52, -(2**52)], 2.0**30)
    assert requantize(huge, grid(2.0**-30)).tolist() == [127, -128]


@given(
    st.integers(-(2**31), 2**31),
    st.integers(-(2**31), 2**31),
    st.integers(-30, 30),
    st.integers(-30, 30),
)
def test_that_aligned_operands_keep_their_values(a: int, b: int, i: int, j: int) -> None:
    one, other = steps(a, 2.0**i), steps(b, 2.0**j)
    shared = aligned(one, other)
    assert (shared is None) == (abs(i - j) >= 20)
    if shared is not None:
        left, right, step = (Fraction(part.item()) for part in shared)
        assert left * step == Fraction(a) * Fraction(2) ** i
        assert right * step == Fraction(b) * Fraction(2) ** j


def test_that_steps_that_no_shift_aligns_are_left_to_reals() -> None:
    assert aligned(steps(1, 0.3), steps(1, 0.1)) is None


@pytest.mark.parametrize("shape", [(40,), (0,), (2, 0, 3)])
def test_that_a_table_gives_what_the_function_gives(shape: tuple[int, ...]) -> None:
    integers = np.random.default_rng(0).integers(-100, 155, shape)
    found = by_table(Steps(integers, np.asarray(0.037)), np.tanh)
    np.testing.assert_array_equal(found.values, np.tanh(integers * 0.037))
