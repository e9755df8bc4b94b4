"""The error of the network's output, divided among what could be changed one at a time.

Isolated errors add up in power where they are independent, which rounding errors of different
tensors nearly are. So a fix is worth the noise that it takes out of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.diagnosis.noise_sources import (
    NoiseSources,
    Reading,
    noise_of,
    noise_sources,
    plan_source,
)
from quantscope.core.diagnosis.sensitivity import LayerSensitivity, Sensitivity
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.targets import TARGETS

MOST = 1e6  # noise by signal; a layer that ruins everything must not make the sum infinite


@dataclass(frozen=True, slots=True)
class Portion:
    """What one layer's share in a group of tied activations adds to the output: the ``group``
    (its place in the placement), and whether the layer reads it (or makes it)."""

    layer: str
    group: int
    reads: bool
    noise: float


@dataclass(frozen=True, slots=True)
class NoiseBudget:
    """Noise at the outputs: by layer for its ``parameters``, and by ``portions`` of activations.

    Portions of a layer with several readings are divided by what the statistics predict.
    """

    parameters: Mapping[str, float]
    portions: tuple[Portion, ...]

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.parameters.values()) + sum(each.noise for each in self.portions)

    def gain(self, removed: float) -> float:
        """In dB, where ``removed`` is taken out of the sum."""
        total = self.total
        if removed <= 0.0 or total <= 0.0:
            return 0.0
        left = total - removed
        return 10.0 * math.log10(total / left) if left > total * 1e-12 else math.inf


def noise_budget(
    network: Network,
    plan: Plan,
    sensitivity: Sensitivity,
    statistics: Mapping[str, TensorStatistics],
) -> NoiseBudget:
    """The budget of the layers measured so far."""
    parameters: dict[str, float] = {}
    portions: list[Portion] = []
    for sources in noise_sources(network, plan):
        found = sensitivity.layer(sources.layer)
        if found is None:
            continue
        parameters[sources.layer] = min(found.isolated.weights.outputs.noise, MOST)
        portions += _portions(sources, found, plan, statistics)
    return NoiseBudget(parameters, tuple(portions))


def group_numbers(plan: Plan) -> dict[str, int]:
    """The place of each quantized activation's group in the placement."""
    groups = enumerate(plan.placement.groups)
    return {name: number for number, group in groups for name in group.members}


def handed_over(plan: Plan, network: Network, layer: str) -> set[int]:
    """The groups that ``layer`` hands to the network's outputs."""
    numbers = group_numbers(plan)
    outputs = {port.name for port in network.outputs}
    return {
        numbers[name]
        for name in network.layer(layer).outputs
        if name in outputs and name in numbers
    }


def rounding_makers(plan: Plan, network: Network) -> dict[int, frozenset[str]]:
    """By group, the layers in integers that round it whoever reads it.

    Left out are groups that nobody in integers makes, and what is made by operators whose kernels
    can yield float as well.
    """
    placement, target = plan.placement, TARGETS[plan.settings.target]
    found = {}
    for number, group in enumerate(placement.groups):
        layers = {network.tensors[name].layer for name in group.sources}
        makers = {placement.fused.get(name, name) for name in layers} & placement.layers
        found[number] = frozenset(
            name for name in makers if network.layer(name).operator not in target.float_results
        )
    return found


def _portions(
    sources: NoiseSources,
    found: LayerSensitivity,
    plan: Plan,
    statistics: Mapping[str, TensorStatistics],
) -> list[Portion]:
    read = min(found.isolated.activations.outputs.noise, MOST)
    made = min(found.results, MOST)
    numbers = group_numbers(plan)
    shares = [
        (each, True, read * share) for each, share in _shares(sources.reads, plan, statistics)
    ]
    shares += [
        (each, False, made * share) for each, share in _shares(sources.results, plan, statistics)
    ]
    return [
        Portion(sources.layer, numbers[each.tensor], reads, noise) for each, reads, noise in shares
    ]


def _shares(
    readings: tuple[Reading, ...], plan: Plan, statistics: Mapping[str, TensorStatistics]
) -> list[tuple[Reading, float]]:
    expected = [
        noise_of(plan, statistics, each.tensor)
        if plan_source(plan, each.tensor) in statistics
        else 0.0
        for each in readings
    ]
    total = sum(expected)
    if total <= 0.0:
        return [(each, 1.0 / len(readings)) for each in readings]
    return [(each, part / total) for each, part in zip(readings, expected, strict=True)]
