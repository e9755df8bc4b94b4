"""The settings from which a plan follows: what a person decides, and undo and sessions keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.placement import PlacementRules
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.targets import TARGETS

WIDE = 16
"""The word length of activations that wide layers read."""


SWITCHES = frozenset({"unsigned", "integer_ports", "correct_bias"})
"""The settings that are on or off."""


class WeightRounding(StrEnum):
    """How weights become whole numbers of steps."""

    NEAREST = "nearest"
    COMPENSATED = "compensated"  # each weight makes up for the rounding of those before it


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """What a person decides.

    ``word_length`` is that of activations, and of weights too where ``weight_word_length`` is
    ``None`` and the target takes as much. ``unsigned`` gives tensors without negative values
    an unsigned type where the target allows both.

    Layers in ``float_layers`` and, where ``only_operators`` names any, all of other operators
    stay float. ``wide_layers`` read 16-bit activations. ``integer_ports`` hands the network's
    inputs and outputs over as integers. ``pinned`` holds types set by hand, by tensor name.

    ``weight_rounding`` and ``correct_bias`` (take each layer's mean error out of its bias) are
    done by the export, since they run the network: the plan shows weights and the types of
    biases as they are before.
    """

    target: str = "onnxruntime"
    scheme: Scheme = Scheme.MINMAX
    word_length: int = 8
    weight_word_length: int | None = None
    bias_word_length: int = 32
    unsigned: bool = False
    float_layers: frozenset[str] = frozenset()
    wide_layers: frozenset[str] = frozenset()
    only_operators: frozenset[str] = frozenset()
    integer_ports: bool = False
    pinned: Mapping[str, DataType] = field(default_factory=dict)
    weight_rounding: WeightRounding = WeightRounding.NEAREST
    correct_bias: bool = False

    @property
    def weight_words(self) -> int:
        """The word length of weights."""
        if self.weight_word_length is not None:
            return self.weight_word_length
        return min(self.word_length, max(TARGETS[self.target].weight_word_lengths))

    @property
    def placement_rules(self) -> PlacementRules:
        """What the target and the choice of operators say about the placement."""
        target = TARGETS[self.target]
        return PlacementRules(
            only_operators=self.only_operators,
            integer_operators=TARGETS[self.target].integer_operators,
            float_results=target.float_results,
            tied_operators=target.tied_operators,
            float_biases=target.float_biases,
            integer_ports=self.integer_ports,
        )

    def with_target(self, target: str) -> PlanSettings:
        """For another target, with the nearest word lengths that it takes; pins stay."""
        limits = TARGETS[target]
        kept_weights = self.weight_word_length in limits.weight_word_lengths
        return replace(
            self,
            target=target,
            word_length=self.word_length if self.word_length in limits.word_lengths else 8,
            weight_word_length=self.weight_word_length if kept_weights else None,
            bias_word_length=min(limits.bias_word_lengths, default=32),
            unsigned=self.unsigned and limits.either_sign,
            wide_layers=self.wide_layers if WIDE in limits.word_lengths else frozenset(),
        )

    def with_scheme(self, scheme: Scheme) -> PlanSettings:
        """With another scheme for all types that are not pinned."""
        return replace(self, scheme=scheme)

    def with_word_length(self, word_length: int) -> PlanSettings:
        """With another word length for all types that are not pinned."""
        if word_length not in TARGETS[self.target].word_lengths:
            raise ValueError(f"{self.target} does not take words of {word_length} bits")
        return replace(self, word_length=word_length)

    def with_weight_word_length(self, word_length: int | None) -> PlanSettings:
        """With weights of another word length than activations; ``None``: of the same."""
        lengths = TARGETS[self.target].weight_word_lengths
        if word_length is not None and word_length not in lengths:
            raise ValueError(f"{self.target} does not take weights of {word_length} bits")
        return replace(self, weight_word_length=word_length)

    def with_bias_word_length(self, word_length: int) -> PlanSettings:
        """With biases in a short type of their own (8) or in the accumulator's (32)."""
        if word_length not in TARGETS[self.target].bias_word_lengths:
            raise ValueError(f"{self.target} does not take biases of {word_length} bits")
        return replace(self, bias_word_length=word_length)

    def with_switch(self, key: str, on: bool) -> PlanSettings:
        """With one of :data:`SWITCHES` on or off.

        Raises ``ValueError`` for unsigned types where the target has one sign only.
        """
        if key == "unsigned" and on and not TARGETS[self.target].either_sign:
            raise ValueError(f"{self.target} does not leave the sign of activations open")
        changed: dict[str, Any] = {key: on}
        return replace(self, **changed)

    def with_weight_rounding(self, rounding: WeightRounding) -> PlanSettings:
        """With weights rounded one by one, or making up for each other."""
        return replace(self, weight_rounding=rounding)

    def with_only_operators(self, operators: frozenset[str]) -> PlanSettings:
        """With layers of all other operators in float; none named: no such limit."""
        return replace(self, only_operators=operators)

    def pin(self, tensors: tuple[str, ...], data_type: DataType) -> PlanSettings:
        """With ``data_type`` set by hand for ``tensors`` (all members of one tie group)."""
        return self.pin_each(dict.fromkeys(tensors, data_type))

    def pin_each(self, types: Mapping[str, DataType]) -> PlanSettings:
        """With types set by hand, by tensor name; all members of a tie group have the same."""
        return replace(self, pinned={**self.pinned, **types})

    def reset(self, tensors: Collection[str]) -> PlanSettings:
        """With ``tensors`` following the scheme again."""
        freed = frozenset(tensors)
        kept = {name: kind for name, kind in self.pinned.items() if name not in freed}
        return replace(self, pinned=kept)

    def with_layer_quantized(self, layer: str, quantized: bool) -> PlanSettings:
        """With ``layer`` in integers, or kept in float."""
        return self.with_layers_quantized((layer,), quantized)

    def with_layers_quantized(self, layers: Collection[str], quantized: bool) -> PlanSettings:
        """With ``layers`` in integers, or kept in float."""
        before, named = self.float_layers, frozenset(layers)
        return replace(self, float_layers=before - named if quantized else before | named)

    def with_layer_wide(self, layer: str, wide: bool) -> PlanSettings:
        """With ``layer`` reading 16-bit activations, or those of the usual word length.

        Raises ``ValueError`` where the target does not take them.
        """
        return self.with_layers_wide((layer,), wide)

    def with_layers_wide(self, layers: Collection[str], wide: bool) -> PlanSettings:
        """With ``layers`` reading 16-bit activations, or those of the usual word length.

        Raises ``ValueError`` where the target does not take them.
        """
        if wide and WIDE not in TARGETS[self.target].word_lengths:
            raise ValueError(f"{self.target} does not take activations of {WIDE} bits")
        before, named = self.wide_layers, frozenset(layers)
        return replace(self, wide_layers=before | named if wide else before - named)
