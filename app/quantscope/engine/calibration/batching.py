"""Samples as the network takes them: one at a time, or stacked where its batch is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import batch_of, has_batch_axis
from quantscope.engine.sources.samples import SampleSource

Feed = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one run is fed: ``used`` samples, and copies of the last one up to ``size``."""

    feed: Feed
    used: int
    size: int = 1

    def own(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """``values`` of the network without what belongs to the copies.

        Where the first axis does not hold the samples, all of them.
        """
        if self.used == self.size or not values.ndim or len(values) % self.size:
            return values
        return values[: len(values) // self.size * self.used]


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


def stacked(inputs: Sequence[Port], samples: Sequence[Feed], size: int) -> Feed:
    """What one run over ``samples`` is fed: the last one repeated up to ``size`` of them.

    An input without a batch axis is fed as the first sample has it.
    """
    if size == 1:
        return samples[0]
    filled = [*samples, *[samples[-1]] * (size - len(samples))]
    return {
        port.name: np.concatenate([sample[port.name] for sample in filled])
        if has_batch_axis(port, size)
        else samples[0][port.name]
        for port in inputs
    }


def _read(source: SampleSource, numbers: Sequence[int], size: int) -> Batch:
    samples = [source.sample(number) for number in numbers]
    return Batch(stacked(source.inputs, samples, size), len(numbers), size)
