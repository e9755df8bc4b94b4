"""How much ranges still move with every sample that is added: a curve, and when it is flat.

A tensor's range moved where an end of it reached another level (an eighth of a power of two,
see `growth`), its exponent where its largest magnitude reached another power of two: a
fixed-point type by MinMax then needs another fraction length.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.growth import LEVELS_PER_BIT, Growth
from quantscope.core.wording import count

Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the samples from ``since`` to ``samples`` (counted from 0, the last not included)
    moved: the ``ranges`` and the ``exponents`` of how many tensors, and by how many ``bits`` the
    largest magnitude of a tensor grew on average, those left out that had only zeros before."""

    since: int
    samples: int
    ranges: int
    exponents: int
    bits: float

    @property
    def bits_per_sample(self) -> float:
        """``bits`` for each sample."""
        return self.bits / (self.samples - self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """``checkpoints`` double the samples, from the first on; ``quiet`` is how many samples have
    moved no exponent since the last that did."""

    tensors: int
    checkpoints: tuple[Checkpoint, ...]
    quiet: int

    def sentence(self) -> str:
        """Whether more samples are likely to change types, as far as these can tell."""
        if not self.checkpoints:
            return "One sample says nothing about what the next would change."
        last = self.checkpoints[-1]
        samples = last.samples
        moved = f"{count(last.exponents)} of {count(self.tensors)} exponents"
        since = f"from sample {count(last.since + 1)} to {count(samples)}"
        if not last.exponents:
            return f"At rest: no exponent moved {since}."
        quiet = f"the last {count(self.quiet)} samples moved none" if self.quiet else "the last too"
        return f"{moved} still moved {since}; {quiet}."


def convergence_of(calibration: Calibration) -> Convergence:
    """How the activations of ``calibration`` came to rest."""
    steps = converging(calibration)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Convergence = end.value
            return found


def converging(calibration: Calibration) -> Generator[None, None, Convergence]:
    """:func:`convergence_of` in steps of a few milliseconds, also for thousands of tensors."""
    kept = (each for each in calibration.statistics.values() if each.values is None)
    grown = [statistics.growth for statistics in kept]
    yield
    samples = calibration.samples
    bounds = _bounds(samples)
    steps = _FlatSteps.of(grown, samples)
    levels = []
    for bound in bounds:
        yield
        levels.append(steps.levels(bound))
    yield
    checkpoints = [
        _checkpoint(since, bound, before, after)
        for (since, before), (bound, after) in pairwise(zip(bounds, levels, strict=True))
    ]
    return Convergence(
        tensors=len(grown),
        checkpoints=tuple(checkpoints),
        quiet=samples - 1 - steps.last_move() if samples else 0,
    )


def last_move(grown: Iterable[Growth]) -> int:
    """The last sample that moved an exponent; 0, the first, where none did."""
    return max((steps[-1][0] for each in grown if (steps := each.exponents)), default=0)


def _bounds(samples: int) -> list[int]:
    bounds = []
    bound = 1
    while bound < samples:
        bounds.append(bound)
        bound *= 2
    return [*bounds, samples]


@dataclass(frozen=True, slots=True)
class _FlatSteps:
    """The steps of all ends of ranges, two for each tensor, in the order of ends and of samples:
    thousands of tensors are asked at once.

    ``key`` is that order as a number, which ``span`` separates by ends; the steps of each end
    begin at ``start``.
    """

    span: int
    start: Array
    end: Array
    sample: Array
    level: Array
    key: Array

    @classmethod
    def of(cls, grown: Sequence[Growth], samples: int) -> _FlatSteps:
        """Those of tensors that grew over ``samples`` samples."""
        steps = [side for each in grown for side in (each.low, each.high)]
        lengths = np.array([len(side) for side in steps], np.int64)
        end = np.repeat(np.arange(len(steps)), lengths)
        figures = chain.from_iterable(chain.from_iterable(steps))
        sample, level = np.fromiter(figures, np.int64).reshape(-1, 2).T
        span = samples + 1
        start = np.cumsum(lengths) - lengths
        return cls(span, start, end, sample, level, end * span + sample)

    def levels(self, samples: int) -> Array:
        """The level of each end after the first ``samples`` samples, of shape (tensors, 2)."""
        ends = np.arange(len(self.start))
        after = np.searchsorted(self.key, ends * self.span + samples)
        known = after > self.start
        found = np.zeros(len(ends), np.int64)
        found[known] = self.level[after[known] - 1]
        return found.reshape(-1, 2)

    def last_move(self) -> int:
        """The last sample that moved an exponent; 0, the first, where none did."""
        tensor, exponent = self.end // 2, _exponents(self.level)
        last = _exponents(self.levels(self.span - 1).max(axis=1))
        reached = exponent == last[tensor]
        first = np.full(len(last), self.span)
        np.minimum.at(first, tensor[reached], self.sample[reached])
        return int(first[last > 0].max(initial=0))


def _exponents(levels: Array) -> Array:
    """The exponents of ``levels`` as float32 has them; subnormal numbers have 1, zero has 0."""
    return np.where(levels > 0, levels // LEVELS_PER_BIT + 1, 0)


def _checkpoint(since: int, samples: int, before: Array, after: Array) -> Checkpoint:
    largest, grown = before.max(axis=1), after.max(axis=1)
    bits = (grown - largest)[largest > 0]
    return Checkpoint(
        since=since,
        samples=samples,
        ranges=int((before != after).any(axis=1).sum()),
        exponents=int((_exponents(largest) != _exponents(grown)).sum()),
        bits=int(bits.sum()) / (LEVELS_PER_BIT * max(len(bits), 1)),
    )
