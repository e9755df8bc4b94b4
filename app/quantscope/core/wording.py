"""Numbers and names as people read them: the same in window, picture, table and terminal."""

from __future__ import annotations

import math

from quantscope.core.networks.network import Layer, Role, Tensor
from quantscope.core.planning.schemes import Scheme

MINUS = "\N{MINUS SIGN}"
_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_THOUSANDS = ("", " k", " M", " G", " T")
_UNITS = ("B", "KB", "MB", "GB")
SCHEME_TITLES = {
    Scheme.MINMAX: "MinMax",
    Scheme.HISTOGRAM: "Histogram",
    Scheme.PERCENTILE: "Percentile",
    Scheme.ENTROPY: "Entropy",
}


def decimal(value: float, digits: int = 4) -> str:
    """A value in four significant digits, or ``digits``: ``−0.9144``, ``14.2``, ``1.31e−6``."""
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
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
    return f"{value:,}".replace(",", _THIN_SPACE)


def short_count(value: int) -> str:
    """A whole number in three digits: ``870``, ``12.3 k``, ``4 M``."""
    found, unit = float(value), 0
    while found >= 999.5 and unit < len(_THOUSANDS) - 1:
        found, unit = found / 1000.0, unit + 1
    return f"{found:.3g}{_THOUSANDS[unit]}"


def size(number_of_bytes: int) -> str:
    """A file size in steps of 1,000: ``172 KB``, ``1.3 MB``."""
    value, unit = float(number_of_bytes), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000.0, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """A time that is left or expected: ``8 s``, ``3 min 20 s``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def shape(dimensions: tuple[int | str, ...]) -> str:
    """``1 × 3 × 32 × 32``."""
    return " × ".join(str(dimension) or "?" for dimension in dimensions) or "scalar"


def row_name(tensor: Tensor, layer: Layer) -> str:
    """What a tensor is called under its layer; those with siblings are numbered."""
    siblings = {Role.ACTIVATION: layer.outputs, Role.CONSTANT: layer.constants}.get(tensor.role, ())
    if len(siblings) > 1 and tensor.name in siblings:
        return f"{tensor.role} {siblings.index(tensor.name) + 1}"
    return str(tensor.role)
