"""Targets: what the runtime or chip that will run the model can take, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.schemes import Family, Scheme, TypeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Constraints of one target.

    ``weight_word_lengths`` may hold more than ``word_lengths``, which are those of activations.
    ``asymmetric``: activation zero points may move. ``either_sign``: tensors without negative
    values may be unsigned where activations are signed otherwise.

    ``float_results`` are operators whose kernel yields float at no cost: what only float
    layers read of them need not be rounded.
    """

    key: str
    title: str
    summary: str
    family: Family
    word_lengths: tuple[int, ...]
    weight_word_lengths: tuple[int, ...]
    bias_word_lengths: tuple[int, ...]
    signed_activations: bool
    asymmetric: bool
    per_channel: bool
    narrow_weights: bool
    either_sign: bool = False
    float_results: frozenset[str] = frozenset()

    def activation_request(
        self, scheme: Scheme, word_length: int, *, either_sign: bool = False
    ) -> TypeRequest:
        """What to ask of a scheme for an activation or a constant.

        ``either_sign`` asks for an unsigned type where no value is negative; it counts where
        the target allows both.
        """
        return TypeRequest(
            family=self.family,
            scheme=scheme,
            word_length=word_length,
            signed=self.signed_activations,
            asymmetric=self.asymmetric,
            either_sign=either_sign and self.either_sign,
        )

    def weight_request(self, scheme: Scheme, word_length: int) -> TypeRequest:
        """What to ask of a scheme for weights."""
        return TypeRequest(
            family=self.family,
            scheme=scheme,
            word_length=word_length,
            narrow_range=self.narrow_weights,
            per_channel=self.per_channel,
        )

    def objection(self, data_type: DataType, *, weights: bool) -> str:
        """Why the target does not take ``data_type``; empty where it does."""
        if self.family is Family.FIXED_POINT and not isinstance(data_type, FixedPoint):
            return f"{self.title} takes power-of-two steps and zero point 0 only"
        words = self.weight_word_lengths if weights else self.word_lengths
        if data_type.word_length not in words:
            lengths = " or ".join(str(length) for length in words)
            return f"{self.title} takes words of {lengths} bits"
        if weights and data_type.zero_point != 0:
            return f"{self.title} takes weights with zero point 0 only"
        if isinstance(data_type, ChannelScaled) and not (self.per_channel and weights):
            return f"{self.title} takes one scale for the whole tensor here"
        signed = True if weights else self.signed_activations
        free = self.either_sign and not weights
        if data_type.signed != signed and not free:
            return f"{self.title} takes {'signed' if signed else 'unsigned'} integers here"
        return ""


TARGETS: dict[str, Target] = {
    target.key: target
    for target in (
        Target(
            key="fixed-point",
            title="Fixed point",
            summary="signed words, power-of-two steps, one for each tensor; zero point 0",
            family=Family.FIXED_POINT,
            word_lengths=(8, 16),
            weight_word_lengths=(4, 8, 16),
            bias_word_lengths=(8, 32),
            signed_activations=True,
            asymmetric=False,
            per_channel=False,
            narrow_weights=False,
            either_sign=True,
        ),
        Target(
            key="onnxruntime",
            title="ONNX Runtime",
            summary="unsigned activations with a zero point, signed weights scaled per channel",
            family=Family.SCALED,
            word_lengths=(8, 16),
            weight_word_lengths=(4, 7, 8, 16),
            bias_word_lengths=(32,),
            signed_activations=False,
            asymmetric=True,
            per_channel=True,
            narrow_weights=True,
        ),
    )
}


def scaled_like(data_type: DataType) -> Scaled | ChannelScaled:
    """The same grid written as scale and zero point, as a file holds it."""
    if isinstance(data_type, FixedPoint):
        return Scaled(
            data_type.step, 0, data_type.word_length, data_type.signed, data_type.narrow_range
        )
    return data_type
