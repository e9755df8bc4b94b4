"""What the tests of the export share: run a network, calibrate it without the engine, export it.

Statistics come from a plain run of the runtime with every tensor as an output, so that a
defect of the calibration does not hide one of the export, or the other way round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import numpy_helper

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.export.rewritten import Rewritten
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.description import loggable
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.writing import save_model
from tests.engine import models

Array = npt.NDArray[Any]
Feed = Mapping[str, Array]
Result = TypeVar("Result")

FIXED = PlanSettings(target="fixed-point", bias_word_length=8)
RUNTIME = PlanSettings(target="onnxruntime")
TARGETS = {"fixed-point": FIXED, "onnxruntime": RUNTIME}

_NONE = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
_ALL = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL


def finish(generator: Generator[Any, None, Result]) -> Result:
    """Run a generator of events to its end; what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def session(
    model: onnx.ModelProto | bytes | Path, *, optimized: bool = True, saved: Path | None = None
) -> onnxruntime.InferenceSession:
    """A plain session of the runtime, with its default optimizations or with none.

    Sums of products are exact on every machine, by default they saturate on some; the graph that is
    ``saved`` is that of the defaults.
    """
    options = onnxruntime.SessionOptions()
    if saved is None:
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.graph_optimization_level = _ALL if optimized else _NONE
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    if saved is not None:
        options.optimized_model_filepath = str(saved)
    if isinstance(model, onnx.ModelProto):
        model = model.SerializeToString()
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(
    model: onnx.ModelProto | bytes | Path, feed: Feed, *, optimized: bool = True
) -> dict[str, Array]:
    """The outputs for one feed, by name."""
    running = session(model, optimized=optimized)
    names = [output.name for output in running.get_outputs()]
    return dict(zip(names, running.run(None, dict(feed)), strict=True))


def with_outputs(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """A copy that gives ``names`` out as well."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {output.name for output in copy.graph.output}
    for name in names:
        if name not in known:
            copy.graph.output.add().name = name
    return copy


def prepared(model: onnx.ModelProto, folder: Path) -> Prepared:
    """``model`` written into ``folder``, opened and prepared."""
    return prepare(open_model(models.save(model, folder)))


def calibration_of(ready: Prepared, feeds: Sequence[Feed]) -> Calibration:
    """Statistics of all tensors over ``feeds``, from plain runs without optimizations."""
    network = ready.network
    names = list(loggable(network))
    proto = onnx.ModelProto.FromString(ready.serialized())
    taps = [name for name in names if name not in {port.name for port in network.inputs}]
    running = session(with_outputs(proto, taps), optimized=False)
    outputs = [output.name for output in running.get_outputs()]
    parts: dict[str, list[TensorStatistics]] = {name: [] for name in names}
    for number, feed in enumerate(feeds):
        values = {**dict(zip(outputs, running.run(None, dict(feed)), strict=True)), **feed}
        for name in names:
            parts[name].append(TensorStatistics.from_values(values[name], number))
    parameters = {
        name: TensorStatistics.of_parameter(values, network.tensors[name].channel_axis)
        for name, values in ready.parameters.items()
    }
    return Calibration(
        fingerprint=network.fingerprint,
        data=DataDescription(kind=SourceKind.NPZ_FOLDER),
        samples=len(feeds),
        sample_names=tuple(str(number) for number in range(len(feeds))),
        statistics=parameters | {name: merge_all(found) for name, found in parts.items()},
    )


@dataclass(frozen=True, eq=False)
class Export:
    """A network written with the types of a plan, and all that led to it."""

    source: onnx.ModelProto
    ready: Prepared
    calibration: Calibration
    plan: Plan
    rewritten: Rewritten
    path: Path
    feeds: Sequence[Feed]

    @property
    def model(self) -> onnx.ModelProto:
        """The file as it lies on disk."""
        return onnx.load(self.path)

    def constants(self) -> dict[str, Array]:
        """The file's initializers."""
        return {entry.name: numpy_helper.to_array(entry) for entry in self.model.graph.initializer}

    def optimized(self) -> onnx.ModelProto:
        """The graph that the runtime runs by default."""
        saved = self.path.with_suffix(".optimized.onnx")
        session(self.path, saved=saved)
        model = onnx.load(saved)
        saved.unlink()
        return model

    def optimized_operators(self) -> Counter[str]:
        """How often each operator stands in the graph that the runtime runs by default."""
        return Counter(node.op_type for node in self.optimized().graph.node)

    def sqnr(self) -> dict[str, float]:
        """For each float output: dB between the float network and the exported file."""
        plain, mine = session(self.source), session(self.path)
        names = [output.name for output in plain.get_outputs()]
        sums = {name: np.zeros(2) for name in names}
        for feed in self.feeds:
            both = (plain.run(names, dict(feed)), mine.run(names, dict(feed)))
            for name, exact, other in zip(names, *both, strict=True):
                true, seen = exact.astype(np.float64), other.astype(np.float64)
                sums[name] += (true**2).sum(), ((true - seen) ** 2).sum()
        return {
            name: 10 * np.log10(signal / max(noise, 1e-300))
            for name, (signal, noise) in sums.items()
        }


def exported(
    model: onnx.ModelProto,
    settings: PlanSettings,
    folder: Path,
    *,
    samples: int = 3,
    feeds: Sequence[Feed] | None = None,
) -> Export:
    """``model`` calibrated on a few samples and written under ``settings``."""
    feeds = feeds if feeds is not None else models.samples(model, samples)
    ready = prepared(model, folder)
    calibration = calibration_of(ready, feeds)
    plan = calibration.plan(ready.network, settings)
    rewritten = rewrite(ready, plan)
    (path,) = save_model(rewritten.model, folder / "quantized.onnx", overwrite=True)
    return Export(model, ready, calibration, plan, rewritten, path, feeds)


def ports(model: onnx.ModelProto) -> list[tuple[str, int, list[int | str]]]:
    """Name, type and shape of every true input and output."""
    given = {entry.name for entry in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in given]
    found = []
    for value in (*inputs, *model.graph.output):
        tensor = value.type.tensor_type
        shape = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
        found.append((value.name, tensor.elem_type, shape))
    return found


def fits(found: list[int | str], given: list[int | str]) -> bool:
    """Whether a shape is the given one; a dimension with a name may have become a number."""
    pairs = zip(found, given, strict=True)
    return all(one == other or isinstance(other, str) for one, other in pairs)
