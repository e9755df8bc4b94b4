"""The histogram that answers everything: counts by the upper 16 bits of the float32 pattern.

A bucket holds the sign, the 8 exponent bits and 7 mantissa bits of a value. Mapping a value
to its bucket is one shift, merging is addition, and thresholds with at most eight significant
bits (half a step, 127.5 steps of a power of two) lie on bucket edges, so counts on either side
of them are exact.

Mapping (value to bucket) and counts are apart: the functions below know the pattern,
:class:`BitHistogram` only adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

BUCKETS = 65_536
LOWEST_BIT = -133  # smallest magnitude that a bucket tells from zero: 2^-133 (subnormal)
HIGHEST_BIT = 127
BIT_COUNT = HIGHEST_BIT - LOWEST_BIT + 1

_SIGN = 0x8000
_INFINITY = 0x7F80


def bucket_of(values: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """The bucket of each value, flattened; values are taken as float32."""
    with np.errstate(over="ignore"):
        flat = np.ascontiguousarray(np.asarray(values).astype(np.float32)).reshape(-1)
    return (flat.view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def bucket_edges(
    buckets: npt.NDArray[np.uint16],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Smallest and (excluded) largest magnitude of each finite bucket, without the sign.

    Buckets of infinities and NaN get the edges of the largest finite one.
    """
    largest = np.uint32(_INFINITY - 1)
    magnitude = np.minimum(buckets.astype(np.uint32) & np.uint32(_SIGN - 1), largest)
    low = (magnitude << np.uint32(16)).view(np.float32).astype(np.float64)
    above = np.minimum(magnitude + np.uint32(1), largest)
    high = (above << np.uint32(16)).view(np.float32).astype(np.float64)
    return low, np.where(magnitude == largest, 2.0**128, high)


def most_significant_bit(
    buckets: npt.NDArray[np.uint16],
) -> npt.NDArray[np.int64]:
    """floor(log2(abs(x))) of the values in each finite, non-zero bucket."""
    low, _ = bucket_edges(buckets)
    _, exponent = np.frexp(low)
    return exponent.astype(np.int64) - 1


def _read_only(array: npt.NDArray[np.generic]) -> None:
    array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class BitHistogram:
    """Exact counts of the used buckets, in ascending bucket order (sparse at rest).

    ``buckets`` (uint16) and ``counts`` (int64, all positive) have one entry for each used
    bucket. Zeros are the two buckets of +0 and -0; magnitudes below 2^-133 share them.

    >>> counted = BitHistogram.from_values([0.0, 1.5, -3.0])
    >>> counted.total, counted.zeros
    (3, 1)
    >>> counted.merge(counted) == BitHistogram.from_values([0.0, 1.5, -3.0] * 2)
    True
    """

    buckets: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.buckets.shape != self.counts.shape or self.buckets.ndim != 1:
            raise ValueError("a histogram needs one count for each bucket")
        _read_only(self.buckets)
        _read_only(self.counts)

    @classmethod
    def empty(cls) -> Self:
        """The histogram of no values: neutral in :meth:`merge`."""
        return cls(np.empty(0, np.uint16), np.empty(0, np.int64))

    @classmethod
    def from_values(cls, values: npt.ArrayLike) -> Self:
        """Count ``values`` (any shape, taken as float32): the reference for fast kernels."""
        buckets, counts = np.unique(bucket_of(values), return_counts=True)
        return cls(buckets, counts.astype(np.int64))

    @classmethod
    def from_dense(cls, dense: npt.NDArray[np.int64]) -> Self:
        """From one counter for each of the 65,536 buckets."""
        used = np.flatnonzero(dense)
        return cls(used.astype(np.uint16), dense[used].astype(np.int64))

    def merge(self, *others: BitHistogram) -> BitHistogram:
        """The histogram of all values together: associative, commutative, exact."""
        parts = (self, *others)
        every = np.concatenate([part.buckets for part in parts])
        buckets, place = np.unique(every, return_inverse=True)
        counts = np.zeros(len(buckets), np.int64)
        np.add.at(counts, place, np.concatenate([part.counts for part in parts]))
        return BitHistogram(buckets, counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BitHistogram):
            return NotImplemented
        return np.array_equal(self.buckets, other.buckets) and np.array_equal(
            self.counts, other.counts
        )

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is an array

    def _count_where(self, mask: npt.NDArray[np.bool_]) -> int:
        return int(self.counts[mask].sum())

    @cached_property
    def _magnitude(self) -> npt.NDArray[np.uint16]:
        return self.buckets & np.uint16(_SIGN - 1)

    @property
    def total(self) -> int:
        """All counted values."""
        return int(self.counts.sum())

    @property
    def zeros(self) -> int:
        """Values that are zero (of either sign), magnitudes below 2^-133 included."""
        return self._count_where(self._magnitude == 0)

    @property
    def infinities(self) -> int:
        """Infinite values of either sign."""
        return self._count_where(self._magnitude == _INFINITY)

    @property
    def not_a_number(self) -> int:
        """NaN values. (A NaN with only low payload bits counts as an infinity.)"""
        return self._count_where(self._magnitude > _INFINITY)

    @cached_property
    def finite(self) -> npt.NDArray[np.bool_]:
        """For each used bucket: finite and not zero."""
        return (self._magnitude > 0) & (self._magnitude < _INFINITY)

    @cached_property
    def negative(self) -> npt.NDArray[np.bool_]:
        """For each used bucket: the sign bit is set."""
        return self.buckets >= _SIGN

    @cached_property
    def edges(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Smallest and (excluded) largest magnitude of each used bucket."""
        return bucket_edges(self.buckets)

    def most_significant_bits(self) -> npt.NDArray[np.int64]:
        """Counts by sign and bit position: shape (2, 261).

        Row 0 counts positive values, row 1 negative ones; column ``k - LOWEST_BIT`` counts
        the values whose most significant bit is at 2^k. Zeros and non-finite values are
        counted apart.
        """
        table = np.zeros((2, BIT_COUNT), np.int64)
        used = self.finite
        column = most_significant_bit(self.buckets[used]) - LOWEST_BIT
        row = self.negative[used].astype(np.int64)
        np.add.at(table, (row, column), self.counts[used])
        return table

    def absolute(self) -> BitHistogram:
        """The histogram of the magnitudes."""
        half = len(self.buckets) - int(np.count_nonzero(self.negative))
        positive = BitHistogram(self.buckets[:half], self.counts[:half])
        return positive.merge(BitHistogram(self._magnitude[half:], self.counts[half:]))

    def counts_in(self, buckets: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
        """The counts of ``buckets``, used or not."""
        places = np.searchsorted(self.buckets, buckets)
        found = np.append(self.buckets, np.uint16(0))[places] == buckets
        counts: npt.NDArray[np.int64] = np.append(self.counts, 0)[places] * found
        return counts

    def without(self, bucket: int, count: int) -> BitHistogram:
        """The histogram with ``count`` values fewer in ``bucket``."""
        counts = self.counts.copy()
        place = int(np.searchsorted(self.buckets, bucket))
        found = place < len(self.buckets) and int(self.buckets[place]) == bucket
        if not found or counts[place] < count:
            raise ValueError(f"bucket {bucket} does not hold {count} values")
        counts[place] -= count
        kept = counts > 0
        return BitHistogram(self.buckets[kept], counts[kept])


def used_by_any(histograms: Iterable[BitHistogram]) -> BitHistogram:
    """One count for each bucket that any of ``histograms`` uses: what a picture must show."""
    used = np.zeros(BUCKETS, np.int64)
    for histogram in histograms:
        used[histogram.buckets] = 1
    return BitHistogram.from_dense(used)
