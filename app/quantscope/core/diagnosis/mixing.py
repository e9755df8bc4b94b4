"""The cheapest mix of 8 bits, 16 bits and float that keeps the network's answers good enough.

Finding it takes measurements, which the engine makes; what to measure next is decided here, from
the isolated errors and what each layer costs to run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from quantscope.core.diagnosis.noise_budget import (
    NoiseBudget,
    group_numbers,
    handed_over,
    rounding_makers,
)
from quantscope.core.diagnosis.noise_sources import noise_sources
from quantscope.core.diagnosis.sensitivity import Deviation, Metric
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.layer_costs import Counts, layer_macs
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import WIDE, PlanSettings
from quantscope.core.planning.targets import TARGETS

_LEFT_AT_16_BITS = 4.0**-8  # of the noise: each bit less takes three quarters of its power


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """At least ``at_least`` of ``metric``: dB of SQNR, or 0..1 of agreement or cosine."""

    metric: Metric
    at_least: float

    def is_met(self, deviation: Deviation) -> bool:
        """Whether outputs that are so far from float are good enough."""
        value = deviation.value(self.metric)
        return value is not None and value >= self.at_least

    def __str__(self) -> str:
        return f"{self.metric}>={self.at_least:g}"


def parse_goal(text: str, where: str = "--goal") -> Goal:
    """The goal written as ``sqnr>=20``, ``agreement>=0.99`` or ``cosine>=0.99``.

    Raises :class:`QuantscopeError` for anything else.
    """
    metrics = "|".join(Metric)
    match = re.fullmatch(rf"\s*({metrics})\s*>=\s*([-+]?\d*\.?\d+)\s*(%|dB)?\s*", text)
    if match is None:
        raise QuantscopeError(
            f'"{text}" is not a goal',
            where=where,
            remedy='Write a metric and the least that you accept, such as "agreement>=0.99"',
        )
    metric, number = Metric(match[1]), float(match[2]) / (100.0 if match[3] == "%" else 1.0)
    if metric is not Metric.SQNR and not 0.0 <= number <= 1.0:
        raise QuantscopeError(
            f"{metric} lies between 0 and 1, and {match[2]} does not",
            where=where,
            remedy=f'Write "{metric}>=0.99", for example',
        )
    return Goal(metric=metric, at_least=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFactors:
    """What one multiplication costs by the words it takes, in 8-bit multiplications.

    The defaults are those of silicon area and energy to the nearest power of two: a product of 16
    by 8 bits takes two of 8 by 8, one in float32 at least four.
    """

    wide: float = 2.0
    in_float: float = 4.0


class Level(StrEnum):
    """How a layer computes."""

    NARROW = "8 bits"
    WIDE = "16 bits"
    FLOAT = "float"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Which layers are more than the plan makes of them: with 16-bit activations, or in float."""

    wide: frozenset[str] = frozenset()
    in_float: frozenset[str] = frozenset()

    def apply(self, settings: PlanSettings) -> PlanSettings:
        """``settings`` with this mix on top."""
        return replace(
            settings,
            wide_layers=settings.wide_layers | self.wide,
            float_layers=settings.float_layers | self.in_float,
        )

    def with_step(self, step: Step) -> Mix:
        """With ``step`` taken. What a layer made wide stays so for others when it goes to float."""
        if step.level is Level.WIDE:
            return replace(self, wide=self.wide | {step.layer})
        return replace(self, in_float=self.in_float | {step.layer})

    def without_step(self, step: Step) -> Mix:
        """With ``step`` taken back."""
        if step.level is Level.WIDE:
            return replace(self, wide=self.wide - {step.layer})
        return replace(self, in_float=self.in_float - {step.layer})


@dataclass(frozen=True, slots=True)
class Step:
    """One layer raised to a level."""

    layer: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class MixCost:
    """``relative`` to all layers at 8 bits (1.0); the rest are shares (0..1) of multiplications.

    ``narrow`` is 1.0 where nothing is raised.
    """

    relative: float
    narrow: float
    wide: float
    in_float: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredMix:
    """A mix that was run: what it costs and how good it is. ``raised`` are the layers that are at
    more than the plan's words because of it, in network order."""

    mix: Mix
    raised: Mapping[str, Level]
    cost: MixCost
    deviation: Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class MixFound:
    """What the search for a ``goal`` found: the ``best`` mix, and the ``curve`` of all that were
    run, the cheapest first. ``reached`` is false where no mix with a layer in integers meets it."""

    goal: Goal
    factors: CostFactors
    samples: int
    reached: bool
    best: MeasuredMix
    curve: tuple[MeasuredMix, ...] = field(default=())


def work_of(network: Network, layers: Sequence[str], counts: Counts) -> dict[str, float]:
    """Multiplications of each layer for one sample.

    Layers that multiply nothing count one for each element read, as do those of which it cannot
    be known; those with unknown counts as well 1.
    """
    found = {}
    for name in layers:
        layer = network.layer(name)
        elements = sum(counts.get(tensor, 0.0) for tensor in layer.inputs)
        found[name] = float(layer_macs(network, layer, counts) or elements or 1.0)
    return found


def levels_of(network: Network, base: Plan, plan: Plan) -> dict[str, Level]:
    """How the layers that ``base`` has in integers compute under ``plan``.

    A layer is wide where any activation that it reads is of more bits than the base's words.
    """
    return {
        each.layer: _level(network, base, plan, each.layer) for each in noise_sources(network, base)
    }


def _level(network: Network, base: Plan, plan: Plan, name: str) -> Level:
    if name not in plan.placement.layers:
        return Level.FLOAT
    wider = (
        plan.types[tensor].word_length > base.types[tensor].word_length
        for tensor in network.layer(name).inputs
        if tensor in plan.types and tensor in base.types
    )
    return Level.WIDE if any(wider) else Level.NARROW


def cost_of(
    levels: Mapping[str, Level], work: Mapping[str, float], factors: CostFactors
) -> MixCost:
    """What a plan costs in which the layers compute as ``levels`` says."""
    sums = dict.fromkeys(Level, 0.0)
    for layer, level in levels.items():
        sums[level] += work[layer]
    total = sum(sums.values()) or 1.0
    shares = {level: part / total for level, part in sums.items()}
    relative = (
        shares[Level.NARROW]
        + shares[Level.WIDE] * factors.wide
        + shares[Level.FLOAT] * factors.in_float
    )
    return MixCost(
        relative=relative,
        narrow=shares[Level.NARROW],
        wide=shares[Level.WIDE],
        in_float=shares[Level.FLOAT],
    )


def may_widen(settings: PlanSettings) -> bool:
    """Whether 16-bit activations are more than the settings ask for, and the target takes them."""
    return WIDE in TARGETS[settings.target].word_lengths and settings.word_length < WIDE


def greedy_steps(
    network: Network,
    plan: Plan,
    budget: NoiseBudget,
    work: Mapping[str, float],
    factors: CostFactors,
    *,
    widen: bool,
) -> tuple[Step, ...]:
    """Steps that raise one layer each, the most noise taken out for its cost first.

    The last of them leaves every layer in float. ``widen`` allows steps to 16 bits. Widening a
    layer widens what it reads for all readers, and that is counted on both sides.
    """
    state = _State(network, plan, budget, work, factors)
    steps: list[Step] = []
    while state.left:
        options = [
            Step(layer, level)
            for layer in state.left
            for level in (Level.WIDE, Level.FLOAT)
            if level is Level.FLOAT or (widen and state.can_widen(layer))
        ]
        best = max(options, key=state.worth)  # the first of equals, in network order
        state.take(best)
        steps.append(best)
    return tuple(steps)


class _State:
    """Which groups are wide and which layers in float so far.

    Invariant: ``left`` are the layers not in float, in network order.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        budget: NoiseBudget,
        work: Mapping[str, float],
        factors: CostFactors,
    ) -> None:
        self.left = list(budget.parameters)
        self._budget, self._work, self._factors = budget, work, factors
        self._wide: set[int] = set()
        self._readers: dict[int, set[str]] = {}
        self._reach: dict[str, set[int]] = {}
        self._makers = rounding_makers(plan, network)
        numbers = group_numbers(plan)
        for layer in self.left:
            read = {numbers[name] for name in network.layer(layer).inputs if name in numbers}
            self._reach[layer] = read | handed_over(plan, network, layer)
            for group in read:
                self._readers.setdefault(group, set()).add(layer)

    def can_widen(self, layer: str) -> bool:
        return not self._reach[layer] <= self._wide

    def worth(self, step: Step) -> tuple[float, float]:
        """Noise taken out by what it costs; then by itself, for steps that cost nothing."""
        gain = self._gain(step)
        cost = self._cost(step)
        return (gain / cost if cost > 0.0 else float("inf") if gain > 0.0 else 0.0, gain)

    def take(self, step: Step) -> None:
        if step.level is Level.WIDE:
            self._wide |= self._reach[step.layer]
        else:
            self.left.remove(step.layer)

    def _gain(self, step: Step) -> float:
        if step.level is Level.WIDE:
            new = self._reach[step.layer] - self._wide
            return sum(
                each.noise * (1.0 - _LEFT_AT_16_BITS)
                for each in self._budget.portions
                if each.group in new and each.layer in self.left
            )
        return self._budget.parameters[step.layer] + sum(
            each.noise * (_LEFT_AT_16_BITS if each.group in self._wide else 1.0)
            for each in self._budget.portions
            if each.layer == step.layer and self._goes(each.group, each.reads, step.layer)
        )

    def _goes(self, group: int, reads: bool, layer: str) -> bool:
        """Whether a group is rounded no more once ``layer``, which reads or makes it, is float."""
        others = self._readers.get(group, set()) | self._makers[group]
        return not others & set(self.left) - {layer} if reads else True

    def _cost(self, step: Step) -> float:
        if step.level is Level.FLOAT:
            return self._work[step.layer] * max(
                self._factors.in_float - self._factor(step.layer), 0.0
            )
        new = self._reach[step.layer] - self._wide
        raised = {layer for group in new for layer in self._readers.get(group, set())}
        raised |= {step.layer}
        return sum(
            self._work[layer] * max(self._factors.wide - self._factor(layer), 0.0)
            for layer in raised & set(self.left)
        )

    def _factor(self, layer: str) -> float:
        read = {group for group in self._reach[layer] if layer in self._readers.get(group, set())}
        return self._factors.wide if read & self._wide else 1.0


def mix_after(steps: Sequence[Step]) -> Mix:
    """The mix that ``steps`` lead to."""
    mix = Mix()
    for step in steps:
        mix = mix.with_step(step)
    return mix


def smaller_mixes(mix: Mix, *, widen: bool) -> tuple[tuple[Step, Mix], ...]:
    """Each step of ``mix`` with the mix that is left without it, in order of the layers' names.

    With ``widen`` a layer in float may also go down to 16 bits, called by a step to 8 bits.
    """
    found = []
    for layer in sorted(mix.in_float):
        step = Step(layer, Level.FLOAT)
        found.append((step, mix.without_step(step)))
    for layer in sorted(mix.wide):
        step = Step(layer, Level.WIDE)
        found.append((step, mix.without_step(step)))
    if widen:
        for layer in sorted(mix.in_float - mix.wide):
            down = mix.without_step(Step(layer, Level.FLOAT)).with_step(Step(layer, Level.WIDE))
            found.append((Step(layer, Level.NARROW), down))
    return tuple(found)
