"""Measures what each layer's rounding costs, layer after layer, within a budget of time.

Every figure comes from runs of the whole network (`measuring`): this layer's roundings alone,
those of its parameters, of what it reads, and the plan with this layer in float. The layers that
the statistics predict to be worst come first, so that a short budget goes to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.noise_sources import predicted_noise
from quantscope.core.diagnosis.sensitivity import (
    Basis,
    Deviation,
    LayerSensitivity,
    Parts,
    Sensitivity,
)
from quantscope.core.events import Progress
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.diagnosis.measuring import Answer, Batches, Bench, Question

STAGE = "sensitivity"
AT_ONCE = 4  # layers: they share the float run, and are kept or lost together
ALL = {"weights": True, "reads": True, "results": True}
WEIGHTS, READS, RESULTS = {"weights": True}, {"reads": True}, {"results": True}


@dataclass(frozen=True)
class Effort:
    """``budget`` in seconds (``None``: until done); ``now`` tells the time. ``cumulative`` asks
    for the error of each layer together with all before it too."""

    budget: float | None = None
    cumulative: bool = False
    now: Callable[[], float] = time.monotonic


class Stopped(Exception):  # noqa: N818  it was asked for, nothing failed
    """A pass was asked to stop."""


@dataclass
class Asking:
    """Passes over the same samples, counted for the progress: ``total`` of them in ``stage``."""

    bench: Bench
    batches: Batches
    stop: Callable[[], bool]
    stage: str
    total: int
    done: int = 0

    def ask(
        self, questions: Sequence[Question], worth: int = 1
    ) -> Generator[Progress, None, list[Answer]]:
        """The answers; raises :class:`Stopped`. The pass counts as ``worth`` of the total."""
        count = len(self.batches)
        with closing(self.bench.ask(questions, self.batches)) as steps:
            for number in range(count + 1):
                if self.stop():
                    raise Stopped
                try:
                    next(steps)
                except StopIteration as end:
                    self.done += worth
                    answers: list[Answer] = end.value
                    return answers
                done = self.done * count + (number + 1) * worth
                yield Progress(self.stage, min(done, self.total * count), self.total * count)
        raise AssertionError("a pass has as many steps as batches")


def measure_layers(
    asking: Asking, calibration: Calibration, before: Sensitivity, effort: Effort
) -> Generator[Progress, None, Sensitivity]:
    """``before`` with the layers that it misses, as many as ``effort`` and ``stop`` allow.

    At least :data:`AT_ONCE` layers are measured, unless stopped; another few are begun only
    where they will be done within the budget.
    """
    found, began, slowest = before, effort.now(), 0.0
    while found.missing:
        start = effort.now()
        past_budget = effort.budget is not None and start - began + slowest > effort.budget
        if past_budget and slowest:
            break
        few = found.missing[:AT_ONCE]
        try:
            measured = yield from _measure(asking, calibration, found, few, effort)
        except Stopped:
            break
        seconds = effort.now() - start
        slowest = max(slowest, seconds)
        found = found.with_layers(measured, asking.bench.sources, seconds)
    return found


def begin(
    asking: Asking, calibration: Calibration, basis: Basis
) -> Generator[Progress, None, Sensitivity]:
    """The plan as a whole, and which layers are to be measured; raises :class:`Stopped`."""
    bench = asking.bench
    (whole,) = yield from asking.ask([Question(bench.all_of(bench.plan))])
    statistics = calibration.statistics
    expected = {
        name: predicted_noise(each, bench.plan, statistics) for name, each in bench.sources.items()
    }
    missing = sorted(expected, key=lambda name: -expected[name])
    return Sensitivity(basis=basis, whole=whole.outputs.deviation(), missing=tuple(missing))


def _measure(
    asking: Asking,
    calibration: Calibration,
    known: Sensitivity,
    layers: Sequence[str],
    effort: Effort,
) -> Generator[Progress, None, list[LayerSensitivity]]:
    settings = known.basis.settings
    asked = {
        name: _questions(asking.bench, calibration, settings, name, effort.cumulative)
        for name in layers
    }
    every = [question for questions in asked.values() for question in questions.values()]
    answers = iter((yield from asking.ask(every, len(layers))))
    found = []
    for name, questions in asked.items():
        mine = dict(zip(questions, answers, strict=False))
        found.append(_layer(asking.bench, calibration, name, mine))
    return found


def _questions(
    bench: Bench,
    calibration: Calibration,
    settings: PlanSettings,
    name: str,
    cumulative: bool,
) -> dict[str, Question]:
    in_float = calibration.plan(bench.network, settings.with_layer_quantized(name, False))
    found = {
        "everything": Question(bench.only([name], **ALL), name),
        "weights": Question(bench.only([name], **WEIGHTS), name),
        "activations": Question(bench.only([name], **READS), name),
        "in_float": Question(bench.all_of(in_float)),
    }
    if bench.sources[name].results:
        found["results"] = Question(bench.only([name], **RESULTS))
    if cumulative:
        order = list(bench.sources)
        so_far = order[: order.index(name) + 1]
        found["so_far"] = Question(bench.only(so_far, **ALL), name)
        found["weights_so_far"] = Question(bench.only(so_far, **WEIGHTS), name)
        found["activations_so_far"] = Question(bench.only(so_far, **READS), name)
    return found


def _layer(
    bench: Bench, calibration: Calibration, name: str, answers: dict[str, Answer]
) -> LayerSensitivity:
    layer, sources = bench.network.layer(name), bench.sources[name]
    results: Deviation | None = None
    if "results" in answers:
        results = answers["results"].outputs.deviation()
    return LayerSensitivity(
        layer=name,
        label=layer.label,
        operator=layer.operator,
        predicted=predicted_noise(sources, bench.plan, calibration.statistics),
        isolated=_parts(answers, ""),
        results=results.noise if results is not None else 0.0,
        in_float=answers["in_float"].outputs.deviation(),
        mean_share=answers["everything"].shift.share,
        cumulative=_parts(answers, "_so_far") if "so_far" in answers else None,
    )


def _parts(answers: dict[str, Answer], mark: str) -> Parts:
    everything = "so_far" if mark else "everything"
    return Parts(
        everything=answers[everything].error,
        weights=answers[f"weights{mark}"].error,
        activations=answers[f"activations{mark}"].error,
    )
