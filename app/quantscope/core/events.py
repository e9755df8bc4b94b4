"""What long work tells while it runs: engine, command line and window hear the same events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.histogram import BIT_COUNT, LOWEST_BIT


class Answer(Enum):
    """What who hears of long work in the same process may answer."""

    STOP = "stop"


STOP: Final = Answer.STOP
"""Ends the work in order; a calibration keeps what it has counted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` steps of the stage named ``stage``; ``rate`` in steps a second and
    ``remaining`` seconds, both 0 while unknown. ``memory`` is about how many bytes it takes."""

    stage: str
    done: int
    total: int
    rate: float = 0.0
    remaining: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class BitCounts:
    """Counts by bit position from ``first`` (the lowest used) upwards, for each sign."""

    first: int
    positive: tuple[int, ...]
    negative: tuple[int, ...]

    @classmethod
    def of(cls, table: npt.NDArray[np.int64]) -> BitCounts:
        """From a table of shape (2, 261), cut to its used columns."""
        used = np.flatnonzero(table.any(axis=0))
        if used.size == 0:
            return cls(0, (), ())
        part = table[:, used[0] : used[-1] + 1]
        first = int(used[0]) + LOWEST_BIT
        return cls(first, tuple(part[0].tolist()), tuple(part[1].tolist()))

    def table(self) -> npt.NDArray[np.int64]:
        """The table of shape (2, 261) that this was made from."""
        full = np.zeros((2, BIT_COUNT), np.int64)
        start = self.first - LOWEST_BIT
        full[0, start : start + len(self.positive)] = self.positive
        full[1, start : start + len(self.negative)] = self.negative
        return full


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """The counts so far, by tensor, after ``samples`` samples: what a live heat map needs."""

    samples: int
    counts: Mapping[str, BitCounts]
