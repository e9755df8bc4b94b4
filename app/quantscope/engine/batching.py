"""Samples as the network takes them: one at a time, or stacked where its batch is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def batches(source: SampleSource, limit: int) -> list[Callable[[], Batch]]:
    """One function for each run over at most ``limit`` samples, which reads them when called.

    The samples are spread evenly over ``source``, so that sorted data shows all its classes.
    """
    size = batch_of(source.inputs)
    count = min(limit, len(source))
    numbers = [index * len(source) // count for index in range(count)]
    return [
        partial(_read, source, numbers[start : start + size], size)
        for start in range(0, count, size)
    ]


def _read(source: SampleSource, numbers: Sequence[int], size: int) -> Batch:
    samples = [source.sample(number) for number in numbers]
    if size == 1:
        return Batch(samples[0], 1)
    samples += [samples[-1]] * (size - len(samples))
    feed = {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}
    return Batch(feed, len(numbers))
