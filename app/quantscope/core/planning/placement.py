"""Which tensors are quantized, which share one type, and why the others are not.

A pure function of the network and of the layers kept in float, so that the window can answer
a click on a layer's check box at once, and the export places Q/DQ by the same answer.

Rule: a layer with weights, or a product of two activations, runs in integers, with its inputs
and outputs quantized. Other layers follow where every activation that they read is quantized
already, and where their target computes them in integers: elsewhere rounding their results
would gain nothing. Where the target's products yield float at no cost, a follower must also be
read in integers, or be a network output. What only moves values has no kernel to ask for. A
tensor is quantized once, for all its readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from quantscope.core.networks.network import Layer, LayerKind, Network, Role


@dataclass(frozen=True, slots=True)
class TieGroup:
    """Tensors that share one type, chosen on the statistics of ``sources`` together.

    ``sources`` are the members at which values are rounded: not the outputs of layers that
    only move values, and not what a Relu will cut off.
    """

    members: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementRules:
    """What bounds a placement, besides the network and the layers kept in float by hand.

    ``only_operators``: operators of the layers that may run in integers (empty: all).
    ``integer_operators``: operators that the target computes in integers (``None``: all);
    those that only move values need not be among them.
    ``float_results``: operators whose output is not rounded where only float layers read it.
    ``tied_operators``: followers that keep the type of their input. ``float_biases``: biases
    stay float. ``integer_ports``: network outputs are handed over as integers, so they count
    as read.
    """

    only_operators: frozenset[str] = frozenset()
    integer_operators: frozenset[str] | None = None
    float_results: frozenset[str] = frozenset()
    tied_operators: frozenset[str] = frozenset()
    float_biases: bool = False
    integer_ports: bool = False

    def has_kernel_for(self, operator: str) -> bool:
        """Whether the target computes ``operator`` in integers."""
        return self.integer_operators is None or operator in self.integer_operators


@dataclass(frozen=True, slots=True)
class Placement:
    """``layers`` run in integers, ``groups`` cover every quantized activation and constant,
    ``fused`` maps a Relu or Clip to the layer it is one with, ``reasons`` explains the rest
    (by layer and by tensor name). ``cut_off`` names the tensors before a fused Relu or Clip:
    what of them does not fit the shared type is cut off anyway, so they are not judged alone."""

    layers: frozenset[str]
    groups: tuple[TieGroup, ...]
    fused: Mapping[str, str]
    reasons: Mapping[str, str]
    cut_off: frozenset[str] = frozenset()

    def group_of(self, tensor: str) -> TieGroup | None:
        """The tie group with ``tensor``; ``None`` where it is not quantized."""
        return next((group for group in self.groups if tensor in group.members), None)

    @property
    def quantized(self) -> frozenset[str]:
        """Every quantized activation and constant."""
        return frozenset(name for group in self.groups for name in group.members)


_KEEPS_TYPE = frozenset({LayerKind.PASS_THROUGH, LayerKind.CONCAT})
_FLOAT_BIAS = "the target takes biases in float"
_PRODUCTS = frozenset({LayerKind.WEIGHTED, LayerKind.PRODUCT})
_COST_NOTHING = frozenset({LayerKind.INPUT, LayerKind.PASS_THROUGH})
_IN_FLOAT_BY_HAND = "kept in float by hand"
_FLOAT_OPERATOR = "float on this target: integers would cost accuracy and gain nothing"
_IN_VAIN = "only float layers read its result: rounding it would gain nothing"
_FLOAT_RESULT = "only float layers read it, and the kernel yields float"


def place(
    network: Network,
    float_layers: Collection[str] = (),
    rules: PlacementRules = PlacementRules(),
) -> Placement:
    """The placement for ``network`` with ``float_layers`` (names) kept in float."""
    reasons = _reasons_for_float(network, frozenset(float_layers), rules)
    integer = _integer_layers(network, reasons)
    if rules.float_results:
        integer -= _in_vain(network, integer, reasons)
    active = [layer for layer in network.layers if layer.name in integer]
    unrounded = _unrounded(network, active, rules)
    fused = _fused_rectifiers(network, active)
    groups = _tie(network, active, fused, unrounded, rules.tied_operators)
    covered = {name for group in groups for name in group.members}
    reasons |= _tensor_reasons(network, integer, covered, reasons)
    if rules.float_biases:
        reasons |= _bias_reasons(network, integer)
    reasons |= dict.fromkeys(unrounded - covered, _FLOAT_RESULT)
    cut_off = {name for layer in active if layer.name in fused for name in layer.inputs}
    return Placement(frozenset(integer), groups, fused, reasons, frozenset(cut_off))


def _reasons_for_float(
    network: Network, by_hand: frozenset[str], rules: PlacementRules
) -> dict[str, str]:
    """Why layers must stay float that are not kept from integers by what they read."""
    reasons = {}
    only = " and ".join(sorted(rules.only_operators))
    for layer in network.layers:
        if layer.kind is LayerKind.FLOAT or layer.reason or layer.name in by_hand:
            reasons[layer.name] = layer.reason or _IN_FLOAT_BY_HAND
        elif (
            only
            and layer.kind is not LayerKind.INPUT
            and layer.operator not in rules.only_operators
        ):
            reasons[layer.name] = f"only {only} layers run in integers"
        elif layer.kind not in _COST_NOTHING and not rules.has_kernel_for(layer.operator):
            reasons[layer.name] = _FLOAT_OPERATOR
    return reasons


def _unrounded(network: Network, active: list[Layer], rules: PlacementRules) -> frozenset[str]:
    """Results that stay float, since no layer in integers reads them and the kernel can."""
    if not rules.float_results:
        return frozenset()
    read = {name for layer in active for name in layer.inputs}
    if rules.integer_ports:
        read |= {port.name for port in network.outputs}
    yields_float = (layer for layer in active if layer.operator in rules.float_results)
    return frozenset(name for layer in yields_float for name in layer.outputs if name not in read)


def _integer_layers(network: Network, reasons: dict[str, str]) -> set[str]:
    """Names of the layers in integers; adds to ``reasons`` those of the layers that follow none."""
    products = [
        layer
        for layer in network.layers
        if layer.kind in _PRODUCTS and layer.inputs and layer.name not in reasons
    ]
    quantized = {name for layer in products for name in (*layer.inputs, *layer.outputs)}
    for layer in reversed(network.layers):  # what only moves values to an integer layer
        moves = layer.kind is LayerKind.PASS_THROUGH and layer.name not in reasons
        if moves and quantized.intersection(layer.outputs):
            quantized.update(layer.inputs)
    integer = {layer.name for layer in products}
    for layer in network.layers:
        if layer.name in reasons or layer.name in integer or layer.kind is LayerKind.INPUT:
            continue
        missing = [name for name in layer.inputs if name not in quantized]
        if missing or not layer.inputs:
            reasons[layer.name] = _follower_reason(network, missing)
        else:
            integer.add(layer.name)
            quantized.update(layer.outputs)
    return integer


def _in_vain(network: Network, integer: Collection[str], reasons: dict[str, str]) -> set[str]:
    """Names of the followers whose results only float layers read; adds to ``reasons``.

    A Relu or Clip behind a product is one with its kernel and costs nothing.
    """
    read = {port.name for port in network.outputs}
    merged = {name for layer in network.layers if layer.kind in _PRODUCTS for name in layer.outputs}
    found = set()
    for layer in reversed([layer for layer in network.layers if layer.name in integer]):
        is_merged = layer.kind is LayerKind.RECTIFIER and not merged.isdisjoint(layer.inputs)
        if layer.kind in _PRODUCTS or is_merged or not read.isdisjoint(layer.outputs):
            read.update(layer.inputs)
        else:
            found.add(layer.name)
            reasons[layer.name] = _IN_VAIN
    return found


def _follower_reason(network: Network, missing: list[str]) -> str:
    if not missing:
        return "reads no activation that is quantized"
    source = network.layer_of(missing[0])
    return f"reads the float result of {source.label}"


def _fused_rectifiers(network: Network, active: list[Layer]) -> dict[str, str]:
    """Relu and Clip that are the only reader of an integer layer's only output."""
    readers = Counter(name for layer in network.layers for name in layer.inputs)
    readers.update(port.name for port in network.outputs)
    producers = {name: layer for layer in active for name in layer.outputs}
    fused = {}
    for layer in active:
        if layer.kind is not LayerKind.RECTIFIER:
            continue
        producer = producers.get(layer.inputs[0])
        if producer is None or producer.kind not in (*_PRODUCTS, LayerKind.FOLLOWER):
            continue
        if readers[layer.inputs[0]] == 1:
            fused[layer.name] = producer.name
    return fused


def _tie(
    network: Network,
    active: list[Layer],
    fused: Mapping[str, str],
    unrounded: frozenset[str],
    tied_operators: frozenset[str],
) -> tuple[TieGroup, ...]:
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    moved: set[str] = set()
    for layer in active:
        for name in (*layer.inputs, *layer.constants, *layer.outputs):
            if name not in unrounded:
                parent.setdefault(name, name)
        if layer.kind in _KEEPS_TYPE or layer.operator in tied_operators:
            moved.update(layer.outputs)
            tied = (*layer.inputs, *layer.constants, *layer.outputs)
        elif layer.name in fused:
            moved.update(layer.inputs)
            tied = (*layer.inputs, *layer.outputs)
        else:
            continue
        for name in tied[1:]:
            parent[find(name)] = find(tied[0])
    members: dict[str, list[str]] = {}
    for name in (name for name in network.tensors if name in parent):
        members.setdefault(find(name), []).append(name)
    return tuple(_group(names, moved) for names in members.values())


def _group(names: list[str], moved: set[str]) -> TieGroup:
    return TieGroup(tuple(names), tuple(name for name in names if name not in moved))


def _tensor_reasons(
    network: Network,
    integer: Collection[str],
    covered: Collection[str],
    layer_reasons: Mapping[str, str],
) -> dict[str, str]:
    reasons = {}
    for name, tensor in network.tensors.items():
        if name in covered:
            continue
        if tensor.reason:
            reasons[name] = tensor.reason
        elif tensor.role in (Role.WEIGHTS, Role.BIAS) and tensor.layer in integer:
            continue
        else:
            reasons[name] = layer_reasons.get(tensor.layer, "no layer reads it in integers")
    return reasons


def _bias_reasons(network: Network, integer: Collection[str]) -> dict[str, str]:
    biases = (layer.bias for layer in network.layers if layer.name in integer)
    return dict.fromkeys((name for name in biases if name is not None), _FLOAT_BIAS)
