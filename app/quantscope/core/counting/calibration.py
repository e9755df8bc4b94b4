"""The result of one pass over the data: statistics of every tensor, and types derived once.

The derived types make a change of scheme, word length or target for the whole network a
look-up; what was not derived is chosen when asked for and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import product

from quantscope.core.counting.histogram import BitHistogram, used_by_any
from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.data.description import DataDescription
from quantscope.core.networks.migration import Migration
from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.numbers.formats import ACCUMULATOR_BITS, Scaled
from quantscope.core.planning.placement import Placement
from quantscope.core.planning.plan import (
    Plan,
    activation_request,
    bias_request,
    placement_for,
    weight_request,
)
from quantscope.core.planning.schemes import CLIPPING, Candidate, Scheme, TypeRequest, choose
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.shared import Planner
from quantscope.core.planning.targets import TARGETS

Question = tuple[tuple[str, ...], TypeRequest]
"""Tensors whose values are taken together, and what is asked for them."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Statistics by tensor name, from ``samples`` samples of ``data``.

    ``fingerprint`` is that of the network they belong to; ``sample_names[i]`` names sample
    ``i`` of an extreme. ``derived`` holds answered questions and may grow. ``migration`` holds
    the migrated scales with which the network was prepared. ``skipped`` names samples of the data
    that could not be read and were left out. ``left`` is how many samples of the data were not
    counted: the run was paused, or ended because ranges had come to rest.
    """

    fingerprint: str
    data: DataDescription
    samples: int
    sample_names: tuple[str, ...]
    statistics: Mapping[str, TensorStatistics]
    derived: dict[Question, Candidate] = field(default_factory=dict)
    migration: Migration = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    left: int = 0
    _answers: dict[Question, Candidate] = field(default_factory=dict, init=False, repr=False)
    _planner: Planner = field(default_factory=Planner, init=False, repr=False)

    def choose(self, tensors: tuple[str, ...], request: TypeRequest) -> Candidate:
        """The type that ``request`` asks for, on the statistics of ``tensors`` together.

        Tensors that were not logged do not count; the plan says that they are missing.
        """
        found = self._answers.get((tensors, request))
        if found is None:
            found = _as_asked(self._derive(tensors, request), request)
            self._answers[tensors, request] = found
        return found

    def _derive(self, tensors: tuple[str, ...], request: TypeRequest) -> Candidate:
        question = self._question(tensors, request)
        if question not in self.derived:
            logged = [name for name in tensors if name in self.statistics]
            together = merge_all(self.statistics[name] for name in logged)
            self.derived[question] = choose(together, question[1])
        return self.derived[question]

    def known(self, tensors: tuple[str, ...], request: TypeRequest) -> Candidate | None:
        """What :meth:`choose` would return, if it was asked before."""
        found = self.derived.get(self._question(tensors, request))
        return None if found is None else _as_asked(found, request)

    def _question(self, tensors: tuple[str, ...], request: TypeRequest) -> Question:
        """The one question that stands for all with the same answer."""
        is_parameter = request.scheme in CLIPPING and all(map(self._is_parameter, tensors))
        is_positive = request.either_sign and not any(map(self._is_negative, tensors))
        return tensors, _plain(request, is_parameter, is_positive)

    def _is_parameter(self, tensor: str) -> bool:
        known = self.statistics.get(tensor)
        return known is not None and known.values is not None

    def _is_negative(self, tensor: str) -> bool:
        known = self.statistics.get(tensor)
        return known is not None and known.range_with_zero[0] < 0.0

    def with_statistics(self, changed: Mapping[str, TensorStatistics]) -> Calibration:
        """With other statistics of some tensors: what was answered from the old ones is gone."""
        derived = {
            question: answer
            for question, answer in self.derived.items()
            if changed.keys().isdisjoint(question[0])
        }
        return replace(self, statistics={**self.statistics, **changed}, derived=derived)

    def used(self) -> BitHistogram:
        """One count for each bucket that any tensor uses: what a picture of all must show."""
        return self._used

    @cached_property
    def _used(self) -> BitHistogram:
        return used_by_any(kept.histogram for kept in self.statistics.values())

    def plan(self, network: Network, settings: PlanSettings) -> Plan:
        """The plan for ``network`` under ``settings``."""
        return self._planner.plan(network, settings, self.choose, self.statistics)

    def place(self, network: Network, settings: PlanSettings) -> Placement:
        """The placement of :meth:`plan`, which is remembered for it."""
        return self._planner.place(network, settings)


@cache
def _plain(request: TypeRequest, is_parameter: bool, is_positive: bool) -> TypeRequest:
    """The request with the same answer, for parameters and for values that are not negative."""
    if request.scheme in CLIPPING and is_parameter:
        request = replace(request, scheme=Scheme.MINMAX)  # the same for parameters
    signed = request.signed and not request.asymmetric and not is_positive
    return replace(request, signed=signed, either_sign=False)


def _as_asked(found: Candidate, request: TypeRequest) -> Candidate:
    """``found`` with the integers of its grid moved to both signs where asked for."""
    kind = found.data_type
    if not (request.asymmetric and request.signed and isinstance(kind, Scaled)):
        return found
    half = 2 ** (request.word_length - 1)
    return replace(found, data_type=replace(kind, zero_point=kind.zero_point - half, signed=True))


def questions(network: Network) -> Iterator[Question]:
    """Everything that a network-wide choice of target, scheme or word length will ask, once.

    Nothing of a network that is quantized already.
    """
    return iter(() if network.file_types is not None else dict.fromkeys(_questions(network)))


def _questions(network: Network) -> Iterator[Question]:
    layers = [layer for layer in network.layers if layer.kind is LayerKind.WEIGHTED]
    weighted = [(layer.operator, layer.weights) for layer in layers if layer.weights is not None]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    for target in TARGETS.values():
        placement = placement_for(network, PlanSettings(target=target.key))
        sources = [group.sources for group in placement.groups]
        for scheme, word_length in product(Scheme, target.word_lengths):
            settings = PlanSettings(target=target.key, scheme=scheme, word_length=word_length)
            for either_sign in sorted({False, target.either_sign}):
                asked = activation_request(replace(settings, unsigned=either_sign))
                yield from ((tensors, asked) for tensors in sources)
            for operator, weights in weighted:
                yield (weights,), weight_request(settings, operator)
        own_words = [word for word in target.bias_word_lengths if word != ACCUMULATOR_BITS]
        for scheme, word_length in product(Scheme, own_words):
            request = bias_request(PlanSettings(scheme=scheme, bias_word_length=word_length))
            yield from (((bias,), request) for bias in biases)
