"""The growing statistics of one tensor: constant memory, whatever the number of samples.

Adding is exact integer arithmetic, so the result does not depend on order, on how values are
split into calls, or on which thread adds them.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.growth import LEVEL_SHIFT, Growth, with_step
from quantscope.core.counting.histogram import BIT_COUNT, BUCKETS, BitHistogram
from quantscope.core.counting.near_one import NEAR_ONE, NearOne
from quantscope.core.counting.statistics import (
    MOST_DISTINCT,
    SMALL_TENSOR,
    DistinctValues,
    Extreme,
    TensorStatistics,
)
from quantscope.engine.calibration.kernel import (
    Bits,
    Counters,
    Kernel,
    fastest_kernel,
    value_of_key,
)

_SLOTS = 4 * MOST_DISTINCT
_NO_VALUES = np.empty(0, np.float32)
_LEAST_NEAR_ONE, _ONE = NEAR_ONE << 16, 0x3F800000  # bits of 1 - 2^-8 and of 1
_SUBNORMAL_STARTS = np.array([1, 2, 4, 8, 16, 32, 64])

_End = tuple[int, int, int]  # key (negated for minima, so that larger wins), count, first sample


class _DistinctTable:
    """Counts of distinct values, until there are too many of them: then nothing, for good."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._used = 0
        self._keys: Bits = np.empty(0, np.uint32)
        self._counts: Counters = np.empty(0, np.int64)

    def add(self, bits: Bits) -> None:
        if self._used < 0:
            return
        if self._keys.size == 0:
            self._keys, self._counts = np.zeros(_SLOTS, np.uint32), np.zeros(_SLOTS, np.int64)
        self._used = self._kernel.tally(bits, self._keys, self._counts, self._used, MOST_DISTINCT)
        if self._used < 0:
            del self._keys, self._counts

    def snapshot(self) -> DistinctValues | None:
        if self._used < 0:
            return None
        taken = self._counts > 0
        values = self._keys[taken].view(np.float32)
        order = np.argsort(values)
        return DistinctValues(values[order], self._counts[taken][order])


class _FewValues:
    """The values of a small tensor, until they are too many: then nothing, for good."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.float32]] | None = []
        self._total = 0

    def add(self, bits: Bits) -> None:
        if self._parts is None:
            return
        values = bits.view(np.float32)
        finite = values[np.isfinite(values)]
        self._parts.append(finite)
        self._total += finite.size
        if self._total > SMALL_TENSOR:
            self._parts = None

    def snapshot(self) -> DistinctValues | None:
        if self._parts is None:
            return None
        return DistinctValues.from_values(np.concatenate([_NO_VALUES, *self._parts]))


class Accumulator:
    """Statistics of one tensor so far. Threads may share it.

    The 65,536 counters (512 KiB of addresses) cost memory only where a bucket is used: the
    system hands out zeroed pages when they are first written.
    """

    def __init__(self, kernel: Kernel | None = None) -> None:
        self._kernel = kernel or fastest_kernel()
        self._lock = threading.Lock()
        self._counters: Counters = np.zeros(BUCKETS, np.int64)
        self._distinct = _DistinctTable(self._kernel)
        self._few = _FewValues()
        self._minimum: _End | None = None
        self._maximum: _End | None = None
        self._near_one = NearOne.nothing()
        self._falling: list[tuple[int, int]] = []  # steps of the two ends of the range
        self._rising: list[tuple[int, int]] = []

    def add(self, values: npt.ArrayLike, sample: int) -> None:
        """Count ``values`` (any shape and float type, taken as float32) of sample ``sample``."""
        bits = _bits_of(values)
        low, low_count, high, high_count = self._kernel.count(bits, self._counters, self._lock)
        is_near = _LEAST_NEAR_ONE <= max(-low, high) <= _ONE  # keys are bits but for the sign
        near = NearOne.from_bits(bits) if is_near else None
        with self._lock:
            self._near_one = self._near_one.merge(near) if near else self._near_one
            self._distinct.add(bits)
            self._few.add(bits)
            if low_count:
                self._minimum = _joined(self._minimum, (-low, low_count, sample))
                self._maximum = _joined(self._maximum, (high, high_count, sample))
                with_step(self._falling, sample, max(-low, 0) >> LEVEL_SHIFT)
                with_step(self._rising, sample, max(high, 0) >> LEVEL_SHIFT)

    def snapshot(self) -> TensorStatistics:
        """The statistics of all values added so far."""
        with self._lock:
            ends = [end[0] for end in (self._minimum, self._maximum) if end is not None]
            return TensorStatistics(
                BitHistogram.from_dense(self._counters),
                _extreme(self._minimum, -1),
                _extreme(self._maximum, 1),
                self._distinct.snapshot() or self._few.snapshot(),
                growth=self._growth(),
                near_one=self._near_one if max(ends, default=0) <= _ONE else NearOne.nothing(),
            )

    def growth(self) -> Growth:
        """How the range grew so far."""
        with self._lock:
            return self._growth()

    def _growth(self) -> Growth:
        return Growth(tuple(self._falling), tuple(self._rising))

    def bit_counts(self) -> npt.NDArray[np.int64]:
        """Counts by sign and bit position, as `BitHistogram.most_significant_bits` gives them."""
        with self._lock:
            by_exponent = self._counters.reshape(2, 256, 128)
            table = np.empty((2, BIT_COUNT), np.int64)
            table[:, 7:] = by_exponent[:, 1:255].sum(axis=2)
            table[:, :7] = np.add.reduceat(by_exponent[:, 0], _SUBNORMAL_STARTS, axis=1)
        return table


def _bits_of(values: npt.ArrayLike) -> Bits:
    array = np.asarray(values)
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    flat: Bits = np.ascontiguousarray(array).reshape(-1).view(np.uint32)
    return flat


def _joined(known: _End | None, new: _End) -> _End:
    if known is None or new[0] > known[0]:
        return new
    if new[0] < known[0]:
        return known
    return known[0], known[1] + new[1], min(known[2], new[2])


def _extreme(end: _End | None, sign: int) -> Extreme | None:
    return None if end is None else Extreme(value_of_key(sign * end[0]), end[1], end[2])
