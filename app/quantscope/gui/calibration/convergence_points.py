"""The convergence of a calibration as points to draw: what still moved with each added sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantscope.core.counting.convergence import Checkpoint, Convergence
from quantscope.core.wording import count
from quantscope.gui.translation import mark, tr

Ticks = list[tuple[float, str]]
NONE = mark("none")
ROOM = 0.6  # decades between the lowest point and the line of none


@dataclass(frozen=True, slots=True)
class Points:
    """Two curves over the same samples; both axes are logarithms, with ``ticks`` that say what they
    stand for. Where nothing moved a point lies at ``floor``."""

    samples: tuple[float, ...]
    ranges: tuple[float, ...]
    exponents: tuple[float, ...]
    floor: float
    sample_ticks: Ticks
    moved_ticks: Ticks

    @property
    def top(self) -> float:
        """The highest point."""
        return max(*self.ranges, *self.exponents, self.floor + ROOM)


def points_of(found: Convergence) -> Points | None:
    """``found`` as points; ``None`` where there is nothing to draw."""
    steps = found.checkpoints
    if not steps:
        return None
    ranges = [_per_sample(each.ranges, each) for each in steps]
    exponents = [_per_sample(each.exponents, each) for each in steps]
    logs = [math.log10(value) for value in (*ranges, *exponents) if value]
    lowest, highest = min(logs, default=0.0), max(logs, default=0.0)
    floor = lowest - ROOM

    def height(value: float) -> float:
        return math.log10(value) if value else floor

    decades = range(math.ceil(lowest), math.floor(highest) + 1)
    return Points(
        samples=tuple(math.log2(each.samples) for each in steps),
        ranges=tuple(map(height, ranges)),
        exponents=tuple(map(height, exponents)),
        floor=floor,
        sample_ticks=[(math.log2(each.samples), count(each.samples)) for each in _apart(steps)],
        moved_ticks=[(floor, tr(NONE)), *((float(n), f"{10.0**n:g}") for n in decades)],
    )


def _per_sample(moved: int, step: Checkpoint) -> float:
    return moved / (step.samples - step.since)


def _apart(steps: tuple[Checkpoint, ...]) -> list[Checkpoint]:
    """Without those whose names would run into that of the last."""
    last = steps[-1]
    return [each for each in steps if each is last or each.samples * 1.5 <= last.samples]
