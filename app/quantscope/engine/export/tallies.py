"""Running sums over samples: signal and noise, and how often two networks name the same class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


@dataclass
class NoiseTally:
    """Running sums for one signal to noise ratio."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, exact: Floats, other: Floats) -> None:
        """Count ``other`` as ``exact`` with an error; non-finite values are left out."""
        true, seen = exact.astype(np.float64), other.astype(np.float64)
        finite = np.isfinite(true) & np.isfinite(seen)
        self.signal += float((true[finite] ** 2).sum())
        self.noise += float(((true[finite] - seen[finite]) ** 2).sum())

    @property
    def decibels(self) -> float:
        """The ratio in dB; infinite without noise."""
        if self.noise <= 0.0:
            return math.inf
        return 10.0 * math.log10(self.signal / self.noise) if self.signal > 0.0 else -math.inf


@dataclass
class OutputTally:
    """One network output beside the exact one: noise, and samples with the same largest class."""

    noise: NoiseTally = field(default_factory=NoiseTally)
    scored: int = 0
    agreeing: int = 0

    def add(self, exact: Floats, other: Floats, samples: int) -> None:
        """Count ``samples`` samples along the first axis; outputs of integers are left out."""
        if not np.issubdtype(exact.dtype, np.floating):
            return
        self.noise.add(exact, other)
        if _is_scores(exact, samples):
            self.scored += samples
            self.agreeing += int((exact.argmax(axis=-1) == other.argmax(axis=-1)).sum())

    def agreement(self, samples: int) -> float | None:
        """The share of ``samples`` with the same largest class; ``None`` if one has no scores."""
        return self.agreeing / samples if samples and self.scored == samples else None


def _is_scores(values: Floats, samples: int) -> bool:
    """Whether an output looks like class scores: (samples, classes), and no unit vectors."""
    if values.ndim != 2 or len(values) != samples or values.shape[1] < 2:
        return False
    unit = np.allclose(np.linalg.norm(values, axis=1), 1.0, atol=1e-3)
    return not (unit and bool((values < 0.0).any()))
