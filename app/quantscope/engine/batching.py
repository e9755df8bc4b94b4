"""Samples as the network takes them: one at a time, or stacked where its batch is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from quantscope.engine.sources.fitting import batch_of
from quantscope.engine.sources.samples import SampleSource

Feed = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one run is fed. ``used`` rows are samples, the rest repeats the last one."""

    feed: Feed
    used: int


def batches(source: SampleSource, limit: int | None = None) -> list[Callable[[], Batch]]:
    """One function for each run over ``source`` (its first ``limit`` samples), read when called."""
    size = batch_of(source.inputs)
    count = len(source) if limit is None else min(limit, len(source))
    return [
        partial(_read, source, range(start, min(start + size, count)), size)
        for start in range(0, count, size)
    ]


def _read(source: SampleSource, numbers: range, size: int) -> Batch:
    samples = [source.sample(number) for number in numbers]
    if size == 1:
        return Batch(samples[0], 1)
    samples += [samples[-1]] * (size - len(samples))
    feed = {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}
    return Batch(feed, len(numbers))
