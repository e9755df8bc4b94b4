"""One pass over the data: what every tensor of a network held, as statistics of constant size.

Samples run one at a time, each on one core, as many side by side as there are cores. That is
faster than one sample on all cores (by a quarter to a third on two), and it makes the result
the same bit for bit: operators that share their work between cores round differently with the
number of cores, and with the batch. Counts are integers and merge in any order, so it does not
matter which thread was first.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy.typing as npt

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.networks.network import Port
from quantscope.engine.calibration.accumulation import Accumulator
from quantscope.engine.calibration.batching import stacked
from quantscope.engine.calibration.counting import Counting
from quantscope.engine.calibration.forecast import forecast_memory, worker_count
from quantscope.engine.calibration.taps import TappedNetwork, TapRunner
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.sources.fitting import batch_of

Array = npt.NDArray[Any]
Calibrating = Generator[Progress | LiveCounts, None, tuple[dict[str, TensorStatistics], int]]

STAGE = "calibration"
_PROGRESS_EVERY = 0.1  # seconds
_LIVE_EVERY = 0.3
_LIVE_SHARE = 0.03  # of the time, at most, goes into live counts


class Samples(Protocol):
    """What calibration needs of a data source (`sources.samples.SampleSource` is one)."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def place(self) -> str: ...

    def __len__(self) -> int: ...

    def sample(self, number: int) -> Mapping[str, Array]: ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples ``start`` to ``end - 1``, of one source; the first ``counted`` were counted in an
    earlier run."""

    start: int
    end: int
    counted: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one run of the network gets: samples ``first`` to ``first + own - 1``, and copies of
    the last one up to ``size``. The first ``skip`` are there only so that the others have the
    places that they would have in one run over all."""

    first: int
    own: int
    size: int
    skip: int
    feeds: Mapping[str, Array]
    where: str

    @property
    def new(self) -> int:
        """How many samples are to be counted."""
        return self.own - self.skip

    def parts(self, values: Array) -> Iterator[tuple[int, Array]]:
        """``values`` by sample, without those of the copies."""
        axis, length = _batch_axis(values.shape, self.size)
        if not length:
            if not self.skip:
                yield self.first, values
            return
        for place in range(self.skip, self.own):
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
    """Says when the next event is due, and how fast the work goes.

    ``before`` samples of ``total`` were counted earlier. ``memory`` is the forecast in bytes.
    """

    total: int
    now: Callable[[], float] = time.monotonic
    before: int = 0
    memory: int = 0
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
        new = done - self.before
        rate = new / elapsed if new and elapsed > 0 else 0.0
        remaining = (self.total - done) / rate if rate else 0.0
        return Progress(STAGE, done, self.total, rate, remaining, self.memory)

    def live(self, done: int, counting: Counting) -> LiveCounts:
        begun = self.now()
        counts = {name: BitCounts.of(table) for name, table in counting.bit_counts()}
        ended = self.now()
        self.next_live = ended + max(_LIVE_EVERY, (ended - begun) / _LIVE_SHARE)
        return LiveCounts(done, counts)

    def events(self, done: int, counting: Counting) -> Iterator[Progress | LiveCounts]:
        if self.now() >= self.next_progress:
            yield self.progress(done)
        if self.now() >= self.next_live:
            yield self.live(done, counting)


def calibrate(
    prepared: Prepared,
    source: Samples,
    tensors: Sequence[str],
    stop: Callable[[], bool] = lambda: False,
    *,
    workers: int | None = None,
    stretches: Sequence[Stretch] = (),
    known: Mapping[str, TensorStatistics] | None = None,
    stable_after: int = 0,
) -> Calibrating:
    """Run the samples of ``source`` through the network and count what the tensors hold.

    ``tensors`` names float activations (network inputs included). Yields progress (at most ten
    times a second) and live counts (about three times a second); returns the statistics by
    tensor, and how many samples they are of. ``stop`` is asked between samples: once it says
    yes, samples begun are finished and the statistics are of these, the first ones.

    ``stretches`` divide the samples by source (none: one source) and say which were counted
    earlier; ``known`` holds the statistics of those, where samples have the numbers that they have
    in ``source``. What comes out is that of one run over all, bit for bit. ``stable_after`` N ends
    the run where, looked at after each N samples, none of the last N moved an exponent.

    A network with a fixed batch of B gets B samples a run; the last run of a stretch is filled up
    with copies of its last sample, which are not counted. Values that are not finite are counted
    as such and raise nothing. Raises :class:`QuantscopeError` where a sample can't be read or the
    runtime refuses it.
    """
    parts = stretches or (Stretch(0, len(source)),)
    before = sum(part.counted for part in parts)
    count = workers or worker_count(prepared.network, tensors)
    memory = forecast_memory(prepared.network, tensors, count)
    pace = Pace(sum(part.end - part.start for part in parts), before=before, memory=memory)
    yield pace.progress(before)
    network = TappedNetwork(prepared, tensors)
    counting = Counting(tensors, known or {})
    pace.restart()
    done = before
    batches = _batches(prepared.network.inputs, source, parts)
    rest = _Rest(before, stable_after, counting)
    for finished in _run_all(network, counting.accumulators, batches, count, stop, rest):
        is_first = done == before and finished
        done += finished
        if is_first:
            yield pace.progress(done)
        yield from pace.events(done, counting)
    yield pace.live(done, counting)
    yield pace.progress(done)
    return counting.statistics(), done


@dataclass(slots=True)
class _Rest:
    """Says when ranges have come to rest: looked at after every ``after`` samples (0: never).

    ``counted`` are begun so far.
    """

    counted: int
    after: int
    counting: Counting

    def is_due(self, batch: _Batch) -> bool:
        """Note that ``batch`` is begun; whether to look once it is finished."""
        before, self.counted = self.counted, self.counted + batch.new
        return self.after > 0 and before // self.after < self.counted // self.after

    def is_here(self, batch: _Batch) -> bool:
        """Whether the last ``after`` samples, up to those of ``batch``, moved no exponent."""
        return self.counting.last_move() < batch.first + batch.own - self.after


def _batches(
    inputs: tuple[Port, ...], source: Samples, stretches: Sequence[Stretch]
) -> Iterator[_Batch]:
    """Read the samples, in order, each when it is asked for.

    Batches begin where they would in one run over all: operators may round differently with the
    place in a batch.
    """
    size = batch_of(inputs)
    for stretch in stretches:
        begin = stretch.start + stretch.counted
        aligned = stretch.start + stretch.counted // size * size
        for first in range(aligned if begin < stretch.end else stretch.end, stretch.end, size):
            numbers = range(first, min(first + size, stretch.end))
            samples = [source.sample(number) for number in numbers]
            feeds = stacked(inputs, samples, size)
            skip = max(begin - first, 0)
            where = source.place + source.names[first]
            yield _Batch(first, len(samples), size, skip, feeds, where)


def _run_all(
    network: TappedNetwork,
    accumulators: Mapping[str, Accumulator],
    batches: Iterator[_Batch],
    workers: int,
    stop: Callable[[], bool],
    rest: _Rest,
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
        return batch.new

    with ThreadPoolExecutor(workers, thread_name_prefix=STAGE) as pool:
        pending: set[Future[int]] = set()
        try:
            while not stop() and (batch := next(batches, None)) is not None:
                pending.add(pool.submit(work, batch))
                is_due = rest.is_due(batch)
                while len(pending) > (0 if is_due else workers):
                    finished, pending = _wait(pending)
                    yield finished
                if is_due and rest.is_here(batch):
                    break
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
