"""Number formats: a data type is a value that says which reals its integers stand for.

Three kinds share one vocabulary (``step``, ``minimum``, ``maximum``, ``quantize``, ``cast``,
``band``):

* :class:`FixedPoint`: the step is a power of two, ``2**-fraction_length``.
* :class:`Scaled`: any positive step, and an integer (the zero point) that stands for 0.
* :class:`ChannelScaled`: one step for each channel of a weight, zero point 0.

To add a format, give it these members and add it to ``DataType``; prediction, heat map and
export then take it. Stored integers are ``quantize(x)``; the reals that remain are
``cast(x)``. NaN becomes 0 in both, infinities saturate.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from quantscope.core.numbers.rounding import Ties, round_to_integer

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

SMALLEST_SCALE = float(np.finfo(np.float32).tiny)
LARGEST_SCALE = float(np.finfo(np.float32).max)
ACCUMULATOR_BITS = 32  # of the sums of products, and of biases added to them
LONGEST_FRACTION = 126  # both ways: the step is a normal float32, and so is its inverse


def integer_range(word_length: int, signed: bool, narrow_range: bool) -> tuple[int, int]:
    """Smallest and largest stored integer of a word."""
    if not signed:
        return 0, 2**word_length - 1
    largest = 2 ** (word_length - 1) - 1
    return (-largest if narrow_range else -largest - 1), largest


@dataclass(frozen=True, slots=True)
class Band:
    """The bit positions that a data type keeps: ``top`` down to ``bottom``, both included.

    ``upper_edge`` and ``lower_edge`` are the exact ends on the axis of bit positions
    (log2 of the largest magnitude and of the step); between columns for scaled types.
    """

    top: int
    bottom: int
    upper_edge: float
    lower_edge: float

    def keeps(self, bit: int) -> bool:
        """Whether values whose most significant bit is ``bit`` are inside."""
        return self.bottom <= bit <= self.top


def _band(step: float, minimum: float, maximum: float) -> Band:
    magnitude = max(maximum, -minimum)
    bottom = math.floor(math.log2(step))
    return Band(
        top=max(math.floor(math.log2(magnitude - step / 2)), bottom),  # -1, 0, 1: one column
        bottom=bottom,
        upper_edge=math.log2(magnitude),
        lower_edge=math.log2(step),
    )


def whole_steps(
    values: npt.ArrayLike, step: npt.ArrayLike, ties: Ties = Ties.AWAY
) -> npt.NDArray[np.float64]:
    """The nearest whole number of steps to each value, before saturation; NaN stays NaN.

    Ties to even divides in float32, as ONNX Runtime's kernel does. ``step`` broadcasts.
    """
    kind = np.float32 if ties is Ties.EVEN else np.float64
    with np.errstate(over="ignore"):
        ratio = np.asarray(values).astype(kind) / np.asarray(step, dtype=kind)
    return round_to_integer(np.asarray(ratio), ties).astype(np.float64)


def _quantize(
    values: npt.ArrayLike, step: Floats, zero_point: int, limits: tuple[int, int], ties: Ties
) -> Integers:
    steps = np.nan_to_num(whole_steps(values, step, ties), nan=0.0)
    return np.clip(steps + zero_point, *limits).astype(np.int64)


def _check_word(word_length: int) -> None:
    if not 2 <= word_length <= 32:
        raise ValueError(f"a word length of {word_length} is outside 2..32")


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A binary-point type: stored integer times ``2**-fraction_length``.

    ``FixedPoint(8, 3)`` keeps the bits 2^3 ... 2^-3 and the sign. Raises ``ValueError`` for a
    word length outside 2..32 or a step that float32 cannot hold.

    >>> FixedPoint(8, 3).cast([0.03125, 2.1, 16.25]).tolist()  # the reals that remain
    [0.0, 2.125, 15.875]
    >>> FixedPoint(8, 3).quantize([0.03125, 2.1, 16.25]).tolist()  # the stored integers
    [0, 17, 127]
    """

    word_length: int = 8
    fraction_length: int = 0
    signed: bool = True
    narrow_range: bool = False

    def __post_init__(self) -> None:
        _check_word(self.word_length)
        if not -LONGEST_FRACTION <= self.fraction_length <= LONGEST_FRACTION:
            raise ValueError(f"a fraction length of {self.fraction_length} is outside -126..126")

    @property
    def step(self) -> float:
        """The distance between neighbouring values."""
        return math.ldexp(1.0, -self.fraction_length)

    @property
    def zero_point(self) -> int:
        """The integer that stands for 0: always 0."""
        return 0

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest stored integer."""
        return integer_range(self.word_length, self.signed, self.narrow_range)

    @property
    def minimum(self) -> float:
        """The smallest representable value."""
        return self.limits[0] * self.step

    @property
    def maximum(self) -> float:
        """The largest representable value."""
        return self.limits[1] * self.step

    def quantize(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> Integers:
        """Stored integers for ``values`` (any shape)."""
        return _quantize(values, np.asarray(self.step), 0, self.limits, ties)

    def cast(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> npt.NDArray[np.float64]:
        """The reals that remain of ``values`` (any shape)."""
        return np.multiply(self.quantize(values, ties), self.step, dtype=np.float64)

    def band(self) -> Band:
        """The representable band on the axis of bit positions."""
        return _band(self.step, self.minimum, self.maximum)

    def label(self) -> str:
        """Short text for a table cell, such as ``s8 2^-12``."""
        return f"{'s' if self.signed else 'u'}{self.word_length} 2^{-self.fraction_length}"

    def shifted(self, bits: int) -> Self:
        """The same word with its band moved ``bits`` columns towards larger values."""
        return type(self)(
            self.word_length, self.fraction_length - bits, self.signed, self.narrow_range
        )


@dataclass(frozen=True, slots=True)
class Scaled:
    """An affine type: ``scale * (stored integer - zero_point)``.

    ``scale`` is rounded to float32, the type in which ONNX stores it. Raises ``ValueError``
    for a word length outside 2..32, a scale that is not positive and finite, or a zero point
    outside the word.
    """

    scale: float
    zero_point: int = 0
    word_length: int = 8
    signed: bool = True
    narrow_range: bool = False

    def __post_init__(self) -> None:
        _check_word(self.word_length)
        object.__setattr__(self, "scale", _float32_scale(self.scale))
        low, high = self.limits
        if not low <= self.zero_point <= high:
            raise ValueError(f"a zero point of {self.zero_point} is outside {low}..{high}")

    @property
    def step(self) -> float:
        """The distance between neighbouring values."""
        return self.scale

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest stored integer."""
        return integer_range(self.word_length, self.signed, self.narrow_range)

    @property
    def minimum(self) -> float:
        """The smallest representable value."""
        return (self.limits[0] - self.zero_point) * self.scale

    @property
    def maximum(self) -> float:
        """The largest representable value."""
        return (self.limits[1] - self.zero_point) * self.scale

    def quantize(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> Integers:
        """Stored integers for ``values`` (any shape)."""
        return _quantize(values, np.asarray(self.scale), self.zero_point, self.limits, ties)

    def cast(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> npt.NDArray[np.float64]:
        """The reals that remain of ``values`` (any shape)."""
        steps = self.quantize(values, ties) - self.zero_point
        return np.multiply(steps, self.scale, dtype=np.float64)

    def band(self) -> Band:
        """The representable band on the axis of bit positions."""
        return _band(self.scale, self.minimum, self.maximum)

    def label(self) -> str:
        """Short text for a table cell, such as ``u8 x 0.0235 zp 0``."""
        sign = "s" if self.signed else "u"
        return f"{sign}{self.word_length} x {self.scale:.3g} zp {self.zero_point}"

    def shifted(self, bits: float) -> Self:
        """The same word with its band moved ``bits`` columns (may be a fraction) upwards."""
        return type(self)(
            self.scale * 2.0**bits,
            self.zero_point,
            self.word_length,
            self.signed,
            self.narrow_range,
        )


@dataclass(frozen=True, slots=True)
class ChannelScaled:
    """A weight type with one scale for each index of ``axis`` and zero point 0.

    Range, step and band are those of the whole tensor: the largest channel's range, the
    smallest channel's step.
    """

    scales: tuple[float, ...]
    axis: int = 0
    word_length: int = 8
    signed: bool = True
    narrow_range: bool = True

    def __post_init__(self) -> None:
        _check_word(self.word_length)
        if not self.scales:
            raise ValueError("a per-channel type needs at least one scale")
        object.__setattr__(self, "scales", _float32_scales(self.scales))

    @property
    def step(self) -> float:
        """The smallest step of any channel."""
        return min(self.scales)

    @property
    def zero_point(self) -> int:
        """The integer that stands for 0: always 0."""
        return 0

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest stored integer."""
        return integer_range(self.word_length, self.signed, self.narrow_range)

    @property
    def minimum(self) -> float:
        """The smallest value that any channel represents."""
        return self.limits[0] * max(self.scales)

    @property
    def maximum(self) -> float:
        """The largest value that any channel represents."""
        return self.limits[1] * max(self.scales)

    def steps_for(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """The scales, shaped so that they broadcast against an array of ``shape``.

        Raises ``ValueError`` where the axis does not have one index for each scale.
        """
        if not 0 <= self.axis < len(shape) or shape[self.axis] != len(self.scales):
            raise ValueError(f"{len(self.scales)} scales do not fit axis {self.axis} of {shape}")
        wanted = [1] * len(shape)
        wanted[self.axis] = len(self.scales)
        return np.asarray(self.scales, dtype=np.float64).reshape(wanted)

    def quantize(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> Integers:
        """Stored integers for ``values``, whose ``axis`` has one index for each scale."""
        exact = np.asarray(values)
        return _quantize(exact, self.steps_for(exact.shape), 0, self.limits, ties)

    def cast(self, values: npt.ArrayLike, ties: Ties = Ties.AWAY) -> npt.NDArray[np.float64]:
        """The reals that remain of ``values``, whose ``axis`` has one index for each scale."""
        exact = np.asarray(values)
        return self.quantize(exact, ties) * self.steps_for(exact.shape)

    def band(self) -> Band:
        """The columns that at least one channel keeps."""
        largest = max(self.scales)
        top = _band(largest, self.minimum, self.maximum)
        smallest = math.log2(self.step)
        return Band(top.top, math.floor(smallest), top.upper_edge, smallest)

    def label(self) -> str:
        """Short text for a table cell, such as ``s8 x 0.0011..0.0235 (16 ch)``."""
        low, high, count = min(self.scales), max(self.scales), len(self.scales)
        sign = "s" if self.signed else "u"
        return f"{sign}{self.word_length} x {low:.3g}..{high:.3g} ({count} ch)"

    def shifted(self, bits: float) -> Self:
        """Every channel's band moved ``bits`` columns (may be a fraction) upwards."""
        factor = 2.0**bits
        return type(self)(
            tuple([s * factor for s in self.scales]),  # quicker than from a generator
            self.axis,
            self.word_length,
            self.signed,
            self.narrow_range,
        )


DataType = FixedPoint | Scaled | ChannelScaled


def _float32_scale(scale: float) -> float:
    if not (math.isfinite(scale) and scale > 0.0):
        raise ValueError(f"a scale of {scale} is not positive and finite")
    return float(np.float32(min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)))


def _float32_scales(scales: Sequence[float]) -> tuple[float, ...]:
    """Each of ``scales`` by :func:`_float32_scale`, quickly: a network may have 100,000."""
    usual = min(scales) >= SMALLEST_SCALE and sum(scales) <= LARGEST_SCALE  # neither with NaN
    return tuple(array("f", scales)) if usual else tuple(map(_float32_scale, scales))
