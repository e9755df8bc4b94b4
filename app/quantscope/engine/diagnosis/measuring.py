"""Runs a network with some roundings switched on, and compares it with itself in float."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from quantscope.core.diagnosis.noise_sources import noise_sources
from quantscope.core.diagnosis.sensitivity import ErrorOf
from quantscope.core.networks.network import Network, Role
from quantscope.core.planning.plan import Plan
from quantscope.engine.calibration.batching import Batch
from quantscope.engine.diagnosis.deviations import MeanShift, NoiseSum, OutputSums
from quantscope.engine.diagnosis.switched import NOTHING, Array, Roundings, SwitchedNetwork
from quantscope.engine.preparation.prepared import Prepared

Batches = Sequence[Callable[[], Batch]]
CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})


@dataclass(frozen=True, slots=True)
class Question:
    """What ``roundings`` do to the outputs, and to what the layer ``at`` (if any) yields."""

    roundings: Roundings
    at: str = ""


@dataclass
class Answer:
    """What a :class:`Question` found out. ``shift`` is of the error at a layer with weights."""

    outputs: OutputSums = field(default_factory=OutputSums)
    own: NoiseSum = field(default_factory=NoiseSum)
    shift: MeanShift = field(default_factory=lambda: MeanShift(-1))

    @property
    def error(self) -> ErrorOf:
        """At the layer and at the outputs."""
        return ErrorOf(own=self.own.ratio, outputs=self.outputs.deviation())


class Bench:
    """A network set up once, to be asked what roundings cost.

    ``plan`` is the one that rounds most: other plans asked about round no activation that it
    leaves alone.
    """

    def __init__(self, prepared: Prepared, plan: Plan) -> None:
        self.network = prepared.network
        self.plan = plan
        self.sources = {each.layer: each for each in noise_sources(prepared.network, plan)}
        tensors = prepared.network.tensors
        rounded = [name for name in tensors if name in plan.types]
        activations = [name for name in rounded if tensors[name].role is Role.ACTIVATION]
        self._ports = tuple(port.name for port in prepared.network.outputs)
        self._yields = {name: _yield_of(prepared.network, plan, name) for name in self.sources}
        self._switched = SwitchedNetwork(prepared, activations, self._yields.values())

    def all_of(self, plan: Plan) -> Roundings:
        """Everything that ``plan`` rounds."""
        return self._switched.roundings(plan)

    def only(
        self,
        layers: Sequence[str],
        *,
        weights: bool = False,
        reads: bool = False,
        results: bool = False,
    ) -> Roundings:
        """Some of what the bench's plan rounds: what these layers own."""
        own = [self.sources[name] for name in layers]
        readings = [reading for each in own if reads for reading in each.reads]
        readings += [reading for each in own if results for reading in each.results]
        names = [name for each in own if weights for name in each.parameters]
        types = self.plan.types
        return Roundings(
            {reading: types[reading.tensor] for reading in readings},
            {name: types[name] for name in names},
        )

    def ask(
        self, questions: Sequence[Question], batches: Batches
    ) -> Generator[None, None, list[Answer]]:
        """The answers, over all of ``batches``; yields after each of them.

        Of one batch at a time, outputs and the layers asked about are in memory.
        """
        answers = [Answer(shift=MeanShift(self._channel_axis(each.at))) for each in questions]
        layers = dict.fromkeys(each.at for each in questions if each.at)
        names = dict.fromkeys((*self._ports, *(self._yields[name] for name in layers)))
        for fetch in batches:
            batch = fetch()
            exact = self._switched.run(batch.feed, NOTHING, names)
            for question, answer in zip(questions, answers, strict=True):
                self._add(question, answer, batch, exact)
            yield
        return answers

    def _add(
        self, question: Question, answer: Answer, batch: Batch, exact: dict[str, Array]
    ) -> None:
        place = self._yields.get(question.at)
        names = self._ports if place is None else dict.fromkeys((*self._ports, place))
        seen = self._switched.run(batch.feed, question.roundings, names)
        ports = {name: exact[name] for name in self._ports}
        answer.outputs.add(batch, ports, {name: seen[name] for name in self._ports})
        if place is not None:
            true, other = (batch.own(values[place]) for values in (exact, seen))
            answer.own.add(true, other)
            if self.network.layer(question.at).weights is not None:
                answer.shift.add(true, other)

    def _channel_axis(self, layer: str) -> int:
        is_convolution = layer and self.network.layer(layer).operator in CONVOLUTIONS
        return 1 if is_convolution else -1


def _yield_of(network: Network, plan: Plan, layer: str) -> str:
    """The value that a layer yields: behind the Relu or Clip that is one with it."""
    fused = next((name for name, maker in plan.placement.fused.items() if maker == layer), layer)
    return network.layer(fused).outputs[0]
