"""A few samples run beforehand, to tell what a calibration over all of them will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import psutil

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.forecast import Forecast
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import joined, sources_of
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.calibration.forecast import forecast_memory, worker_count
from quantscope.engine.calibration.one_pass import calibrate as run_samples
from quantscope.engine.calibration.run import parameters_of
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.description import loggable
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.opening import open_source
from quantscope.engine.sources.samples import SampleSource

TRIAL = 0.4  # seconds that samples run after the first, which also loads what is loaded once
MOST_READ = 64  # samples that are looked at where unreadable ones may be among them
QUESTIONS = 40  # that are answered to tell how long all of them take
PASSES_OF_MIGRATION = 2  # one finds the divisors


def forecast(
    model: str,
    data: DataDescription,
    stop: Callable[[], bool],
    preparation: PreparationChoices | None = None,
    counted: int = 0,
) -> Forecast | None:
    """What calibrating ``data`` with ``model`` will take, ``counted`` samples having been counted.

    Samples that cannot be read are not looked for. ``None`` where it was stopped.
    """
    migrates = preparation is not None and preparation.migrate
    plain = preparation.with_choice("migrate", False) if preparation is not None else None
    prepared = prepare(open_model(model), plain)
    source = open_source(_unscreened(data), prepared.network.inputs)
    tensors = list(loggable(prepared.network, only_quantized=False))
    workers = worker_count(prepared.network, tensors)
    memory = forecast_memory(prepared.network, tensors, workers)
    some = _some(source, counted, any(each.skip_unreadable for each in sources_of(data)))
    clock = _Clock(stop)
    statistics, done = _run(prepared, some, tensors, clock)
    if stop():
        return None
    left = max(len(source) - counted, 0)
    passes = PASSES_OF_MIGRATION if migrates else 1
    seconds = None
    if done:
        seconds = passes * clock.extrapolated(left) + _seconds_of_types(prepared, data, statistics)
    return Forecast(
        samples=left,
        memory=memory,
        available=psutil.virtual_memory().available,
        seconds=seconds,
        tried=done,
    )


def _run(
    prepared: Prepared, source: SampleSource, tensors: list[str], clock: _Clock
) -> tuple[dict[str, TensorStatistics], int]:
    """Run samples while the clock allows; their statistics, and how many they are."""
    steps = run_samples(prepared, source, tensors, clock.is_over)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            found: tuple[dict[str, TensorStatistics], int] = end.value
            return found
        if isinstance(event, Progress):
            clock.note(event.done)


def _seconds_of_types(
    prepared: Prepared, data: DataDescription, statistics: dict[str, TensorStatistics]
) -> float:
    """How long it will take to answer what is asked of the statistics, from some questions."""
    asked = list(questions(prepared.network))
    tried = asked[:: max(1, len(asked) // QUESTIONS)]
    known = {**parameters_of(prepared), **statistics}
    trial = Calibration(prepared.network.fingerprint, data, 0, (), known)
    began = time.perf_counter()
    for question in tried:
        trial.choose(*question)
    return (time.perf_counter() - began) * len(asked) / max(len(tried), 1)


def _unscreened(data: DataDescription) -> DataDescription:
    return joined([replace(each, skip_unreadable=0) for each in sources_of(data)], data)


def _some(source: SampleSource, counted: int, skips: bool) -> SampleSource:
    """The samples to try; where some may be skipped, those of them that can be read."""
    places = range(min(counted, len(source)), len(source))
    if not skips:
        return source.picked(places)
    return source.picked([place for place in places[:MOST_READ] if _is_readable(source, place)])


def _is_readable(source: SampleSource, place: int) -> bool:
    try:
        source.sample(place)
    except QuantscopeError:
        return False
    return True


class _Clock:
    """When samples were finished, and when enough of them were."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._began = time.perf_counter()
        self._first: tuple[float, int] | None = None
        self._last = (time.perf_counter(), 0)

    def note(self, done: int) -> None:
        """``done`` samples are finished now."""
        self._last = (time.perf_counter(), done)
        if done and self._first is None:
            self._first = self._last

    def is_over(self) -> bool:
        """Whether no more samples are to be begun."""
        return self._stop() or (
            self._first is not None and time.perf_counter() > self._first[0] + TRIAL
        )

    def extrapolated(self, samples: int) -> float:
        """Seconds for ``samples`` samples at the pace after the first, before which the program
        did what is done once; where there is no such pace, at that of the first."""
        assert self._first is not None
        begun = (self._began, 0) if self._last[1] == self._first[1] else self._first
        return samples * (self._last[0] - begun[0]) / (self._last[1] - begun[1])
