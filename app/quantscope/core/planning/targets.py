"""Targets: what the runtime or chip that will run the model can take, as a table.

Sources: the quantization specification of LiteRT (TensorFlow Lite) for ``tflite-micro``, the
chapters on explicit quantization of NVIDIA's TensorRT documentation for ``tensorrt``, the
page on the QNN execution provider of ONNX Runtime for ``qnn``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.planning.schemes import Family, Scheme, TypeRequest

EVERY_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
PRODUCTS = frozenset({"Gemm", "MatMul"})

ONNX_RUNTIME_KERNELS = EVERY_WEIGHTED | {
    *("Relu", "Clip", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool"),
    *("LeakyRelu", "Sigmoid"),
}
"""What ONNX Runtime's CPU provider computes in integers, and what is one with such a layer.

ConvTranspose is there for its weights, which take a quarter of the space. Softmax has a kernel
and is left out: its float form is more accurate.
"""
FIXED_POINT_ARITHMETIC = ONNX_RUNTIME_KERNELS | {
    *("Sub", "Div", "Max", "Min", "ReduceMean", "ReduceSum", "Resize", "Pad"),
    *("PRelu", "Elu", "HardSigmoid", "HardSwish", "Tanh", "Erf", "Gelu"),
}
"""Sums, products and functions of one variable, of which a table with an entry for each stored
integer is the exact form. Softmax and normalizations are neither."""

TENSORRT_LAYERS = EVERY_WEIGHTED | {
    *("Relu", "Clip", "Add", "Concat", "AveragePool", "GlobalAveragePool"),
}
"""What TensorRT computes in 8-bit integers where Q and DQ stand around it."""
TFLITE_MICRO_KERNELS = EVERY_WEIGHTED | {
    *("Relu", "Clip", "Add", "Sub", "Mul", "Max", "Min", "Concat", "Pad", "Resize"),
    *("AveragePool", "GlobalAveragePool", "ReduceMean"),
    *("Softmax", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "PRelu", "Elu"),
}
"""The int8 kernels of TFLite Micro, with those of CMSIS-NN among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Constraints of one target.

    ``word_lengths`` are those of activations. ``bias_word_lengths``: 8 is a type of the bias's
    own, 32 the accumulator's (int32 with the scale of the products); empty where biases stay
    float. ``per_channel`` names the operators whose weights may have a scale for each channel.

    ``asymmetric``: zero points of activations may move, but for words in ``symmetric_words``.
    ``either_sign``: tensors without negative values may be unsigned where activations are
    signed otherwise.

    ``integer_operators`` are the operators that compute values in integers (``None``: all that
    have an integer form); those that only move values need not be named.

    ``float_results`` are operators whose kernel yields float at no cost: what only float
    layers read of them need not be rounded. ``tied_operators`` keep the type of their input.
    ``fixed_results`` are the 8-bit types that the target prescribes for an operator's result.
    ``static_shapes``: every dimension but the first must be a number.
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
    narrow_weights: bool
    per_channel: frozenset[str] = frozenset()
    symmetric_words: frozenset[int] = frozenset()
    either_sign: bool = False
    integer_operators: frozenset[str] | None = None
    float_results: frozenset[str] = frozenset()
    tied_operators: frozenset[str] = frozenset()
    fixed_results: Mapping[str, DataType] = field(default_factory=dict)
    static_shapes: bool = False

    @property
    def float_biases(self) -> bool:
        """Whether biases stay float."""
        return not self.bias_word_lengths

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
            asymmetric=self._moves_zero(word_length),
            either_sign=either_sign and self.either_sign,
        )

    def weight_request(self, scheme: Scheme, word_length: int, operator: str) -> TypeRequest:
        """What to ask of a scheme for the weights of an ``operator``."""
        return TypeRequest(
            family=self.family,
            scheme=scheme,
            word_length=word_length,
            narrow_range=self.narrow_weights,
            per_channel=operator in self.per_channel,
        )

    def objection_to_activation(self, data_type: DataType) -> str:
        """Why the target does not take ``data_type`` for an activation; empty where it does."""
        if isinstance(data_type, ChannelScaled):
            return f"{self.title} takes one scale for the whole tensor here"
        if objection := self._objection(data_type, self.word_lengths):
            return objection
        if data_type.zero_point != 0 and not self._moves_zero(data_type.word_length):
            return f"{self.title} takes zero point 0 only"
        if data_type.signed != self.signed_activations and not self.either_sign:
            wanted = "signed" if self.signed_activations else "unsigned"
            return f"{self.title} takes {wanted} integers here"
        return ""

    def objection_to_weights(self, data_type: DataType, operator: str) -> str:
        """Why the target does not take ``data_type`` for the weights of an ``operator``."""
        if objection := self._objection(data_type, self.weight_word_lengths):
            return objection
        if data_type.zero_point != 0:
            return f"{self.title} takes weights with zero point 0 only"
        if isinstance(data_type, ChannelScaled) and operator not in self.per_channel:
            return f"{self.title} takes one scale for all weights of a {operator}"
        if not data_type.signed:
            return f"{self.title} takes signed integers here"
        return ""

    def _moves_zero(self, word_length: int) -> bool:
        return self.asymmetric and word_length not in self.symmetric_words

    def _objection(self, data_type: DataType, words: tuple[int, ...]) -> str:
        if self.family is Family.FIXED_POINT and not has_power_of_two_steps(data_type):
            return f"{self.title} takes power-of-two steps and zero point 0 only"
        if data_type.word_length not in words:
            return f"{self.title} takes words of {one_of(words)} bits"
        return ""


def one_of(numbers: Sequence[int]) -> str:
    """Numbers to choose from, in words: ``4, 8 or 16``."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last


def has_power_of_two_steps(data_type: DataType) -> bool:
    """Whether every step is a power of two and the zero point is 0."""
    if isinstance(data_type, ChannelScaled):
        return all(math.frexp(scale)[0] == 0.5 for scale in data_type.scales)
    return isinstance(data_type, FixedPoint)


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
            narrow_weights=False,
            either_sign=True,
            integer_operators=FIXED_POINT_ARITHMETIC,
        ),
        Target(
            key="fixed-point-channels",
            title="Fixed point per channel",
            summary="power-of-two steps, weights with one for each channel; zero point 0",
            family=Family.FIXED_POINT,
            word_lengths=(8, 16),
            weight_word_lengths=(4, 8, 16),
            bias_word_lengths=(32,),
            signed_activations=True,
            asymmetric=False,
            narrow_weights=False,
            per_channel=EVERY_WEIGHTED,
            either_sign=True,
            integer_operators=FIXED_POINT_ARITHMETIC,
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
            narrow_weights=True,
            per_channel=EVERY_WEIGHTED,
            integer_operators=ONNX_RUNTIME_KERNELS,
            float_results=frozenset({"MatMul"}),
        ),
        Target(
            key="onnxruntime-signed",
            title="ONNX Runtime, signed",
            summary="signed activations with a zero point, signed weights scaled per channel",
            family=Family.SCALED,
            word_lengths=(8, 16),
            weight_word_lengths=(4, 7, 8, 16),
            bias_word_lengths=(32,),
            signed_activations=True,
            asymmetric=True,
            narrow_weights=True,
            per_channel=EVERY_WEIGHTED,
            integer_operators=ONNX_RUNTIME_KERNELS,
            float_results=frozenset({"MatMul"}),
        ),
        Target(
            key="tensorrt",
            title="TensorRT",
            summary="signed 8-bit words with zero point 0, weights per channel, biases in float",
            family=Family.SCALED,
            word_lengths=(8,),
            weight_word_lengths=(8,),
            bias_word_lengths=(),
            signed_activations=True,
            asymmetric=False,
            narrow_weights=True,
            per_channel=EVERY_WEIGHTED,
            integer_operators=TENSORRT_LAYERS,
            float_results=EVERY_WEIGHTED,
        ),
        Target(
            key="tflite-micro",
            title="TFLite Micro, CMSIS-NN",
            summary="signed activations with a zero point (16 bits: without), signed weights, "
            "per channel in convolutions; pooling keeps its input's type",
            family=Family.SCALED,
            word_lengths=(8, 16),
            weight_word_lengths=(8,),
            bias_word_lengths=(32,),
            signed_activations=True,
            asymmetric=True,
            narrow_weights=True,
            per_channel=CONVOLUTIONS,
            symmetric_words=frozenset({16}),
            integer_operators=TFLITE_MICRO_KERNELS,
            tied_operators=frozenset({"AveragePool", "GlobalAveragePool", "Resize"}),
            fixed_results={
                "Softmax": Scaled(1 / 256, -128),
                "Sigmoid": Scaled(1 / 256, -128),
                "Tanh": Scaled(1 / 128, 0),
            },
            static_shapes=True,
        ),
        Target(
            key="qnn",
            title="Qualcomm QNN",
            summary="unsigned activations of 8 or 16 bits with a zero point, signed 8-bit "
            "weights, per channel in convolutions",
            family=Family.SCALED,
            word_lengths=(8, 16),
            weight_word_lengths=(8,),
            bias_word_lengths=(32,),
            signed_activations=False,
            asymmetric=True,
            narrow_weights=True,
            per_channel=CONVOLUTIONS,
            static_shapes=True,
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
