"""The result of one pass over the data: statistics of every tensor, and types derived once.

The derived types make a change of scheme, word length or target for the whole network a
look-up; what was not derived is chosen when asked for and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from quantscope.core.data import DataDescription
from quantscope.core.network import LayerKind, Network
from quantscope.core.placement import place
from quantscope.core.plan import Plan, requests_for, resolve
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.schemes import CLIPPING, Candidate, Scheme, TypeRequest, choose
from quantscope.core.statistics import TensorStatistics, merge_all
from quantscope.core.targets import TARGETS

Question = tuple[tuple[str, ...], TypeRequest]
"""Tensors whose values are taken together, and what is asked for them."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Statistics by tensor name, from ``samples`` samples of ``data``.

    ``fingerprint`` is that of the network they belong to; ``sample_names[i]`` names sample
    ``i`` of an extreme. ``derived`` holds answered questions and may grow.
    """

    fingerprint: str
    data: DataDescription
    samples: int
    sample_names: tuple[str, ...]
    statistics: Mapping[str, TensorStatistics]
    derived: dict[Question, Candidate] = field(default_factory=dict)

    def choose(self, tensors: tuple[str, ...], request: TypeRequest) -> Candidate:
        """The type that ``request`` asks for, on the statistics of ``tensors`` together.

        Tensors that were not logged do not count; the plan says that they are missing.
        """
        if request.scheme in CLIPPING and all(map(self._is_parameter, tensors)):
            request = replace(request, scheme=Scheme.MINMAX)  # the same for parameters
        question = (tensors, request)
        if question not in self.derived:
            logged = [name for name in tensors if name in self.statistics]
            together = merge_all(self.statistics[name] for name in logged)
            self.derived[question] = choose(together, request)
        return self.derived[question]

    def _is_parameter(self, tensor: str) -> bool:
        known = self.statistics.get(tensor)
        return known is not None and known.values is not None

    def plan(self, network: Network, settings: PlanSettings) -> Plan:
        """The plan for ``network`` under ``settings``."""
        return resolve(network, settings, self.choose, self.statistics)


def questions(network: Network) -> Iterator[Question]:
    """Everything that a network-wide choice of target, scheme or word length will ask."""
    weights = [
        (layer.weights,)
        for layer in network.layers
        if layer.kind is LayerKind.WEIGHTED and layer.weights is not None
    ]
    sources = [group.sources for group in place(network).groups]
    for target, scheme in product(TARGETS.values(), Scheme):
        for word_length in target.word_lengths:
            settings = PlanSettings(target=target.key, scheme=scheme, word_length=word_length)
            activation, weight = requests_for(settings)
            yield from ((tensors, activation) for tensors in sources)
            yield from ((tensors, weight) for tensors in weights)
