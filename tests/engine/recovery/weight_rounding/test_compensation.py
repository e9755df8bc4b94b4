"""Compensated rounding against every rounding that there is, and against nearest rounding."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.engine.recovery.weight_rounding import compensation
from quantscope.engine.recovery.weight_rounding.compensation import (
    round_compensated,
    squared_errors,
)
from quantscope.engine.recovery.weight_rounding.moments import Moments

Array = npt.NDArray[Any]
LIMITS = (-7, 7)


def drawn(
    seed: int, shape: tuple[int, int, int], times: int = 200, noise: float = 0.0
) -> tuple[Array, Array, Array, Array]:
    """Weights and steps (groups, outputs, inputs), inputs as they come and true ones."""
    random = np.random.default_rng(seed)
    groups, _, inputs = shape
    few = max(inputs // 4, 1)  # what all inputs have in common, beside a little of their own
    mixing = random.normal(size=(groups, few, inputs))
    true = random.normal(size=(groups, times, few)) @ mixing
    true += 0.3 * random.normal(size=true.shape)
    own = true + noise * random.normal(size=true.shape)
    weights = random.normal(size=shape)
    steps = np.broadcast_to(np.abs(weights).max(axis=2, keepdims=True) / LIMITS[1], shape)
    return weights, steps, own, true


def nearest(weights: Array, steps: Array, limits: tuple[int, int] = LIMITS) -> Array:
    return np.asarray(np.clip(np.rint(weights / steps), *limits))


def of_four_weights(seed: int) -> tuple[Array, Array, Array]:
    """The error of two outputs with nearest rounding, as found, and with the best of all
    roundings to -2, -1, 0, 1 or 2 steps."""
    weights, steps, own, _ = drawn(seed, (1, 2, 4))
    limits, steps = (-2, 2), steps * LIMITS[1] / 2
    found = round_compensated(weights, steps, limits, Moments.of(own, own))
    every = [np.tile(row, (1, 2, 1)) for row in product(range(-2, 3), repeat=4)]
    best = np.min([error(weights, each * steps, own, own) for each in every], axis=0)
    near = error(weights, nearest(weights, steps, limits) * steps, own, own)
    return near, error(weights, found * steps, own, own), best


def error(weights: Array, written: Array, own: Array, true: Array) -> Array:
    """What the outputs are off by, squared and summed, from the outputs themselves."""
    difference = true @ weights.swapaxes(1, 2) - own @ written.swapaxes(1, 2)
    return np.asarray((difference**2).sum(axis=1))


seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_that_four_weights_are_never_rounded_better_than_the_best_nor_worse_than_nearest(
    seed: int,
) -> None:
    near, found, best = of_four_weights(seed)
    assert (found >= best * (1 - 1e-9)).all()
    assert (found <= near * (1 + 1e-9)).all()


def test_that_most_of_the_way_to_the_best_rounding_is_made() -> None:
    errors = np.array([of_four_weights(seed) for seed in range(40)])
    near, found, best = errors.sum(axis=(0, 2, 3))
    assert found - best < 0.4 * (near - best)


@given(
    seeds,
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 20)),
    st.integers(1, 40),
    st.sampled_from([0.0, 0.3]),
)
def test_that_no_output_is_worse_than_with_nearest_rounding(
    seed: int, shape: tuple[int, int, int], times: int, noise: float
) -> None:
    weights, steps, own, true = drawn(seed, shape, times, noise)
    found = round_compensated(weights, steps, LIMITS, Moments.of(own, true))
    before = error(weights, nearest(weights, steps) * steps, own, true)
    after = error(weights, found * steps, own, true)
    scale = error(weights, np.zeros_like(weights), own, true)
    assert (after <= before + 1e-9 * scale).all()
    assert found.min() >= LIMITS[0]
    assert found.max() <= LIMITS[1]


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_that_correlated_inputs_gain_decibels_and_independent_ones_little(noise: float) -> None:
    weights, steps, own, true = drawn(3, (1, 32, 64), 2000, noise)
    gains = []
    for inputs, exact in ((own, true), (np.eye(64)[None], np.eye(64)[None])):
        moments = Moments.of(inputs, exact)
        found = round_compensated(weights, steps, LIMITS, moments)
        before = error(weights, nearest(weights, steps) * steps, inputs, exact).sum()
        gains.append(10 * np.log10(before / error(weights, found * steps, inputs, exact).sum()))
    assert gains[0] > 3.0
    assert gains[1] == 0.0


@given(seeds)
def test_that_the_errors_are_those_of_the_outputs(seed: int) -> None:
    weights, steps, own, true = drawn(seed, (2, 3, 5), 30, 0.2)
    written = nearest(weights, steps) * steps
    found = squared_errors(weights, written, Moments.of(own, true))
    assert np.allclose(found, error(weights, written, own, true))


def test_that_inputs_in_error_are_made_up_for() -> None:
    random = np.random.default_rng(5)
    true = random.normal(size=(1, 500, 8))
    own = 0.8 * true  # what quantization of the layers before might do
    weights = random.normal(size=(1, 4, 8))
    steps = np.full(weights.shape, 1e-4)
    limits = (-(10**6), 10**6)
    found = round_compensated(weights, steps, limits, Moments.of(own, true)) * steps
    expected = weights * (1 + compensation.WAY * 0.25)  # 1 / 0.8 all the way
    assert np.allclose(found, expected, rtol=0.01, atol=1e-3)


def test_that_inputs_that_are_always_zero_are_rounded_to_nearest_and_disturb_none() -> None:
    weights, steps, own, _ = drawn(7, (1, 6, 10))
    without = round_compensated(
        np.delete(weights, [2, 9], 2),
        np.delete(steps, [2, 9], 2),
        LIMITS,
        Moments.of(*[np.delete(own, [2, 9], 2)] * 2),
    )
    own[..., [2, 9]] = 0.0
    compensation_damping = 0.8  # the mean power is taken over ten inputs and not over eight
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compensation, "DAMPING", compensation.DAMPING / compensation_damping)
        found = round_compensated(weights, steps, LIMITS, Moments.of(own, own))
    assert np.array_equal(np.delete(found, [2, 9], 2), without)
    assert np.array_equal(found[..., [2, 9]], nearest(weights, steps)[..., [2, 9]])


def test_that_without_any_input_every_weight_is_rounded_to_nearest() -> None:
    weights, steps, own, _ = drawn(8, (2, 3, 4))
    found = round_compensated(weights, steps, LIMITS, Moments.of(0 * own, 0 * own))
    assert np.array_equal(found, nearest(weights, steps))


def test_that_blocks_are_only_a_matter_of_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, steps, own, true = drawn(9, (2, 5, 30), noise=0.1)
    moments = Moments.of(own, true)
    found = []
    for size in (1, 7, 30, 64):
        monkeypatch.setattr(compensation, "BLOCK", size)
        found.append(round_compensated(weights, steps, LIMITS, moments))
    assert all(np.array_equal(found[0], each) for each in found[1:])


def test_that_groups_do_not_touch_one_another() -> None:
    weights, steps, own, true = drawn(10, (3, 4, 6), noise=0.1)
    together = round_compensated(weights, steps, LIMITS, Moments.of(own, true))
    for number in range(3):
        one = slice(number, number + 1)
        alone = round_compensated(weights[one], steps[one], LIMITS, Moments.of(own[one], true[one]))
        assert np.array_equal(together[one], alone)


def test_that_moments_of_two_parts_add_up_to_those_of_the_whole() -> None:
    _, _, own, true = drawn(11, (2, 1, 5), noise=0.3)
    whole = Moments.of(own, true)
    parts = Moments.of(own[:, :70], true[:, :70]) + Moments.of(own[:, 70:], true[:, 70:])
    for name in ("own", "cross", "true"):
        assert np.allclose(getattr(whole, name), getattr(parts, name))
    assert np.allclose(whole.cross[1], true[1].T @ own[1])
