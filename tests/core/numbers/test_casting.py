"""Every value meets exactly one fate, counted by exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.numbers.casting import CastCounts, count_cast
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.numbers.rounding import Ties


def counts_of(total, *, overflow=0, underflow=0, precision_loss=0, exact=0, not_a_number=0):
    return CastCounts(total, overflow, underflow, precision_loss, exact, not_a_number)


@pytest.mark.parametrize(
    ("value", "fate"),
    [
        (0.03125, "underflow"),
        (-0.03125, "underflow"),
        (2.1, "precision_loss"),
        (16.25, "overflow"),
        (15.95, "overflow"),  # rounds to 128 steps
        (15.9, "precision_loss"),  # rounds to 127 steps
        (-16.0, "exact"),
        (-16.05, "precision_loss"),
        (-16.0625, "overflow"),
        (0.0, "exact"),
        (-0.0, "exact"),
        (2.125, "exact"),
        (1e-45, "underflow"),
        (np.inf, "overflow"),
        (-np.inf, "overflow"),
        (np.nan, "not_a_number"),
    ],
)
def test_that_three_fraction_bits_give_each_value_its_documented_fate(value, fate):
    assert count_cast(value, FixedPoint(8, 3)) == counts_of(1, **{fate: 1})


def fate_by_fractions(value, step, low, high) -> str:
    if np.isnan(value):
        return "not_a_number"
    if np.isinf(value):
        return "overflow"
    quotient = Fraction(float(value)) / Fraction(step)
    whole = int(abs(quotient) + Fraction(1, 2)) * (-1 if quotient < 0 else 1)
    if not low <= whole <= high:
        return "overflow"
    if whole == 0 and value != 0:
        return "underflow"
    return "exact" if whole * Fraction(step) == Fraction(float(value)) else "precision_loss"


@settings(max_examples=30)
@given(
    st.lists(st.floats(width=32), max_size=20),
    st.sampled_from(
        [
            (FixedPoint(8, 3), -128, 127),
            (FixedPoint(8, -7, signed=False), 0, 255),
            (FixedPoint(4, 60, narrow_range=True), -7, 7),
            (Scaled(0.5, 3, 8, signed=False), -3, 252),
        ]
    ),
)
def test_that_every_value_is_counted_under_exactly_one_fate(values, kind):
    data_type, low, high = kind
    fates = [fate_by_fractions(v, data_type.step, low, high) for v in np.float32(values)]
    expected = {fate: fates.count(fate) for fate in set(fates)}
    assert count_cast(np.float32(values), data_type) == counts_of(len(values), **expected)


def test_that_a_value_that_the_runtime_takes_for_a_tie_is_counted_as_it_is_cast():
    # A little less than 127.5 steps, but not in the float32 division of the runtime.
    scale, value = next(values_taken_for_a_tie())
    assert Fraction(float(value)) < Fraction(255, 2) * Fraction(float(scale))
    data_type = Scaled(float(scale))
    assert count_cast(value, data_type, Ties.EVEN) == counts_of(1, overflow=1)
    assert count_cast(value, data_type, Ties.AWAY) == counts_of(1, precision_loss=1)


def values_taken_for_a_tie():
    tie = np.float32(127.5)
    for scale in np.linspace(0.1, 0.2, 1_000, dtype=np.float32):
        value = tie * scale
        quotient = Fraction(float(value)) / Fraction(float(scale))
        if quotient < Fraction(255, 2) and value / scale == tie:
            yield scale, value


def test_that_each_channel_is_counted_with_its_own_scale():
    values = np.array([[0.4, 1.0, 200.0], [0.4, 1.0, 200.0]])
    counts = count_cast(values, ChannelScaled((1.0, 100.0)))
    # channel 0: underflow, exact, overflow; channel 1: underflow, underflow, exact
    assert counts == counts_of(6, overflow=1, underflow=3, exact=2)


def test_that_no_values_give_no_counts():
    assert count_cast(np.empty((0, 3)), FixedPoint()) == counts_of(0)


def test_that_values_far_past_float32_overflow_without_a_warning():
    assert count_cast([1e308, -1e308], Scaled(1e-30)) == counts_of(2, overflow=2)
