"""What a data type will cost a tensor, computed from its statistics with no data run again.

Three grades, the best that the statistics allow: from the values themselves (weights), from
the exact table of distinct values (pixels), from the histogram. In the last, values are taken
as spread evenly within a bucket, and the extremes are point masses. The squared error over a
bucket is the difference of a closed-form antiderivative, so wide and narrow buckets are
treated alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.near_one import edges as near_edges
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import ChannelScaled, DataType, whole_steps
from quantscope.core.numbers.rounding import Ties

Array = npt.NDArray[np.float64]
MOST_EXACT = 2**16  # values of a parameter whose largest error is looked for one by one


@dataclass(frozen=True, slots=True)
class PredictedError:
    """Sums over all finite values: ``count`` of them, their squares (``signal``), the squared
    rounding errors, and how many overflow and underflow (fractions of a value where a
    threshold falls inside a bucket)."""

    count: int
    signal: float
    squared_error: float
    overflow: float
    underflow: float

    @property
    def sqnr_db(self) -> float:
        """Signal to quantization noise ratio in dB; infinite without error."""
        if self.squared_error <= 0.0:
            return math.inf
        if self.signal <= 0.0:
            return -math.inf
        return 10.0 * math.log10(self.signal / self.squared_error)

    @property
    def overflow_share(self) -> float:
        """Overflowing values as a share of all, 0..1."""
        return self.overflow / self.count if self.count else 0.0

    @property
    def underflow_share(self) -> float:
        """Underflowing values as a share of all, 0..1."""
        return self.underflow / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Grids:
    """Several per-tensor types at once: ``steps`` (n, 1) and the most steps above and below 0.

    Lets a scheme try its candidates in one sweep over the buckets.
    """

    steps: Array
    steps_above: Array
    steps_below: Array

    @classmethod
    def of(cls, data_types: list[DataType]) -> Grids:
        """The grids of per-tensor types, or of a per-channel type's smallest step."""
        rows = [
            (kind.step, kind.limits[1] - kind.zero_point, kind.zero_point - kind.limits[0])
            for kind in data_types
        ]
        table = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
        return cls(table[:, :1], table[:, 1:2], table[:, 2:])


def predict(
    statistics: TensorStatistics, data_type: DataType, ties: Ties = Ties.AWAY
) -> PredictedError:
    """What ``data_type`` costs a tensor with ``statistics``.

    A per-channel type needs the values themselves: ``ValueError`` where they are not kept.
    """
    if statistics.values is not None:
        return _from_values(statistics.values, data_type, ties)
    if isinstance(data_type, ChannelScaled):
        raise ValueError("a per-channel type is predicted from the values, which are not kept")
    if statistics.distinct is not None:
        distinct = statistics.distinct
        return _from_values(distinct.values, data_type, ties, distinct.counts)
    signal, errors, over, under = sweep(statistics, Grids.of([data_type]), ties)
    count = int(_finite_total(statistics))
    return PredictedError(count, signal, float(errors[0]), float(over[0]), float(under[0]))


def largest_error(statistics: TensorStatistics, data_type: DataType) -> float:
    """How far the worst finite value is moved; 0 without any.

    Exact where few values are known one by one. Otherwise the larger of two bounds that values
    nearly always reach: half a step, and how far the extremes lie outside of the range.
    """
    values = statistics.values
    if values is not None and values.size <= MOST_EXACT:
        return _largest(values, data_type.cast(values))
    if values is None and statistics.distinct is not None:
        return _largest(statistics.distinct.values, data_type.cast(statistics.distinct.values))
    if statistics.minimum is None or statistics.maximum is None:
        return 0.0
    if isinstance(data_type, ChannelScaled) and values is not None:
        scales = np.asarray(data_type.scales)
        ends = _channel_extremes(values, data_type.axis)
        low, high = (end * scales for end in data_type.limits)
        return float(max(scales.max() / 2, (low - ends[0]).max(), (ends[1] - high).max()))
    below, above = statistics.minimum.value, statistics.maximum.value
    return max(data_type.step / 2, data_type.minimum - below, above - data_type.maximum)


def _largest(values: npt.NDArray[np.float32], cast: Array) -> float:
    finite = np.isfinite(values)
    return float(np.abs(cast[finite] - values[finite]).max(initial=0.0))


def _channel_extremes(values: npt.NDArray[np.float32], axis: int) -> tuple[Array, Array]:
    """The smallest and the largest finite value of each channel."""
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    finite = np.isfinite(rows)
    lows = rows.min(axis=1, where=finite, initial=np.inf).astype(np.float64)
    return lows, rows.max(axis=1, where=finite, initial=-np.inf).astype(np.float64)


def sweep(
    statistics: TensorStatistics, grids: Grids, ties: Ties = Ties.AWAY
) -> tuple[float, Array, Array, Array]:
    """Signal, and for each grid: squared error, overflow count, underflow count.

    Works on the histogram, what is finer near ±1, and the point masses at the extremes alone.
    """
    low, high, counts, negative = _spread(statistics)
    limit = np.where(negative, grids.steps_below, grids.steps_above)
    error = _mean_squared_error(low, high, grids.steps, limit) @ counts
    past = _share_beyond((limit + 0.5) * grids.steps, low, high) @ counts
    below = (1.0 - _share_beyond(grids.steps / 2, low, high)) @ counts
    signal = float(((low * low + low * high + high * high) / 3.0) @ counts)
    masses = np.asarray(statistics.point_masses(), dtype=np.float64).reshape(-1, 2)
    point_error, point_over, point_under = _at_points(masses[:, 0], masses[:, 1], grids, ties)
    signal += float((masses[:, 0] ** 2) @ masses[:, 1])
    return signal, error + point_error, past + point_over, below + point_under


def _spread(
    statistics: TensorStatistics,
) -> tuple[Array, Array, Array, npt.NDArray[np.bool_]]:
    """Magnitudes (low, high) between which ``counts`` values lie evenly, and which are negative."""
    spread, near = statistics.spread()
    used = spread.finite
    low, high = (edge[used] for edge in spread.edges)
    counts, negative = spread.counts[used].astype(np.float64), spread.negative[used]
    if not near:
        return low, high, counts, negative
    rows, columns = np.nonzero(near.counts)
    near_low, near_high = (edge[columns] for edge in near_edges())
    return (
        np.concatenate([low, near_low]),
        np.concatenate([high, near_high]),
        np.concatenate([counts, near.counts[rows, columns].astype(np.float64)]),
        np.concatenate([negative, rows == 1]),
    )


def _antiderivative(x: Array, steps: Array, limit: Array) -> Array:
    """Integral from 0 to x >= 0 of the squared error of rounding to ``limit`` steps at most."""
    position = x / steps
    nearest = np.minimum(np.floor(position + 0.5), limit)
    rest = position - nearest
    return steps**3 * (nearest / 12.0 + rest * rest * rest / 3.0)  # ** 3 takes 50 times as long


def _mean_squared_error(low: Array, high: Array, steps: Array, limit: Array) -> Array:
    rise = _antiderivative(high, steps, limit) - _antiderivative(low, steps, limit)
    return np.maximum(rise, 0.0) / (high - low)


def _share_beyond(threshold: Array, low: Array, high: Array) -> Array:
    """Which part of each bucket lies at or past ``threshold`` (magnitudes)."""
    return np.clip((high - threshold) / (high - low), 0.0, 1.0)


def _at_points(
    values: Array, counts: Array, grids: Grids, ties: Ties
) -> tuple[Array, Array, Array]:
    steps = whole_steps(values, grids.steps, ties)
    kept = np.clip(steps, -grids.steps_below, grids.steps_above)
    error = ((kept * grids.steps - values) ** 2) @ counts
    over = (kept != steps).astype(np.float64) @ counts
    under = ((steps == 0.0) & (values != 0.0)).astype(np.float64) @ counts
    return error, over, under


def _from_values(
    values: npt.NDArray[np.float32],
    data_type: DataType,
    ties: Ties,
    counts: npt.NDArray[np.int64] | None = None,
) -> PredictedError:
    """Exact sums; ``counts`` weighs the values (one for each)."""
    exact = values.astype(np.float64)
    step: Array | float = data_type.step
    if isinstance(data_type, ChannelScaled):
        step = data_type.steps_for(exact.shape)
    finite = np.isfinite(exact)
    exact = np.where(finite, exact, 0.0)
    low, high = (end - data_type.zero_point for end in data_type.limits)
    steps = whole_steps(exact, step, ties)
    kept = np.clip(steps, low, high)
    weight = finite.astype(np.float64) if counts is None else counts * finite
    error = float((((kept * step - exact) ** 2) * weight).sum())
    over = float(((kept != steps) * weight).sum())
    under = float((((steps == 0.0) & (exact != 0.0)) * weight).sum())
    signal = float(((exact**2) * weight).sum())
    return PredictedError(int(weight.sum()), signal, error, over, under)


def _finite_total(statistics: TensorStatistics) -> int:
    histogram = statistics.histogram
    return histogram.total - histogram.infinities - histogram.not_a_number
