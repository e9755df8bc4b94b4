"""The dynamic ranges as a picture: counts and types in, an RGB array out.

One picture for window and file: the window shows the array, the engine writes it. Rows are
tensors, columns are bit positions from large (left) to small; the last column sums what lies
below the axis. A cell's depth is how many values have their most significant bit there, its
colour what becomes of them: blue is kept, gray is lost, teal rounds up to one step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.histogram import BIT_COUNT, HIGHEST_BIT, LOWEST_BIT
from quantscope.core.numbers.formats import ACCUMULATOR_BITS, DataType

COLUMNS_BELOW_BAND = 12
FEWEST_BITS = 8  # from the top of the axis to its bottom
AT_ONCE = 64  # rows: enough to share the cost of a call, few enough for the cache
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Depth(StrEnum):
    """How counts become colour depth within a row."""

    LINEAR = "linear"
    LOGARITHMIC = "logarithmic"


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One row: ``counts`` (2, 261) by sign and bit position, and the type (``None``: float).

    ``cut_off``: a Relu or Clip follows that takes away what saturates, so it is not drawn lost.
    ``reach``: the largest value and the largest magnitude of a negative one, where known; the
    column that holds it is spread no further.
    """

    counts: Counts
    data_type: DataType | None = None
    cut_off: bool = False
    reach: tuple[float, float] = (math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class BitAxis:
    """The columns: bit positions ``top`` down to ``bottom``, then one for all below."""

    top: int
    bottom: int

    @property
    def columns(self) -> int:
        """How many columns there are, the sum of the rest included."""
        return self.top - self.bottom + 2

    def column_of(self, bit: int) -> int:
        """The column that shows bit position ``bit`` (clamped to the axis)."""
        return min(max(self.top - bit, 0), self.columns - 1)

    def bit_of(self, column: int) -> int | None:
        """The bit position of ``column``; ``None`` for the sum of what lies below."""
        return self.top - column if 0 <= column < self.columns - 1 else None

    def label_of(self, column: int) -> str:
        """Text for the axis, such as ``2^-3``."""
        bit = self.bit_of(column)
        return f"2^{bit}" if bit is not None else f"≤2^{self.bottom - 1}"

    def fold(self, counts: Counts) -> Counts:
        """Counts (..., 261) by bit position to counts (..., columns) of this axis."""
        flipped = counts[..., ::-1]
        first = HIGHEST_BIT - self.top
        shown = flipped[..., first : first + self.columns - 1].copy()
        shown[..., 0] += flipped[..., :first].sum(axis=-1)
        rest = flipped[..., first + self.columns - 1 :].sum(axis=-1, keepdims=True)
        return np.concatenate([shown, rest], axis=-1)


def fit_axis(rows: Sequence[HeatRow]) -> BitAxis:
    """From the highest used column to 12 below the lowest band (or the lowest used one).

    Accumulators (int32 biases) keep far more than is ever used and do not widen the axis.
    """
    used = np.zeros(BIT_COUNT, bool)
    tops, bottoms = [], []
    for row in rows:
        used |= row.counts.any(axis=0)
        short = row.data_type is not None and row.data_type.word_length < ACCUMULATOR_BITS
        if row.data_type is not None and short and row.counts.any():
            band = row.data_type.band()
            tops.append(band.top)
            bottoms.append(band.bottom)
    bits = np.flatnonzero(used) + LOWEST_BIT
    highest = int(bits.max()) if bits.size else 3
    lowest = int(bits.min()) if bits.size else -12
    top = min(max([highest, LOWEST_BIT + FEWEST_BITS, *tops]), HIGHEST_BIT)
    below = min(bottoms) - COLUMNS_BELOW_BAND if bottoms else top - 32
    return BitAxis(top, max(min(max(lowest, below), top - FEWEST_BITS), LOWEST_BIT))


@dataclass(frozen=True, slots=True)
class Fates:
    """Shares of each column's values (..., columns): saturated, rounded up to one step, lost."""

    saturated: Floats
    rounded_up: Floats
    underflow: Floats


def fates(row: HeatRow, axis: BitAxis) -> Fates:
    """What becomes of the values in each column of one row; see :func:`fates_of`."""
    found = fates_of([row], axis)
    return Fates(found.saturated[0], found.rounded_up[0], found.underflow[0])


def fates_of(rows: Sequence[HeatRow], axis: BitAxis) -> Fates:
    """What becomes of the values in each column of ``rows``: shares of shape (rows, columns).

    Within a column values count as spread evenly; for power-of-two types the thresholds lie
    between columns, but for the largest value's half step.
    """
    counts = np.stack([row.counts for row in rows])  # (rows, signs, bit positions)
    bits = np.arange(LOWEST_BIT, HIGHEST_BIT + 1)
    low = np.exp2(bits.astype(np.float64))
    high = np.clip(np.array([row.reach for row in rows])[:, :, None], low, 2.0 * low)
    steps, ends = _steps_and_ends([row.data_type for row in rows])
    saturated = _share_past(ends + steps / 2, low, high)
    kept = _share_past(steps, low, high)
    half = _share_past(steps / 2, low, high)
    lost = np.minimum(1.0 - half, 1.0 - saturated)
    up = np.maximum(half - kept - saturated, 0.0)
    saturated[[row.cut_off for row in rows]] = 0.0
    total = np.maximum(axis.fold(counts).sum(axis=1), 1)
    has_type = np.array([row.data_type is not None for row in rows])[:, None]
    shares = [
        np.where(has_type, _folded(counts, share, axis) / total, 0.0)
        for share in (saturated, up, lost)
    ]
    return Fates(*shares)


def _steps_and_ends(types: Sequence[DataType | None]) -> tuple[Floats, Floats]:
    """Steps (rows, 1, 1), and largest magnitudes of both signs (rows, 2, 1); 1 without a type."""
    steps = [1.0 if each is None else each.step for each in types]
    ends = [(1.0, 1.0) if each is None else (each.maximum, -each.minimum) for each in types]
    return np.array(steps)[:, None, None], np.array(ends, np.float64)[:, :, None]


def _share_past(threshold: Floats, low: Floats, high: Floats) -> Floats:
    """Part of the values from ``low`` to ``high`` that lies at or past ``threshold``."""
    within = np.clip((high - threshold) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    return np.where(high > low, within, (low >= threshold).astype(np.float64))


def _folded(counts: Counts, share: Floats, axis: BitAxis) -> Floats:
    weighted = (counts * share * 2.0**20).astype(np.int64)
    total: Floats = axis.fold(weighted).sum(axis=1) / 2.0**20
    return total


@dataclass(frozen=True, slots=True)
class HeatColors:
    """The two ends (few, many) of each colour ramp, RGB 0..255, and the empty cells."""

    kept: tuple[tuple[int, int, int], tuple[int, int, int]]
    lost: tuple[tuple[int, int, int], tuple[int, int, int]]
    rounded: tuple[tuple[int, int, int], tuple[int, int, int]]
    empty_kept: tuple[int, int, int]
    empty_lost: tuple[int, int, int]


LIGHT = HeatColors(
    kept=((226, 236, 248), (8, 38, 107)),
    lost=((212, 212, 212), (92, 92, 92)),
    rounded=((206, 236, 229), (20, 128, 112)),
    empty_kept=(255, 255, 255),
    empty_lost=(224, 224, 224),
)
DARK = HeatColors(
    kept=((38, 58, 92), (146, 190, 255)),
    lost=((78, 78, 80), (176, 176, 178)),
    rounded=((28, 76, 70), (92, 214, 194)),
    empty_kept=(24, 27, 33),
    empty_lost=(58, 59, 62),
)


def depths(counts: Counts, axis: BitAxis, depth: Depth) -> Floats:
    """Colour depth 0..1 of each column (rows, columns), relative to the fullest one of its row.

    ``counts``: (rows, signs, bit positions).
    """
    folded: Floats = axis.fold(counts).sum(axis=1).astype(np.float64)
    return depth_of(folded, folded.max(axis=1, keepdims=True), depth)


def depth_of(counts: Floats, most: Floats, depth: Depth) -> Floats:
    """Colour depth 0..1 of cells with ``counts`` values in rows whose fullest cell has ``most``."""
    if depth is Depth.LOGARITHMIC:
        counts, most = np.log1p(counts), np.log1p(most)
    found: Floats = counts / np.maximum(most, 1e-300)
    return found


def scale_marks(most: int, depth: Depth) -> list[tuple[int, float]]:
    """Round counts from 0 to ``most``, and the colour depth of each: the numbers at a colour bar.

    Linear: two to five steps of 1, 2 or 5 times a power of ten; logarithmic: powers of ten.
    """
    if most < 1:
        return []
    if depth is Depth.LOGARITHMIC:
        counts = [10**power for power in range(len(str(most)))]
    else:
        power = 10 ** max(len(str(most)) - 2, 0)
        steps = (factor * power for factor in (1, 2, 5, 10, 20, 50))
        step = next(each for each in steps if most <= 5 * each)
        counts = list(range(0, most + 1, step))
    places = depth_of(np.array(counts, np.float64), np.array(float(most)), depth)
    return list(zip(counts, map(float, places), strict=True))


def paint(
    rows: Sequence[HeatRow],
    axis: BitAxis,
    colors: HeatColors = LIGHT,
    depth: Depth = Depth.LINEAR,
) -> npt.NDArray[np.uint8]:
    """The picture: one pixel for each cell, shape (rows, columns, 3), uint8 RGB."""
    parts = [
        _paint_some(rows[first : first + AT_ONCE], axis, colors, depth)
        for first in range(0, len(rows), AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, axis.columns, 3), np.uint8)


def _paint_some(
    rows: Sequence[HeatRow], axis: BitAxis, colors: HeatColors, depth: Depth
) -> npt.NDArray[np.uint8]:
    amount = depths(np.stack([row.counts for row in rows]), axis, depth)[:, :, None]
    fate = fates_of(rows, axis)
    lost = (fate.saturated + fate.underflow)[:, :, None]
    up = fate.rounded_up[:, :, None]
    mixed = (
        _ramp(colors.kept, amount) * np.clip(1.0 - lost - up, 0.0, 1.0)
        + _ramp(colors.lost, amount) * lost
        + _ramp(colors.rounded, amount) * up
    )
    inside = np.stack([_inside(row.data_type, axis) for row in rows])
    empty = np.where(inside[:, :, None], colors.empty_kept, colors.empty_lost)
    return np.clip(np.where(amount > 0.0, mixed, empty), 0, 255).astype(np.uint8)


def _ramp(ends: tuple[tuple[int, int, int], tuple[int, int, int]], amount: Floats) -> Floats:
    first, last = (np.asarray(end, np.float64) for end in ends)
    return first + (last - first) * amount


def _inside(data_type: DataType | None, axis: BitAxis) -> npt.NDArray[np.bool_]:
    inside = np.ones(axis.columns, bool)
    if data_type is not None:
        band, bits = data_type.band(), axis.top - np.arange(axis.columns)
        inside = (bits >= band.bottom) & (bits <= band.top)
        inside[-1] = False  # it sums what lies below
    return inside


def edge_positions(data_type: DataType, axis: BitAxis) -> tuple[float, float]:
    """Where the band's edge marks stand, in columns from the left edge of the picture.

    For a power-of-two type these are the borders of the first and last kept column.
    """
    band = data_type.band()
    left = axis.top + 1 - band.upper_edge
    right = axis.top + 1 - band.lower_edge
    return min(max(left, 0.0), axis.columns), min(max(right, 0.0), axis.columns)
