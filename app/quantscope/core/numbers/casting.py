"""What a cast to a data type does to given values: overflow, underflow, precision loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.numbers.formats import ChannelScaled, DataType, whole_steps
from quantscope.core.numbers.rounding import Ties


@dataclass(frozen=True, slots=True)
class CastCounts:
    """How many of ``total`` values meet which fate; the last five add up to ``total``.

    ``overflow``: rounds past the largest or smallest value, saturates (infinities too).
    ``underflow``: not zero, rounds to zero. ``precision_loss``: in range, but rounded.
    ``exact``: unchanged. ``not_a_number``: NaN.
    """

    total: int
    overflow: int
    underflow: int
    precision_loss: int
    exact: int
    not_a_number: int


def count_cast(values: npt.ArrayLike, data_type: DataType, ties: Ties = Ties.AWAY) -> CastCounts:
    """Count what ``data_type.cast(values)`` does to each value (any shape)."""
    array = np.asarray(values, dtype=np.float64)
    step: npt.NDArray[np.float64] | float = data_type.step
    if isinstance(data_type, ChannelScaled):
        step = data_type.steps_for(array.shape)
    low, high = (end - data_type.zero_point for end in data_type.limits)
    missing = np.isnan(array)
    steps = whole_steps(array, step, ties)
    over = (steps < low) | (steps > high)
    under = ~over & (array != 0.0) & (steps == 0.0)
    kept = data_type.cast(array, ties)
    exact = ~over & ~under & (kept == array)
    counts = [int(np.count_nonzero(mask)) for mask in (over, under, exact, missing)]
    lossy = array.size - sum(counts)
    return CastCounts(
        total=array.size,
        overflow=counts[0],
        underflow=counts[1],
        precision_loss=lossy,
        exact=counts[2],
        not_a_number=counts[3],
    )
