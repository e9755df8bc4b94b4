"""Searches the cheapest mix of words that meets a goal, by measuring few of them.

1. Isolated errors and costs order the steps that raise one layer each (`core.mixing`).
2. Bisection along that order finds where the goal is met first; every mix that is asked about is
   run as the plan that it gives, not guessed.
3. What turns out not to be needed is taken back: the steps that save most first, each tried by a
   run, at most :data:`MOST_TRIES` of them.

The same samples, settings and network give the same mix.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.mixing import (
    CostFactors,
    Goal,
    Level,
    MeasuredMix,
    Mix,
    MixCost,
    MixFound,
    Step,
    cost_of,
    greedy_steps,
    levels_of,
    may_widen,
    mix_after,
    smaller_mixes,
    work_of,
)
from quantscope.core.diagnosis.noise_budget import noise_budget
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.networks.layer_costs import counts_of
from quantscope.core.planning.plan import Plan
from quantscope.engine.diagnosis.measuring import Question
from quantscope.engine.diagnosis.sensitivity import Asking

STAGE = "goal"
MOST_TRIES = 40
CURVE = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75)  # further places along the order, run for the curve
MOST_RUNS = MOST_TRIES + len(CURVE) + 12  # with the bisection of some thousand steps


@dataclass
class _Search:
    """Runs mixes, each once. Invariant: ``measured`` has an entry for every mix run so far."""

    asking: Asking
    calibration: Calibration
    goal: Goal
    factors: CostFactors
    work: Mapping[str, float]
    widen: bool
    measured: dict[Mix, MeasuredMix] = field(default_factory=dict)

    def plan(self, mix: Mix) -> Plan:
        bench = self.asking.bench
        return self.calibration.plan(bench.network, mix.apply(bench.plan.settings))

    def levels(self, plan: Plan) -> dict[str, Level]:
        return levels_of(self.asking.bench.network, self.asking.bench.plan, plan)

    def cost(self, mix: Mix) -> MixCost:
        return cost_of(self.levels(self.plan(mix)), self.work, self.factors)

    def run(self, mix: Mix) -> Generator[Progress, None, MeasuredMix]:
        if mix not in self.measured:
            plan = self.plan(mix)
            question = Question(self.asking.bench.all_of(plan))
            (answer,) = yield from self.asking.ask([question])
            levels = self.levels(plan)
            self.measured[mix] = MeasuredMix(
                mix=mix,
                raised={name: level for name, level in levels.items() if level != Level.NARROW},
                cost=cost_of(levels, self.work, self.factors),
                deviation=answer.outputs.deviation(),
            )
        return self.measured[mix]

    def meets(self, mix: Mix) -> Generator[Progress, None, bool]:
        found = yield from self.run(mix)
        return self.goal.is_met(found.deviation)


def find_mix(
    asking: Asking,
    calibration: Calibration,
    sensitivity: Sensitivity,
    goal: Goal,
    factors: CostFactors,
) -> Generator[Progress, None, MixFound]:
    """The cheapest mix found that meets ``goal``; ``sensitivity`` must have every layer.

    Raises ``Stopped`` where it was asked to stop, and :class:`QuantscopeError` where the metric
    has no meaning for this network.
    """
    bench = asking.bench
    _check_metric(goal, sensitivity, bench.network.name)
    work = _work(asking, calibration)
    budget = noise_budget(bench.network, bench.plan, sensitivity, calibration.statistics)
    widen = may_widen(bench.plan.settings)
    steps = greedy_steps(bench.network, bench.plan, budget, work, factors, widen=widen)
    search = _Search(asking, calibration, goal, factors, work, widen)
    first = yield from _bisect(search, steps)
    if goal.is_met(first.deviation):
        yield from _prune(search, first)
    for part in CURVE:
        yield from search.run(mix_after(steps[: round(part * len(steps))]))
    curve = _frontier(search.measured.values(), goal)
    best = next((each for each in curve if goal.is_met(each.deviation)), curve[-1])
    return MixFound(
        goal=goal,
        factors=factors,
        samples=sum(batch().used for batch in asking.batches),
        reached=goal.is_met(best.deviation) and best.cost.in_float < 1.0,
        best=best,
        curve=tuple(curve),
    )


def _check_metric(goal: Goal, sensitivity: Sensitivity, name: str) -> None:
    if sensitivity.whole.value(goal.metric) is None:
        raise QuantscopeError(
            "no output of the network looks like scores by class, so nothing can agree",
            where=f"{name}, {goal}",
            remedy="Set a goal for sqnr or cosine",
        )


def _work(asking: Asking, calibration: Calibration) -> dict[str, float]:
    network = asking.bench.network
    counts = counts_of(network, calibration.statistics, calibration.samples)
    return work_of(network, list(asking.bench.sources), counts)


def _bisect(search: _Search, steps: Sequence[Step]) -> Generator[Progress, None, MeasuredMix]:
    """The first mix along ``steps`` that meets the goal, or the last of all."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2 if search.measured else 0  # the plan as it is comes first
        if (yield from search.meets(mix_after(steps[:middle]))):
            high = middle
        else:
            low = middle + 1
    return (yield from search.run(mix_after(steps[:high])))


def _prune(search: _Search, best: MeasuredMix) -> Generator[Progress, None, None]:
    """Try ``best`` without each of its steps, and leave out those that the goal does not need."""
    needed: set[Step] = set()
    for _ in range(MOST_TRIES):
        options = [
            (search.cost(mix).relative, number, step, mix)
            for number, (step, mix) in enumerate(smaller_mixes(best.mix, widen=search.widen))
            if step not in needed
        ]
        options = [option for option in options if option[0] <= best.cost.relative]
        if not options:
            break
        _, _, step, mix = min(options)
        if (yield from search.meets(mix)):
            best = search.measured[mix]
        else:
            needed.add(step)


def _frontier(measured: Iterable[MeasuredMix], goal: Goal) -> list[MeasuredMix]:
    """The mixes that no cheaper one is as good as, the cheapest first."""
    kept: list[MeasuredMix] = []
    worth = {id(each): each.deviation.value(goal.metric) or 0.0 for each in measured}
    for each in sorted(measured, key=lambda each: (each.cost.relative, -worth[id(each)])):
        if not kept or worth[id(each)] > worth[id(kept[-1])]:
            kept.append(each)
    return kept
