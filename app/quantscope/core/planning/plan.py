"""The plan: which type every tensor takes.

A person edits :class:`~quantscope.core.planning.settings.PlanSettings`; :func:`resolve` turns them
and the statistics into the :class:`Plan`. Settings are what undo and sessions keep; the plan
can always be had again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.look_only import file_notes, file_placement
from quantscope.core.networks.network import Layer, LayerKind, Network
from quantscope.core.numbers.formats import (
    ACCUMULATOR_BITS,
    SMALLEST_SCALE,
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
)
from quantscope.core.planning import schemes
from quantscope.core.planning.placement import Placement, TieGroup, place
from quantscope.core.planning.schemes import Candidate, Family, TypeRequest
from quantscope.core.planning.settings import WIDE, PlanSettings
from quantscope.core.planning.targets import TARGETS, Target, has_power_of_two_steps, one_of

NOT_LOGGED = "its values were not logged: calibrate again, with all layers"
BIAS_LIMIT = 2**31 - 1
BIAS_HEADROOM = 2**30  # of int32, for a bias whose weight scale has to be raised


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What :func:`resolve` found.

    ``types`` has every quantized tensor. ``conflicts`` says, by tensor, why a pinned type does
    not fit: the target, the tensors that share it, or the products a bias is added to.
    ``notes`` says, by layer, what was adjusted.
    """

    settings: PlanSettings
    placement: Placement
    types: Mapping[str, DataType]
    conflicts: Mapping[str, str]
    notes: Mapping[str, str]

    @property
    def pinned(self) -> frozenset[str]:
        """Quantized tensors whose type was set by hand."""
        return frozenset(name for name in self.types if name in self.settings.pinned)


Chooser = Callable[[tuple[str, ...], TypeRequest], Candidate]
"""The type that a scheme chooses on the statistics of some tensors together."""


def activation_request(settings: PlanSettings) -> TypeRequest:
    """What is asked for activations and constants under ``settings``."""
    target = TARGETS[settings.target]
    return target.activation_request(
        settings.scheme, settings.word_length, either_sign=settings.unsigned
    )


def weight_request(settings: PlanSettings, operator: str) -> TypeRequest:
    """What is asked for the weights of an ``operator`` under ``settings``."""
    return TARGETS[settings.target].weight_request(settings.scheme, settings.weight_words, operator)


def bias_request(settings: PlanSettings) -> TypeRequest:
    """What is asked for biases that have a type of their own under ``settings``."""
    return TypeRequest(
        family=Family.FIXED_POINT,
        scheme=settings.scheme,
        word_length=settings.bias_word_length,
    )


def resolve(
    network: Network,
    settings: PlanSettings,
    choose: Chooser,
    statistics: Mapping[str, TensorStatistics],
    placement: Placement | None = None,
) -> Plan:
    """The plan for ``network`` under ``settings``.

    ``choose`` answers from kept statistics; ``statistics`` must hold the parameters (weights
    and biases), whose values decide on their types. ``placement`` is that of the same settings,
    where it is known.
    """
    placement = placement or placement_for(network, settings)
    if network.file_types is not None:
        return Plan(
            settings=settings,
            placement=placement,
            types=network.file_types.types,
            conflicts={},
            notes=file_notes(network),
        )
    notes: dict[str, str] = {}
    types = _shared_types(network, settings, choose, placement)
    weighted = [layer for layer in network.layers if _has_weights(layer, placement)]
    _add_weight_types(weighted, settings, choose, types)
    biased = [layer for layer in weighted if _has_integer_bias(layer, network, placement)]
    for layer in biased:
        _make_room_for_bias(layer, statistics, types, notes)
    conflicts = _conflicts(network, settings, types) | _not_logged(placement, statistics)
    own_types = partial(_own_bias_type, bias_request(settings), choose, statistics)
    for layer in biased:
        conflicts |= _resolve_bias(layer, settings, own_types, types)
    return Plan(
        settings=settings, placement=placement, types=types, conflicts=conflicts, notes=notes
    )


def _shared_types(
    network: Network, settings: PlanSettings, choose: Chooser, placement: Placement
) -> dict[str, DataType]:
    """The types of activations and constants: one for each tie group."""
    activation = activation_request(settings)
    widened = wider(activation)
    fixed = _fixed_types(network, placement, settings)
    wide = _wide_tensors(network, settings)
    types: dict[str, DataType] = {}
    for group in placement.groups:
        given = settings.pinned and _pinned_of(group, settings)
        if not given and fixed:
            given = next((fixed[n] for n in group.sources if n in fixed), None)
        request = activation if wide.isdisjoint(group.members) else widened
        chosen = given or choose(group.sources, request).data_type
        types.update(dict.fromkeys(group.members, chosen))
    return types


def _not_logged(placement: Placement, statistics: Mapping[str, TensorStatistics]) -> dict[str, str]:
    sources = (name for group in placement.groups for name in group.sources)
    return {name: NOT_LOGGED for name in sources if name not in statistics}


def _add_weight_types(
    weighted: Iterable[Layer], settings: PlanSettings, choose: Chooser, types: dict[str, DataType]
) -> None:
    """Layers may share their weights."""
    requests: dict[str, TypeRequest] = {}
    for layer in weighted:
        name, operator = layer.weights, layer.operator
        assert name is not None
        if name in types:
            continue
        if operator not in requests:
            requests[operator] = weight_request(settings, operator)
        pinned = settings.pinned.get(name)
        types[name] = pinned or choose((name,), requests[operator]).data_type


def placement_for(network: Network, settings: PlanSettings) -> Placement:
    """Which layers run in integers under ``settings``, and why the others do not."""
    if network.file_types is not None:
        return file_placement(network)
    return place(network, settings.float_layers, settings.placement_rules)


def wider(request: TypeRequest) -> TypeRequest:
    """``request`` for the activations of a wide layer."""
    return replace(request, word_length=max(request.word_length, WIDE))


def _wide_tensors(network: Network, settings: PlanSettings) -> frozenset[str]:
    """What wide layers read, and what they hand to the network's outputs."""
    outputs = {port.name for port in network.outputs}
    layers = [layer for layer in network.layers if layer.name in settings.wide_layers]
    read = {name for layer in layers for name in (*layer.inputs, *layer.constants)}
    return frozenset(read | {name for layer in layers for name in layer.outputs if name in outputs})


def _has_weights(layer: Layer, placement: Placement) -> bool:
    return layer.kind is LayerKind.WEIGHTED and layer.name in placement.layers


def _has_integer_bias(layer: Layer, network: Network, placement: Placement) -> bool:
    if layer.bias is None or network.tensors[layer.bias].reason:
        return False
    return layer.bias not in placement.reasons


def _fixed_types(
    network: Network, placement: Placement, settings: PlanSettings
) -> dict[str, DataType]:
    """The types that the target prescribes for results, by tensor."""
    prescribed = TARGETS[settings.target].fixed_results
    if not prescribed or settings.word_length != 8:
        return {}
    return {
        name: prescribed[layer.operator]
        for layer in network.layers
        if layer.operator in prescribed and layer.name in placement.layers
        for name in layer.outputs
    }


def _pinned_of(group: TieGroup, settings: PlanSettings) -> DataType | None:
    return next((settings.pinned[n] for n in group.members if n in settings.pinned), None)


def _conflicts(
    network: Network, settings: PlanSettings, types: Mapping[str, DataType]
) -> dict[str, str]:
    target: Target = TARGETS[settings.target]
    biases = {layer.bias for layer in network.layers}
    readers = {layer.weights: layer.operator for layer in network.layers if layer.weights}
    objections = {}
    for name, pinned in settings.pinned.items():
        if name not in types or name in biases:
            continue
        if name in readers:
            objections[name] = target.objection_to_weights(types[name], readers[name])
            continue
        objections[name] = target.objection_to_activation(types[name])
        if not objections[name] and types[name] != pinned:
            objections[name] = "shares the type of a tensor that is pinned otherwise"
    return {name: text for name, text in objections.items() if text}


def _make_room_for_bias(
    layer: Layer,
    statistics: Mapping[str, TensorStatistics],
    types: dict[str, DataType],
    notes: dict[str, str],
) -> None:
    """Raise weight scales where an int32 bias would overflow, and say so."""
    assert layer.weights is not None
    assert layer.bias is not None
    weights, source = types[layer.weights], types[layer.inputs[0]]
    raised = _with_room_for_bias(statistics[layer.bias], weights, source.step)
    if raised != weights:
        types[layer.weights] = raised
        notes[layer.name] = "weight scales raised so that the bias fits int32"


def _resolve_bias(
    layer: Layer,
    settings: PlanSettings,
    own_type: Callable[[str, int], FixedPoint],
    types: dict[str, DataType],
) -> dict[str, str]:
    """Give the bias its type; returns the conflict, by its name, where a pin had to give way.

    ``own_type`` knows the type for the bias and the fraction length of its products.
    """
    assert layer.weights is not None
    assert layer.bias is not None
    weights, source = types[layer.weights], types[layer.inputs[0]]
    pinned = settings.pinned.get(layer.bias)
    if isinstance(weights, FixedPoint) and isinstance(source, FixedPoint):
        finest = product_fraction_length(weights, source)
        objection = _bias_objection(TARGETS[settings.target], pinned)
        if isinstance(pinned, FixedPoint) and not objection:
            types[layer.bias] = _no_finer(pinned, finest)
            if pinned.fraction_length > finest:
                objection = f"no finer than the products of input and weights: 2^{-finest}"
        else:
            types[layer.bias] = own_type(layer.bias, finest)
    else:
        types[layer.bias] = accumulator_type(weights, source.step)
        objection = "its type follows from the input and the weights: int32, scale of the products"
    return {layer.bias: objection} if pinned is not None and objection else {}


def _own_bias_type(
    request: TypeRequest,
    choose: Chooser,
    statistics: Mapping[str, TensorStatistics],
    bias: str,
    finest: int,
) -> FixedPoint:
    """A power-of-two type, of the accumulator's step where nothing coarser is asked for."""
    if request.word_length == ACCUMULATOR_BITS or statistics[bias].largest_magnitude == 0.0:
        return FixedPoint(request.word_length, finest)
    chosen = choose((bias,), request).data_type
    assert isinstance(chosen, FixedPoint)
    return _no_finer(chosen, finest)


def _bias_objection(target: Target, pinned: DataType | None) -> str:
    if not isinstance(pinned, FixedPoint) or not pinned.signed:
        return f"{target.title} takes biases as signed words with power-of-two steps"
    if pinned.word_length not in target.bias_word_lengths:
        return f"{target.title} takes biases of {one_of(target.bias_word_lengths)} bits"
    return ""


def _no_finer(data_type: FixedPoint, finest: int) -> FixedPoint:
    """A power-of-two type no finer than the products: then int32 holds it exactly."""
    if data_type.fraction_length <= finest:
        return data_type
    return replace(data_type, fraction_length=finest)


def accumulator_type(weights: DataType, input_step: float) -> Scaled | ChannelScaled:
    """int32 with the scale of the products, for each channel where the weights have one."""
    if isinstance(weights, ChannelScaled):
        scales = tuple([scale * input_step for scale in weights.scales])
        return ChannelScaled(scales, 0, ACCUMULATOR_BITS, signed=True, narrow_range=False)
    return Scaled(weights.step * input_step, 0, ACCUMULATOR_BITS)


def product_fraction_length(weights: FixedPoint, source: FixedPoint) -> int:
    """The fraction length of the products, which is the finest that a bias may have."""
    return schemes.in_range(weights.fraction_length + source.fraction_length)


def _with_room_for_bias(bias: TensorStatistics, weights: DataType, input_step: float) -> DataType:
    """``weights``, with the scales raised whose products would let the bias overflow."""
    assert bias.values is not None
    if bias.largest_magnitude <= weights.step * input_step * BIAS_LIMIT:
        return weights
    values = bias.values.astype(np.float64).reshape(-1)
    magnitudes = np.abs(np.where(np.isfinite(values), values, 0.0))
    if isinstance(weights, ChannelScaled):
        if len(magnitudes) != len(weights.scales):
            magnitudes = np.full(len(weights.scales), magnitudes.max(initial=0.0))
        scales = np.asarray(weights.scales)
        too_small = magnitudes > scales * input_step * BIAS_LIMIT
        needed_scales = magnitudes / (BIAS_HEADROOM * input_step)
        if has_power_of_two_steps(weights):
            needed_scales = np.exp2(np.ceil(np.log2(np.maximum(needed_scales, SMALLEST_SCALE))))
        raised = np.where(too_small, needed_scales, scales)
        return replace(weights, scales=tuple(float(s) for s in raised))
    needed = float(magnitudes.max(initial=0.0))
    if isinstance(weights, Scaled):
        return replace(weights, scale=needed / (BIAS_HEADROOM * input_step))
    step = needed / (BIAS_HEADROOM * input_step)
    return replace(weights, fraction_length=schemes.in_range(-math.ceil(math.log2(step))))
