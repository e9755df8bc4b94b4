"""How near to one values come, where nothing is larger: what functions that saturate crowd.

Sigmoid, tanh, erf and softmax put most of a bucket's values at its upper end: a histogram that
takes them as spread evenly over the last bucket below one misses their rounding errors. Their
distance to one is counted in powers of two instead, which is exact where the bucket is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.histogram import BitHistogram

NEAR_ONE = 0x3F7F  # the bucket of [1 - 2^-8, 1)
COLUMNS = 16  # distances 2^-24 (the step of float32 there) to 2^-8
_SIGN = 0x8000
_STEP = 2.0**-24


@dataclass(frozen=True, eq=False)
class NearOne:
    """Counts of the values in the buckets of ±[1 - 2^-8, 1).

    ``counts`` (int64) has shape (2, 16), positive values first: column ``j`` counts those whose
    distance to ±1 is 2^(j - 24) or more and less than twice as much. All are 0 where the tensor
    holds something larger than one, since no function saturates there then.
    """

    counts: npt.NDArray[np.int64]

    @classmethod
    def nothing(cls) -> Self:
        """No value: neutral in :meth:`merge`."""
        return cls(np.zeros((2, COLUMNS), np.int64))

    @classmethod
    def from_bits(cls, bits: npt.NDArray[np.uint32]) -> Self:
        """Count float32 values, given by their bits (any that lie elsewhere are left out)."""
        counts = np.zeros((2, COLUMNS), np.int64)
        close = bits[(bits >> np.uint32(16)) & np.uint32(_SIGN - 1) == NEAR_ONE]
        for row, is_negative in enumerate((False, True)):
            found = close[(close >> np.uint32(31) == 1) == is_negative]
            counts[row] = _by_distance(0x10000 - (found & np.uint32(0xFFFF)).astype(np.int64))
        return cls(counts)

    def merge(self, other: NearOne) -> NearOne:
        """Both together."""
        return NearOne(self.counts + other.counts)

    def without(self, value: float, count: int) -> NearOne:
        """With ``count`` values fewer at ``value``, which may lie elsewhere."""
        steps = np.array([(1.0 - abs(value)) / _STEP])
        if not 1.0 <= steps[0] <= 0x10000:
            return self
        counts = self.counts.copy()
        counts[int(value < 0.0)] -= count * _by_distance(steps.astype(np.int64))
        return NearOne(counts)

    def fits(self, histogram: BitHistogram) -> bool:
        """Whether these are all values that the histogram has in the two buckets, and not none."""
        buckets = np.array([NEAR_ONE, NEAR_ONE | _SIGN], np.uint16)
        return bool(self) and np.array_equal(self.counts.sum(axis=1), histogram.counts_in(buckets))

    def __bool__(self) -> bool:
        return bool(self.counts.any())


def edges() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Smallest and (excluded) largest magnitude that each column counts, (16,) each."""
    distances = _STEP * np.exp2(np.arange(COLUMNS + 1, dtype=np.float64))
    high = 1.0 - distances[:-1]
    high[0] = 1.0
    return 1.0 - distances[1:], high


def _by_distance(steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Counts by the most significant bit of whole numbers of steps, 1 to 2^16."""
    _, exponents = np.frexp(steps.astype(np.float64))
    columns = np.minimum(exponents - 1, COLUMNS - 1)  # the bucket's lower edge itself
    return np.bincount(columns, minlength=COLUMNS).astype(np.int64)
