"""Where to cut a range off: percentiles and relative entropy, read from the one histogram.

Both look at activations only. A weight has few values, each of them certain to be used: its
range is taken as it is, as TensorRT does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.statistics import TensorStatistics

Array = npt.NDArray[np.float64]

PERCENTILE = 0.9999  # of the values stays inside
ENTROPY_BINS = 2_048
ENTROPY_STEP = 16  # bins between two thresholds that are tried
FEWEST_FOR_ENTROPY = 4 * ENTROPY_BINS  # values; fewer say nothing about a distribution
SMOOTHING = 1e-4  # of a count, where the quantized distribution is empty


def percentile_range(
    statistics: TensorStatistics, inside: float = PERCENTILE
) -> tuple[float, float]:
    """The range, 0 included, with at most ``1 - inside`` of all values beyond it.

    The share is cut from both ends alike; the ends are exact to a bucket (2^-7 of the value).
    """
    edges, shares = _cumulative(statistics)
    if edges.size == 0:
        return 0.0, 0.0
    rest = (1.0 - inside) / 2.0
    low, high = np.interp([rest, 1.0 - rest], shares, edges)
    least, most = statistics.range_with_zero
    return max(min(float(low), 0.0), least), min(max(float(high), 0.0), most)


def percentile_magnitude(statistics: TensorStatistics, inside: float = PERCENTILE) -> float:
    """The magnitude with at most ``1 - inside`` of all values beyond it."""
    counts, edges = _magnitudes(statistics)
    total = statistics.histogram.total
    if total == 0 or counts.size == 0:
        return 0.0
    below = statistics.histogram.zeros + np.concatenate([[0.0], np.cumsum(counts)])
    found = float(np.interp(inside * total, below, np.append(edges[:-1], edges[-1])))
    return min(found, statistics.largest_magnitude)


def least_divergence(
    statistics: TensorStatistics, thresholds: Sequence[float], levels: int
) -> float:
    """The threshold whose ``levels`` steps tell least apart from the values.

    Kullback-Leibler divergence between the values, cut off at the threshold, and what is left
    of them after rounding, on 2,048 bins of magnitude without zeros (Migacz, "8-bit inference
    with TensorRT", 2017). The largest threshold wins ties.
    """
    bins, width = _linear_bins(statistics)
    best, least = max(thresholds), math.inf
    for threshold in sorted(thresholds, reverse=True):
        kept = min(max(round(threshold / width), 1), len(bins)) if width > 0.0 else 1
        divergence = _divergence(bins, kept, levels)
        if divergence < least:
            best, least = threshold, divergence
    return best


def has_distribution(statistics: TensorStatistics) -> bool:
    """Whether there are values enough for relative entropy to mean something."""
    histogram = statistics.histogram
    return histogram.total - histogram.zeros >= FEWEST_FOR_ENTROPY


def entropy_magnitude(statistics: TensorStatistics, levels: int) -> float:
    """The magnitude at which relative entropy says to cut off; ``levels`` steps lie below it.

    The largest one where there are too few values to tell.
    """
    largest = statistics.largest_magnitude
    if levels >= ENTROPY_BINS or not has_distribution(statistics):
        return largest
    kept = np.arange(ENTROPY_BINS, levels - 1, -ENTROPY_STEP)
    thresholds = [largest * int(count) / ENTROPY_BINS for count in kept]
    return least_divergence(statistics, thresholds, levels)


def _cumulative(statistics: TensorStatistics) -> tuple[Array, Array]:
    """Bucket edges in ascending order, with signs, and the share of values below each."""
    histogram = statistics.histogram
    low, high = histogram.edges
    used = histogram.finite
    zeros = histogram.zeros
    total = zeros + int(histogram.counts[used].sum())
    if total == 0:
        return np.empty(0), np.empty(0)
    sign = np.where(histogram.negative, -1.0, 1.0)
    starts = np.where(histogram.negative, -high, low)[used]
    ends = (sign * np.where(histogram.negative, low, high))[used]
    counts = histogram.counts[used].astype(np.float64)
    starts, ends = np.append(starts, 0.0), np.append(ends, 0.0)
    counts = np.append(counts, float(zeros))
    order = np.lexsort((ends, starts))
    shares = np.cumsum(counts[order]) / total
    edges = np.stack([starts[order], ends[order]], axis=1).reshape(-1)
    before = np.concatenate([[0.0], shares[:-1]])
    return edges, np.stack([before, shares], axis=1).reshape(-1)


def _magnitudes(statistics: TensorStatistics) -> tuple[Array, Array]:
    """Counts of magnitudes between ascending edges (one more than counts), zeros left out."""
    histogram = statistics.histogram.absolute()
    used = histogram.finite
    low, high = (edge[used] for edge in histogram.edges)
    if low.size == 0:
        return np.empty(0), np.empty(0)
    every = np.unique(np.concatenate([low, high]))
    counts = np.zeros(len(every) - 1)
    counts[np.searchsorted(every, low)] = histogram.counts[used]
    return counts, every


def _linear_bins(statistics: TensorStatistics) -> tuple[Array, float]:
    """The magnitudes in 2,048 even bins up to the largest one, and the width of a bin."""
    counts, edges = _magnitudes(statistics)
    largest = statistics.largest_magnitude
    if counts.size == 0:
        return np.zeros(ENTROPY_BINS), 0.0
    below = np.concatenate([[0.0], np.cumsum(counts)])
    places = np.linspace(0.0, largest, ENTROPY_BINS + 1)
    at_places = np.interp(places, np.append(edges[:-1], min(edges[-1], largest)), below)
    return np.diff(at_places), largest / ENTROPY_BINS


def _divergence(bins: Array, kept: int, levels: int) -> float:
    """Divergence of the first ``kept`` bins, the rest added to the last, from ``levels`` steps."""
    inside = bins[:kept]
    values = inside.copy()
    values[-1] += bins[kept:].sum()
    step = np.minimum(np.arange(kept) * levels // kept, levels - 1)
    used = values > 0.0
    sums = np.bincount(step, weights=inside, minlength=levels)
    members = np.bincount(step, weights=used.astype(np.float64), minlength=levels)
    spread = np.where(used, sums[step] / np.maximum(members[step], 1.0), 0.0)
    true = values[used] / values.sum() if used.any() else values[used]
    rounded = np.maximum(spread[used], SMOOTHING)
    return float((true * np.log(true / (rounded / rounded.sum()))).sum()) if used.any() else 0.0
