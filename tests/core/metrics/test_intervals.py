"""Intervals by published formulas and by counting, not by the code itself."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.metrics.intervals import bootstrap, chance_of, paired_proportions


def test_that_the_published_example_comes_out() -> None:
    # Bonett and Price 2012, formula 3, by hand: n 50, b 3 (gained), c 9 (lost).
    before = np.array([0] * 3 + [1] * 9 + [1] * 38)
    after = np.array([1] * 3 + [0] * 9 + [1] * 38)
    gained, lost = 4 / 52, 10 / 52
    margin = 1.959963984540054 * math.sqrt((gained + lost - (gained - lost) ** 2) / 52)
    low, high = paired_proportions(before, after)
    assert (low, high) == pytest.approx((gained - lost - margin, gained - lost + margin))


def test_that_agreement_on_all_samples_proves_no_more_than_there_are() -> None:
    low, high = paired_proportions(np.ones(100), np.ones(100))
    assert low < 0.0 < high
    wide = paired_proportions(np.ones(10), np.ones(10))
    assert wide[0] < low
    assert paired_proportions([], []) == (-1.0, 1.0)


def test_that_the_bootstrap_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, 400)
    found = bootstrap(lambda weights: weights @ values / weights.sum(axis=1), 400, 4000)
    assert found is not None
    error = 1.96 * values.std() / math.sqrt(400)
    assert found == pytest.approx((values.mean() - error, values.mean() + error), abs=0.1 * error)


def test_that_nothing_is_said_of_one_sample_or_of_what_is_not_finite() -> None:
    assert bootstrap(lambda weights: weights[:, 0], 1, 10) is None
    assert bootstrap(lambda weights: np.full(len(weights), np.inf), 9, 10) is None


@given(st.integers(1, 7), st.integers(2, 4), st.data())
def test_that_chance_is_what_counting_all_guesses_gives(
    samples: int, classes: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, samples))
    guesses = list(product(range(classes), repeat=samples))
    reached = sum(guess.count(0) >= right for guess in guesses) / len(guesses)
    assert chance_of(right, samples, classes) == pytest.approx(reached)
    assert chance_of(right, samples, 1) == 1.0
