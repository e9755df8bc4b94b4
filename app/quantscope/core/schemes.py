"""Schemes: rules that turn statistics into a data type, all from the one histogram.

``MINMAX`` covers the range seen. ``HISTOGRAM`` takes the type with the least squared error;
rare large values may then overflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from quantscope.core.formats import (
    SMALLEST_SCALE,
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
    integer_range,
)
from quantscope.core.prediction import Grids, PredictedError, predict, sweep
from quantscope.core.statistics import TensorStatistics

SMALLEST_CLIP = 0.25  # of the range seen: clipping more never lowers the squared error at 8 bits


class Scheme(StrEnum):
    """How a type is chosen from statistics."""

    MINMAX = "minmax"
    HISTOGRAM = "histogram"


class Family(StrEnum):
    """Kinds of steps: powers of two, or any positive number."""

    FIXED_POINT = "fixed-point"
    SCALED = "scaled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRequest:
    """What is asked of a scheme: the word, the kind of step, and the constraints of a target.

    ``asymmetric`` lets the zero point move; ``per_channel`` gives weights a scale for each
    channel (where the statistics keep values and a channel axis).
    """

    family: Family
    scheme: Scheme
    word_length: int = 8
    signed: bool = True
    narrow_range: bool = False
    asymmetric: bool = False
    per_channel: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chosen type and what it will cost."""

    data_type: DataType
    error: PredictedError


def choose(statistics: TensorStatistics, request: TypeRequest) -> Candidate:
    """The type that ``request`` asks for, with its predicted error."""
    if request.family is Family.FIXED_POINT:
        data_type: DataType = _choose_fixed_point(statistics, request)
    elif request.per_channel and statistics.values is not None:
        data_type = _choose_channels(statistics.values, statistics.channel_axis, request)
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
    return _in_range(word_length - (2 if signed else 1) - top)


def _in_range(fraction_length: int) -> int:
    return min(max(fraction_length, -126), 126)


def _choose_fixed_point(statistics: TensorStatistics, request: TypeRequest) -> FixedPoint:
    largest = statistics.largest_magnitude
    if not request.signed:
        largest = statistics.range_with_zero[1]
    first = minmax_fraction_length(largest, request.word_length, request.signed)
    plain = FixedPoint(request.word_length, first, request.signed, request.narrow_range)
    if request.scheme is Scheme.MINMAX or largest <= 0.0:
        return plain
    # MinMax first: it wins ties. One wider costs half a step and saves the last half step.
    offsets = [0, *range(1, request.word_length), -1]
    lengths = [_in_range(first + offset) for offset in offsets]
    types = [replace(plain, fraction_length=length) for length in lengths]
    return types[int(np.argmin(_squared_errors(statistics, list(types))))]


def _squared_errors(statistics: TensorStatistics, types: list[DataType]) -> npt.NDArray[np.float64]:
    if statistics.values is not None or statistics.distinct is not None:
        return np.asarray([predict(statistics, kind).squared_error for kind in types])
    return sweep(statistics, Grids.of(types))[1]


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
    low, high = statistics.range_with_zero
    plain = scaled_for_range(low, high, request)
    if request.scheme is Scheme.MINMAX or low == high:
        return plain
    best = _best_clip(statistics, request, [(low, high)], _ratios(request))
    if request.asymmetric and low < 0.0 < high:
        shrunk = [(best[0], high * float(ratio)) for ratio in _ratios(request)]
        shrunk += [(low * float(ratio), best[1]) for ratio in _ratios(request)]
        best = _best_clip(statistics, request, [best, *shrunk], _UNCHANGED)
    best = _best_clip(statistics, request, [best], _FINE_RATIOS)
    chosen = scaled_for_range(*best, request)
    errors = _squared_errors(statistics, [plain, chosen])
    return chosen if errors[1] < errors[0] else plain


_UNCHANGED = np.ones(1)
_FINE_RATIOS = np.linspace(0.97, 1.03, 9)


def _ratios(request: TypeRequest) -> npt.NDArray[np.float64]:
    """Parts of the range worth trying; with many bits clipping hardly ever pays."""
    if request.word_length > 8:
        return np.linspace(1.0, 0.9, 4)
    return np.linspace(1.0, SMALLEST_CLIP, 20)


def _best_clip(
    statistics: TensorStatistics,
    request: TypeRequest,
    ranges: list[tuple[float, float]],
    ratios: npt.NDArray[np.float64],
) -> tuple[float, float]:
    """The range, of ``ranges`` each scaled by ``ratios``, with the least squared error."""
    tried = [(low * float(r), high * float(r)) for low, high in ranges for r in ratios]
    types: list[DataType] = [scaled_for_range(low, high, request) for low, high in tried]
    return tried[int(np.argmin(_squared_errors(statistics, types)))]


def _choose_channels(
    values: npt.NDArray[np.float32], axis: int | None, request: TypeRequest
) -> DataType:
    """One symmetric scale for each channel, each chosen on its own."""
    if axis is None or values.ndim < 2:
        return _choose_scaled(TensorStatistics.of_parameter(values), request)
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1).astype(np.float64)
    rows = np.where(np.isfinite(rows), rows, 0.0)
    limits = integer_range(request.word_length, request.signed, request.narrow_range)
    largest = np.abs(rows).max(axis=1, initial=0.0)
    scales = largest / limits[1]
    usable = scales >= SMALLEST_SCALE
    scales = np.where(usable, scales, 1.0)
    if request.scheme is Scheme.HISTOGRAM:
        scales = scales * _best_channel_ratios(rows, scales, limits)
    # A channel of zeros takes the median scale: its stored integers are 0 all the same.
    if usable.any():
        scales = np.where(usable, scales, np.median(scales[usable]))
    return ChannelScaled(
        tuple(float(scale) for scale in scales),
        axis,
        request.word_length,
        request.signed,
        request.narrow_range,
    )


def _best_channel_ratios(
    rows: npt.NDArray[np.float64], scales: npt.NDArray[np.float64], limits: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """For each row the part of its range that leaves the least squared error."""
    best = np.ones(len(rows))
    least = np.full(len(rows), np.inf)
    for ratio in np.linspace(1.0, 0.4, 25):
        step = (scales * ratio)[:, None]
        error = ((np.clip(np.rint(rows / step), *limits) * step - rows) ** 2).sum(axis=1)
        better = error < least
        best = np.where(better, ratio, best)
        least = np.minimum(error, least)
    return best
