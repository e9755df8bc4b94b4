"""The plan: which type every tensor takes, and the small settings from which it follows.

A person edits :class:`PlanSettings` (target, scheme, word length, layers in float, types set
by hand); :func:`resolve` turns them and the statistics into the :class:`Plan`. Settings are
what undo and sessions keep; the plan can always be had again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from quantscope.core import schemes
from quantscope.core.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.network import Layer, LayerKind, Network
from quantscope.core.placement import Placement, TieGroup, place
from quantscope.core.schemes import Candidate, Family, Scheme, TypeRequest
from quantscope.core.statistics import TensorStatistics
from quantscope.core.targets import TARGETS, Target

BIAS_LIMIT = 2**31 - 1
BIAS_HEADROOM = 2**30  # of int32, for a bias whose weight scale has to be raised


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """What a person decides. ``pinned`` holds types set by hand, by tensor name."""

    target: str = "onnxruntime"
    scheme: Scheme = Scheme.MINMAX
    word_length: int = 8
    bias_word_length: int = 32
    float_layers: frozenset[str] = frozenset()
    pinned: Mapping[str, DataType] = field(default_factory=dict)

    def with_target(self, target: str) -> PlanSettings:
        """For another target, with the nearest word lengths that it takes; pins stay."""
        limits = TARGETS[target]
        word = self.word_length if self.word_length in limits.word_lengths else 8
        return replace(
            self,
            target=target,
            word_length=word,
            bias_word_length=limits.bias_word_lengths[0],
        )

    def with_scheme(self, scheme: Scheme) -> PlanSettings:
        """With another scheme for all types that are not pinned."""
        return replace(self, scheme=scheme)

    def with_word_length(self, word_length: int) -> PlanSettings:
        """With another word length for all types that are not pinned."""
        if word_length not in TARGETS[self.target].word_lengths:
            raise ValueError(f"{self.target} does not take words of {word_length} bits")
        return replace(self, word_length=word_length)

    def with_bias_word_length(self, word_length: int) -> PlanSettings:
        """With biases in a short type of their own (8) or in the accumulator's (32)."""
        if word_length not in TARGETS[self.target].bias_word_lengths:
            raise ValueError(f"{self.target} does not take biases of {word_length} bits")
        return replace(self, bias_word_length=word_length)

    def pin(self, tensors: tuple[str, ...], data_type: DataType) -> PlanSettings:
        """With ``data_type`` set by hand for ``tensors`` (all members of one tie group)."""
        return replace(self, pinned={**self.pinned, **dict.fromkeys(tensors, data_type)})

    def reset(self, tensors: tuple[str, ...]) -> PlanSettings:
        """With ``tensors`` following the scheme again."""
        kept = {name: kind for name, kind in self.pinned.items() if name not in tensors}
        return replace(self, pinned=kept)

    def with_layer_quantized(self, layer: str, quantized: bool) -> PlanSettings:
        """With ``layer`` in integers, or kept in float."""
        layers = self.float_layers - {layer} if quantized else self.float_layers | {layer}
        return replace(self, float_layers=layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What :func:`resolve` found.

    ``types`` has every quantized tensor. ``conflicts`` says, by tensor, why the target does
    not take a pinned type; ``notes`` says, by layer, what was adjusted.
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


def requests_for(settings: PlanSettings) -> tuple[TypeRequest, TypeRequest]:
    """What is asked for activations and for weights under ``settings``."""
    target = TARGETS[settings.target]
    return (
        target.activation_request(settings.scheme, settings.word_length),
        target.weight_request(settings.scheme, settings.word_length),
    )


def resolve(
    network: Network,
    settings: PlanSettings,
    choose: Chooser,
    statistics: Mapping[str, TensorStatistics],
) -> Plan:
    """The plan for ``network`` under ``settings``.

    ``choose`` answers from kept statistics; ``statistics`` must hold the parameters (weights
    and biases), whose values decide on their types.
    """
    placement = place(network, settings.float_layers)
    activation, weight = requests_for(settings)
    types: dict[str, DataType] = {}
    for group in placement.groups:
        pinned = _pinned_of(group, settings)
        chosen = pinned or choose(group.sources, activation).data_type
        types.update(dict.fromkeys(group.members, chosen))
    notes: dict[str, str] = {}
    for layer in network.layers:
        if layer.kind is not LayerKind.WEIGHTED or layer.name not in placement.layers:
            continue
        assert layer.weights is not None
        weights = settings.pinned.get(layer.weights)
        types[layer.weights] = weights or choose((layer.weights,), weight).data_type
        _resolve_bias(network, layer, settings, statistics, types, notes)
    return Plan(
        settings=settings,
        placement=placement,
        types=types,
        conflicts=_conflicts(network, settings, types),
        notes=notes,
    )


def _pinned_of(group: TieGroup, settings: PlanSettings) -> DataType | None:
    return next((settings.pinned[n] for n in group.members if n in settings.pinned), None)


def _conflicts(
    network: Network, settings: PlanSettings, types: Mapping[str, DataType]
) -> dict[str, str]:
    target: Target = TARGETS[settings.target]
    biases = {layer.bias for layer in network.layers}
    weights = {layer.weights for layer in network.layers}
    objections = {
        name: target.objection(types[name], weights=name in weights)
        for name in types
        if name in settings.pinned and name not in biases
    }
    return {name: text for name, text in objections.items() if text}


def _resolve_bias(
    network: Network,
    layer: Layer,
    settings: PlanSettings,
    statistics: Mapping[str, TensorStatistics],
    types: dict[str, DataType],
    notes: dict[str, str],
) -> None:
    """Give the bias its type; raises weight scales where an int32 bias would overflow."""
    assert layer.weights is not None
    name = layer.bias
    if name is None or network.tensors[name].reason:
        return
    kept = statistics[name]
    weights, source = types[layer.weights], types[layer.inputs[0]]
    raised = _with_room_for_bias(kept, weights, source.step)
    types[layer.weights] = raised
    if raised != weights:
        notes[layer.name] = "weight scales raised so that the bias fits int32"
    if isinstance(raised, FixedPoint) and isinstance(source, FixedPoint):
        products = min(raised.fraction_length + source.fraction_length, 126)
        types[name] = _fixed_point_bias(kept, products, settings, settings.pinned.get(name))
    else:
        types[name] = accumulator_type(raised, source.step)


def accumulator_type(weights: DataType, input_step: float) -> Scaled | ChannelScaled:
    """int32 with the scale of the products, for each channel where the weights have one."""
    if isinstance(weights, ChannelScaled):
        scales = tuple(scale * input_step for scale in weights.scales)
        return ChannelScaled(scales, 0, 32, signed=True, narrow_range=False)
    return Scaled(weights.step * input_step, 0, 32)


def _fixed_point_bias(
    statistics: TensorStatistics,
    products: int,
    settings: PlanSettings,
    pinned: DataType | None,
) -> FixedPoint:
    """A power-of-two type, never finer than the products: then int32 holds it exactly."""
    if settings.bias_word_length == 32:
        return FixedPoint(32, products)
    if statistics.largest_magnitude == 0.0:
        return FixedPoint(settings.bias_word_length, products)
    request = TypeRequest(
        family=Family.FIXED_POINT,
        scheme=settings.scheme,
        word_length=settings.bias_word_length,
    )
    chosen = pinned or schemes.choose(statistics, request).data_type
    assert isinstance(chosen, FixedPoint)
    return replace(chosen, fraction_length=min(chosen.fraction_length, products))


def _with_room_for_bias(bias: TensorStatistics, weights: DataType, input_step: float) -> DataType:
    """``weights``, with the scales raised whose products would let the bias overflow."""
    assert bias.values is not None
    magnitudes = np.abs(np.nan_to_num(bias.values.astype(np.float64).reshape(-1)))
    if isinstance(weights, ChannelScaled):
        if len(magnitudes) != len(weights.scales):
            magnitudes = np.full(len(weights.scales), magnitudes.max(initial=0.0))
        scales = np.asarray(weights.scales)
        too_small = magnitudes > scales * input_step * BIAS_LIMIT
        raised = np.where(too_small, magnitudes / (BIAS_HEADROOM * input_step), scales)
        return replace(weights, scales=tuple(float(s) for s in raised))
    needed = float(magnitudes.max(initial=0.0))
    if needed <= weights.step * input_step * BIAS_LIMIT:
        return weights
    if isinstance(weights, Scaled):
        return replace(weights, scale=needed / (BIAS_HEADROOM * input_step))
    step = needed / (BIAS_HEADROOM * input_step)
    return replace(weights, fraction_length=-math.ceil(math.log2(step)))
