"""Exact results of an operator, and the one way in which they become stored integers.

An operator on stored integers yields a sum of products: a whole number of a small step (32 bits
for words of 8). Storing it again means to multiply it by the ratio of that step to the output's
step, to round, to add the zero point and to saturate. Who does that how:

* ONNX Runtime's integer kernels convert the sum to float32, multiply it by the ratio in float32
  and round ties to even. Unoptimized it computes in float32 between DQ and Q, and rounds ties to
  even as well.
* Fixed-point hardware shifts: the ratio is a power of two. Adding half a step before the shift
  sends ties up; some send them away from zero.
* Here a ratio that is a power of two is a shift in integers alone, with any of the three rules.
  Any other is taken in float64, whose error (2**-53 of the result) can be told from a tie only
  where the true value lies that close to one.

So for power-of-two steps all three agree exactly with ties to even, as long as the sums stay
below 2**24; otherwise they may differ by a step where a value lies next to a tie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.numbers.rounding import Ties, round_to_integer

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

_BEYOND_ALL_WORDS = 20  # bits: more than a word of 16 holds, whatever the zero point
_WHOLE = 62  # bits of an int64 that a positive number may use


@dataclass(frozen=True, eq=False)
class Steps:
    """Whole numbers of a step: the values ``integers * step / divisor``.

    ``step`` and ``divisor`` (positive, below 2**40) have shapes that broadcast to ``integers``,
    whose magnitudes lie below 2**53.
    """

    integers: Integers
    step: Floats
    divisor: Integers | int = 1

    @property
    def values(self) -> Floats:
        """The reals, in float64."""
        return np.asarray(self.integers * self.step / self.divisor)


@dataclass(frozen=True, eq=False)
class Reals:
    """Results that are no whole numbers of one step, in float64.

    ``step`` is that of the sums, where they are sums and a bias in float.
    """

    values: Floats
    step: Floats | None = None


Exact = Steps | Reals


@dataclass(frozen=True, eq=False)
class Grid:
    """What stored integers stand for: ``scale * (integer - zero_point)``, within ``limits``.

    Scale and zero point have shapes that broadcast to the integers.
    """

    scale: Floats
    zero_point: Integers
    limits: tuple[int, int]

    def steps(self, stored: npt.NDArray[np.generic]) -> Steps:
        """The values that ``stored`` integers stand for."""
        return Steps(stored.astype(np.int64) - self.zero_point, self.scale)


def requantize(exact: Exact, grid: Grid, ties: Ties = Ties.EVEN) -> Integers:
    """The stored integers on ``grid`` nearest to ``exact``; infinities saturate, NaN becomes 0."""
    if isinstance(exact, Steps):
        whole = _nearest(exact, grid.scale, ties)
    else:
        whole = _to_integers(exact.values / grid.scale, ties)
    return np.asarray(np.clip(whole + grid.zero_point, *grid.limits))


def _nearest(exact: Steps, scale: Floats, ties: Ties) -> Integers:
    ratio = exact.step / scale
    mantissa, exponent = np.frexp(ratio)
    if (mantissa == 0.5).all():
        return shifted(exact.integers, exponent.astype(np.int64) - 1, exact.divisor, ties)
    return _to_integers(exact.integers * ratio / exact.divisor, ties)


def _to_integers(values: Floats, ties: Ties) -> Integers:
    bound = float(2**_BEYOND_ALL_WORDS)
    finite = np.nan_to_num(values, nan=0.0, posinf=bound, neginf=-bound)
    return round_to_integer(np.clip(finite, -bound, bound), ties).astype(np.int64)


def shifted(
    integers: Integers, exponents: Integers, divisor: Integers | int = 1, ties: Ties = Ties.EVEN
) -> Integers:
    """``integers * 2**exponents / divisor``, rounded; no float takes part.

    All broadcast. Magnitudes of ``integers`` lie below 2**53, divisors are positive and below
    2**40. Exact where the result's magnitude is below 2**20; larger ones stay at least that large.
    """
    below = np.asarray(divisor, np.int64)
    left = np.clip(exponents, 0, _WHOLE - 1)
    bound = (below << (_BEYOND_ALL_WORDS + 1) >> left) + 1  # from here on, far beyond all words
    numerator = np.where(left > 0, np.clip(integers, -bound, bound), integers) << left
    room = _WHOLE - 1 - np.frexp(below.astype(np.float64))[1]
    right = np.minimum(np.maximum(-exponents, 0), room)  # shifted further, all are below a half
    return _round_quotient(numerator, below << right, ties)


def _round_quotient(numerator: Integers, denominator: Integers, ties: Ties) -> Integers:
    below = numerator // denominator
    twice = 2 * (numerator - below * denominator)
    if ties is Ties.UP:
        return np.asarray(below + (twice >= denominator))
    goes_up = below >= 0 if ties is Ties.AWAY else below % 2 == 1
    return np.asarray(below + (twice > denominator) + ((twice == denominator) & goes_up))


def aligned(one: Steps, other: Steps) -> tuple[Integers, Integers, Floats] | None:
    """The integers of both in the finer step of the two, and that step.

    ``None`` where the larger is not a power-of-two multiple that leaves room in 53 bits.
    """
    mantissa, exponent = np.frexp(one.step / other.step)
    shift = exponent.astype(np.int64) - 1
    if not ((mantissa == 0.5) & (abs(shift) < 20)).all():  # 33 bits and 20 are 53
        return None
    up, down = np.maximum(shift, 0), np.maximum(-shift, 0)
    return one.integers << up, other.integers << down, np.minimum(one.step, other.step)


def by_table(steps: Steps, function: Callable[[Floats], Floats]) -> Reals:
    """``function`` of each value, evaluated once for each stored integer in between the extremes.

    A table with one entry for each integer is the exact integer form of a function of one
    variable; 256 entries for words of 8 bits. ``steps`` has one step for the whole tensor.
    """
    if not steps.integers.size:
        return Reals(function(steps.values))
    low, high = int(steps.integers.min()), int(steps.integers.max())
    entries = function(np.arange(low, high + 1) * float(steps.step.reshape(-1)[0]))
    return Reals(entries[steps.integers - low])
