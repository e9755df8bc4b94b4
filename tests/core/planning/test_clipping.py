"""Percentiles against numpy's own, relative entropy against a plain reading of its definition."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.clipping import (
    ENTROPY_BINS,
    entropy_magnitude,
    least_divergence,
    percentile_magnitude,
    percentile_range,
)
from quantscope.core.planning.schemes import Family, Scheme, TypeRequest, choose

RNG = np.random.default_rng(20261124)
SHAPES = {
    "normal": RNG.normal(size=200_000),
    "relu": np.maximum(RNG.normal(size=200_000), 0.0),
    "relu6": np.clip(4.0 * RNG.normal(size=200_000), 0.0, 6.0),
    "laplace": RNG.laplace(scale=0.01, size=200_000),
    "negative": -np.abs(RNG.normal(size=200_000)) - 1.0,
    "lopsided": np.concatenate([RNG.normal(size=100_000), 50.0 + RNG.random(1_000)]),
}


def statistics_of(values: npt.NDArray[np.floating]) -> TensorStatistics:
    return TensorStatistics.from_values(values.astype(np.float32), 0)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("inside", [0.99, 0.999, 0.9999])
def test_that_a_percentile_range_is_numpys_to_a_bucket(name: str, inside: float) -> None:
    values = SHAPES[name].astype(np.float32)
    rest = 50.0 * (1.0 - inside)
    low, high = np.percentile(values, [rest, 100.0 - rest])

    found = percentile_range(statistics_of(values), inside)

    assert found[0] == pytest.approx(min(low, 0.0), rel=2.0**-6, abs=1e-9)
    assert found[1] == pytest.approx(max(high, 0.0), rel=2.0**-6, abs=1e-9)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("inside", [0.99, 0.999, 0.9999])
def test_that_a_percentile_magnitude_is_numpys_to_a_bucket(name: str, inside: float) -> None:
    values = SHAPES[name].astype(np.float32)

    found = percentile_magnitude(statistics_of(values), inside)

    expected = float(np.percentile(np.abs(values), 100.0 * inside))
    assert found == pytest.approx(expected, rel=2.0**-6)


def test_that_a_percentile_never_leaves_the_range_seen() -> None:
    statistics = statistics_of(np.array([0.3, 0.3, 0.3]))

    assert percentile_range(statistics, 1.0) == (0.0, pytest.approx(0.3))
    assert percentile_magnitude(statistics, 1.0) <= statistics.largest_magnitude


@pytest.mark.parametrize(
    "values", [np.array([]), np.zeros(9), np.array([np.nan, np.inf])], ids=["none", "0", "nan"]
)
def test_that_nothing_to_cut_off_gives_an_empty_range(values: npt.NDArray[np.float64]) -> None:
    statistics = statistics_of(values)

    assert percentile_range(statistics) == (0.0, 0.0)
    assert percentile_magnitude(statistics) == 0.0
    assert entropy_magnitude(statistics, 128) == 0.0
    assert least_divergence(statistics, [2.0, 4.0], 128) == 4.0


def reference_divergence(counts: npt.NDArray[np.float64], kept: int, levels: int) -> float:
    """The definition in plain loops: group, average over used bins, compare."""
    true = [float(count) for count in counts[:kept]]
    grouped = list(true)
    true[-1] += float(sum(counts[kept:]))
    spread = [0.0] * kept
    for level in range(levels):
        bins = [i for i in range(kept) if i * levels // kept == level]
        used = [i for i in bins if true[i] > 0.0]
        for i in used:
            spread[i] = max(sum(grouped[j] for j in bins) / len(used), 1e-4)
    total, other = sum(true), sum(spread)
    return sum(
        p / total * math.log((p / total) / (q / other))
        for p, q in zip(true, spread, strict=True)
        if p > 0.0
    )


def test_that_the_entropy_threshold_is_the_one_that_plain_loops_find() -> None:
    # Integers k stand for bin k: values in the middle of each of the 2,048 bins.
    counts = np.floor(20_000.0 * np.exp(-np.arange(ENTROPY_BINS) / 90.0))
    counts[-1] = 3.0
    places = (np.arange(ENTROPY_BINS) + 0.5) / 256.0
    values = np.repeat(places, counts.astype(np.int64))
    statistics = statistics_of(values)
    largest = statistics.largest_magnitude
    binned, _ = np.histogram(values, ENTROPY_BINS, (0.0, largest))
    tried = range(ENTROPY_BINS, 127, -16)
    expected = min(tried, key=lambda kept: reference_divergence(binned.astype(float), kept, 128))

    found = entropy_magnitude(statistics, 128)

    # The histogram spreads a bucket evenly, so the neighbouring thresholds may be as good.
    assert found < 0.9 * largest
    assert found == pytest.approx(expected * largest / ENTROPY_BINS, rel=0.15)


def test_that_entropy_cuts_off_a_few_far_outliers() -> None:
    values = np.concatenate([RNG.normal(size=200_000), [60.0, -75.0]])

    assert entropy_magnitude(statistics_of(values), 128) < 12.0


def test_that_entropy_keeps_an_even_spread_whole() -> None:
    values = RNG.uniform(-1.0, 1.0, size=200_000)

    assert entropy_magnitude(statistics_of(values), 128) > 0.95


def test_that_many_levels_leave_nothing_to_cut_off() -> None:
    statistics = statistics_of(SHAPES["normal"])

    assert entropy_magnitude(statistics, 2**15) == statistics.largest_magnitude


def request(scheme: Scheme, family: Family, **more: bool) -> TypeRequest:
    return TypeRequest(family=family, scheme=scheme, **more)


def test_that_percentile_ignores_one_value_in_a_hundred_thousand() -> None:
    statistics = statistics_of(np.append(RNG.uniform(-1.0, 1.0, size=100_000), 900.0))

    fixed = choose(statistics, request(Scheme.PERCENTILE, Family.FIXED_POINT)).data_type
    scaled = choose(statistics, request(Scheme.PERCENTILE, Family.SCALED)).data_type

    assert fixed == FixedPoint(8, 7)
    assert scaled.maximum == pytest.approx(1.0, rel=0.01)


def test_that_percentile_moves_both_ends_of_an_asymmetric_type() -> None:
    values = np.concatenate([RNG.uniform(-1.0, 3.0, size=100_000), [-40.0, 50.0]])
    asked = request(Scheme.PERCENTILE, Family.SCALED, asymmetric=True, signed=False)

    chosen = choose(statistics_of(values), asked).data_type

    assert chosen.minimum == pytest.approx(-1.0, abs=0.03)
    assert chosen.maximum == pytest.approx(3.0, abs=0.03)


@pytest.mark.parametrize("family", Family)
def test_that_entropy_cuts_outliers_off_in_both_families(family: Family) -> None:
    values = np.concatenate([RNG.normal(size=200_000), [60.0, -75.0]])

    chosen = choose(statistics_of(values), request(Scheme.ENTROPY, family)).data_type

    assert 2.0 < chosen.maximum < 16.0


def test_that_a_one_sided_range_has_all_steps_for_itself() -> None:
    values = np.maximum(RNG.normal(size=200_000), 0.0)
    asked = request(Scheme.ENTROPY, Family.SCALED, asymmetric=True, signed=False)

    chosen = choose(statistics_of(values), asked).data_type

    assert chosen.minimum == 0.0
    assert chosen.zero_point == 0


@pytest.mark.parametrize("scheme", [Scheme.PERCENTILE, Scheme.ENTROPY])
@pytest.mark.parametrize("family", Family)
def test_that_parameters_keep_their_whole_range(scheme: Scheme, family: Family) -> None:
    weights = TensorStatistics.of_parameter(np.append(RNG.normal(size=50_000), 30.0))

    chosen = choose(weights, request(scheme, family)).data_type

    assert chosen == choose(weights, request(Scheme.MINMAX, family)).data_type


@pytest.mark.parametrize("scheme", [Scheme.PERCENTILE, Scheme.ENTROPY])
@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("values", [np.array([]), np.zeros(3)], ids=["none", "zeros"])
def test_that_nothing_to_cover_still_gives_a_type(
    scheme: Scheme, family: Family, values: npt.NDArray[np.float64]
) -> None:
    chosen = choose(statistics_of(values), request(scheme, family)).data_type

    assert chosen == choose(statistics_of(values), request(Scheme.MINMAX, family)).data_type


@pytest.mark.parametrize("family", Family)
def test_that_entropy_takes_the_whole_range_of_a_few_values(family: Family) -> None:
    scores = statistics_of(np.append(RNG.normal(size=2_000), 40.0))

    chosen = choose(scores, request(Scheme.ENTROPY, family)).data_type

    assert chosen == choose(scores, request(Scheme.MINMAX, family)).data_type
