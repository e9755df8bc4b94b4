"""What a fix costs in memory: bytes that the file holds more, bytes that a sample moves more."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.networks.layer_costs import Counts, layer_costs
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan
from quantscope.core.wording import MINUS, size


@dataclass(frozen=True, slots=True, kw_only=True)
class FixCost:
    """Differences to the plan as it is.

    ``stored``: bytes of weights, biases and constants in the file. ``moved``: bytes of activations
    that layers read and write for one sample.
    """

    stored: int = 0
    moved: int = 0

    def in_words(self) -> str:
        """``+27 KB stored, +16 KB moved a sample``; ``no memory`` where nothing is."""
        parts = [
            f"{'+' if each > 0 else MINUS}{size(abs(each))} {name}"
            for each, name in ((self.stored, "stored"), (self.moved, "moved a sample"))
            if each
        ]
        return ", ".join(parts) or "no memory"


def cost_between(network: Network, before: Plan, after: Plan, counts: Counts) -> FixCost:
    """What ``after`` takes more than ``before``; activations of unknown size are left out.

    ``counts`` are the elements of activations in one sample.
    """
    stored = moved = 0
    pairs = zip(
        layer_costs(network, counts, before.types),
        layer_costs(network, counts, after.types),
        strict=True,
    )
    for old, new in pairs:
        stored += new.parameter_bytes - old.parameter_bytes
        moved += (new.activation_bytes or 0) - (old.activation_bytes or 0)
    return FixCost(stored=stored, moved=moved)
