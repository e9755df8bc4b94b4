"""Networks that give numbers: errors against targets, and noise against the float network."""

from __future__ import annotations

import numpy as np

from quantscope.core.metrics.labels import Array, Floats


def _both(found: Array, wanted: Array) -> tuple[Floats, Floats]:
    """Both as float64 in one row, without the places where one of them is not finite."""
    one, other = (np.asarray(each).astype(np.float64).reshape(-1) for each in (found, wanted))
    finite = np.isfinite(one) & np.isfinite(other)
    return one[finite], other[finite]


def squared_errors(found: Array, wanted: Array) -> Floats:
    """(sum of squared errors, how many) over the finite values of one sample."""
    one, other = _both(found, wanted)
    return np.array([((one - other) ** 2).sum(), one.size], np.float64)


def absolute_errors(found: Array, wanted: Array) -> Floats:
    """(sum of absolute errors, how many) over the finite values of one sample."""
    one, other = _both(found, wanted)
    return np.array([np.abs(one - other).sum(), one.size], np.float64)


def noise(found: Array, exact: Array) -> Floats:
    """(power of ``exact``, power of the error) summed over one sample."""
    one, other = _both(found, exact)
    return np.array([(other**2).sum(), ((one - other) ** 2).sum()], np.float64)


def cosine(found: Array, exact: Array) -> float:
    """Cosine of the angle between both as vectors; 1 where both are zero, 0 where one is."""
    one, other = _both(found, exact)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if lengths == 0.0:
        return float(not one.any() and not other.any())
    return float(one @ other) / lengths


def mean(sums: Floats) -> Floats:
    """Sum over count, from (..., 2); NaN where nothing was counted."""
    nothing = np.full(sums.shape[:-1], np.nan)
    return np.asarray(np.divide(sums[..., 0], sums[..., 1], out=nothing, where=sums[..., 1] > 0))


def root_mean(sums: Floats) -> Floats:
    """Root of sum over count, from (..., 2)."""
    return np.asarray(np.sqrt(mean(sums)))


def decibels(powers: Floats) -> Floats:
    """Signal to noise ratio in dB from (..., 2); infinite without noise."""
    signal, disturbance = powers[..., 0], powers[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10.0 * np.log10(signal / disturbance)
    return np.asarray(np.where(disturbance <= 0.0, np.inf, ratio))
