"""Rounding against exact arithmetic on fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.numbers.rounding import Ties, round_to_integer


def away_from_zero(x: float) -> int:
    magnitude = math.floor(abs(Fraction(x)) + Fraction(1, 2))
    return -magnitude if x < 0 else magnitude


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_that_ties_go_away_from_zero(x):
    assert int(round_to_integer(np.array([x]))[0]) == away_from_zero(x)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_that_ties_go_to_even_when_asked(x):
    assert int(round_to_integer(np.array([x]), Ties.EVEN)[0]) == round(Fraction(x))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_that_ties_go_up_when_asked(x):
    up = math.floor(Fraction(x) + Fraction(1, 2))
    assert int(round_to_integer(np.array([x]), Ties.UP)[0]) == up


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        (Ties.AWAY, [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]),
        (Ties.EVEN, [-2.0, -2.0, -0.0, 0.0, 2.0, 2.0]),
        (Ties.UP, [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]),
    ],
)
def test_that_halves_follow_the_rule_asked_for(ties, expected):
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert round_to_integer(halves, ties).tolist() == expected


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_that_the_largest_number_below_a_half_becomes_zero(kind):
    below = np.nextafter(kind(0.5), kind(0))
    assert below + kind(0.5) == 1.0  # why floor(x + 0.5) is wrong
    assert round_to_integer(np.array([below, -below])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("ties", Ties)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_that_shape_and_type_are_kept(ties, kind):
    rounded = round_to_integer(np.full((2, 0, 3), 0.7, kind), ties)
    assert rounded.shape == (2, 0, 3)
    assert rounded.dtype == kind


@pytest.mark.parametrize("ties", Ties)
def test_that_infinities_and_nan_pass_without_a_warning(ties):
    rounded = round_to_integer(np.array([np.inf, -np.inf, np.nan]), ties)
    assert rounded[:2].tolist() == [np.inf, -np.inf]
    assert np.isnan(rounded[2])
