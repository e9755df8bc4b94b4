"""Whose error is it: which roundings of a plan belong to which layer.

A tensor is rounded once, for all who read it, but a question such as "what does this layer cost"
needs every rounding to have one owner:

* weights, bias and constants belong to their layer;
* an activation belongs, at each place where it is read, to the layer that reads it there;
* where a layer in float or the network's output reads a rounded activation, to the layer that
  makes it (behind a Concat, to the one that makes its last input), or where no layer in integers
  makes it, to the first that reads it.

Layers that only move values (Reshape, MaxPool, Concat ...) and a Relu or Clip that is one with the
layer before it own nothing: rounding before or after them is the same, so what they read belongs
to the layers behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.network import Layer, LayerKind, Network
from quantscope.core.planning.placement import Placement, TieGroup
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import predict

OUTPUT = ""
"""The reader of what the network hands over."""
_TRANSPARENT = (LayerKind.INPUT, LayerKind.PASS_THROUGH, LayerKind.CONCAT, LayerKind.FLOAT)


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A place where ``reader`` (a layer's name, or :data:`OUTPUT`) takes ``tensor``."""

    tensor: str
    reader: str


@dataclass(frozen=True, slots=True)
class NoiseSources:
    """The roundings of one layer: of ``parameters``, at its ``reads``, and at its ``results``
    where nobody in integers takes them."""

    layer: str
    parameters: tuple[str, ...]
    reads: tuple[Reading, ...]
    results: tuple[Reading, ...]


def noise_sources(network: Network, plan: Plan) -> tuple[NoiseSources, ...]:
    """The layers that own a rounding of ``plan``, in network order."""
    placement = plan.placement
    own = [layer for layer in network.layers if _computes(layer, placement)]
    results = _results(network, placement, [layer.name for layer in own])
    found = (
        NoiseSources(
            layer=layer.name,
            parameters=_parameters(layer, plan),
            reads=tuple(
                Reading(name, layer.name)
                for name in dict.fromkeys(layer.inputs)
                if name in placement.quantized
            ),
            results=tuple(results.get(layer.name, ())),
        )
        for layer in own
    )
    return tuple(each for each in found if each.parameters or each.reads or each.results)


def predicted_noise(
    sources: NoiseSources, plan: Plan, statistics: Mapping[str, TensorStatistics]
) -> float:
    """Noise power by signal power of all that the layer rounds, each tensor by itself, summed.

    From statistics alone: who comes first when time is short.
    """
    readings = (*sources.reads, *sources.results)
    names = dict.fromkeys((*sources.parameters, *(each.tensor for each in readings)))
    return sum(
        noise_of(plan, statistics, name) for name in names if plan_source(plan, name) in statistics
    )


def noise_of(plan: Plan, statistics: Mapping[str, TensorStatistics], tensor: str) -> float:
    """Noise power by signal power of one rounded tensor, from its statistics."""
    error = predict(statistics[plan_source(plan, tensor)], plan.types[tensor])
    return error.squared_error / error.signal if error.signal > 0.0 else 0.0


def plan_source(plan: Plan, tensor: str) -> str:
    """The tensor whose statistics tell about ``tensor``: for what only moved, where it was made."""
    group = plan.placement.group_of(tensor)
    if group is None or tensor in group.sources or not group.sources:
        return tensor
    return group.sources[0]


def _computes(layer: Layer, placement: Placement) -> bool:
    return (
        layer.name in placement.layers
        and layer.kind not in _TRANSPARENT
        and layer.name not in placement.fused
    )


def _parameters(layer: Layer, plan: Plan) -> tuple[str, ...]:
    names = (layer.weights, layer.bias, *layer.constants)
    return tuple(name for name in names if name is not None and name in plan.types)


def _results(network: Network, placement: Placement, owners: list[str]) -> dict[str, list[Reading]]:
    """What is rounded for readers in float, by the layer that it belongs to."""
    readers: dict[str, list[str]] = {port.name: [OUTPUT] for port in network.outputs}
    for layer in network.layers:
        for name in dict.fromkeys(layer.inputs):
            readers.setdefault(name, []).append(layer.name)
    found: dict[str, list[Reading]] = {}
    for group in placement.groups:
        taken = [
            Reading(name, reader) for name in group.members for reader in readers.get(name, ())
        ]
        outside = [each for each in taken if each.reader not in placement.layers]
        owner = _owner(network, placement, group, taken, owners)
        if outside and owner is not None:
            found.setdefault(owner, []).extend(outside)
    return found


def _owner(
    network: Network,
    placement: Placement,
    group: TieGroup,
    taken: list[Reading],
    owners: list[str],
) -> str | None:
    makers = [network.tensors[name].layer for name in reversed(group.sources)]
    makers = [placement.fused.get(name, name) for name in makers]
    candidates = [*makers, *(each.reader for each in taken)]
    return next((name for name in candidates if name in owners), None)
