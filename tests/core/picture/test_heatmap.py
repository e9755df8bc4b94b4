"""Small pictures worked out by hand: which cells are blue, gray and teal, and where edges stand."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.histogram import BIT_COUNT, HIGHEST_BIT, LOWEST_BIT, BitHistogram
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.picture.heatmap import (
    DARK,
    LIGHT,
    BitAxis,
    Depth,
    HeatRow,
    depths,
    edge_positions,
    fates,
    fit_axis,
    paint,
    scale_marks,
)

ABOVE = 6  # columns of the test's axis: 2^6 ... 2^-6, then the rest
AXIS = BitAxis(top=6, bottom=-6)


def counts_of(positive=(), negative=()) -> np.ndarray:
    """A table with 100 values at each of the bit positions given."""
    table = np.zeros((2, BIT_COUNT), np.int64)
    for row, bits in enumerate((positive, negative)):
        for bit in bits:
            table[row, bit - LOWEST_BIT] += 100
    return table


def column(bit: int) -> int:
    return ABOVE - bit


# ---- the axis ------------------------------------------------------------------------------------


def test_that_columns_run_from_large_to_small_and_end_with_the_rest():
    axis = BitAxis(top=2, bottom=-1)
    assert axis.columns == 5
    assert [axis.bit_of(i) for i in range(-1, 6)] == [None, 2, 1, 0, -1, None, None]
    assert [axis.column_of(bit) for bit in (9, 2, 0, -1, -2, -99)] == [0, 0, 2, 3, 4, 4]
    assert [axis.label_of(i) for i in range(5)] == ["2^2", "2^1", "2^0", "2^-1", "≤2^-2"]


@settings(max_examples=25)
@given(
    st.lists(st.integers(LOWEST_BIT, HIGHEST_BIT), max_size=8),
    st.integers(LOWEST_BIT, HIGHEST_BIT),
    st.integers(0, 40),
)
def test_that_folding_keeps_every_value_in_the_column_of_its_bit(bits, top, height):
    axis = BitAxis(top, max(top - height, LOWEST_BIT))
    folded = axis.fold(counts_of(positive=bits, negative=bits[:3]))
    expected = np.zeros((2, axis.columns), np.int64)
    for row, chosen in enumerate((bits, bits[:3])):
        for bit in chosen:
            expected[row, axis.column_of(bit)] += 100
    assert np.array_equal(folded, expected)


def test_that_the_axis_reaches_from_the_highest_column_to_twelve_below_the_lowest_band():
    deep = counts_of(positive=[5, -60])
    rows = [HeatRow(deep, FixedPoint(8, 3)), HeatRow(counts_of([1]), FixedPoint(8, 6))]
    assert fit_axis(rows) == BitAxis(5, -18)
    assert fit_axis([HeatRow(counts_of([1, -7]), FixedPoint(8, 3))]) == BitAxis(3, -7)
    assert fit_axis([HeatRow(deep, FixedPoint(8, -9))]) == BitAxis(15, -3)


def test_that_accumulators_do_not_widen_the_axis():
    bias = HeatRow(counts_of([1]), FixedPoint(32, 20))
    assert fit_axis([bias, HeatRow(counts_of([5, -60]), FixedPoint(8, 3))]) == BitAxis(5, -15)


def test_that_rows_without_a_type_or_without_values_leave_the_axis_alone():
    float_row = HeatRow(counts_of([5, -60]))
    assert fit_axis([float_row]) == BitAxis(5, -27)
    silent = HeatRow(counts_of(), FixedPoint(8, 90))
    assert fit_axis([float_row, silent]) == BitAxis(5, -27)
    assert fit_axis([]) == fit_axis([silent]) == BitAxis(3, -12)


def test_that_any_single_column_can_be_drawn():
    types = (None, FixedPoint(8, 6), FixedPoint(16, -126))
    for bit, data_type in product(range(LOWEST_BIT, HIGHEST_BIT + 1), types):
        row = HeatRow(counts_of([bit], [bit]), data_type)
        axis = fit_axis([row])
        assert LOWEST_BIT <= axis.bottom <= axis.top <= HIGHEST_BIT
        assert axis.columns >= 10
        assert axis.fold(row.counts).sum() == 200
        assert paint([row], axis).shape == (1, axis.columns, 3)


# ---- what becomes of the values ------------------------------------------------------------------


def shares(counts, data_type, axis=AXIS) -> dict[str, list[float]]:
    fate = fates(HeatRow(counts, data_type), axis)
    names = ("saturated", "rounded_up", "underflow")
    return {name: getattr(fate, name).round(4).tolist() for name in names}


EVERY = range(-6, 7)


def test_that_eight_bits_with_three_fraction_bits_lose_what_lies_outside_their_band():
    found = shares(counts_of(positive=EVERY), FixedPoint(8, 3))
    # 2^4 and up saturate; of 8..16 the last half step, 15.9375..16, is past the largest value.
    assert found["saturated"] == [1, 1, 1, round(0.0625 / 8, 4), *[0] * 10]
    assert found["rounded_up"] == [0] * column(-4) + [1, 0, 0, 0]
    assert found["underflow"] == [0] * column(-5) + [1, 1, 0]


def test_that_the_negative_side_reaches_one_step_further():
    found = shares(counts_of(negative=EVERY), FixedPoint(8, 3))
    # -16.0625 is the end: all but the first 1/256 of the column of 16.
    assert found["saturated"] == [1, 1, round(1 - 0.0625 / 16, 4), 0, *[0] * 10]
    narrow = shares(counts_of(negative=EVERY), FixedPoint(8, 3, narrow_range=True))
    assert narrow == shares(counts_of(positive=EVERY), FixedPoint(8, 3))


def test_that_an_unsigned_type_saturates_the_negative_share_of_every_column():
    counts = counts_of(positive=EVERY, negative=EVERY)
    found = shares(counts, FixedPoint(8, 3, signed=False))
    assert found["saturated"][column(4) :][:9] == [
        round(0.5 + 0.5 * 0.0625 / 16, 4),
        *[0.5] * 8,
    ]
    assert found["rounded_up"][column(-4)] == 0.5
    assert found["saturated"][column(-5) :] == [0.0, 0.0, 0.0]
    assert found["underflow"][column(-5) :] == [1.0, 1.0, 0.0]


def test_that_a_float_row_loses_nothing():
    found = shares(counts_of(positive=EVERY), None)
    assert found == dict.fromkeys(found, [0.0] * 14)


def test_that_what_a_relu_takes_away_afterwards_is_not_drawn_as_lost():
    row = HeatRow(counts_of([2, 9, -5], [2, 9]), FixedPoint(8, 3, signed=False), cut_off=True)
    fate = fates(row, AXIS)
    assert fate.saturated.tolist() == [0.0] * AXIS.columns
    assert fate.underflow[column(-5)] == 1.0
    (line,) = paint([row], AXIS, LIGHT)
    assert family_of(line[column(2)]) == "blue"


def test_that_a_scaled_type_splits_the_columns_at_its_ends():
    found = shares(counts_of(positive=EVERY), Scaled(6 / 255, 0, 8, signed=False))
    end, step = 6 * (1 + 0.5 / 255), 6 / 255
    assert found["saturated"][column(2)] == pytest.approx((8 - end) / 4, abs=1e-4)
    half = step / 2  # between 2^-7 and 2^-6: the column of 2^-6 keeps none of it
    assert found["rounded_up"][column(-6)] == pytest.approx((step - 2**-6) / 2**-6, abs=1e-4)
    below = shares(counts_of(positive=[-7]), Scaled(6 / 255, 0, 8, signed=False))
    assert below["underflow"][-1] == pytest.approx((half - 2**-7) / 2**-7, abs=1e-4)
    assert below["rounded_up"][-1] == pytest.approx((2**-6 - half) / 2**-7, abs=1e-4)


@settings(max_examples=25)
@given(
    st.lists(st.integers(-12, 12), max_size=6),
    st.lists(st.integers(-12, 12), max_size=6),
    st.sampled_from(
        [
            FixedPoint(8, 3),
            FixedPoint(4, 0, signed=False),
            Scaled(0.3, 100, 8, signed=False),
            Scaled(0.3, 255, 8, signed=False),
            ChannelScaled((0.3, 4.0)),
        ]
    ),
)
def test_that_no_value_meets_two_fates(positive, negative, data_type):
    fate = fates(HeatRow(counts_of(positive, negative), data_type), AXIS)
    together = np.array([fate.saturated, fate.rounded_up, fate.underflow])
    assert (together >= 0).all()
    assert (together.sum(axis=0) <= 1 + 1e-9).all()


def test_that_shares_agree_with_casting_the_values():
    values = np.random.default_rng(0).laplace(scale=4, size=200_000)
    data_type = FixedPoint(8, 3)
    counts = BitHistogram.from_values(values).most_significant_bits()
    fate = fates(HeatRow(counts, data_type), AXIS)
    total = AXIS.fold(counts).sum(axis=0)
    steps = np.sign(values) * np.floor(np.abs(values) * 8 + 0.5)
    assert fate.underflow @ total == pytest.approx((steps == 0).sum(), rel=1e-6)
    saturated = ((steps > 127) | (steps < -128)).sum()
    assert fate.saturated @ total == pytest.approx(saturated, rel=0.03)  # even within a column
    up = ((np.abs(steps) == 1) & (np.abs(values) < 1 / 8)).sum()
    assert fate.rounded_up @ total == pytest.approx(up, rel=1e-6)


# ---- colours -------------------------------------------------------------------------------------


def family_of(pixel) -> str:
    """The hue of a pixel, told from the numbers alone."""
    red, green, blue = (int(part) for part in pixel)
    if red == green == blue:
        return "gray" if red < 255 else "white"
    return "blue" if blue > green else "teal"


def test_that_a_picture_is_blue_inside_the_band_teal_at_its_foot_and_gray_outside():
    rows = [HeatRow(counts_of(positive=EVERY), FixedPoint(8, 3, narrow_range=True))]
    (line,) = paint(rows, AXIS, LIGHT)
    expected = ["gray"] * 3 + ["blue"] * 7 + ["teal"] + ["gray"] * 3
    assert [family_of(pixel) for pixel in line] == expected
    assert line[column(-1)].tolist() == list(LIGHT.kept[1])
    assert line[column(-4)].tolist() == list(LIGHT.rounded[1])
    assert line[column(-5)].tolist() == list(LIGHT.lost[1])


@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_that_empty_cells_show_the_band_all_the_same(colors):
    (line,) = paint([HeatRow(counts_of(), FixedPoint(8, 3))], AXIS, colors)
    inside = [tuple(pixel.tolist()) == colors.empty_kept for pixel in line]
    assert inside == [False] * 3 + [True] * 7 + [False] * 4
    assert {tuple(line[i].tolist()) for i in (0, 10, 13)} == {colors.empty_lost}
    (line,) = paint([HeatRow(counts_of())], AXIS, colors)
    assert {tuple(pixel.tolist()) for pixel in line} == {colors.empty_kept}


def test_that_the_negative_share_of_an_unsigned_type_is_mixed_with_gray():
    half = counts_of(positive=[2, 2], negative=[0, 1])
    half[0, 1 - LOWEST_BIT] = 100
    (line,) = paint([HeatRow(half, FixedPoint(8, 3, signed=False))], AXIS, LIGHT)
    assert line[column(2)].tolist() == list(LIGHT.kept[1])
    mixed = (np.array(LIGHT.kept[1]) + LIGHT.lost[1]) / 2
    assert line[column(1)].tolist() == pytest.approx(mixed, abs=1)
    faint = (np.array(LIGHT.lost[0]) + LIGHT.lost[1]) / 2  # half as many as in the fullest
    assert line[column(0)].tolist() == pytest.approx(faint, abs=1)


def test_that_depth_is_relative_to_the_fullest_cell_of_the_row():
    counts = counts_of(positive=[2, 1, 1, 0, 0, 0, 0], negative=[0])
    (linear,) = depths(counts[None], AXIS, Depth.LINEAR)
    assert linear[column(2) : column(-1)].tolist() == pytest.approx([0.2, 0.4, 1.0])
    (logarithmic,) = depths(counts[None], AXIS, Depth.LOGARITHMIC)
    assert logarithmic[column(2)] == pytest.approx(np.log(101) / np.log(501))
    assert linear.sum() == pytest.approx(1.6)
    assert depths(counts_of()[None], AXIS, Depth.LINEAR).tolist() == [[0.0] * 14]


def test_that_a_logarithmic_picture_shows_few_values_more_strongly():
    counts = counts_of(positive=[2, *[0] * 50])
    row = HeatRow(counts, FixedPoint(8, 3))
    (linear,), (logarithmic,) = (paint([row], AXIS, LIGHT, depth) for depth in Depth)
    assert logarithmic[column(2)].sum() < linear[column(2)].sum()
    assert logarithmic[column(0)].tolist() == linear[column(0)].tolist()


def test_that_the_last_column_sums_what_lies_below():
    row = HeatRow(counts_of(positive=[0, -7, -20, -133]), None)
    assert AXIS.fold(row.counts).sum(axis=0)[-1] == 300
    (line,) = paint([row], AXIS, LIGHT)
    assert line[-1].tolist() == list(LIGHT.kept[1])


def test_that_rows_are_pictured_in_order_and_no_rows_give_an_empty_picture():
    rows = [HeatRow(counts_of([2])), HeatRow(counts_of([2]), FixedPoint(8, 12))]
    picture = paint(rows, AXIS)
    assert picture.dtype == np.uint8
    assert family_of(picture[0, column(2)]) == "blue"
    assert family_of(picture[1, column(2)]) == "gray"
    assert paint([], AXIS).shape == (0, 14, 3)


# ---- edges ---------------------------------------------------------------------------------------


def test_that_edges_of_a_power_of_two_type_are_the_borders_of_its_columns():
    left, right = edge_positions(FixedPoint(8, 3), AXIS)
    assert (left, right) == (column(3), column(-3) + 1)


def test_that_edges_of_a_scaled_type_stand_where_its_ends_are():
    left, right = edge_positions(Scaled(6 / 255, 0, 8, signed=False), AXIS)
    assert left == pytest.approx(7 - np.log2(6))
    assert right == pytest.approx(7 - np.log2(6 / 255))


@pytest.mark.parametrize(
    ("fraction", "edges"), [(-20, (0, 0)), (40, (14, 14)), (-1, (0, 6)), (9, (9, 14))]
)
def test_that_edges_outside_the_axis_stand_at_its_ends(fraction, edges):
    assert edge_positions(FixedPoint(8, fraction), AXIS) == edges


def test_that_a_column_is_spread_no_further_than_the_largest_value():
    pixels = FixedPoint(8, 7, signed=False)  # 0 to 1.9921875
    counts = counts_of(positive=[0] * 4)
    axis = BitAxis(1, -8)
    column = axis.column_of(0)
    signed = FixedPoint(8, 7)  # to 0.9921875
    at_one = HeatRow(counts, signed, reach=(1.0, 0.0))
    below = HeatRow(counts, pixels, reach=(1.5, 0.0))

    assert fates(at_one, axis).saturated[column] == 1.0  # 1.0 is half a step past the largest
    assert fates(replace(at_one, data_type=pixels), axis).saturated[column] == 0.0
    assert fates(below, axis).saturated[column] == 0.0
    assert fates(replace(below, reach=(math.inf, 0.0)), axis).saturated[column] > 0.0


@pytest.mark.parametrize("most", [1, 2, 7, 99, 100, 46_321, 10**9])
@pytest.mark.parametrize("depth", list(Depth))
def test_that_a_colour_bar_has_a_few_round_numbers_in_order(most: int, depth: Depth) -> None:
    marks = scale_marks(most, depth)
    counts = [count for count, _ in marks]
    assert counts == sorted(set(counts)) and counts[-1] <= most
    assert depth is Depth.LOGARITHMIC or most < 2 or 3 <= len(counts) <= 6
    for count, place in marks:
        assert place == depths_of_one(count, most, depth)


def depths_of_one(count: int, most: int, depth: Depth) -> float:
    """The depth that a cell of that count is painted with."""
    counts = np.zeros((1, 2, BIT_COUNT), np.int64)
    counts[0, 0, [100, 101]] = count, most
    axis = BitAxis(HIGHEST_BIT, LOWEST_BIT)
    return float(depths(counts, axis, depth)[0, axis.column_of(100 + LOWEST_BIT)])


def test_that_a_row_without_values_has_no_numbers() -> None:
    assert scale_marks(0, Depth.LINEAR) == []
