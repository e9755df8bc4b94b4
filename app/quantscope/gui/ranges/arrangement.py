"""Which rows the dynamic ranges show, and in which order: pure functions of the readings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from quantscope.core.networks.network import Layer, Network
from quantscope.core.planning.prediction import PredictedError
from quantscope.gui.ranges.readings import Readings
from quantscope.session.steps import Steps, finish

LEAST_SQNR = 20.0  # dB: below it a tensor counts as a problem
MOST_OVERFLOW = 0.01  # share of values: above it too


class Order(StrEnum):
    """What rows are sorted by."""

    NETWORK = "network"
    SQNR = "sqnr"
    OVERFLOW = "overflow"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What a person chose to see.

    ``text``: words that must all be in a tensor's name, its label or its operator. ``operator``:
    layers of that type only; empty: of every type. ``by_layer``: tensors stand below their
    layer; otherwise each stands for itself.
    """

    order: Order = Order.NETWORK
    text: str = ""
    operator: str = ""
    only_problems: bool = False
    by_layer: bool = True

    @property
    def shows_all(self) -> bool:
        """Whether no row is left out."""
        return not (self.text.strip() or self.operator or self.only_problems)

    @property
    def needs_figures(self) -> bool:
        """Whether rows and their order depend on what the types cost."""
        return self.only_problems or self.order in (Order.SQNR, Order.OVERFLOW)


@dataclass(frozen=True, slots=True)
class Group:
    """A layer with those of its tensors that are shown; at least one."""

    layer: Layer
    tensors: tuple[str, ...]


def shown_error(readings: Readings, tensor: str) -> PredictedError | None:
    """The error that stands in a tensor's row: none where its values are rounded elsewhere."""
    return None if readings.rounded_at(tensor) else readings.error(tensor)


def overflows(readings: Readings, tensor: str) -> bool:
    """Whether more than :data:`MOST_OVERFLOW` of the values saturate."""
    error = shown_error(readings, tensor)
    return error is not None and error.overflow_share > MOST_OVERFLOW


def is_problem(readings: Readings, tensor: str) -> bool:
    """Whether the target forbids the type, much saturates, or the error is large."""
    error = shown_error(readings, tensor)
    return (
        bool(readings.conflict(tensor))
        or overflows(readings, tensor)
        or (error is not None and error.sqnr_db < LEAST_SQNR)
    )


def operators(network: Network | None) -> list[str]:
    """The layer types that have rows, sorted."""
    layers = _layers(network) if network is not None else ()
    return sorted({layer.operator for layer in layers})


def arranging(readings: Readings, wanted: Arrangement) -> Steps[list[Group]]:
    """:func:`arranged` in steps: what every type costs is worked out first, where rows need it."""
    network = readings.network
    if network is None:
        return []
    if wanted.needs_figures:
        for layer in _layers(network):
            for name in layer.tensors:
                shown_error(readings, name)  # which is remembered
            yield
    groups = _chosen(readings, network, wanted)
    if wanted.order is Order.NETWORK:
        return groups
    key, keys = _sort_key(readings, wanted.order), []
    for group in groups:
        keys.append(key(group))
        yield
    return [groups[place] for place in sorted(range(len(groups)), key=keys.__getitem__)]


def arranged(readings: Readings, wanted: Arrangement) -> list[Group]:
    """The rows that ``wanted`` asks for, in its order; rows that tie keep the network's."""
    return finish(arranging(readings, wanted))


def _chosen(readings: Readings, network: Network, wanted: Arrangement) -> list[Group]:
    """The rows that ``wanted`` asks for, as data flows."""
    takes = _filter(readings, wanted)
    groups = [
        Group(layer, layer.tensors if wanted.shows_all else tuple(filter(takes, layer.tensors)))
        for layer in _layers(network)
        if wanted.operator in ("", layer.operator)
    ]
    groups = [group for group in groups if group.tensors]
    if wanted.by_layer:
        return groups
    return [Group(each.layer, (name,)) for each in groups for name in each.tensors]


def _layers(network: Network) -> Iterable[Layer]:
    """Layers with anything to see: those that work on integers have no bits to choose."""
    for layer in network.layers:
        kinds = [network.tensors[name].dtype for name in layer.tensors]
        if any("float" in kind or not kind for kind in kinds):
            yield layer


def _filter(readings: Readings, wanted: Arrangement) -> Callable[[str], bool]:
    words = wanted.text.casefold().split()

    def takes(name: str) -> bool:
        if words:
            text = readings.searched_text(name)
            if not all(word in text for word in words):
                return False
        return not wanted.only_problems or is_problem(readings, name)

    return takes


def _sort_key(readings: Readings, order: Order) -> Callable[[Group], tuple[object, ...]]:
    """Small for what comes first; a layer counts as the worst of its tensors."""

    def by_name(group: Group) -> tuple[object, ...]:
        parts = re.split(r"(\d+)", group.layer.label.casefold())
        return tuple((part.isdigit(), int(part) if part.isdigit() else part) for part in parts)

    def by_figure(group: Group) -> tuple[object, ...]:
        errors = (shown_error(readings, name) for name in group.tensors)
        known = [error for error in errors if error is not None]
        if order is Order.SQNR:
            return (min((error.sqnr_db for error in known), default=math.inf), not known)
        return (-max((error.overflow_share for error in known), default=-1.0),)

    return by_name if order is Order.NAME else by_figure
