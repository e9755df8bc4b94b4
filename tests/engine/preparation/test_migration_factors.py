"""The divisors of channels make products more accurate, and are ones where they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.engine.preparation.migration_factors import LARGEST_EXPONENT, Seen, best_exponents

Array = npt.NDArray[Any]
ROWS, CHANNELS, OUTPUTS = 200, 24, 16


def seen_in(rows: Array) -> Seen:
    return Seen(rows.min(axis=0), rows.max(axis=0), rows)


def drawn(seed: int, wide: int = 1, factor: float = 30.0) -> tuple[Array, Array]:
    """Rows with ``wide`` channels ``factor`` times wider than the others, and weights behind."""
    random = np.random.default_rng(seed)
    widths = np.ones(CHANNELS)
    widths[random.choice(CHANNELS, wide, replace=False)] = factor
    rows = (random.standard_normal((ROWS, CHANNELS)) * widths).astype(np.float32)
    weights = (random.standard_normal((CHANNELS, OUTPUTS)) / widths[:, None]).astype(np.float32)
    return rows, weights


def product_sqnr(rows: Array, weights: Array, exponents: Array) -> float:
    """In dB, of the product with 8-bit activations (with a zero point) and weights by column."""
    factors = 2.0**exponents
    x, w = rows.astype(np.float64) / factors, weights.astype(np.float64) * factors[:, None]
    step = (x.max() - x.min()) / 255
    x = np.round(x / step) * step
    steps = np.abs(w).max(axis=0) / 127
    w = np.round(w / steps) * steps
    exact = rows.astype(np.float64) @ weights
    return float(10 * np.log10((exact**2).sum() / ((x @ w - exact) ** 2).sum()))


@pytest.mark.parametrize("seed", range(5))
def test_that_an_outlier_channel_is_divided_and_the_product_gains(seed: int) -> None:
    rows, weights = drawn(seed)
    exponents = best_exponents(seen_in(rows), [weights])
    wide = int(np.abs(rows).max(axis=0).argmax())
    assert exponents.argmax() == wide
    plain = product_sqnr(rows, weights, np.zeros(CHANNELS))
    assert product_sqnr(rows, weights, exponents) > plain + 6.0


def test_that_the_same_divisors_serve_all_readers() -> None:
    rows, weights = drawn(1)
    other = drawn(2, wide=0)[1]
    exponents = best_exponents(seen_in(rows), [weights, other])
    zeros = np.zeros(CHANNELS)
    gains = [
        product_sqnr(rows, each, exponents) - product_sqnr(rows, each, zeros)
        for each in (weights, other)
    ]
    assert gains[0] > 6.0  # and the other must not pay for it
    assert sum(gains) > 6.0


def test_that_even_channels_are_left_alone() -> None:
    rows, weights = drawn(3, wide=0)
    assert not best_exponents(seen_in(rows), [weights]).any()


def test_that_nothing_is_done_without_rows_or_with_values_that_are_not_finite() -> None:
    rows, weights = drawn(4)
    assert best_exponents(seen_in(rows), [weights]).any()
    ends = rows.min(axis=0), rows.max(axis=0)
    assert not best_exponents(Seen(*ends, rows[:0]), [weights]).any()
    assert not best_exponents(seen_in(np.where(rows == rows.max(), np.nan, rows)), [weights]).any()
    assert not best_exponents(seen_in(rows), [np.full_like(weights, np.inf)]).any()
    assert not best_exponents(seen_in(rows * 0.0), [weights]).any()


@given(seed=st.integers(0, 1000), dead=st.integers(0, CHANNELS - 1), power=st.integers(-30, 30))
def test_that_dead_channels_stay_and_divisors_are_bounded_at_any_size(
    seed: int, dead: int, power: int
) -> None:
    rows, weights = drawn(seed, wide=2, factor=1e5)
    rows[:, dead] = 0.0
    weights[(dead + 1) % CHANNELS] = 0.0
    exponents = best_exponents(seen_in(rows * np.float32(2.0**power)), [weights])
    assert exponents[dead] == exponents[(dead + 1) % CHANNELS] == 0
    assert np.abs(exponents).max() <= LARGEST_EXPONENT
    zeros = np.zeros(CHANNELS)
    assert product_sqnr(rows, weights, exponents) >= product_sqnr(rows, weights, zeros) - 0.1
