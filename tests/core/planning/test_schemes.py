"""Schemes against brute force over every type, with numpy on the values."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.numbers.rounding import Ties
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.schemes import (
    MANY_VALUES,
    Family,
    Scheme,
    TypeRequest,
    choose,
    in_range,
    minmax_fraction_length,
    scaled_for_range,
)

COUNT = 10_000


def _draw() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    normal = rng.normal(size=COUNT)
    return {
        "normal": normal,
        "laplace": rng.laplace(size=COUNT),
        "relu": np.maximum(normal, 0),
        "relu6": np.clip(4 * normal + 2, 0, 6),
        "uniform": rng.uniform(-3, 5, COUNT),
        "heavy tails": rng.standard_t(2, COUNT),
        "one outlier": np.append(500.0, normal),
        "far outlier": np.append(1.0, 0.01 * normal),
        "negative": -np.abs(normal) - 0.1,
    }


DRAWN = {name: values.astype(np.float32) for name, values in _draw().items()}


WORDS = list(product((4, 8, 16), (True, False)))  # word length, signed


def fixed(scheme, **rest) -> TypeRequest:
    return TypeRequest(family=Family.FIXED_POINT, scheme=scheme, **rest)


def scaled(scheme, **rest) -> TypeRequest:
    return TypeRequest(family=Family.SCALED, scheme=scheme, **rest)


def error_of(values, step, low, high) -> float:
    x = values.astype(np.float64)
    return float(((np.clip(np.rint(x / step), low, high) * step - x) ** 2).sum())


def least_error(values, ranges, word_length, signed) -> float:
    """Over ranges (low, high): numpy's error with a scale and a zero point, as a file has them."""
    seen, counts = np.unique(values.astype(np.float64), return_counts=True)
    size = 2**word_length
    bottom = -size // 2 if signed else 0
    best = math.inf
    for low, high in ranges:
        scale = float(np.float32((high - low) / (size - 1)))
        zero = min(max(round(bottom - low / scale), bottom), bottom + size - 1)
        steps = np.clip(np.rint(seen / scale), bottom - zero, bottom + size - 1 - zero)
        best = min(best, float((((steps * scale - seen) ** 2) * counts).sum()))
    return best


# ---- the field's rule ----------------------------------------------------------------------------


def test_that_minmax_takes_the_documented_type_for_365():
    chosen = choose(TensorStatistics.of_parameter([365.247, -1.0]), fixed(Scheme.MINMAX))
    assert chosen.data_type == FixedPoint(8, -2)
    assert chosen.data_type.quantize(365.247) == 91
    assert chosen.data_type.cast(365.247) == 364.0


def test_that_a_maximum_in_the_last_half_step_saturates_under_minmax():
    chosen = choose(TensorStatistics.of_parameter([15.95, 1.0]), fixed(Scheme.MINMAX))
    assert chosen.data_type == FixedPoint(8, 3)
    assert chosen.error.overflow == 1
    assert chosen.data_type.cast(15.95) == 15.875


@pytest.mark.parametrize("largest", [1e-30, 0.4999, 0.5, 1.0, 1.5, 2.0, 127.0, 128.0, 1e30])
def test_that_minmax_puts_the_top_bit_of_the_maximum_at_the_top_of_the_word(largest):
    for word_length, signed in WORDS:
        fraction = minmax_fraction_length(largest, word_length, signed)
        top = FixedPoint(word_length, fraction, signed).band().top
        assert 2.0**top <= largest < 2.0 ** (top + 1)


@pytest.mark.parametrize("word_length", [4, 8, 16])
def test_that_nothing_but_zeros_takes_one_bit_less_than_the_word_as_fraction(word_length):
    zeros = [TensorStatistics.from_values(np.zeros(9)), TensorStatistics.of_parameter([0.0])]
    for kept, scheme, signed in product([*zeros, TensorStatistics.empty()], Scheme, (True, False)):
        request = fixed(scheme, word_length=word_length, signed=signed)
        chosen = choose(kept, request).data_type
        assert chosen == FixedPoint(word_length, word_length - 1, signed)


def test_that_fraction_lengths_stay_where_float32_holds_the_step():
    assert [in_range(length) for length in (-200, -126, 3, 126, 200)] == [-126, -126, 3, 126, 126]
    tiny = choose(TensorStatistics.of_parameter([1e-38]), fixed(Scheme.HISTOGRAM)).data_type
    assert tiny == FixedPoint(8, 126)


# ---- power-of-two types --------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_that_no_fraction_length_has_less_error_than_the_one_chosen(name):
    values = DRAWN[name][:1_000]
    for word_length, signed in WORDS:
        brute = errors_by_fraction_length(values, word_length, signed)
        request = fixed(Scheme.HISTOGRAM, word_length=word_length, signed=signed)
        chosen = choose(TensorStatistics.of_parameter(values), request).data_type
        least = pytest.approx(min(brute.values()), rel=1e-9)
        assert brute[chosen.fraction_length] == least, (word_length, signed)


@pytest.mark.parametrize("name", DRAWN)
def test_that_the_histogram_alone_finds_the_same_fraction_length(name):
    values = DRAWN[name]
    brute = errors_by_fraction_length(values, 8, signed=True)
    chosen = choose(TensorStatistics.from_values(values), fixed(Scheme.HISTOGRAM)).data_type
    assert chosen.fraction_length == min(brute, key=brute.get)


def errors_by_fraction_length(values, word_length, signed) -> dict[int, float]:
    size = 2**word_length
    low = -size // 2 if signed else 0
    return {f: error_of(values, 2.0**-f, low, low + size - 1) for f in range(-14, 28)}


def test_that_the_search_follows_many_small_values_past_an_outlier():
    values = np.append(np.full(200_000, 5e-3), 1.0).astype(np.float32)
    chosen = choose(TensorStatistics.from_values(values), fixed(Scheme.HISTOGRAM, word_length=4))
    brute = {f: error_of(values, 2.0**-f, -8, 7) for f in range(30)}
    assert chosen.data_type.fraction_length == min(brute, key=brute.get)
    assert chosen.data_type.fraction_length > minmax_fraction_length(1.0, 4, True) + 4


def test_that_a_maximum_in_the_last_half_step_may_take_one_more_column():
    values = np.append(np.full(5_000, 15.99), 0.0).astype(np.float32)
    kept = TensorStatistics.from_values(values)
    assert choose(kept, fixed(Scheme.MINMAX)).data_type == FixedPoint(8, 3)
    assert choose(kept, fixed(Scheme.HISTOGRAM)).data_type == FixedPoint(8, 2)  # 16 is 64 steps


def test_that_minmax_wins_where_both_cost_the_same():
    kept = TensorStatistics.from_values([1.0, 0.5, -1.0])
    for scheme in Scheme:
        assert choose(kept, fixed(scheme)).data_type == FixedPoint(8, 6)


# ---- scaled types --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("word_length", [4, 8, 16])
def test_that_a_symmetric_search_is_within_a_percent_of_a_dense_one(name, word_length):
    values = DRAWN[name]
    top = 2 ** (word_length - 1) - 1
    largest = float(np.abs(values).max())
    seen = np.unique(values)
    if len(seen) > 2_000:
        values = values[:2_000]
        largest = float(np.abs(values).max())
    steps = [float(np.float32(largest / top * ratio)) for ratio in np.geomspace(1, 2e-3, 250)]
    dense = min(error_of(values, step, -top - 1, top) for step in steps)
    request = scaled(Scheme.HISTOGRAM, word_length=word_length)
    chosen = choose(TensorStatistics.of_parameter(values), request).data_type
    found = error_of(values, chosen.scale, -top - 1, top)
    assert found <= dense * 1.01
    assert (chosen.zero_point, chosen.signed) == (0, True)


@pytest.mark.parametrize("name", DRAWN)
def test_that_an_asymmetric_search_is_within_a_percent_of_a_dense_one(name):
    values = DRAWN[name]
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    ratios = np.linspace(1, 0.05, 24)
    ends = product(ratios if low else [1.0], ratios if high else [1.0])
    dense = least_error(values, [(low * one, high * two) for one, two in ends], 8, False)
    request = scaled(Scheme.HISTOGRAM, signed=False, asymmetric=True)
    chosen = choose(TensorStatistics.from_values(values), request).data_type
    steps = np.clip(np.rint(values / chosen.scale) + chosen.zero_point, 0, 255)
    real = (steps - chosen.zero_point) * chosen.scale
    assert float(((real - values) ** 2).sum()) <= dense * 1.01


def with_outlier(values, times, outlier) -> TensorStatistics:
    """Statistics of ``values`` many times over and one value far away."""
    kept = TensorStatistics.from_values(values)
    return merge_all([*[kept] * times, TensorStatistics.from_values([outlier])])


def test_that_a_symmetric_search_gives_up_one_outlier_for_a_million_small_values():
    values = 0.01 * DRAWN["normal"]
    steps = 10 / 127 * np.geomspace(1, 0.01, 200)
    dense = min(
        100 * error_of(values, step, -128, 127) + error_of(np.array([10.0]), step, -128, 127)
        for step in steps
    )
    chosen = choose(with_outlier(values, 100, 10.0), scaled(Scheme.HISTOGRAM))
    assert chosen.data_type.maximum < 10 / 4
    assert chosen.error.squared_error <= dense * 1.01


def test_that_the_ends_of_an_asymmetric_range_are_moved_until_neither_helps():
    values = DRAWN["normal"]
    kept = with_outlier(values, 20, 30.0)
    request = scaled(Scheme.HISTOGRAM, word_length=4, signed=False, asymmetric=True)
    chosen = choose(kept, request)
    low, high = float(values.min()), 30.0
    ends = product(low * np.linspace(1, 0.4, 12), high * np.geomspace(0.25, 0.05, 16))
    counted = np.append(np.tile(values, 20), np.float32(30.0))
    dense = least_error(counted, ends, 4, signed=False)
    assert chosen.error.squared_error <= dense * 1.01


@pytest.mark.parametrize("name", DRAWN)
def test_that_histogram_is_never_worse_than_minmax(name):
    values = DRAWN[name]
    weights = values[:600].reshape(6, 100)
    for family, word_length, asymmetric in product(Family, (8, 16), (True, False)):
        both = [
            TypeRequest(
                family=family,
                scheme=scheme,
                word_length=word_length,
                signed=not asymmetric,
                asymmetric=asymmetric,
                per_channel=True,
            )
            for scheme in (Scheme.MINMAX, Scheme.HISTOGRAM)
        ]
        for kept in (
            TensorStatistics.from_values(values),
            TensorStatistics.of_parameter(weights, 0),
            TensorStatistics.of_parameter(weights),
        ):
            minmax, histogram = (choose(kept, request) for request in both)
            assert histogram.error.squared_error <= minmax.error.squared_error * (1 + 1e-12)


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 3.0), (0.0, 6.0), (-2.0, 0.0), (0.5, 2.0), (-9, -4)]
)
@pytest.mark.parametrize("signed", [True, False])
def test_that_asymmetric_minmax_covers_the_range_and_holds_zero_exactly(low, high, signed):
    request = scaled(Scheme.MINMAX, signed=signed, asymmetric=True)
    data_type = scaled_for_range(low, high, request)
    assert data_type.cast(0.0) == 0.0
    assert data_type.scale == pytest.approx((max(high, 0) - min(low, 0)) / 255)
    for end in (low, high):
        assert abs(float(data_type.cast(end)) - end) <= data_type.scale * 0.500001
    assert isinstance(data_type, Scaled)


def test_that_relu6_takes_all_255_steps_of_an_unsigned_word():
    kept = TensorStatistics.from_values(DRAWN["relu6"])
    chosen = choose(kept, scaled(Scheme.MINMAX, signed=False, asymmetric=True)).data_type
    assert chosen == Scaled(6 / 255, 0, 8, signed=False)


def test_that_symmetric_types_give_both_signs_the_same_reach():
    for narrow in (True, False):
        request = scaled(Scheme.MINMAX, narrow_range=narrow)
        assert scaled_for_range(-4.0, 1.0, request).scale == float(np.float32(4 / 127))
        assert scaled_for_range(-1.0, 4.0, request).scale == float(np.float32(4 / 127))
    unsigned = scaled(Scheme.MINMAX, signed=False)
    assert scaled_for_range(-9.0, 4.0, unsigned).scale == float(np.float32(4 / 255))


# ---- a scale for each channel --------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
def test_that_minmax_gives_each_channel_its_own_largest_value(axis):
    weights = np.float32([[1.0, -2.0], [-0.1, 0.05], [30.0, 10.0]])
    kept = TensorStatistics.of_parameter(weights, axis)
    request = scaled(Scheme.MINMAX, narrow_range=True, per_channel=True)
    chosen = choose(kept, request).data_type
    largest = np.abs(weights).max(axis=1 - axis)
    assert chosen == ChannelScaled(tuple((largest / 127.0).tolist()), axis)
    assert np.abs(chosen.quantize(weights)).max(axis=1 - axis).tolist() == [127] * len(largest)


@pytest.mark.parametrize("word_length", [4, 8])
def test_that_the_channel_search_is_near_a_dense_one(word_length):
    rng = np.random.default_rng(5)
    weights = rng.laplace(size=(24, 300)).astype(np.float32)
    weights *= np.geomspace(1e-3, 1e3, 24, dtype=np.float32)[:, None]
    top = 2 ** (word_length - 1) - 1
    request = scaled(Scheme.HISTOGRAM, word_length=word_length, narrow_range=True, per_channel=True)
    chosen = choose(TensorStatistics.of_parameter(weights, 0), request).data_type
    found = [
        error_of(row, scale, -top, top) for row, scale in zip(weights, chosen.scales, strict=True)
    ]
    dense = [
        min(error_of(row, np.abs(row).max() / top * r, -top, top) for r in np.linspace(1, 0.2, 400))
        for row in weights
    ]
    ratios = np.array(found) / dense
    assert ratios.mean() < 1.03
    assert ratios.max() < 1.10


def test_that_blocks_of_channels_are_searched_as_each_alone():
    weights = np.random.default_rng(6).normal(size=(5, 40_000)).astype(np.float32)  # 1 row a block
    request = scaled(Scheme.HISTOGRAM, narrow_range=True, per_channel=True)
    together = choose(TensorStatistics.of_parameter(weights, 0), request).data_type
    for row, scale in zip(weights, together.scales, strict=True):
        alone = choose(TensorStatistics.of_parameter(row[None], 0), request).data_type
        assert alone.scales == (scale,)


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("word_length", [8, 16])
def test_that_a_dead_channel_takes_the_median_scale_of_the_living(scheme, word_length):
    weights = np.float32([[0.0, 0.0], [1.0, -1.0], [2.0, 2.0], [3.0, 3.0], [1e-40, 0.0]])
    request = scaled(scheme, word_length=word_length, per_channel=True)
    kept = TensorStatistics.of_parameter(weights, 0)
    scales = choose(kept, request).data_type.scales
    assert scales[0] == scales[4] == scales[2] == float(np.float32(np.median(scales[1:4])))


@pytest.mark.parametrize("scheme", Scheme)
def test_that_weights_of_zeros_take_a_scale_of_one_for_each_channel(scheme):
    kept = TensorStatistics.of_parameter(np.zeros((4, 3)), 0)
    chosen = choose(kept, scaled(scheme, per_channel=True))
    assert chosen.data_type.scales == (1.0,) * 4
    assert chosen.error.squared_error == 0.0


@pytest.mark.parametrize(
    ("shape", "axis"), [((6,), 0), ((2, 3), None), ((0, 3), 0), ((3, 0), 0), ((0,), None)]
)
def test_that_weights_without_channels_take_one_scale(shape, axis):
    kept = TensorStatistics.of_parameter(np.ones(shape), axis)
    for scheme in Scheme:
        assert isinstance(choose(kept, scaled(scheme, per_channel=True)).data_type, Scaled)


def test_that_an_activation_takes_one_scale_even_if_more_are_asked_for():
    kept = TensorStatistics.from_values(np.ones((3, 5)))
    assert isinstance(choose(kept, scaled(Scheme.MINMAX, per_channel=True)).data_type, Scaled)


# ---- extremes ------------------------------------------------------------------------------------


ODD = {
    "nothing": np.empty((0, 4)),
    "zeros": np.zeros((3, 4)),
    "nan": np.full((3, 4), np.nan),
    "infinite": np.array([[np.inf, -np.inf], [np.inf, 1.0]]),
    "some nan": np.array([[np.nan, 1.0], [np.nan, np.nan]]),
    "subnormal": np.full((3, 4), 1e-42),
    "tiny": np.linspace(-1e-30, 2e-30, 12).reshape(3, 4),
    "huge": np.linspace(-1e30, 2e30, 12).reshape(3, 4),
    "whole range": np.array([[-3.4e38, 3.4e38], [1e-45, -1e-45]]),
    "constant": np.full((3, 4), 7.0),
    "negative constant": np.full((3, 4), -7.0),
    "far apart": np.array([[1e-30, 1e30], [0.0, 1.0]]),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("scheme", Scheme)
def test_that_odd_values_get_a_type_and_finite_figures(name, scheme):
    values = ODD[name]
    for family, word_length, (signed, asymmetric) in product(
        Family, (8, 16), ((True, False), (False, False), (False, True))
    ):
        request = TypeRequest(
            family=family,
            scheme=scheme,
            word_length=word_length,
            signed=signed,
            asymmetric=asymmetric,
            per_channel=True,
        )
        for kept in (
            replace(TensorStatistics.from_values(values), distinct=None),
            TensorStatistics.from_values(values),
            TensorStatistics.of_parameter(values, 0),
        ):
            chosen = choose(kept, request)
            figures = [chosen.error.squared_error, chosen.error.signal, chosen.data_type.maximum]
            figures += [chosen.error.overflow, chosen.error.underflow, chosen.data_type.step]
            assert all(math.isfinite(figure) for figure in figures)
            assert not math.isnan(chosen.error.sqnr_db)
            assert (chosen.data_type.word_length, chosen.data_type.signed) == (word_length, signed)


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e3, 1e30])
def test_that_the_search_does_not_depend_on_the_unit(size):
    values = DRAWN["laplace"].astype(np.float64)
    request = scaled(Scheme.HISTOGRAM)
    unit = choose(TensorStatistics.from_values(values), request)
    other = choose(TensorStatistics.from_values(values * size), request)
    assert other.data_type.scale == pytest.approx(unit.data_type.scale * size, rel=0.1)
    assert other.error.sqnr_db == pytest.approx(unit.error.sqnr_db, abs=0.1)


def test_that_the_figures_of_a_choice_are_the_prediction_for_its_type():
    kept = TensorStatistics.from_values(DRAWN["normal"])
    chosen = choose(kept, scaled(Scheme.HISTOGRAM))
    assert chosen.error == predict(kept, chosen.data_type)


@pytest.mark.parametrize("family", Family)
def test_that_many_weights_get_types_as_good_as_a_search_over_their_values(family):
    weights = np.random.default_rng(5).laplace(size=MANY_VALUES).astype(np.float32)
    asked = TypeRequest(family=family, scheme=Scheme.HISTOGRAM)

    chosen = choose(TensorStatistics.of_parameter(weights), asked)

    tried = [
        choose(TensorStatistics.of_parameter(weights), replace(asked, scheme=Scheme.MINMAX))
        .data_type.shifted(-bits)
        .cast(weights)
        for bits in (range(5) if family is Family.FIXED_POINT else np.linspace(0.0, 2.0, 41))
    ]
    least = min(((kept - weights) ** 2).sum() for kept in tried)
    assert chosen.error.squared_error <= 1.01 * least


def test_that_power_of_two_scales_of_channels_leave_the_least_squared_error():
    rng = np.random.default_rng(8)
    weights = (rng.standard_t(3, size=(12, 400)) * rng.lognormal(0, 2, (12, 1))).astype(np.float32)
    request = TypeRequest(
        family=Family.FIXED_POINT, scheme=Scheme.HISTOGRAM, word_length=4, per_channel=True
    )
    chosen = choose(TensorStatistics.of_parameter(weights, 0), request).data_type
    for row, scale in zip(weights, chosen.scales, strict=True):
        tried = {f: FixedPoint(4, f).cast(row, Ties.EVEN) for f in range(-20, 20)}
        errors = {f: float(np.sum((kept - row) ** 2)) for f, kept in tried.items()}
        assert scale == 2.0 ** -min(errors, key=errors.__getitem__)
