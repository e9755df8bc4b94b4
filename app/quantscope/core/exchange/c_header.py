"""A C header with the type of every tensor, for firmware that runs the network by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint
from quantscope.core.planning.plan import Plan


def write_c_header(network: Network, plan: Plan) -> str:
    """One group of constants for each tensor, in network order.

    ``_WORD`` is the word length, ``_SIGNED`` 1 or 0. Fixed-point types have ``_FRACTION``
    (``real = stored * 2^-fraction``), others ``_SCALE`` and ``_ZERO_POINT``, per-channel
    weights an array ``_SCALES``.
    """
    taken: set[str] = set()
    title = f"Types of {network.name}: real = (stored - zero point) * scale."
    lines = [_comment(title), "#pragma once", ""]
    for name, kind in plan.types.items():
        layer = network.layer_of(name)
        lines.append(_comment(f"{name} ({layer.operator}): {kind.label()}"))
        lines += [*_constants(_identifier(name, taken), kind), ""]
    return "\n".join(lines)


def _comment(text: str) -> str:
    """``text`` on one line, whatever a model's names hold."""
    return f"/* {' '.join(text.split()).replace('*/', '* /')} */"


def _constants(name: str, data_type: DataType) -> Iterator[str]:
    yield f"#define {name}_WORD {data_type.word_length}"
    yield f"#define {name}_SIGNED {int(data_type.signed)}"
    if isinstance(data_type, FixedPoint):
        yield f"#define {name}_FRACTION ({data_type.fraction_length})"
    elif isinstance(data_type, ChannelScaled):
        scales = ", ".join(_float(scale) for scale in data_type.scales)
        yield f"#define {name}_CHANNELS {len(data_type.scales)}"
        yield f"static const float {name}_SCALES[{name}_CHANNELS] = {{{scales}}};"
    else:
        yield f"#define {name}_SCALE {_float(data_type.scale)}"
        yield f"#define {name}_ZERO_POINT ({data_type.zero_point})"


def _float(value: float) -> str:
    """Nine digits give every float32 back."""
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _identifier(name: str, taken: set[str]) -> str:
    """``name`` in capitals as C takes it, with a number where another tensor has it."""
    stem = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").upper() or "TENSOR"
    stem = f"Q_{stem}"
    found, number = stem, 1
    while found in taken:
        number += 1
        found = f"{stem}_{number}"
    taken.add(found)
    return found
