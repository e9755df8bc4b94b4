"""A network under study: set up once, then asked for its layers, for fixes, and for a mix."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.fix_costs import FixCost, cost_between
from quantscope.core.diagnosis.fixes import LEAST_GAIN, Fix, suggest
from quantscope.core.diagnosis.mixing import CostFactors, Goal, MixFound
from quantscope.core.diagnosis.sensitivity import Basis, Sensitivity
from quantscope.core.events import Progress
from quantscope.core.networks.layer_costs import Counts, counts_of
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import batches
from quantscope.engine.diagnosis.goal import MOST_RUNS, find_mix
from quantscope.engine.diagnosis.goal import STAGE as GOAL
from quantscope.engine.diagnosis.measuring import Bench, Question
from quantscope.engine.diagnosis.sensitivity import (
    STAGE,
    Asking,
    Effort,
    Stopped,
    begin,
    measure_layers,
)
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.sources.samples import SampleSource

FIXES = "fixes"


@dataclass(frozen=True, eq=False)
class Study:
    """``bench`` holds the network with the plan under ``settings``; ``source`` is the calibration
    data. Weights are rounded to nearest and biases stay as they are: what an export does to
    recover accuracy comes on top."""

    bench: Bench
    calibration: Calibration
    source: SampleSource
    stop: Callable[[], bool]

    @classmethod
    def of(
        cls,
        prepared: Prepared,
        calibration: Calibration,
        settings: PlanSettings,
        source: SampleSource,
        stop: Callable[[], bool],
    ) -> Study:
        """Set up the network with the plan that follows from ``settings``."""
        plan = calibration.plan(prepared.network, settings)
        return cls(Bench(prepared, plan), calibration, source, stop)

    def layers(
        self, basis: Basis, before: Sensitivity | None, effort: Effort
    ) -> Generator[Progress, None, Sensitivity | None]:
        """``before`` with more of the layers that it misses, on as many samples as ``basis`` says.

        A layer of which only the cumulative error was asked keeps what is known where it is not
        reached.
        ``None`` where it was stopped before anything was found.
        """
        asking = self._asking(basis.samples, STAGE, len(self.bench.sources) + 1)
        if before is None:
            try:
                before = yield from begin(asking, self.calibration, basis)
            except Stopped:
                return None
        rest = before.without_layers_that_lack(effort.cumulative)
        asking.done = asking.total - len(rest.missing)
        found = yield from measure_layers(asking, self.calibration, rest, effort)
        known = [each for each in before.layers if found.layer(each.layer) is None]
        return found.with_layers(known, self.bench.sources, seconds=0.0)

    def fixes(
        self, sensitivity: Sensitivity, most: int, *, equalized: bool
    ) -> Generator[Progress, None, tuple[Fix, ...]]:
        """Of the best ``most`` fixes by prediction, those that turn out to be worth it, with what
        they cost; those that gain most first.

        Those that were not reached before it was stopped have no measured gain.
        """
        plan, network = self.bench.plan, self.bench.network
        every = suggest(network, plan, sensitivity, self.calibration, equalized=equalized)[:most]
        counts = counts_of(network, self.calibration.statistics, self.calibration.samples)
        found = [replace(fix, cost=self._cost(fix, counts)) for fix in every]
        asking = self._asking(sensitivity.basis.samples, FIXES, len(found))
        done: list[Fix] = []
        try:
            for fix in found:
                done += [(yield from self._measured(asking, fix, sensitivity))]
        except Stopped:
            pass
        worth = [fix for fix in (*done, *found[len(done) :]) if fix.gain >= LEAST_GAIN]
        return tuple(sorted(worth, key=lambda fix: -fix.gain))

    def mix(
        self, sensitivity: Sensitivity, goal: Goal, factors: CostFactors, samples: int
    ) -> Generator[Progress, None, MixFound | None]:
        """The cheapest mix found that meets ``goal`` on ``samples`` samples; ``None`` where it
        was stopped."""
        asking = self._asking(samples, GOAL, MOST_RUNS)
        try:
            return (yield from find_mix(asking, self.calibration, sensitivity, goal, factors))
        except Stopped:
            return None

    def _plan_with(self, fix: Fix) -> Plan:
        settings = fix.apply(self.bench.plan.settings)
        return self.calibration.plan(self.bench.network, settings)

    def _cost(self, fix: Fix, counts: Counts) -> FixCost:
        return cost_between(self.bench.network, self.bench.plan, self._plan_with(fix), counts)

    def _measured(
        self, asking: Asking, fix: Fix, sensitivity: Sensitivity
    ) -> Generator[Progress, None, Fix]:
        if not fix.is_of_plan:
            return fix
        (answer,) = yield from asking.ask([Question(self.bench.all_of(self._plan_with(fix)))])
        gain = answer.outputs.deviation().sqnr - sensitivity.whole.sqnr
        return replace(fix, measured=gain)

    def _asking(self, samples: int, stage: str, total: int) -> Asking:
        return Asking(self.bench, batches(self.source, samples), self.stop, stage, total)
