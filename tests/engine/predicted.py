"""The SQNR that statistics predict beside the one measured on the values, for whole networks.

Measured: the float network is run as it is, every value is rounded with the numpy written here, and
the squared errors are added up. Nothing of the statistics or of the types' own casts is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import onnx

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.engine.preparation.prepared import Prepared
from tests.engine.exports import Feed, session, with_outputs

Array = npt.NDArray[np.float64]
Types = Mapping[str, Sequence[DataType]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Predicted and measured SQNR in dB of one tensor in one type."""

    tensor: str
    role: str
    data_type: DataType
    predicted: float
    measured: float

    @property
    def difference(self) -> float:
        """In dB; 0 where neither has an error."""
        return 0.0 if self.predicted == self.measured else abs(self.predicted - self.measured)


def types_of_every_target(network: Network, calibration: Calibration) -> dict[str, list[DataType]]:
    """For each tensor, every type that some target and scheme gives it at 8 bits."""
    found: dict[str, dict[DataType, None]] = {}
    for target, scheme in product(TARGETS.values(), Scheme):
        settings = PlanSettings(scheme=scheme).with_target(target.key)
        signs = (False, True) if target.either_sign else (False,)
        for unsigned, bias in product(signs, target.bias_word_lengths or (32,)):
            asked = replace(settings, unsigned=unsigned, bias_word_length=bias)
            for name, kind in calibration.plan(network, asked).types.items():
                found.setdefault(name, {})[kind] = None
    return {name: list(kinds) for name, kinds in found.items()}


def compare(
    ready: Prepared, calibration: Calibration, feeds: Iterable[Feed], types: Types
) -> Iterator[Comparison]:
    """One comparison for each type of each tensor, over ``feeds``, which were calibrated on."""
    sums = {(name, kind): np.zeros(2) for name, kinds in types.items() for kind in kinds}
    for values in _values(ready, feeds, [name for name in types if name not in ready.parameters]):
        for name, found in values.items():
            for kind in types[name]:
                sums[name, kind] += power_and_error(found, kind)
    for name, found in ready.parameters.items():
        for kind in types.get(name, ()):
            sums[name, kind] += power_and_error(np.asarray(found), kind)
    for (name, kind), (signal, error) in sums.items():
        role = str(ready.network.tensors[name].role)
        predicted = predict(calibration.statistics[name], kind).sqnr_db
        yield Comparison(name, role, kind, predicted, _decibels(signal, error))


def _values(
    ready: Prepared, feeds: Iterable[Feed], names: Sequence[str]
) -> Iterator[dict[str, npt.NDArray[np.generic]]]:
    inputs = {port.name for port in ready.network.inputs}
    taps = [name for name in names if name not in inputs]
    model = with_outputs(onnx.ModelProto.FromString(ready.serialized()), taps)
    running = session(model, optimized=False)
    for feed in feeds:
        found = dict(zip(taps, running.run(taps, dict(feed)), strict=True))
        yield found | {name: feed[name] for name in names if name in inputs}


def power_and_error(values: npt.NDArray[np.generic], kind: DataType) -> Array:
    """Sums of squares: of ``values``, and of what rounding to ``kind`` changes of them."""
    exact = values.astype(np.float64)
    step: Array | float = kind.step
    if isinstance(kind, ChannelScaled):
        step = np.asarray(kind.scales, np.float64).reshape(
            [-1 if axis == kind.axis else 1 for axis in range(exact.ndim)]
        )
    low, high = (end - kind.zero_point for end in kind.limits)
    rounded = np.clip(np.rint(exact / step), low, high) * step
    return np.asarray([(exact**2).sum(), ((rounded - exact) ** 2).sum()])


def _decibels(signal: float, error: float) -> float:
    if error <= 0.0:
        return float("inf")
    return 10.0 * float(np.log10(signal / error)) if signal > 0.0 else float("-inf")
