"""By which powers of two the channels of an activation are divided, so that 8 bits lose least.

Two families of divisors are tried, and the one whose products come out best is taken:

* s = max|x|^alpha / max|w|^(1 - alpha), which shares the difficulty between activation and
  weights (Xiao et al. 2022, SmoothQuant, equation 4);
* s = max(1, max|x| / t), which touches only channels that reach past a threshold t (Wei et al.
  2023, Outlier Suppression+, section 4.2).

The papers tune alpha by hand or share it in a network; here alpha and t are searched for each
activation, by the squared error of the products that read it on some of its rows: activations
rounded to 8 bits between the ends that calibration saw, weights to 8 bits by column. All divisors
are powers of two, so that the float network computes the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Exponents = npt.NDArray[np.int64]

ALPHAS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
OCTAVES = tuple(half / 2 for half in range(1, 13))  # of the threshold below the largest channel
LARGEST_EXPONENT = 10  # divisors lie between 2**-10 and 2**10
LEAST_GAIN = 10 ** (1 / 10)  # 1 dB: below, the multiplication is not worth its while


@dataclass(frozen=True, eq=False)
class Seen:
    """What an activation held: the ends of each channel (channels,), and some of its rows
    (rows, channels)."""

    minimum: Floats
    maximum: Floats
    rows: Floats

    @property
    def is_usable(self) -> bool:
        """Whether there are rows, and no value that is not finite."""
        ends = np.isfinite(self.minimum).all() and np.isfinite(self.maximum).all()
        return bool(ends) and len(self.rows) > 0


def best_exponents(seen: Seen, weights: Sequence[Floats]) -> Exponents:
    """log2 of the divisor of each channel; zeros where nothing gains :data:`LEAST_GAIN`.

    ``weights`` are those of the products that read the activation, each (channels, outputs).
    """
    nothing = np.zeros(seen.minimum.shape, np.int64)
    if not seen.is_usable or not all(np.isfinite(each).all() for each in weights):
        return nothing
    products = [seen.rows @ each for each in weights]
    plain = _error(seen, weights, products, nothing)
    found = [
        (_error(seen, weights, products, exponents), number, exponents)
        for number, exponents in enumerate(_candidates(seen, weights))
    ]
    error, _, exponents = min(found, key=lambda each: each[:2])
    return exponents if error * LEAST_GAIN < plain else nothing


def _candidates(seen: Seen, weights: Sequence[Floats]) -> Iterator[Exponents]:
    """Channels that are zero throughout, in the activation or in all weights, stay as they are."""
    inputs = np.maximum(np.abs(seen.minimum), np.abs(seen.maximum)).astype(np.float64)
    columns = np.max([np.abs(each).max(axis=1, initial=0.0) for each in weights], axis=0)
    alive = (inputs > 0.0) & (columns > 0.0)
    x, w = (np.log2(np.where(alive, each, 1.0)) for each in (inputs, columns))
    largest = x[alive].max(initial=-np.inf)
    for octaves in OCTAVES:
        yield _exponents(np.ceil(np.maximum(0.0, x - largest + octaves)), alive)
    for alpha in ALPHAS:
        yield _exponents(np.rint(alpha * x - (1.0 - alpha) * w), alive)


def _exponents(wanted: npt.NDArray[np.float64], alive: npt.NDArray[np.bool_]) -> Exponents:
    clipped = np.clip(wanted, -LARGEST_EXPONENT, LARGEST_EXPONENT)
    return np.where(alive, clipped, 0.0).astype(np.int64)


def _error(
    seen: Seen, weights: Sequence[Floats], products: Sequence[Floats], exponents: Exponents
) -> float:
    """The squared error of the products by their squares, summed over the readers."""
    divisors = np.exp2(exponents).astype(np.float32)
    low, high = (seen.minimum / divisors).min(), (seen.maximum / divisors).max()
    rows = _rounded_between(seen.rows / divisors, min(float(low), 0.0), max(float(high), 0.0))
    total = 0.0
    for matrix, exact in zip(weights, products, strict=True):
        found = rows @ _rounded_by_column(matrix * divisors[:, None])
        noise = np.square(found - exact, dtype=np.float64).sum()
        total += float(noise / max(np.square(exact, dtype=np.float64).sum(), 1e-30))
    return total


def _rounded_between(values: Floats, low: float, high: float) -> Floats:
    """On 256 steps from ``low`` to ``high``, of which one is 0."""
    step = np.float32((high - low) / 255 or 1.0)
    zero = np.rint(-low / step)
    rounded: Floats = (np.clip(np.rint(values / step) + zero, 0, 255) - zero) * step
    return rounded


def _rounded_by_column(weights: Floats) -> Floats:
    """On 255 steps for each column, symmetric around 0."""
    steps = np.abs(weights).max(axis=0, initial=0.0) / 127
    steps = np.where(steps > 0.0, steps, 1.0).astype(np.float32)
    rounded: Floats = np.rint(weights / steps) * steps
    return rounded
