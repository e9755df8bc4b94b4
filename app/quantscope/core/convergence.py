"""How much ranges still move with every sample that is added: a curve, and when it is flat.

A tensor's range moved where an end of it reached another level (an eighth of a power of two,
see `growth`), its exponent where its largest magnitude reached another power of two: a
fixed-point type by MinMax then needs another fraction length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from quantscope.core.calibration import Calibration
from quantscope.core.growth import LEVELS_PER_BIT, Growth
from quantscope.core.wording import count


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
    kept = (each for each in calibration.statistics.values() if each.values is None)
    grown = [statistics.growth for statistics in kept]
    bounds = _bounds(calibration.samples)
    return Convergence(
        tensors=len(grown),
        checkpoints=tuple(_checkpoint(grown, *ends) for ends in pairwise(bounds)),
        quiet=calibration.samples - 1 - last_move(grown) if calibration.samples else 0,
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


def _checkpoint(grown: list[Growth], since: int, samples: int) -> Checkpoint:
    ends = [(each.levels(since), each.levels(samples)) for each in grown]
    largest = [(max(before), max(after)) for before, after in ends]
    known = [after - before for before, after in largest if before]
    exponents = (any(since <= sample < samples for sample, _ in each.exponents) for each in grown)
    return Checkpoint(
        since=since,
        samples=samples,
        ranges=sum(before != after for before, after in ends),
        exponents=sum(exponents),
        bits=sum(known) / (LEVELS_PER_BIT * max(len(known), 1)),
    )
