"""Our integers against the runtime's, operator by operator, on one sample of the data.

The file runs once without optimizations, and every stored tensor is kept. From the same stored
inputs each operator's output is then had three times: computed here, from the file as written
(float between DQ and Q), and from the kernel that the runtime takes for it (`alone`). So each
operator is judged by itself, and no difference is carried on to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quantscope.core.findings.report import OperatorDifference, StepDifference
from quantscope.core.networks.network import Network
from quantscope.core.numbers.rounding import Ties
from quantscope.engine.runtime import Optimization, runtime_errors, start_session
from quantscope.engine.simulation.alone import OperatorsAlone
from quantscope.engine.simulation.arithmetic import Exact, Floats, Grid, Integers, requantize
from quantscope.engine.simulation.call import Call, NotSimulatedError
from quantscope.engine.simulation.products import products_in
from quantscope.engine.simulation.reading import Operator, QuantizedFile, Values
from quantscope.engine.simulation.table import exact_results

MOST_WORK = 20_000_000_000  # products for one file, which take some seconds
_WORK_OF_VALUE = 200  # products that take as long as rounding, feeding and comparing one value

_REMEDY = "Report this: the operators of the file should run by themselves"
_FINEST = 2.0**-16  # of the largest value: the step of a result that stays in float

Feed = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Simulated:
    """The differences of the operators that were simulated, and label and reason of the others,
    both in network order."""

    differences: tuple[OperatorDifference, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    def off(self) -> list[str]:
        """The operators that are more than a step off, which no rounding explains, with the
        kernels that they take."""
        return [
            f"{each.label} ({each.kernel})"
            for each in self.differences
            if max(each.as_written.steps, each.as_run.steps) > 1
        ]


@dataclass(frozen=True, eq=False)
class _Result:
    """One result of ours under its name in the file: stored integers (``step`` is 1), or reals
    and the step of the sums. ``moved``: how many integers another rule for ties moves."""

    name: str
    values: Integers | Floats
    step: Integers | Floats
    moved: Mapping[Ties, int]

    def apart(self, others: Values) -> npt.NDArray[np.float64]:
        """The distance to the same values of another, in whole steps (one axis)."""
        other = others[self.name].astype(self.values.dtype)
        return np.asarray(np.rint(abs(self.values - other) / self.step)).reshape(-1)


@dataclass(frozen=True, eq=False)
class _Simulation:
    operator: Operator
    results: Sequence[_Result]


def simulate(path: Path, network: Network, layers: Collection[str], feed: Feed) -> Simulated:
    """Every quantized operator of the file at ``path``, for one ``feed`` of the network.

    ``layers`` are the names of those that run in integers. Those past :data:`MOST_WORK` are left
    out.
    """
    file = QuantizedFile(path)
    wanted = (layer for layer in network.layers if layer.name in layers)
    operators = [file.operator(layer) for layer in wanted if layer.name in file.nodes]
    with runtime_errors(path.name, _REMEDY):
        values = values_for(file, operators, feed)
    done, missing = _simulations(file, operators, values)
    if not done:
        return Simulated(missing=missing)
    with runtime_errors(path.name, _REMEDY):
        ran, kernels = OperatorsAlone(file, [each.operator for each in done], values).run()
    found = (_difference(each, values, ran, kernels[each.operator.layer.name]) for each in done)
    return Simulated(tuple(found), missing)


def values_for(file: QuantizedFile, operators: Sequence[Operator], feed: Feed) -> Values:
    """Constants, inputs, and what the unoptimized file holds for ``feed``."""
    known = {**file.constants, **feed}
    needed = {name for operator in operators for name in file.needed(operator)}
    tapped = sorted(needed - known.keys())
    session = start_session(file.with_outputs(tapped), optimized=Optimization.NONE)
    return {**known, **dict(zip(tapped, session.run(tapped, dict(feed)), strict=True))}


def _simulations(
    file: QuantizedFile, operators: Sequence[Operator], values: Values
) -> tuple[list[_Simulation], tuple[tuple[str, str], ...]]:
    """Our results, and label and reason of each operator without."""
    done: list[_Simulation] = []
    missing: list[tuple[str, str]] = []
    left = MOST_WORK
    for operator in operators:
        try:
            call = file.call(operator, values)
            count = sum(values[output.name].size for output in operator.read_outputs)
            left -= products_in(call, count) + _WORK_OF_VALUE * count
            if left < 0:
                raise NotSimulatedError("left out, so that the export does not take long")
            done.append(_Simulation(operator, _results(file, operator, call, values)))
        except NotSimulatedError as error:
            missing.append((operator.layer.label, str(error)))
    return done, tuple(missing)


def _results(file: QuantizedFile, operator: Operator, call: Call, values: Values) -> list[_Result]:
    found = []
    for exact, output in zip(exact_results(call), operator.outputs, strict=False):
        if output is None:
            continue
        if output.quantizer is None:
            result = _in_float(output.name, exact)
        else:
            grid = file.grid(output.quantizer, values[output.name].ndim)
            result = _stored(output.name, exact, grid)
        if result.values.shape != values[output.name].shape:
            raise NotSimulatedError("its result has another shape here")
        found.append(result)
    if not found:
        raise NotSimulatedError("nothing reads its result")
    return found


def _stored(name: str, exact: Exact, grid: Grid) -> _Result:
    even = requantize(exact, grid)
    moved = {
        ties: int((requantize(exact, grid, ties) != even).sum()) for ties in (Ties.AWAY, Ties.UP)
    }
    return _Result(name, even, np.ones((), np.int64), moved)


def _in_float(name: str, exact: Exact) -> _Result:
    """A result that stays in float; steps are those of the sums, as far as float32 tells them."""
    if exact.step is None:
        raise NotSimulatedError("its result stays in float")
    largest = float(abs(exact.values).max(initial=0.0))
    step = np.maximum(exact.step, largest * _FINEST)
    return _Result(name, exact.values, step, {Ties.AWAY: 0, Ties.UP: 0})


def _difference(ours: _Simulation, written: Values, ran: Values, kernel: str) -> OperatorDifference:
    layer = ours.operator.layer
    count = sum(result.values.size for result in ours.results)
    away, up = (
        sum(result.moved[ties] for result in ours.results) / max(count, 1)
        for ties in (Ties.AWAY, Ties.UP)
    )
    return OperatorDifference(
        layer=layer.name,
        label=layer.label,
        operator=layer.operator,
        kernel=kernel,
        values=count,
        as_written=_apart(ours.results, written),
        as_run=_apart(ours.results, ran),
        ties_away=away,
        ties_up=up,
    )


def _apart(ours: Sequence[_Result], theirs: Values) -> StepDifference:
    gaps = np.concatenate([result.apart(theirs) for result in ours])
    share = float(np.count_nonzero(gaps)) / max(gaps.size, 1)
    return StepDifference(int(gaps.max(initial=0)), share)
