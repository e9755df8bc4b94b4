"""Schemes: rules that turn statistics into a data type, all from the one histogram.

``MINMAX`` covers the range seen. ``HISTOGRAM`` takes the type with the least squared error;
rare large values may then overflow. ``PERCENTILE`` covers all but one in 10,000 values,
``ENTROPY`` cuts off where relative entropy says so; both take the whole range of parameters
(see ``clipping``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import (
    LONGEST_FRACTION,
    SMALLEST_SCALE,
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
    integer_range,
)
from quantscope.core.planning.clipping import (
    entropy_magnitude,
    has_distribution,
    least_divergence,
    percentile_magnitude,
    percentile_range,
)
from quantscope.core.planning.prediction import Grids, PredictedError, predict, sweep

MANY_VALUES = 2**15  # from here on candidates are compared on the histogram, which is as good


class Scheme(StrEnum):
    """How a type is chosen from statistics."""

    MINMAX = "minmax"
    HISTOGRAM = "histogram"
    PERCENTILE = "percentile"
    ENTROPY = "entropy"


CLIPPING = frozenset({Scheme.PERCENTILE, Scheme.ENTROPY})
"""Schemes that cut activations off, and take the whole range of parameters."""


class Family(StrEnum):
    """Kinds of steps: powers of two, or any positive number."""

    FIXED_POINT = "fixed-point"
    SCALED = "scaled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRequest:
    """What is asked of a scheme: the word, the kind of step, and the constraints of a target.

    ``asymmetric`` lets the zero point move; ``either_sign`` takes an unsigned type where no
    value is negative; ``per_channel`` gives weights a scale for each channel (where the
    statistics keep values and a channel axis).
    """

    family: Family
    scheme: Scheme
    word_length: int = 8
    signed: bool = True
    narrow_range: bool = False
    asymmetric: bool = False
    either_sign: bool = False
    per_channel: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chosen type and what it will cost."""

    data_type: DataType
    error: PredictedError


def choose(statistics: TensorStatistics, request: TypeRequest) -> Candidate:
    """The type that ``request`` asks for, with its predicted error."""
    if request.either_sign and statistics.range_with_zero[0] == 0.0:
        request = replace(request, signed=False)
    values, axis = statistics.values, statistics.channel_axis
    data_type: DataType
    if request.per_channel and values is not None and _has_channels(values, axis):
        data_type = _choose_channels(values, axis or 0, request)
    elif request.family is Family.FIXED_POINT:
        data_type = choose_fixed_point(statistics, request)
    else:
        data_type = _choose_scaled(statistics, request)
    return Candidate(data_type, predict(statistics, data_type))


def minmax_fraction_length(largest: float, word_length: int, signed: bool) -> int:
    """The field's exponent rule: the top bit of the word is the top bit of the maximum.

    A maximum in its last half step still saturates. All-zero data: ``word_length - 1``.
    """
    if largest <= 0.0:
        return word_length - 1
    top = math.frexp(largest)[1] - 1
    return in_range(word_length - (2 if signed else 1) - top)


def in_range(fraction_length: int) -> int:
    """The nearest fraction length whose step float32 holds."""
    return min(max(fraction_length, -LONGEST_FRACTION), LONGEST_FRACTION)


def choose_fixed_point(statistics: TensorStatistics, request: TypeRequest) -> FixedPoint:
    """The power-of-two type that ``request`` asks for."""
    largest = statistics.largest_magnitude
    if not request.signed:
        largest = statistics.range_with_zero[1]
    if request.scheme is Scheme.PERCENTILE and statistics.values is None:
        largest = min(largest, percentile_magnitude(statistics))
    first = minmax_fraction_length(largest, request.word_length, request.signed)
    plain = FixedPoint(request.word_length, first, request.signed, request.narrow_range)
    is_activation = statistics.values is None
    if request.scheme is Scheme.ENTROPY and is_activation and has_distribution(statistics):
        return _least_entropy(statistics, plain)
    if request.scheme is not Scheme.HISTOGRAM or largest <= 0.0:
        return plain
    return _least_squares(statistics, plain)


def _least_entropy(statistics: TensorStatistics, plain: FixedPoint) -> FixedPoint:
    """Of types with smaller and smaller steps the one that relative entropy prefers."""
    first = plain.fraction_length
    lengths = [in_range(first + more) for more in range(plain.word_length - 1)]
    types = {kind.maximum: kind for kind in (replace(plain, fraction_length=f) for f in lengths)}
    return types[least_divergence(statistics, list(types), plain.limits[1] + 1)]


def _least_squares(statistics: TensorStatistics, plain: FixedPoint) -> FixedPoint:
    """Of all fraction lengths the one with the least squared error."""
    # MinMax first: it wins ties. One wider costs half a step and saves the last half step.
    first = plain.fraction_length
    best, least = plain, math.inf
    lengths = [first, first - 1, *range(first + 1, first + plain.word_length)]
    while lengths:
        types = [replace(plain, fraction_length=in_range(length)) for length in lengths]
        errors = _squared_errors(statistics, types)
        if errors.min() < least:
            best, least = types[int(errors.argmin())], float(errors.min())
        following = lengths[-1] + 1
        worth_trying = _clipping_cost(statistics, types[-1].maximum / 2.0) < least
        last = min(following + plain.word_length, LONGEST_FRACTION + 1) if worth_trying else 0
        lengths = list(range(following, last))
    return best


def _clipping_cost(statistics: TensorStatistics, reach: float) -> float:
    """What the extremes alone cost any type that goes no further than ``reach``.

    Once this is more than the least error found, still smaller ranges need no trial.
    """
    masses = statistics.point_masses()
    return sum(count * max(abs(value) - reach, 0.0) ** 2 for value, count in masses)


def _squared_errors(
    statistics: TensorStatistics, types: Sequence[DataType]
) -> npt.NDArray[np.float64]:
    few = statistics.values is not None and statistics.values.size < MANY_VALUES
    if few or statistics.distinct is not None:
        return np.asarray([predict(statistics, kind).squared_error for kind in types])
    return sweep(statistics, Grids.of(list(types)))[1]


def scaled_for_range(low: float, high: float, request: TypeRequest) -> Scaled:
    """The scaled type that covers ``low..high`` (0 included); asymmetric zero points are
    rounded, and the scale keeps both ends within half a step of the range."""
    limits = integer_range(request.word_length, request.signed, request.narrow_range)
    low, high = min(low, 0.0), max(high, 0.0)
    if not request.asymmetric:
        scale = _symmetric_scale(low, high, limits)
        zero_point = 0
    else:
        scale = (high - low) / (limits[1] - limits[0])
        zero_point = limits[0]
        if scale >= SMALLEST_SCALE:
            zero_point = round(limits[0] - low / scale)
    return Scaled(
        scale if scale >= SMALLEST_SCALE else 1.0,
        min(max(zero_point, limits[0]), limits[1]),
        request.word_length,
        request.signed,
        request.narrow_range,
    )


def _symmetric_scale(low: float, high: float, limits: tuple[int, int]) -> float:
    """One rule for both signs: two's complement's extra negative step is not relied on."""
    magnitude = max(high, -low) if limits[0] < 0 else high
    return magnitude / limits[1]


def _choose_scaled(statistics: TensorStatistics, request: TypeRequest) -> Scaled:
    low, high = _seen_range(statistics, request)
    plain = scaled_for_range(low, high, request)
    if request.scheme is not Scheme.HISTOGRAM or low == high:
        return plain
    # With many bits clipping hardly ever pays.
    ratios = np.linspace(1.0, 0.9, 4) if request.word_length > 8 else np.linspace(1.0, 0.25, 20)
    best, least = _best_range(statistics, request, _scaled_ranges(low, high, ratios))
    if _clipping_cost(statistics, max(high, -low) * float(ratios[-1])) < least:
        ratios = np.concatenate([ratios, ratios[-1] * _FAR_RATIOS])
        best, least = _best_range(statistics, request, _scaled_ranges(low, high, ratios))
    before = math.inf
    while request.asymmetric and low < 0.0 < high and least < 0.99 * before:
        before = least
        shrunk = [(best[0], high * float(ratio)) for ratio in ratios]
        shrunk += [(low * float(ratio), best[1]) for ratio in ratios]
        best, least = _best_range(statistics, request, [best, *shrunk])
    for nearby in _NEAR_RATIOS:
        best, least = _best_range(statistics, request, _scaled_ranges(*best, nearby))
    chosen = scaled_for_range(*best, request)
    return chosen if least < _squared_errors(statistics, [plain])[0] else plain


def _seen_range(statistics: TensorStatistics, request: TypeRequest) -> tuple[float, float]:
    """The range to cover, 0 included: all of it, or what the scheme leaves."""
    low, high = statistics.range_with_zero
    if statistics.values is not None:
        return low, high
    if request.scheme is Scheme.PERCENTILE:
        return percentile_range(statistics)
    if request.scheme is Scheme.ENTROPY:
        steps = integer_range(request.word_length, request.signed, request.narrow_range)
        one_sided = request.asymmetric and (low == 0.0 or high == 0.0)
        levels = steps[1] - steps[0] + 1
        reach = entropy_magnitude(statistics, levels if one_sided else levels // 2)
        return max(low, -reach), min(high, reach)
    return low, high


_FAR_RATIOS = np.geomspace(0.85, 0.005, 24)  # for outliers far from everything else
_NEAR_RATIOS = (np.linspace(0.92, 1.08, 9), np.linspace(0.985, 1.015, 7))


def _scaled_ranges(
    low: float, high: float, ratios: npt.NDArray[np.float64]
) -> list[tuple[float, float]]:
    return [(low * float(ratio), high * float(ratio)) for ratio in ratios]


def _best_range(
    statistics: TensorStatistics, request: TypeRequest, ranges: list[tuple[float, float]]
) -> tuple[tuple[float, float], float]:
    """The one of ``ranges`` with the least squared error, and that error."""
    errors = _squared_errors(statistics, [scaled_for_range(*ends, request) for ends in ranges])
    return ranges[int(errors.argmin())], float(errors.min())


def _has_channels(values: npt.NDArray[np.float32], axis: int | None) -> bool:
    return axis is not None and values.ndim > 1 and values.size > 0


def _choose_channels(
    values: npt.NDArray[np.float32], axis: int, request: TypeRequest
) -> ChannelScaled:
    """One symmetric scale for each channel, each chosen on its own.

    In the fixed-point family the scales are powers of two.
    """
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1).astype(np.float64)
    rows = np.where(np.isfinite(rows), rows, 0.0)
    limits = integer_range(request.word_length, request.signed, request.narrow_range)
    largest = np.abs(rows).max(axis=1, initial=0.0)
    scales = largest / limits[1]
    usable = scales >= SMALLEST_SCALE
    scales = np.where(usable, scales, 1.0).astype(np.float32).astype(np.float64)
    powers = request.family is Family.FIXED_POINT
    if powers:
        scales = _power_of_two_scales(largest, request)
    if request.scheme is Scheme.HISTOGRAM:
        ratios = _POWER_RATIOS if powers else _scale_ratios(limits)
        scales = _best_channel_scales(rows, scales, limits, ratios)
    # A channel of zeros takes the median scale: its stored integers are 0 all the same.
    if usable.any():
        scales = np.where(usable, scales, np.percentile(scales[usable], 50, method="lower"))
    return ChannelScaled(
        tuple(float(scale) for scale in scales),
        axis,
        request.word_length,
        request.signed,
        request.narrow_range,
    )


_POWER_RATIOS = np.ldexp(1.0, [0, 1, -1, -2, -3])  # MinMax first: it wins ties


def _power_of_two_scales(
    largest: npt.NDArray[np.float64], request: TypeRequest
) -> npt.NDArray[np.float64]:
    """The steps of the exponent rule, one for each largest magnitude."""
    lengths = [
        minmax_fraction_length(float(value), request.word_length, request.signed)
        for value in largest
    ]
    return np.exp2(-np.asarray(lengths, np.float64))


def _scale_ratios(limits: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Parts of a channel's scale that are worth trying."""
    return np.linspace(1.0, 0.9, 4) if limits[1] > 255 else np.linspace(1.0, 0.4, 61)


def _best_channel_scales(
    rows: npt.NDArray[np.float64],
    scales: npt.NDArray[np.float64],
    limits: tuple[int, int],
    ratios: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """For each row the scale, of ``ratios`` of the one given, that leaves the least squared
    error."""
    at_once = max(_VALUES_AT_ONCE // rows.shape[1], 1)
    blocks = range(0, len(rows), at_once)
    found = [
        _best_block_scales(rows[i : i + at_once], scales[i : i + at_once], limits, ratios)
        for i in blocks
    ]
    return np.concatenate(found)


_VALUES_AT_ONCE = 2**16  # what stays in the cache is four times as fast as what does not


def _best_block_scales(
    rows: npt.NDArray[np.float64],
    scales: npt.NDArray[np.float64],
    limits: tuple[int, int],
    ratios: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    best, least = scales, np.full(len(rows), np.inf)
    scratch = np.empty_like(rows)
    for ratio in ratios:
        tried = (scales * ratio).astype(np.float32).astype(np.float64)
        step = tried[:, None]
        np.rint(np.divide(rows, step, out=scratch), out=scratch)
        np.multiply(np.clip(scratch, *limits, out=scratch), step, out=scratch)
        np.subtract(scratch, rows, out=scratch)
        error = np.einsum("ij,ij->i", scratch, scratch)
        best = np.where(error < least, tried, best)
        least = np.minimum(error, least)
    return best
