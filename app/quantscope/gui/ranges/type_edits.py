"""What pointing and keys do to a data type: pure functions, the same for mouse and keyboard.

Positions are bits on the axis of the heat map: ``log2`` of a magnitude, larger to the left.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from quantscope.core.numbers.formats import (
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
    integer_range,
)
from quantscope.core.planning.schemes import Family, Scheme, TypeRequest, scaled_for_range

KEY_STEP = 0.25  # bits that one key press moves a scaled band


class Grip(StrEnum):
    """What of a band the mouse holds."""

    BAND = "band"
    UPPER = "upper edge"
    LOWER = "lower edge"


def edge_sets_word(data_type: DataType, grip: Grip) -> bool:
    """Whether dragging an edge chooses a word length: it snaps to those that are allowed."""
    return grip is Grip.LOWER or (grip is Grip.UPPER and isinstance(data_type, FixedPoint))


def moved(data_type: DataType, bits: float) -> DataType | None:
    """The band moved ``bits`` columns towards larger values; ``None`` where it cannot go there.

    Power-of-two bands move by whole columns.
    """
    try:
        if isinstance(data_type, FixedPoint):
            return data_type.shifted(round(bits))
        return data_type.shifted(bits)
    except (ValueError, OverflowError):
        return None


def key_move(data_type: DataType, direction: int) -> DataType | None:
    """The band moved by one key press; ``direction`` 1 is towards larger values."""
    step = 1.0 if isinstance(data_type, FixedPoint) else KEY_STEP
    return moved(data_type, direction * step)


def with_word_length(data_type: DataType, word_length: int) -> DataType | None:
    """The same range with more or fewer bits: the upper edge stays."""
    more = word_length - data_type.word_length
    try:
        if isinstance(data_type, FixedPoint):
            return replace(
                data_type,
                word_length=word_length,
                fraction_length=data_type.fraction_length + more,
            )
        if isinstance(data_type, Scaled) and not _is_symmetric(data_type):
            request = _request_like(data_type, word_length)
            return scaled_for_range(data_type.minimum, data_type.maximum, request)
        largest = integer_range(word_length, data_type.signed, data_type.narrow_range)[1]
        scale = data_type.limits[1] / largest
        if isinstance(data_type, ChannelScaled):
            scales = tuple([each * scale for each in data_type.scales])
            return replace(data_type, word_length=word_length, scales=scales)
        return replace(data_type, word_length=word_length, scale=data_type.scale * scale)
    except ValueError:
        return None


def with_sign(data_type: DataType, signed: bool) -> DataType | None:
    """The other kind of integers: the upper edge stays, or with a zero point the whole range."""
    if signed == data_type.signed or not isinstance(data_type, FixedPoint | Scaled):
        return data_type if signed == data_type.signed else None
    try:
        if isinstance(data_type, FixedPoint):
            more = -1 if signed else 1
            length = data_type.fraction_length + more
            return replace(data_type, signed=signed, narrow_range=False, fraction_length=length)
        half = 2 ** (data_type.word_length - 1)
        zero_point = data_type.zero_point + (-half if signed else half)
        return replace(data_type, signed=signed, narrow_range=False, zero_point=zero_point)
    except ValueError:
        return None


def next_word_length(data_type: DataType, allowed: tuple[int, ...], direction: int) -> int | None:
    """The next longer (1) or shorter (-1) word that a target takes; ``None`` at the end."""
    if direction > 0:
        return min((n for n in allowed if n > data_type.word_length), default=None)
    return max((n for n in allowed if n < data_type.word_length), default=None)


def with_lower_edge(data_type: DataType, bit: float, allowed: tuple[int, ...]) -> DataType:
    """The upper edge kept and the word length chosen whose lower edge is nearest to ``bit``."""
    tried = [with_word_length(data_type, length) for length in allowed]
    usable = [kind for kind in tried if kind is not None] or [data_type]
    return min(usable, key=lambda kind: abs(kind.band().lower_edge - bit))


def with_upper_edge(data_type: DataType, bit: float, allowed: tuple[int, ...]) -> DataType | None:
    """Another clipping range: the larger end goes to ``2**bit``, the other is cut with it.

    A scale follows the range. Where there is no zero point, the whole band moves. A power-of-two
    type keeps its step, and gets the word length whose upper edge is nearest.
    """
    if isinstance(data_type, FixedPoint):
        kinds = [replace(data_type, word_length=length) for length in allowed] or [data_type]
        return min(kinds, key=lambda kind: abs(kind.band().upper_edge - bit))
    if not isinstance(data_type, Scaled) or data_type.zero_point == 0:
        return moved(data_type, bit - data_type.band().upper_edge)
    magnitude = 2.0**bit
    low, high = max(data_type.minimum, -magnitude), min(data_type.maximum, magnitude)
    if data_type.maximum >= -data_type.minimum:
        high = magnitude
    else:
        low = -magnitude
    try:
        return scaled_for_range(low, high, _request_like(data_type, data_type.word_length))
    except (ValueError, OverflowError):
        return None


def key_upper_edge(
    data_type: DataType, direction: int, allowed: tuple[int, ...]
) -> DataType | None:
    """The upper edge moved by one key press; ``direction`` 1 is towards larger values."""
    if isinstance(data_type, FixedPoint):
        length = next_word_length(data_type, allowed, direction)
        return replace(data_type, word_length=length) if length is not None else None
    bit = data_type.band().upper_edge + direction * KEY_STEP
    return with_upper_edge(data_type, bit, allowed)


def dragged(start: DataType, grip: Grip, bits: float, allowed: tuple[int, ...]) -> DataType | None:
    """``start`` after the mouse moved ``grip`` by ``bits`` columns towards larger values."""
    if grip is Grip.LOWER:
        return with_lower_edge(start, start.band().lower_edge + bits, allowed)
    if grip is Grip.UPPER:
        return with_upper_edge(start, start.band().upper_edge + bits, allowed)
    return moved(start, bits)


def _is_symmetric(data_type: Scaled) -> bool:
    return data_type.signed and data_type.zero_point == 0


def _request_like(data_type: Scaled, word_length: int) -> TypeRequest:
    return TypeRequest(
        family=Family.SCALED,
        scheme=Scheme.MINMAX,
        word_length=word_length,
        signed=data_type.signed,
        narrow_range=data_type.narrow_range,
        asymmetric=not _is_symmetric(data_type),
    )
