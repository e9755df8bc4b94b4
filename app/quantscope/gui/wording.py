"""Numbers and names as the window writes them: short, aligned, the same everywhere."""

from __future__ import annotations

import math

from quantscope.core.calibration import Calibration
from quantscope.core.formats import DataType, FixedPoint
from quantscope.core.heatmap import BitAxis
from quantscope.core.network import Layer, Role, Tensor
from quantscope.core.statistics import Extreme

MINUS = "\N{MINUS SIGN}"
PIN = "\N{BLACK DIAMOND}"
CONFLICT = "\N{WARNING SIGN}"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def decimal(value: float) -> str:
    """A value in four significant digits: ``-0.9144``, ``14.2``, ``1.31e-6``."""
    text = f"{value:.4g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{float(mantissa):.3g}e{int(exponent)}"
    return text.replace("-", MINUS)


def decibel(value: float) -> str:
    """An SQNR: ``41.3 dB``, or ``exact`` where nothing is lost."""
    if math.isinf(value):
        return "exact" if value > 0 else f"{MINUS}∞ dB"
    return f"{value:.1f} dB".replace("-", MINUS)


def share(value: float) -> str:
    """A share 0..1 in percent; small but not zero stays visible."""
    if value <= 0.0:
        return "0"
    percent = value * 100.0
    if percent < 0.001:
        return "<0.001 %"
    return f"{percent:.3f} %" if percent < 1.0 else f"{percent:.1f} %"


def count(value: int) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """Remaining time: ``8 s``, ``3 min 20 s``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def power_of_two(bit: int) -> str:
    """``2⁻³``."""
    return f"2{str(bit).translate(_SUPERSCRIPT)}"


def column_name(axis: BitAxis, column: int) -> str:
    """The bit position of a column in words."""
    bit = axis.bit_of(column)
    return power_of_two(bit) if bit is not None else f"{power_of_two(axis.bottom - 1)} and below"


def shape(dimensions: tuple[int | str, ...]) -> str:
    """``1 × 3 × 32 × 32``."""
    return " × ".join(str(dimension) or "?" for dimension in dimensions) or "scalar"


def row_name(tensor: Tensor, layer: Layer) -> str:
    """What a tensor is called under its layer; activations with siblings are numbered."""
    siblings = {Role.ACTIVATION: layer.outputs, Role.CONSTANT: layer.constants}.get(tensor.role, ())
    if len(siblings) > 1 and tensor.name in siblings:
        return f"{tensor.role} {siblings.index(tensor.name) + 1}"
    return str(tensor.role)


def full_name(tensor: Tensor, layer: Layer) -> str:
    """What a tensor is called away from its layer: ``conv1 weights``."""
    return f"{layer.label} {row_name(tensor, layer)}"


def where_from(extreme: Extreme, calibration: Calibration) -> str:
    """The sample that an extreme came from; empty for weights and biases."""
    if 0 <= extreme.sample < len(calibration.sample_names):
        return calibration.sample_names[extreme.sample]
    return ""


def type_in_words(data_type: DataType) -> str:
    """The range of a type in words, for tool tips."""
    return (
        f"{data_type.label()}: {decimal(data_type.minimum)} … {decimal(data_type.maximum)}"
        f" in steps of {_step(data_type)}"
    )


def _step(data_type: DataType) -> str:
    if isinstance(data_type, FixedPoint):
        return power_of_two(-data_type.fraction_length)
    return decimal(data_type.step)
