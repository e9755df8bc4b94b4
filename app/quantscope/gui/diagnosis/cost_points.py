"""A search for a mix as a curve: what each mix costs, how good it is, and which of them matter."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantscope.core.diagnosis.mixing import MixFound
from quantscope.core.diagnosis.sensitivity import METRIC_TITLES, Deviation, Metric
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.translation import mark, tr
from quantscope.session.diagnosis import MixKnown

UNITS = {
    Metric.SQNR: mark("SQNR in dB"),
    Metric.AGREEMENT: mark("same class, %"),
    Metric.COSINE: mark("cosine"),
}
ABOVE = 6.0  # dB: how far above the best finite SQNR an exact output is drawn


@dataclass(frozen=True, slots=True)
class Curve:
    """Points by rising cost.

    ``kinds``: ``best``, ``in use`` or empty. ``heights`` are in ``unit``, as is ``goal``;
    ``ticks`` are given where the axis needs words.
    """

    costs: tuple[float, ...]
    heights: tuple[float, ...]
    kinds: tuple[str, ...]
    goal: float
    goal_text: str
    unit: str
    ticks: list[tuple[float, str]] | None = None


def curve_of(known: MixKnown, settings: PlanSettings) -> Curve:
    """The curve of a search, with the mix that ``settings`` have marked as in use."""
    found, in_use = known.found, known.in_use(settings)
    values = [_value(each.deviation, found.goal.metric) for each in found.curve]
    goal = _goal(found)
    finite = [each for each in values if math.isfinite(each)]
    top = max([*finite, goal]) + ABOVE
    heights = [each if math.isfinite(each) else math.copysign(top, each) for each in values]
    ticks = None
    if len(finite) < len(values):
        ticks = [(each, f"{each:.0f}") for each in _round_steps(min([*finite, goal]), top - ABOVE)]
        ticks.append((top, tr("exact")))
    return Curve(
        costs=tuple(each.cost.relative for each in found.curve),
        heights=tuple(heights),
        kinds=tuple(
            "best" if each == found.best and found.reached else "in use" if each == in_use else ""
            for each in found.curve
        ),
        goal=goal,
        goal_text=tr("goal: {goal}", goal=goal_in_words(found)),
        unit=tr(UNITS[found.goal.metric]),
        ticks=ticks,
    )


def goal_in_words(found: MixFound) -> str:
    """``SQNR 30.0 dB``, ``same class on 99.0 %``, ``cosine 0.9900``."""
    goal = found.goal
    asked = Deviation(
        noise=10.0 ** (-goal.at_least / 10.0) if goal.metric is Metric.SQNR else 0.0,
        agreement=goal.at_least if goal.metric is Metric.AGREEMENT else None,
        cosine=goal.at_least,
    )
    return f"{METRIC_TITLES[goal.metric]} {asked.figure(goal.metric)}"


def _value(deviation: Deviation, metric: Metric) -> float:
    value = deviation.value(metric)
    if value is None:
        return 0.0
    return 100.0 * value if metric is Metric.AGREEMENT else value


def _goal(found: MixFound) -> float:
    goal = found.goal
    return 100.0 * goal.at_least if goal.metric is Metric.AGREEMENT else goal.at_least


def _round_steps(low: float, high: float) -> list[float]:
    """Multiples of 5 or 10 in a range."""
    step = 5.0 if high - low < 40.0 else 10.0
    first = math.ceil(low / step)
    return [step * number for number in range(first, math.floor(high / step) + 1)]
