"""How the costs of running each layer read: the same in the window, in a terminal, in a report."""

from __future__ import annotations

from collections.abc import Sequence

from quantscope.core.networks.layer_costs import FLOAT_BYTES, LayerCosts
from quantscope.core.wording import count, size

UNKNOWN = "unknown"
HEADINGS = {
    "Layer": "What it is called",
    "Operator": "What it computes",
    "Parameters": "Numbers in weights, bias and constants",
    "Memory": "Bytes of its parameters by their types; a bias takes four bytes a number",
    "In float": "Bytes of its parameters at four bytes a number",
    "Multiplications": "Multiply-accumulates for one sample",
    "Activations": "Bytes that it reads and writes for one sample",
    "Operations a byte": "Arithmetic intensity: two operations for each multiply-accumulate, by "
    "the bytes of parameters and activations together. Few: memory decides how fast it runs; many: "
    "arithmetic does",
}
"""The columns of a table of :func:`row_in_words`, with what they say."""


def row_in_words(costs: LayerCosts) -> tuple[str, ...]:
    """One layer, by the columns of :data:`HEADINGS`; empty where there is nothing to count."""
    has = costs.parameters > 0
    intensity = costs.arithmetic_intensity
    return (
        costs.label,
        costs.operator,
        count(costs.parameters) if has else "",
        size(costs.parameter_bytes) if has else "",
        size(costs.parameters * FLOAT_BYTES) if has else "",
        UNKNOWN if costs.macs is None else count(costs.macs) if costs.macs else "",
        UNKNOWN if costs.activation_bytes is None else size(costs.activation_bytes),
        f"{intensity:.1f}" if intensity else "",
    )


def sort_keys(costs: LayerCosts) -> tuple[str | float, ...]:
    """What to sort :func:`row_in_words` by; what is unknown comes below all that is known."""
    return (
        costs.label.casefold(),
        costs.operator.casefold(),
        costs.parameters,
        costs.parameter_bytes,
        costs.parameters,
        -1 if costs.macs is None else costs.macs,
        -1 if costs.activation_bytes is None else costs.activation_bytes,
        costs.arithmetic_intensity or 0.0,
    )


def parameters_in_words(costs: Sequence[LayerCosts]) -> str:
    """How many there are in all, and the memory that they take: as planned, and in float."""
    parameters = sum(each.parameters for each in costs)
    planned = sum(each.parameter_bytes for each in costs)
    exact = parameters * FLOAT_BYTES
    text = f"{count(parameters)} in {size(planned)}"
    return text if planned == exact else f"{text}, {size(exact)} in float"


def macs_in_words(costs: Sequence[LayerCosts]) -> str:
    """All multiply-accumulates of a sample, with a word about layers where they are unknown."""
    known = [each.macs for each in costs if each.macs is not None]
    total = f"{count(sum(known))} a sample"
    unknown = len(costs) - len(known)
    if not unknown:
        return total
    layers = "one layer" if unknown == 1 else f"{unknown} layers"
    return f"{total}, without {layers} where it is unknown"


def largest_in_words(costs: Sequence[LayerCosts]) -> str:
    """The layer that reads and writes the most activations; empty where none is known."""
    known = [each for each in costs if each.activation_bytes]
    if not known:
        return ""
    largest = max(known, key=lambda each: each.activation_bytes or 0)
    return f"{size(largest.activation_bytes or 0)}, at {largest.label}"
