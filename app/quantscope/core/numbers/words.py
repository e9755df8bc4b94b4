"""Sample values of a tensor as aligned binary words: the picture that explains the heat map.

Each value is written as the digits of its magnitude under the columns of the heat map. Where
its most significant digit stands is where the heat map counts it; digits outside of the band
are what a type drops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.picture.heatmap import BitAxis

MOST_WORDS = 24
MOST_SEARCHED = 2**16  # values of a parameter that are looked through
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SampleValues:
    """Values of a tensor, from large to small magnitude, none twice.

    ``places`` are their flat indices in a parameter; ``None`` for an activation, of which
    extremes are exact and the others the lower edges of well-filled histogram buckets.
    """

    values: Floats
    places: npt.NDArray[np.int64] | None = None


def sample_values(statistics: TensorStatistics) -> SampleValues:
    """One value for each bit position that is used, and both extremes."""
    if statistics.values is not None:
        return _of_parameter(statistics.values)
    values = [end.value for end in (statistics.minimum, statistics.maximum) if end is not None]
    pool, counts = _pool(statistics)
    bits = np.frexp(pool)[1]
    for bit in np.unique(bits):
        inside = np.flatnonzero(bits == bit)
        values.append(float(pool[inside[int(counts[inside].argmax())]]))
    found = np.unique(np.asarray(values, np.float64))
    return SampleValues(found[_chosen(found)])


def _pool(statistics: TensorStatistics) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Values that occur (exactly, or as the lower edge of their bucket), without zeros."""
    if statistics.distinct is not None:
        values = statistics.distinct.values.astype(np.float64)
        used = values != 0.0
        return values[used], statistics.distinct.counts[used]
    histogram = statistics.histogram
    low = histogram.edges[0] * np.where(histogram.negative, -1.0, 1.0)
    return low[histogram.finite], histogram.counts[histogram.finite]


def _of_parameter(values: npt.NDArray[np.float32]) -> SampleValues:
    flat = values.reshape(-1).astype(np.float64) if values.size <= MOST_SEARCHED else None
    stride = max(values.size // MOST_SEARCHED, 1)
    places = np.arange(0, values.size, stride)
    if flat is None:
        ends = [int(values.argmin()), int(values.argmax())]
        places = np.concatenate([places, ends])  # none twice in what is picked below
        flat = values.reshape(-1)[places].astype(np.float64)
    usable = np.flatnonzero(np.isfinite(flat) & (flat != 0.0))
    flat, places = flat[usable], places[usable]
    if not flat.size:
        return SampleValues(flat, places)
    exponents = np.frexp(flat)[1]
    lowest = int(exponents.min())
    first = np.full(int(exponents.max()) - lowest + 1, -1)
    first[exponents[::-1] - lowest] = np.arange(len(flat))[::-1]  # what is written last stays
    picked = np.unique(np.concatenate([first[first >= 0], [flat.argmin(), flat.argmax()]]))
    _, single = np.unique(flat[picked], return_index=True)
    picked = picked[single]
    order = _chosen(flat[picked])
    return SampleValues(flat[picked][order], places[picked][order])


def _chosen(values: Floats) -> npt.NDArray[np.int64]:
    """Indices from large to small magnitude, thinned out evenly where there are too many."""
    order = np.argsort(-np.abs(values), kind="stable")
    if len(order) <= MOST_WORDS:
        return order
    return order[np.linspace(0, len(order) - 1, MOST_WORDS).round().astype(np.int64)]


@dataclass(frozen=True, eq=False)
class WordTable:
    """Values as words under the columns of an axis.

    ``digits`` (values, columns): digits of the magnitudes, 0 or 1, in the columns from
    ``axis.top`` down to ``axis.bottom``. ``kept`` (values, columns): the digits that the type's
    band keeps. ``most_significant`` (values,): the column of each first digit, -1 where it is
    not shown (zero, or below the axis). ``cast`` (values,): what remains.
    """

    axis: BitAxis
    values: Floats
    digits: npt.NDArray[np.int8]
    kept: npt.NDArray[np.bool_]
    most_significant: npt.NDArray[np.int64]
    cast: Floats

    @property
    def errors(self) -> Floats:
        """What remains less the value."""
        return self.cast - self.values


def word_table(
    samples: SampleValues,
    data_type: DataType | None,
    axis: BitAxis,
    shape: tuple[int, ...] = (),
) -> WordTable:
    """The words of ``samples`` under ``axis``; ``None`` as type keeps everything.

    ``shape`` is that of the parameter whose flat indices ``samples.places`` are.
    """
    values = samples.values
    bits = np.arange(axis.top, axis.bottom - 1, -1)
    scaled = np.abs(values)[:, np.newaxis] * np.exp2(-bits.astype(np.float64))
    first = np.frexp(values)[1] - 1
    column = np.where(values == 0.0, -1, axis.top - first)
    column = np.where((column < 0) | (column >= len(bits)), -1, column)
    cast, kept = values, np.ones(scaled.shape, np.bool_)
    if data_type is not None and values.size:
        own = _types_of(samples, data_type, shape)
        cast = own.cast(values)
        band = own.band()
        kept[:] = (bits <= band.top) & (bits >= band.bottom)
    return WordTable(
        axis=axis,
        values=values,
        digits=(np.floor(scaled) % 2.0).astype(np.int8),
        kept=kept,
        most_significant=column.astype(np.int64),
        cast=cast,
    )


def _types_of(samples: SampleValues, data_type: DataType, shape: tuple[int, ...]) -> DataType:
    """``data_type``, for weights with a scale for each channel that of each value's channel."""
    if not isinstance(data_type, ChannelScaled) or samples.places is None:
        return data_type
    channels = np.unravel_index(samples.places, shape)[data_type.axis]
    scales = tuple(data_type.scales[int(channel)] for channel in channels)
    return ChannelScaled(
        scales,
        0,
        data_type.word_length,
        data_type.signed,
        data_type.narrow_range,
    )
