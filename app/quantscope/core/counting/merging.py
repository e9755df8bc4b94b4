"""Two runs of one network become one, as if all samples had been counted in one run.

Bit for bit: counts add up, extremes and growth name samples by their place in the joined data.
It does not matter which run is named first, nor how the sources were divided among runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import (
    counted_twice,
    joined,
    joined_name,
    source_order,
    sources_of,
    split_names,
)
from quantscope.core.errors import QuantscopeError


@dataclass(frozen=True, slots=True)
class _Part:
    """What run ``run`` counted of one source."""

    run: int
    source: DataDescription
    names: tuple[str, ...]
    skipped: tuple[str, ...]


def merged(one: Calibration, two: Calibration) -> Calibration:
    """The calibration with the samples of both; derived types are left to be asked for.

    Raises :class:`QuantscopeError` where the runs are of different networks or preparations,
    counted different tensors, or both counted some sample.
    """
    _check(one, two)
    runs = (one, two)
    parts = _interleaved(*(_parts(number, run) for number, run in enumerate(runs)))
    _check_overlap(parts)
    numbers = _numbers(parts)
    return Calibration(
        fingerprint=one.fingerprint,
        data=joined([part.source for part in parts], one.data),
        samples=one.samples + two.samples,
        sample_names=_joined_names(parts, [part.names for part in parts]),
        skipped=_joined_names(parts, [part.skipped for part in parts]),
        left=one.left + two.left,
        migration=one.migration,
        statistics={
            name: kept
            if kept.values is not None
            else kept.renumbered(numbers[0]).merge(two.statistics[name].renumbered(numbers[1]))
            for name, kept in one.statistics.items()
        },
    )


def _check(one: Calibration, two: Calibration) -> None:
    again = "Calibrate the data of both in one run"
    if one.fingerprint != two.fingerprint:
        raise _refused(
            "the two runs are of different networks, or of different preparations of one", again
        )
    if one.migration != two.migration:
        raise _refused("the two runs divided channels by different migrated scales", again)
    if one.statistics.keys() != two.statistics.keys():
        raise _refused("one run counted tensors that the other did not", again)


def _check_overlap(parts: Sequence[_Part]) -> None:
    twice = counted_twice([part.source for part in parts], [part.names for part in parts])
    if twice:
        raise _refused(
            f"both runs counted {twice}, and it would count twice",
            "Merge runs of different samples",
        )


def _refused(what: str, remedy: str) -> QuantscopeError:
    return QuantscopeError(what, where="merging statistics", remedy=remedy)


def _parts(number: int, run: Calibration) -> list[_Part]:
    sources = sources_of(run.data)
    names = split_names(len(sources), run.sample_names)
    skipped = split_names(len(sources), run.skipped)
    return [_Part(number, *each) for each in zip(sources, names, skipped, strict=True)]


def _interleaved(one: list[_Part], two: list[_Part]) -> list[_Part]:
    """Both by the order of sources; each keeps the order that it has in itself."""
    found: list[_Part] = []
    rests = [list(one), list(two)]
    while all(rests):
        heads = [source_order(rest[0].source) for rest in rests]
        found.append(rests[heads.index(min(heads))].pop(0))
    return found + rests[0] + rests[1]


def _joined_names(parts: Sequence[_Part], names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(
        joined_name(number, len(parts), name) for number, own in enumerate(names) for name in own
    )


def _numbers(parts: Sequence[_Part]) -> tuple[list[int], list[int]]:
    """For each run, the new number of each of its samples."""
    starts = accumulate((len(part.names) for part in parts), initial=0)
    numbers: tuple[list[int], list[int]] = ([], [])
    for part, start in zip(parts, starts, strict=False):
        numbers[part.run].extend(range(start, start + len(part.names)))
    return numbers
