"""Predicted error, overflow and underflow against numpy on the values themselves."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.numbers.rounding import Ties
from quantscope.core.planning.prediction import (
    MOST_EXACT,
    Grids,
    PredictedError,
    largest_error,
    predict,
    sweep,
)

COUNT = 20_000


def _draw() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20)
    normal = rng.normal(size=COUNT)
    return {
        "normal": normal,
        "laplace": rng.laplace(scale=2.0, size=COUNT),
        "relu": np.maximum(normal, 0),
        "relu6": np.clip(4 * normal + 2, 0, 6),
        "clipped": np.clip(normal, -1, 1.5),
        "uniform": rng.uniform(-3, 5, COUNT),
        "far from zero": rng.uniform(90, 100, COUNT),
        "tiny": 1e-30 * normal,
        "huge": 1e30 * normal,
        "sigmoid": 1 / (1 + np.exp(-normal)),
        "saturated": np.tanh(3.0 * normal),
        "at one": 1 / (1 + np.exp(-4.0 - 3.0 * normal)),
        "heavy tails": rng.standard_t(3, COUNT),
        "negative": -np.abs(normal),
    }


DRAWN = {name: values.astype(np.float32) for name, values in _draw().items()}


def truth(values, data_type, ties=Ties.AWAY) -> PredictedError:
    """Plain numpy, in double precision, without the code under test."""
    x = values.astype(np.float64)
    low, high = (end - data_type.zero_point for end in data_type.limits)
    if ties is Ties.EVEN:
        steps = np.rint(x / data_type.step)
    else:
        steps = np.sign(x) * np.floor(np.abs(x) / data_type.step + 0.5)
    kept = np.clip(steps, low, high) * data_type.step
    return PredictedError(
        x.size,
        float((x**2).sum()),
        float(((kept - x) ** 2).sum()),
        int(((steps < low) | (steps > high)).sum()),
        int(((steps == 0) & (x != 0)).sum()),
    )


def covering(values, signed) -> int:
    """The fraction length at which eight bits just hold the values."""
    top = math.frexp(float(np.abs(values).max()))[1] - 1
    return (6 if signed else 7) - top


def types_near(values) -> list:
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = (high - low) / 255
    types = [FixedPoint(8, covering(values, True) + shift) for shift in (-2, -1, 0, 1, 2)]
    types += [FixedPoint(8, covering(values, True), narrow_range=True)]
    types += [FixedPoint(8, covering(values, False) + shift, signed=False) for shift in (0, 1)]
    for part in (1.1, 1.0, 0.85, 0.6):
        zero_point = min(max(round(-low / scale), 0), 255)
        types.append(Scaled(scale * part, zero_point, 8, signed=False))
        types.append(Scaled(max(high, -low) / 127 * part))
    return types


@pytest.mark.parametrize("name", DRAWN)
def test_that_the_predicted_sqnr_is_within_a_tenth_of_a_decibel(name):
    values = DRAWN[name]
    kept = TensorStatistics.from_values(values)
    assert kept.distinct is None  # so that the histogram answers
    for data_type in types_near(values):
        expected = truth(values, data_type)
        predicted = predict(kept, data_type)
        assert predicted.sqnr_db == pytest.approx(expected.sqnr_db, abs=0.1), data_type
        assert predicted.signal == pytest.approx(expected.signal, rel=1e-3)
        assert predicted.count == COUNT


@pytest.mark.parametrize("name", DRAWN)
def test_that_overflow_and_underflow_of_signed_power_of_two_types_are_exact(name):
    values = DRAWN[name]
    kept = TensorStatistics.from_values(values)
    for shift in range(-3, 7):
        data_type = FixedPoint(8, covering(values, True) + shift, narrow_range=True)
        expected = truth(values, data_type)
        predicted = predict(kept, data_type)
        assert (predicted.overflow, predicted.underflow) == (expected.overflow, expected.underflow)
        full = FixedPoint(8, data_type.fraction_length)
        positive = TensorStatistics.from_values(np.abs(values))
        assert predict(positive, full).overflow == truth(np.abs(values), full).overflow


def test_that_only_the_documented_ends_are_estimates_and_good_ones():
    values = DRAWN["uniform"] * np.float32(100)
    kept = TensorStatistics.from_values(values)
    for data_type in (FixedPoint(8, -1), FixedPoint(8, 0, signed=False)):  # ends at -257, 255.5
        expected = truth(values, data_type)
        predicted = predict(kept, data_type)
        assert 0 < abs(predicted.overflow - expected.overflow) < 60  # of one bucket
        assert predicted.underflow == expected.underflow


def test_that_negative_values_of_an_unsigned_type_overflow_or_underflow():
    values = -np.linspace(0.01, 4, 4_000).astype(np.float32)
    predicted = predict(TensorStatistics.from_values(values), FixedPoint(8, 0, signed=False))
    assert predicted.underflow == (values > -0.5).sum()
    assert predicted.overflow == (values <= -0.5).sum()
    assert predicted.squared_error == pytest.approx(float((values.astype(float) ** 2).sum()), 1e-3)


def test_that_a_point_mass_at_the_end_is_not_spread_over_its_bucket():
    values = DRAWN["relu6"]
    kept = TensorStatistics.from_values(values)
    data_type = FixedPoint(8, 4)  # 6 is 96 steps: exact
    spread = TensorStatistics(kept.histogram, None, None)
    expected = truth(values, data_type).sqnr_db
    assert abs(predict(spread, data_type).sqnr_db - expected) > 1.0  # what it is there for
    assert predict(kept, data_type).sqnr_db == pytest.approx(expected, abs=0.1)


# ---- pixels and other tables ---------------------------------------------------------------------


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, 30_000).astype(np.float32)


def test_that_pixels_at_a_step_of_one_have_no_error(pixels):
    predicted = predict(TensorStatistics.from_values(pixels), Scaled(1.0, 0, 8, signed=False))
    assert predicted.squared_error == 0.0
    assert predicted.sqnr_db == math.inf
    assert predicted.overflow == predicted.underflow == 0


def test_that_pixels_at_a_step_of_two_have_the_error_of_their_ties(pixels):
    data_type = Scaled(2.0, 0, 8, signed=False)
    kept = TensorStatistics.from_values(pixels)
    odd = (pixels % 2 == 1).sum()
    for ties in Ties:
        predicted = predict(kept, data_type, ties)
        assert predicted.squared_error == odd  # each a whole unit off, under either rule
        assert predicted == truth(pixels, data_type, ties)
    ones = (pixels == 1).sum()
    assert predict(kept, data_type, Ties.AWAY).underflow == 0
    assert predict(kept, data_type, Ties.EVEN).underflow == ones


@settings(max_examples=50)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=50),
    st.sampled_from([FixedPoint(8, 3), Scaled(0.37, 40, 8, signed=False), Scaled(1000.0)]),
)
def test_that_few_values_are_predicted_exactly(values, data_type):
    array = np.float32(values)
    expected = truth(array, data_type)
    for kept in (TensorStatistics.from_values(array), TensorStatistics.of_parameter(array)):
        predicted = predict(kept, data_type)
        assert predicted.squared_error == pytest.approx(expected.squared_error, rel=1e-9)
        assert predicted.signal == pytest.approx(expected.signal, rel=1e-9)
        assert (predicted.overflow, predicted.underflow) == (expected.overflow, expected.underflow)


def test_that_merged_parts_are_predicted_as_their_values_together(pixels):
    parts = [TensorStatistics.from_values(part) for part in np.split(pixels, 6)]
    assert predict(merge_all(parts), FixedPoint(8, -1)) == truth(pixels, FixedPoint(8, -1))


# ---- weights -------------------------------------------------------------------------------------


def test_that_weights_are_predicted_from_their_values_channel_by_channel():
    weights = np.random.default_rng(3).normal(size=(3, 5, 7)).astype(np.float32)
    weights *= np.float32([0.1, 1.0, 10.0])[:, None, None]
    data_type = ChannelScaled((0.002, 0.01, 0.2), 0)
    kept = TensorStatistics.of_parameter(weights, 0)
    parts = [
        truth(row, Scaled(scale, narrow_range=True))
        for row, scale in zip(weights, data_type.scales, strict=True)
    ]
    predicted = predict(kept, data_type)
    assert predicted.squared_error == pytest.approx(sum(p.squared_error for p in parts))
    assert predicted.signal == pytest.approx(sum(p.signal for p in parts))
    assert predicted.overflow == sum(p.overflow for p in parts) > 0
    assert predicted.underflow == sum(p.underflow for p in parts)
    assert predicted.count == weights.size


def test_that_a_type_per_channel_needs_the_values():
    kept = TensorStatistics.from_values(np.ones((3, 5)))
    with pytest.raises(ValueError, match="values, which are not kept"):
        predict(kept, ChannelScaled((1.0, 1.0, 1.0)))


# ---- what is not finite --------------------------------------------------------------------------


@pytest.mark.parametrize("data_type", [FixedPoint(8, 3), Scaled(0.3, 7, 8, signed=False)])
def test_that_nan_and_infinities_count_for_nothing(data_type):
    odd = np.float32([np.nan, np.inf, -np.inf])
    values = np.concatenate([DRAWN["normal"], odd])
    clean = predict(TensorStatistics.from_values(DRAWN["normal"]), data_type)
    assert predict(TensorStatistics.from_values(values), data_type) == clean
    few = np.concatenate([DRAWN["normal"][:100], odd])
    expected = truth(few[:100], data_type)
    for kept in (TensorStatistics.of_parameter(few), TensorStatistics.from_values(few)):
        predicted = predict(kept, data_type)
        assert predicted.count == 100
        assert predicted.squared_error == pytest.approx(expected.squared_error)


@pytest.mark.parametrize(
    "kept",
    [
        TensorStatistics.empty(),
        TensorStatistics.from_values([np.nan, np.inf]),
        TensorStatistics.of_parameter(np.empty((0, 3))),
        TensorStatistics(TensorStatistics.from_values([np.nan]).histogram, None, None),
    ],
)
def test_that_nothing_finite_costs_nothing(kept):
    predicted = predict(kept, FixedPoint())
    assert predicted == PredictedError(0, 0.0, 0.0, 0.0, 0.0)
    assert predicted.overflow_share == predicted.underflow_share == 0.0
    assert predicted.sqnr_db == math.inf


# ---- the figures ---------------------------------------------------------------------------------


def test_that_sqnr_is_ten_times_the_logarithm_of_signal_by_error():
    assert PredictedError(1, 1_000.0, 1.0, 0, 0).sqnr_db == 30.0
    assert PredictedError(1, 0.0, 0.0, 0, 0).sqnr_db == math.inf
    assert PredictedError(1, 0.0, 1.0, 0, 0).sqnr_db == -math.inf


def test_that_shares_are_of_all_values():
    error = PredictedError(8, 1.0, 1.0, 2.0, 4.0)
    assert (error.overflow_share, error.underflow_share) == (0.25, 0.5)


def test_that_a_sweep_gives_each_type_what_it_gets_alone():
    kept = TensorStatistics.from_values(DRAWN["laplace"])
    types = types_near(DRAWN["laplace"])
    signal, errors, over, under = sweep(kept, Grids.of(types))
    for index, data_type in enumerate(types):
        alone = predict(kept, data_type)
        assert errors[index] == pytest.approx(alone.squared_error, rel=1e-12)
        assert (over[index], under[index]) == pytest.approx((alone.overflow, alone.underflow))
        assert signal == alone.signal


def test_that_a_point_mass_on_a_tie_follows_the_rule_for_ties():
    lowest = np.append(np.linspace(-120, -1, COUNT), [-128.5] * 9)
    kept = TensorStatistics.from_values(lowest)
    assert predict(kept, FixedPoint(8, 0), Ties.AWAY).overflow == 9
    assert predict(kept, FixedPoint(8, 0), Ties.EVEN).overflow == 0
    highest = np.append(np.linspace(0, 0.49, COUNT), [0.5] * 9)
    kept = TensorStatistics.from_values(highest)
    small = ((highest > 0) & (highest < 0.5)).sum()
    assert predict(kept, FixedPoint(8, 0), Ties.AWAY).underflow == small
    assert predict(kept, FixedPoint(8, 0), Ties.EVEN).underflow == small + 9


@given(seed=st.integers(0, 2**16), fraction_length=st.integers(-2, 9))
def test_that_the_largest_error_of_known_values_is_exact(seed: int, fraction_length: int) -> None:
    values = np.random.default_rng(seed).normal(0.0, 3.0, 60).astype(np.float32)
    data_type = FixedPoint(8, fraction_length)
    worst = np.abs(data_type.cast(values) - values).max()
    values = np.append(values, [np.nan, np.inf]).astype(np.float32)
    for statistics in (TensorStatistics.of_parameter(values), TensorStatistics.from_values(values)):
        assert largest_error(statistics, data_type) == worst


@pytest.mark.parametrize("data_type", [FixedPoint(8, 3), FixedPoint(8, 8), Scaled(0.1, 20, 8)])
def test_that_the_largest_error_of_many_values_is_nearly_reached(data_type: DataType) -> None:
    values = np.random.default_rng(1).normal(0.0, 3.0, 2 * MOST_EXACT).astype(np.float32)
    worst = float(np.abs(data_type.cast(values) - values).max())
    for statistics in (TensorStatistics.of_parameter(values), TensorStatistics.from_values(values)):
        assert worst <= largest_error(statistics, data_type) <= worst * 1.01


def test_that_the_largest_error_counts_the_channel_that_saturates_most() -> None:
    values = np.random.default_rng(2).normal(0.0, 1.0, (2, MOST_EXACT)).astype(np.float32)
    data_type = ChannelScaled((0.01, 0.1), 0)
    worst = float(np.abs(data_type.cast(values) - values).max())
    assert largest_error(TensorStatistics.of_parameter(values, 0), data_type) == pytest.approx(
        worst
    )


def test_that_nothing_finite_has_no_largest_error() -> None:
    nothing = TensorStatistics.of_parameter(np.full(MOST_EXACT + 1, np.nan, np.float32))
    assert largest_error(nothing, FixedPoint()) == 0.0
