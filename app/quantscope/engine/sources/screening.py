"""Leaves out samples that can't be read, up to a number that a person allows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import replace

from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.engine.sources.samples import SampleSource

STAGE = "reading"
Screening = Generator[Progress, None, SampleSource]


def screened(
    source: SampleSource, most: int, stop: Callable[[], bool] = lambda: False
) -> Screening:
    """``source`` without the samples that can't be read or do not fit; these are in ``skipped``.

    Each sample is read once for this, before anything is run, so that the number of a sample
    means the same to all that follows. Yields progress; where ``stop`` says yes, the rest is not
    looked at. Raises :class:`QuantscopeError` where more than ``most`` samples would be left
    out, or all; the first of them is the one that is told.
    """
    problems: dict[int, QuantscopeError] = {}
    for number in range(len(source)):
        if stop():
            break
        try:
            source.sample(number)
        except QuantscopeError as error:
            problems[number] = error
            if len(problems) > most or len(problems) == len(source):
                raise _too_many(problems, most, len(source)) from error
        yield Progress(STAGE, number + 1, len(source))
    return without(source, {source.names[number] for number in problems})


def without(source: SampleSource, skipped: Collection[str]) -> SampleSource:
    """``source`` without the samples called ``skipped``."""
    if not skipped:
        return source
    kept = [number for number, name in enumerate(source.names) if name not in skipped]
    left_out = tuple(name for name in source.names if name in skipped)
    return replace(source.picked(kept), skipped=left_out)


def _too_many(problems: dict[int, QuantscopeError], most: int, samples: int) -> QuantscopeError:
    first = next(iter(problems.values())).problem
    if len(problems) == samples:
        return QuantscopeError(
            f"{first.what}; none of the {samples} samples can be read",
            where=first.where,
            remedy=first.remedy,
        )
    return QuantscopeError(
        f"{first.what}; {len(problems)} samples can't be read, and {most} may be skipped",
        where=first.where,
        remedy=f"{first.remedy}, or allow more samples to be skipped",
    )
