"""What files take: bytes, operators that stay float, and the time of a run on this machine."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import onnx
from onnx import external_data_helper

from quantscope.core.findings.validation import FileCosts
from quantscope.engine.calibration.batching import batches
from quantscope.engine.export.runtime_kernels import is_integer_operator, moves_values
from quantscope.engine.runtime import optimized_graph
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.validation.answers import Runner

ROUNDS = 30
SECONDS = 3.0  # for all rounds of all files, at most, but three rounds at least
_WARM_UP = 2
_GRIDS = frozenset({"QuantizeLinear", "DequantizeLinear"})
_SHAPES: frozenset[int] = frozenset(
    {onnx.TensorProto.INT64, onnx.TensorProto.BOOL, onnx.TensorProto.STRING}
)
_BITS: dict[int, int] = {
    onnx.TensorProto.INT4: 4,
    onnx.TensorProto.UINT4: 4,
    onnx.TensorProto.INT8: 8,
    onnx.TensorProto.UINT8: 8,
    onnx.TensorProto.INT16: 16,
    onnx.TensorProto.UINT16: 16,
    onnx.TensorProto.FLOAT16: 16,
    onnx.TensorProto.BFLOAT16: 16,
    onnx.TensorProto.DOUBLE: 64,
}


def file_costs(path: Path) -> FileCosts:
    """Everything but the time."""
    model = onnx.load(path, load_external_data=False)
    kinds = _operators(path)
    return FileCosts(
        path=str(path),
        file_bytes=path.stat().st_size + sum(_external(model, path)),
        parameter_bytes=parameter_bytes(model),
        integer_operators=sum(count for _, is_integer, count in kinds if is_integer),
        float_operators=tuple((name, count) for name, is_integer, count in kinds if not is_integer),
    )


def parameter_bytes(model: onnx.ModelProto) -> int:
    """Bytes of all constants, but for scales, zero points, and what has 64-bit integers (shapes,
    axes, indices). Two numbers of four bits share a byte."""
    graph = model.graph
    grids = {name for node in graph.node if node.op_type in _GRIDS for name in node.input[1:]}
    values = [each for each in graph.initializer if each.name not in grids]
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] not in grids:
            values += [entry.t for entry in node.attribute if entry.name == "value"]
    return sum(_bytes(each) for each in values if int(each.data_type) not in _SHAPES)


def _bytes(value: onnx.TensorProto) -> int:
    bits: int = math.prod(value.dims) * _BITS.get(int(value.data_type), 32)
    return -(-bits // 8)


def _external(model: onnx.ModelProto, path: Path) -> Iterator[int]:
    files = {
        external_data_helper.ExternalDataInfo(each).location
        for each in model.graph.initializer
        if each.data_location == onnx.TensorProto.EXTERNAL
    }
    for file in sorted(files):
        beside = path.parent / file
        yield beside.stat().st_size if beside.exists() else 0


def _operators(path: Path) -> list[tuple[str, bool, int]]:
    """Operators of the graph that the runtime runs, whether in integers, and how many."""
    counted = Counter(
        (node.op_type, is_integer_operator(node))
        for node in optimized_graph(path).node
        if node.op_type not in _GRIDS and not moves_values(node)
    )
    return sorted((name, integer, count) for (name, integer), count in counted.items())


def latencies(files: Sequence[Runner], source: SampleSource) -> tuple[float, ...]:
    """The median time of one run of each file in milliseconds, on the first sample.

    By the runtime's defaults, as people run files. Files take turns, so that whatever else the
    machine does meets all of them.
    """
    batch = batches(source, 1)[0]()
    feeds = [dict(each.feed(batch.feed)) for each in files]
    times: list[list[float]] = [[] for _ in files]
    began = time.perf_counter()
    for turn in range(_WARM_UP + ROUNDS):
        for place, each in enumerate(files):
            start = time.perf_counter()
            each.by_default.run(None, feeds[place])
            if turn >= _WARM_UP:
                times[place].append(1e3 * (time.perf_counter() - start))
        if turn >= _WARM_UP + 2 and time.perf_counter() - began > SECONDS:
            break
    return tuple(median(each) for each in times)
