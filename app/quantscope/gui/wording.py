"""Words that only the window needs, beside those that it shares with the command line."""

from __future__ import annotations

from math import isinf

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import Extreme
from quantscope.core.networks.network import Layer, Tensor
from quantscope.core.numbers.formats import DataType, FixedPoint
from quantscope.core.picture.heatmap import BitAxis
from quantscope.core.wording import (
    MINUS,
    count,
    decibel,
    decimal,
    duration,
    row_name,
    shape,
    share,
    short_count,
    size,
)
from quantscope.gui.translation import tr

__all__ = [
    "CONFLICT",
    "PIN",
    "column_name",
    "count",
    "decibel",
    "decimal",
    "duration",
    "full_name",
    "gain",
    "power_of_two",
    "row_name",
    "shape",
    "share",
    "short_count",
    "size",
    "type_in_words",
    "where_from",
]

PIN = "\N{BLACK DIAMOND}"
CONFLICT = "\N{WARNING SIGN}"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def power_of_two(bit: int) -> str:
    """``2⁻³``."""
    return f"2{str(bit).translate(_SUPERSCRIPT)}"


def column_name(axis: BitAxis, column: int) -> str:
    """The bit position of a column in words."""
    bit = axis.bit_of(column)
    if bit is None:
        return tr("{power} and below", power=power_of_two(axis.bottom - 1))
    return power_of_two(bit)


def full_name(tensor: Tensor, layer: Layer) -> str:
    """What a tensor is called away from its layer: ``conv1 weights``."""
    return f"{layer.label} {row_name(tensor, layer)}"


def where_from(extreme: Extreme, calibration: Calibration) -> str:
    """The sample that an extreme came from; empty for weights and biases."""
    if 0 <= extreme.sample < len(calibration.sample_names):
        return calibration.sample_names[extreme.sample]
    return ""


def gain(difference: float) -> str:
    """A difference in dB with its sign: ``+3.1 dB``."""
    sign = "+" if difference > 0 else MINUS if difference < 0 else "±"
    return f"{sign}∞ dB" if isinf(difference) else f"{sign}{decibel(abs(difference))}"


def type_in_words(data_type: DataType) -> str:
    """The range of a type in words, for tool tips."""
    return tr(
        "{type}: {minimum} … {maximum} in steps of {step}",
        type=data_type.label(),
        minimum=decimal(data_type.minimum),
        maximum=decimal(data_type.maximum),
        step=_step(data_type),
    )


def _step(data_type: DataType) -> str:
    if isinstance(data_type, FixedPoint):
        return power_of_two(-data_type.fraction_length)
    return decimal(data_type.step)
