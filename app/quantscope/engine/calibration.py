"""One pass over the data: what every tensor of a network held, as statistics of constant size.

Samples run one at a time, each on one core, as many side by side as there are cores. That is
faster than one sample on all cores (by a quarter to a third on two), and it makes the result
the same bit for bit: operators that share their work between cores round differently with the
number of cores, and with the batch. Counts are integers and merge in any order, so it does not
matter which thread was first.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

import numpy.typing as npt
import psutil

from quantscope.core.data import DataDescription
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.network import Network, Port
from quantscope.core.statistics import TensorStatistics
from quantscope.engine.accumulation import Accumulator
from quantscope.engine.batching import stacked
from quantscope.engine.prepared import Prepared
from quantscope.engine.sources.fitting import batch_of
from quantscope.engine.taps import TappedNetwork, TapRunner

Array = npt.NDArray[Any]
Calibrating = Generator[Progress | LiveCounts, None, tuple[dict[str, TensorStatistics], int]]

STAGE = "calibration"
_PROGRESS_EVERY = 0.1  # seconds
_LIVE_EVERY = 0.3
_LIVE_SHARE = 0.03  # of the time, at most, goes into live counts
_MOST_WORKERS = 8  # beyond, threads wait for the interpreter
_COPIES = 2  # of all tensors that a worker holds: its buffers, and the runtime's memory


class Samples(Protocol):
    """What calibration needs of a data source (`sources.samples.SampleSource` is one)."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def place(self) -> str: ...

    def __len__(self) -> int: ...

    def sample(self, number: int) -> Mapping[str, Array]: ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one run of the network gets: samples ``first`` to ``first + own - 1``, and copies of
    the last one up to ``size``."""

    first: int
    own: int
    size: int
    feeds: Mapping[str, Array]
    where: str

    def parts(self, values: Array) -> Iterator[tuple[int, Array]]:
        """``values`` by sample, without those of the copies."""
        axis, length = _batch_axis(values.shape, self.size)
        if not length:
            yield self.first, values
            return
        for place in range(self.own):
            cut = slice(place * length, (place + 1) * length)
            yield self.first + place, values[(slice(None),) * axis + (cut,)]


def _batch_axis(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """The axis along which ``size`` samples lie, and how much of it one sample has.

    The length is 0 where no axis does: the tensor then does not depend on the sample.
    """
    if shape and shape[0] % size == 0:
        return 0, shape[0] // size
    if size in shape:
        return shape.index(size), 1
    return 0, 0


@dataclass(slots=True)
class Pace:
    """Says when the next event is due, and how fast the work goes."""

    total: int
    now: Callable[[], float] = time.monotonic
    started: float = field(init=False)
    next_progress: float = field(init=False)
    next_live: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.now()
        self.next_progress = self.started
        self.next_live = self.started + _LIVE_EVERY

    def restart(self) -> None:
        """Leave what came before, such as loading, out of the rate."""
        self.started = self.now()

    def progress(self, done: int) -> Progress:
        self.next_progress = self.now() + _PROGRESS_EVERY
        elapsed = self.now() - self.started
        rate = done / elapsed if done and elapsed > 0 else 0.0
        remaining = (self.total - done) / rate if rate else 0.0
        return Progress(STAGE, done, self.total, rate, remaining)

    def live(self, done: int, accumulators: Mapping[str, Accumulator]) -> LiveCounts:
        begun = self.now()
        counts = {name: BitCounts.of(each.bit_counts()) for name, each in accumulators.items()}
        ended = self.now()
        self.next_live = ended + max(_LIVE_EVERY, (ended - begun) / _LIVE_SHARE)
        return LiveCounts(done, counts)

    def events(
        self, done: int, accumulators: Mapping[str, Accumulator]
    ) -> Iterator[Progress | LiveCounts]:
        if self.now() >= self.next_progress:
            yield self.progress(done)
        if self.now() >= self.next_live:
            yield self.live(done, accumulators)


def calibrate(
    prepared: Prepared,
    source: Samples,
    data: DataDescription,
    tensors: Sequence[str],
    stop: Callable[[], bool] = lambda: False,
    *,
    workers: int | None = None,
) -> Calibrating:
    """Run the samples of ``source`` through the network and count what the tensors hold.

    ``tensors`` names float activations (network inputs included). Yields progress (at most ten
    times a second) and live counts (about three times a second); returns the statistics by
    tensor, and how many samples they are of. ``stop`` is asked between samples: once it says
    yes, samples begun are finished and the statistics are of these, the first ones.

    A network with a fixed batch of B gets B samples a run; the last run is filled up with
    copies of its last sample, which are not counted. Values that are not finite are counted as
    such and raise nothing. Raises :class:`QuantscopeError` where a sample can't be read or the
    runtime refuses it.
    """
    total = len(source) if data.samples is None else min(len(source), data.samples)
    pace = Pace(total)
    yield pace.progress(0)
    count = workers or worker_count(prepared.network, tensors)
    network = TappedNetwork(prepared, tensors)
    accumulators = {name: Accumulator() for name in tensors}
    pace.restart()
    done = 0
    batches = _batches(prepared.network.inputs, source, total)
    for finished in _run_all(network, accumulators, batches, count, stop):
        done += finished
        yield from pace.events(done, accumulators)
    yield pace.live(done, accumulators)
    yield pace.progress(done)
    return {name: each.snapshot() for name, each in accumulators.items()}, done


def worker_count(network: Network, tensors: Sequence[str]) -> int:
    """One for each core, fewer where the tensors of so many samples would crowd the memory.

    Symbolic dimensions count as 1: they are samples, or lengths that are small beside the rest.
    """
    cores = min(os.cpu_count() or 1, _MOST_WORKERS)
    known = [network.tensors[name] for name in tensors if name in network.tensors]
    sizes = [prod(size for size in tensor.shape if isinstance(size, int)) for tensor in known]
    one = _COPIES * 4 * sum(sizes)
    affordable = psutil.virtual_memory().available // 2 // max(one, 1)
    return max(1, min(cores, affordable))


def _batches(inputs: tuple[Port, ...], source: Samples, total: int) -> Iterator[_Batch]:
    """Read the samples, in order, each when it is asked for."""
    size = batch_of(inputs)
    for first in range(0, total, size):
        numbers = range(first, min(first + size, total))
        samples = [source.sample(number) for number in numbers]
        feeds = stacked(inputs, samples, size)
        yield _Batch(first, len(samples), size, feeds, source.place + source.names[first])


def _run_all(
    network: TappedNetwork,
    accumulators: Mapping[str, Accumulator],
    batches: Iterator[_Batch],
    workers: int,
    stop: Callable[[], bool],
) -> Iterator[int]:
    """Count all batches; yields how many samples were finished since, ten times a second or more.

    This thread reads the samples, so that sources need not be safe for threads, and keeps one
    batch ahead of the workers.
    """
    runners: queue.SimpleQueue[TapRunner] = queue.SimpleQueue()
    for _ in range(workers):
        runners.put(TapRunner(network))

    def work(batch: _Batch) -> int:
        runner = runners.get()
        try:
            _count(batch, runner.run(batch.feeds, batch.where), network.fed, accumulators)
        finally:
            runners.put(runner)
        return batch.own

    with ThreadPoolExecutor(workers, thread_name_prefix=STAGE) as pool:
        pending: set[Future[int]] = set()
        try:
            while not stop() and (batch := next(batches, None)) is not None:
                pending.add(pool.submit(work, batch))
                while len(pending) > workers:
                    finished, pending = _wait(pending)
                    yield finished
            while pending:
                finished, pending = _wait(pending)
                yield finished
        finally:
            for each in pending:
                each.cancel()


def _wait(pending: set[Future[int]]) -> tuple[int, set[Future[int]]]:
    done, rest = wait(pending, _PROGRESS_EVERY, FIRST_COMPLETED)
    return sum(each.result() for each in done), rest


def _count(
    batch: _Batch,
    outputs: Mapping[str, Array],
    fed: Sequence[str],
    accumulators: Mapping[str, Accumulator],
) -> None:
    values = dict(outputs) | {name: batch.feeds[name] for name in fed}
    for name, array in values.items():
        if batch.size == 1:
            accumulators[name].add(array, batch.first)
            continue
        for sample, part in batch.parts(array):
            accumulators[name].add(part, sample)
