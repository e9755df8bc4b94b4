"""How the range of a tensor grew from sample to sample: what convergence is read from.

A level is the upper twelve bits of a magnitude as float32: its exponent and three bits of
fraction, so eight levels for each power of two. Kept are only samples that lifted an end of the
range to a level that none before had reached: some ten of them, however many samples there are.
What is kept of two groups of samples says what is kept of both, in any order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

LEVELS_PER_BIT = 8
_BIAS = 127  # of a float32's exponent
LEVEL_SHIFT = 20  # of the bits of a float32: sign, 8 bits of exponent and 3 of fraction are left

Steps = tuple[tuple[int, int], ...]
"""(sample, level) of each sample that reached a new level; both ascend."""


def level_of(magnitude: float) -> int:
    """The level of a finite float32 ``magnitude``; 0 where it is not above zero, or next to it."""
    return int(np.float32(max(0.0, magnitude) + 0.0).view(np.uint32)) >> LEVEL_SHIFT


def with_step(steps: list[tuple[int, int]], sample: int, level: int) -> None:
    """Note in ``steps``, which stay as :data:`Steps` are, that ``sample`` reaches ``level``."""
    place = bisect_left(steps, (sample + 1, 0))  # of the first later sample
    if level <= 0 or (place and steps[place - 1][1] >= level):
        return
    end = place
    while end < len(steps) and steps[end][1] <= level:
        end += 1
    start = place - 1 if place and steps[place - 1][0] == sample else place
    steps[start:end] = [(sample, level)]


@dataclass(frozen=True, slots=True)
class Growth:
    """The steps of both ends of a range, which holds 0 from the start.

    ``low`` are steps of the largest magnitude of a negative value, ``high`` of the largest value.
    """

    low: Steps = ()
    high: Steps = ()

    @classmethod
    def of(cls, low: float, high: float, sample: int) -> Self:
        """That of one sample with values from ``low`` to ``high``; none where ``sample`` is below
        0, which stands for values that no sample holds."""
        steps = (level_of(-low), level_of(high))
        return cls(*(((sample, level),) if level and sample >= 0 else () for level in steps))

    def merge(self, other: Growth) -> Growth:
        """That of the samples of both."""
        return Growth(_merged(self.low, other.low), _merged(self.high, other.high))

    def renumbered(self, numbers: Sequence[int]) -> Growth:
        """The same where sample ``i`` is called ``numbers[i]``, which ascend."""
        return Growth(_renumbered(self.low, numbers), _renumbered(self.high, numbers))

    @property
    def exponents(self) -> Steps:
        """(sample, exponent) where the largest magnitude reached another power of two."""
        found: list[tuple[int, int]] = []
        for sample, level in sorted((*self.low, *self.high)):
            with_step(found, sample, level // LEVELS_PER_BIT + 1)  # subnormal ones are 1
        return tuple((sample, biased - 1 - _BIAS) for sample, biased in found)

    def levels(self, samples: int) -> tuple[int, int]:
        """The level of either end after the first ``samples`` samples; 0 where it is still 0."""
        low, high = (
            max((level for sample, level in steps if sample < samples), default=0)
            for steps in (self.low, self.high)
        )
        return low, high


def _merged(one: Steps, two: Steps) -> Steps:
    if not one or not two:
        return one or two
    found = list(one)
    for sample, level in two:
        with_step(found, sample, level)
    return tuple(found)


def _renumbered(steps: Steps, numbers: Sequence[int]) -> Steps:
    return tuple((numbers[sample], level) for sample, level in steps)
