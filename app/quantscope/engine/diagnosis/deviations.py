"""Running sums of how far a network's values are from those of the float network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.core.diagnosis.sensitivity import Deviation
from quantscope.engine.calibration.batching import Batch

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass
class NoiseSum:
    """Powers of a signal and of its error; values that are not finite are left out."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, exact: Array, other: Array) -> None:
        """Count ``other`` as ``exact`` with an error."""
        true, seen = (each.astype(np.float64).reshape(-1) for each in (exact, other))
        finite = np.isfinite(true) & np.isfinite(seen)
        true, error = true[finite], true[finite] - seen[finite]
        self.signal += _power(true)
        self.noise += _power(error)

    @property
    def ratio(self) -> float:
        """Noise power by signal power; infinite for noise on nothing."""
        if self.signal > 0.0:
            return self.noise / self.signal
        return float("inf") if self.noise > 0.0 else 0.0


@dataclass
class MeanShift:
    """Which part of an error is a constant shift of each channel, over all samples."""

    axis: int
    count: int = 0
    total: Floats | float = 0.0
    squares: float = 0.0

    def add(self, exact: Array, other: Array) -> None:
        """Count one batch; both have their channels along the axis, or no axis at all."""
        error = np.atleast_1d(other.astype(np.float64) - exact.astype(np.float64))
        error = np.where(np.isfinite(error), error, 0.0)
        axis = self.axis if self.axis < error.ndim else -1
        rows = np.moveaxis(error, axis, -1).reshape(-1, error.shape[axis])
        self.count += len(rows)
        self.total = self.total + rows.sum(axis=0)
        self.squares += float((rows * rows).sum())

    @property
    def share(self) -> float:
        """Power of the channels' mean errors by power of the error, 0..1."""
        if self.squares <= 0.0:
            return 0.0
        return min(_power(np.asarray(self.total)) / self.count / self.squares, 1.0)


@dataclass
class OutputSums:
    """The network's float outputs against those of the float network, sample by sample."""

    noise: dict[str, NoiseSum] = field(default_factory=dict)
    cosines: float = 0.0
    compared: int = 0
    agreeing: int = 0
    judged: int = 0

    def add(self, batch: Batch, exact: Mapping[str, Array], other: Mapping[str, Array]) -> None:
        """Count one batch."""
        for name, values in exact.items():
            if not np.issubdtype(values.dtype, np.floating):
                continue
            true, seen = batch.own(values), batch.own(other[name])
            self.noise.setdefault(name, NoiseSum()).add(true, seen)
            for one, two in zip(_by_sample(batch, true), _by_sample(batch, seen), strict=True):
                self.cosines += _cosine(one, two)
                self.compared += 1
                if values.ndim == 2 and _is_scores(one):
                    self.agreeing += int(one.argmax() == two.argmax())
                    self.judged += 1

    def deviation(self) -> Deviation:
        """What the batches add up to."""
        ratios = [each.ratio for each in self.noise.values()]
        return Deviation(
            noise=sum(ratios) / max(len(ratios), 1),
            agreement=self.agreeing / self.judged if self.judged else None,
            cosine=self.cosines / self.compared if self.compared else 1.0,
        )


def _power(values: Floats) -> float:
    """The sum of squares; not as a dot product, which starts threads for some thousand values."""
    return float(np.square(values).sum())


def _by_sample(batch: Batch, values: Array) -> Sequence[Floats]:
    """Flat rows, one for each sample; a single one where the first axis does not hold them."""
    samples = batch.used if values.ndim and len(values) % batch.used == 0 else 1
    return list(values.astype(np.float64).reshape(samples, -1))


def _cosine(one: Floats, other: Floats) -> float:
    """Of the angle between both; 1 where both are zero, 0 where one is zero or not finite."""
    lengths = math.sqrt(_power(one)) * math.sqrt(_power(other))
    if not math.isfinite(lengths):
        return 0.0
    if lengths == 0.0:
        return float(not one.any() and not other.any())
    return min(float((one * other).sum()) / lengths, 1.0)


def _is_scores(row: Floats) -> bool:
    """Whether an output looks like scores by class, and is no unit vector."""
    is_unit = abs(_power(row) - 1.0) < 1e-3
    return row.size > 1 and not (is_unit and bool((row < 0.0).any()))
