"""What two plans do otherwise, tensor by tensor, and what a plan comes to: in short steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantscope.core.networks.layer_costs import layer_costs
from quantscope.core.numbers.formats import DataType
from quantscope.gui.variants.compared import Compared
from quantscope.session.steps import Steps

AT_ONCE = 20  # tensors whose errors are told in a millisecond or a few
LEAST_GAIN = 0.05  # dB: less reads as nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One tensor with another type or another error; ``None``: float, or rounded elsewhere."""

    tensor: str
    mine: DataType | None
    other: DataType | None
    my_sqnr: float | None
    other_sqnr: float | None

    @property
    def gain(self) -> float | None:
        """How much more dB mine has; ``None`` where one of them has no figure."""
        return gain_of(self.my_sqnr, self.other_sqnr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a plan comes to.

    ``parameter_bytes``: weights, biases and constants as stored. ``mean_sqnr`` is that of the
    tensors that lose anything, ``worst_sqnr`` that of ``worst``; ``None`` where none does.
    """

    parameter_bytes: int
    mean_sqnr: float | None
    worst_sqnr: float | None
    worst: str


def gain_of(mine: float | None, other: float | None) -> float | None:
    """How much more dB ``mine`` has; nothing where both lose nothing."""
    if mine is None or other is None:
        return None
    return 0.0 if mine == other else mine - other


def finding_differences(mine: Compared, other: Compared) -> Steps[tuple[Difference, ...]]:
    """In steps: every tensor that both plans treat otherwise, the largest difference first."""
    found = []
    for number, tensor in enumerate(mine.prepared.network.tensors):
        types = mine.data_type(tensor), other.data_type(tensor)
        same_values = mine.statistics(tensor) is other.statistics(tensor)
        if types == (None, None) or (types[0] == types[1] and same_values):
            continue
        sqnr = mine.sqnr(tensor), other.sqnr(tensor)
        gain = gain_of(*sqnr)
        if types[0] != types[1] or (gain is not None and abs(gain) >= LEAST_GAIN):
            found.append(
                Difference(
                    tensor=tensor,
                    mine=types[0],
                    other=types[1],
                    my_sqnr=sqnr[0],
                    other_sqnr=sqnr[1],
                )
            )
        if number % AT_ONCE == 0:
            yield
    return tuple(sorted(found, key=_size, reverse=True))


def _size(each: Difference) -> float:
    return -1.0 if each.gain is None else abs(each.gain)


def summing_up(plan: Compared) -> Steps[Summary]:
    """In steps: what ``plan`` comes to."""
    network = plan.prepared.network
    stored = sum(each.parameter_bytes for each in layer_costs(network, {}, plan.plan.types))
    yield
    known: dict[str, float] = {}
    for number, tensor in enumerate(plan.plan.types):
        sqnr = plan.sqnr(tensor)
        if sqnr is not None and math.isfinite(sqnr):
            known[tensor] = sqnr
        if number % AT_ONCE == 0:
            yield
    worst = min(known, key=lambda name: known[name]) if known else ""
    return Summary(
        parameter_bytes=stored,
        mean_sqnr=sum(known.values()) / len(known) if known else None,
        worst_sqnr=known[worst] if known else None,
        worst=worst,
    )
