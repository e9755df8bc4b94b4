"""Edits of types by position: what moves, what stays, and what cannot be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.gui.ranges.type_edits import (
    Grip,
    dragged,
    key_move,
    moved,
    next_word_length,
    with_upper_edge,
    with_word_length,
)

WORDS = (8, 16)
FIXED = FixedPoint(8, 7)
UNSIGNED = Scaled(0.02, 0, 8, signed=False)
SHIFTED = Scaled(0.02, 100, 8, signed=False)
SYMMETRIC = Scaled(0.02, 0, 8, signed=True, narrow_range=True)
CHANNELS = ChannelScaled((0.01, 0.02))


@given(bits=st.floats(-20, 20))
def test_that_a_power_of_two_band_moves_by_whole_columns(bits: float) -> None:
    found = moved(FIXED, bits)
    assert isinstance(found, FixedPoint)
    assert found.band().bottom - FIXED.band().bottom == round(bits)
    assert found.word_length == 8


@given(bits=st.floats(-20, 20))
@pytest.mark.parametrize("kind", [UNSIGNED, SHIFTED, CHANNELS])
def test_that_a_scaled_band_moves_by_any_part_of_a_column(kind: DataType, bits: float) -> None:
    found = moved(kind, bits)
    assert found is not None
    assert found.band().lower_edge - kind.band().lower_edge == pytest.approx(bits, abs=1e-5)
    assert found.zero_point == kind.zero_point


def test_that_a_band_cannot_leave_what_float_holds() -> None:
    assert moved(FixedPoint(8, 126), -1) is None
    assert key_move(FixedPoint(8, -126), 1) is None


@pytest.mark.parametrize("kind", [FIXED, UNSIGNED, SHIFTED, SYMMETRIC, CHANNELS])
def test_that_another_word_length_keeps_the_range(kind: DataType) -> None:
    longer = with_word_length(kind, 16)
    assert longer is not None and longer.word_length == 16
    assert longer.maximum == pytest.approx(kind.maximum, rel=0.01, abs=kind.step)
    assert longer.step < kind.step / 200
    back = with_word_length(longer, 8)
    assert back is not None
    assert back.step == pytest.approx(kind.step, rel=0.01)
    assert back.zero_point == kind.zero_point


def test_that_word_lengths_step_through_what_the_target_takes() -> None:
    assert next_word_length(FIXED, WORDS, 1) == 16
    assert next_word_length(FIXED, WORDS, -1) is None


def test_that_the_lower_edge_snaps_to_the_nearest_word_length() -> None:
    assert dragged(FIXED, Grip.LOWER, -3.0, WORDS) == FIXED
    longer = dragged(FIXED, Grip.LOWER, -6.0, WORDS)
    assert longer is not None and longer.word_length == 16
    assert longer.band().top == FIXED.band().top


def test_that_the_upper_edge_cuts_the_larger_side_first() -> None:
    cut = with_upper_edge(SHIFTED, math.log2(2.5), WORDS)
    assert cut is not None
    assert cut.maximum == pytest.approx(2.5, abs=0.02)
    assert cut.minimum == pytest.approx(SHIFTED.minimum, abs=0.02)
    both = with_upper_edge(SHIFTED, 0.0, WORDS)
    assert both is not None
    assert (both.minimum, both.maximum) == pytest.approx((-1.0, 1.0), abs=0.02)


def test_that_the_upper_edge_of_a_type_without_a_zero_point_moves_the_band() -> None:
    found = dragged(UNSIGNED, Grip.UPPER, 1.0, WORDS)
    assert found is not None
    assert found.step == pytest.approx(0.04)


@given(bits=st.floats(-200, 200), grip=st.sampled_from(Grip))
@pytest.mark.parametrize("kind", [FIXED, UNSIGNED, SHIFTED, SYMMETRIC, CHANNELS])
def test_that_no_drag_raises(kind: DataType, grip: Grip, bits: float) -> None:
    found = dragged(kind, grip, bits, WORDS)
    assert found is None or found.step > 0.0
