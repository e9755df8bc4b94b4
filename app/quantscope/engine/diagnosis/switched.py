"""One float network in which every rounding of a plan can be switched on for a single run.

A session for each question (only this layer, all but that one, 16 bits here) would load the
network again and again. Here it is loaded once: `switches` puts an ``If`` at every place where a
tensor is read, to which types are fed, so that one graph answers for 8 bits, for 16, and for every
scheme; what is switched off costs a copy. Parameters are initializers that a run may override:
those to be quantized are fed as the reals that remain of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.core.diagnosis.noise_sources import Reading
from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.plan import Plan
from quantscope.engine.diagnosis.switches import GRIDS, NUMBERS, ON, with_switches
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

Array = npt.NDArray[Any]
_REMEDY = "Check that the network runs in ONNX Runtime"


@dataclass(frozen=True, slots=True)
class Roundings:
    """What is switched on: types by place of reading, and by parameter."""

    readings: Mapping[Reading, DataType] = field(default_factory=dict)
    parameters: Mapping[str, DataType] = field(default_factory=dict)


NOTHING = Roundings()


class SwitchedNetwork:
    """``prepared`` with a switch at every reading of ``tensors`` (float32 activations).

    ``shown`` names activations that a run may be asked for; the network's outputs always may.
    It runs on one core, so that results do not depend on how many there are.
    """

    def __init__(self, prepared: Prepared, tensors: Iterable[str], shown: Iterable[str]) -> None:
        self.prepared = prepared
        graph = with_switches(prepared.model, tensors)
        self._readings = graph.readings
        self._places = {reading: number for number, reading in enumerate(graph.readings)}
        self._outputs = graph.outputs
        self._kept: dict[str, tuple[DataType, Array]] = {}
        self._session = start_session(
            graph.serialized(shown, prepared.parameters),
            where=prepared.source,
            optimized=Optimization.BASIC,
            threads=1,
        )

    def roundings(self, plan: Plan) -> Roundings:
        """Everything that ``plan`` rounds."""
        tensors = self.prepared.network.tensors
        return Roundings(
            {each: plan.types[each.tensor] for each in self._readings if each.tensor in plan.types},
            {
                name: kind
                for name, kind in plan.types.items()
                if tensors[name].role is not Role.ACTIVATION
            },
        )

    def run(
        self, feed: Mapping[str, Array], roundings: Roundings, names: Iterable[str]
    ) -> dict[str, Array]:
        """The values called ``names`` (network outputs, or shown) under ``roundings``."""
        wanted = {name: self._outputs.get(name, name) for name in names}
        feeds = {**feed, **self._switches(roundings)}
        feeds |= {name: self._remains(name, kind) for name, kind in roundings.parameters.items()}
        with runtime_errors(self.prepared.source, _REMEDY):
            values = self._session.run(list(wanted.values()), feeds)
        return dict(zip(wanted, (np.asarray(each) for each in values), strict=True))

    def _switches(self, roundings: Roundings) -> dict[str, Array]:
        if not self._places:
            return {}
        on = np.zeros(len(self._places), np.bool_)
        grids = np.ones((len(self._places), NUMBERS), np.float32)
        for reading, kind in roundings.readings.items():
            number = self._places[reading]
            low, high = (end - kind.zero_point for end in kind.limits)
            on[number], grids[number] = True, (kind.step, low, high)
        return {ON: on, GRIDS: grids.reshape(-1)}

    def _remains(self, name: str, kind: DataType) -> Array:
        """What remains of a parameter; that of the type asked for last is kept."""
        known = self._kept.get(name)
        if known is None or known[0] != kind:
            values = np.asarray(kind.cast(self.prepared.parameters[name]), np.float32)
            self._kept[name] = known = (kind, values)
        return known[1]
