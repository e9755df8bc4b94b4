"""Networks written as text, samples in memory, and calibration run to its end, for the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx import parser
from onnx.reference import ReferenceEvaluator

from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.networks.network import Network, Port
from quantscope.engine.calibration.one_pass import calibrate
from quantscope.engine.preparation.prepared import Prepared

Array = npt.NDArray[Any]
Sample = Mapping[str, Array]

# Nodes that may work in place, or whose output is a view of their input, one after the other.
IN_PLACE = """<ir_version: 9, opset_import: ["": 17]>
g (float[N, 8] x) => (float[N, 8] y)
<int64[2] four = {-1, 4}, int64[2] eight = {-1, 8}, float low = {-0.5}, float high = {0.75}>
{
    view = Reshape(x, four)
    a = Reshape(view, eight)
    b = Relu(a)
    c = Add(b, b)
    d = Reshape(c, four)
    e = Clip(d, low, high)
    f = Neg(e)
    g = Reshape(f, eight)
    h = Identity(g)
    i = Add(h, a)
    j = Relu(i)
    k = Mul(j, i)
    l = Sigmoid(k)
    m = Reshape(l, four)
    n = Reshape(m, eight)
    o = Sub(n, b)
    y = Abs(o)
}"""
SMALL = """<ir_version: 9, opset_import: ["": 17]>
g (float[BATCH, 6] x) => (float[BATCH, 3] y)
{
    a = Relu(x)
    b, c = Split<axis = 1>(a)
    y = Add(b, c)
}"""
VARYING = """<ir_version: 9, opset_import: ["": 17]>
g (float[N, length] x) => (float[N, length] y) { a = Relu(x) b = Add(a, x) y = Neg(b) }"""
BY_VALUE = """<ir_version: 9, opset_import: ["": 17]>
g (float[N, 6] x) => (float[M] y) <float zero = {0.0}, int64[1] all = {-1}>
{
    a = Relu(x)
    mask = Greater(a, zero)
    flat = Reshape(mask, all)
    y = Compress(x, flat)
}"""


@dataclass
class Samples:
    """A data source in memory that remembers what was read."""

    rows: Sequence[Sample]
    read: list[int] = field(default_factory=list)
    place: str = "rows.npy, "

    @property
    def names(self) -> list[str]:
        return [f"row {number}" for number in range(len(self.rows))]

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, number: int) -> Sample:
        self.read.append(number)
        return self.rows[number]


def prepared(text: str) -> Prepared:
    """A network from its text, prepared as little as possible."""
    proto = parser.parse_model(text)
    model = ir.serde.deserialize_model(proto)
    inputs = tuple(_port(value) for value in proto.graph.input)
    outputs = tuple(_port(value) for value in proto.graph.output)
    network = Network(
        name="net", fingerprint="x", opset=17, inputs=inputs, outputs=outputs, layers=(), tensors={}
    )
    return Prepared(model, network, "net.onnx", 0)


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.tensor_type
    shape = tuple(size.dim_param or size.dim_value for size in kind.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    return Port(name=value.name, dtype=dtype.name, shape=shape)


def tensors_of(network: Prepared) -> list[str]:
    """All float tensors, the input first."""
    inferred = onnx.shape_inference.infer_shapes(ir.to_proto(network.model))
    values = [*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output]
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    return [value.name for value in values if value.type.tensor_type.elem_type in floats]


def rows(
    count: int, shape: tuple[int, ...], seed: int = 0, dtype: type = np.float32
) -> list[Sample]:
    random = np.random.default_rng(seed)
    return [{"x": random.normal(size=shape).astype(dtype)} for _ in range(count)]


Result = tuple[dict[str, TensorStatistics], int]
Events = list[Progress | LiveCounts]


def run(
    network: Prepared,
    data: Sequence[Sample],
    tensors: Sequence[str] | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> tuple[Result, Events]:
    """Calibrate to the end; the result and the events."""
    names = tensors_of(network) if tensors is None else tensors
    running = calibrate(network, Samples(data), names, stop, **options)
    events: Events = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as finished:
            return finished.value, events


def reference(network: Prepared, data: Sequence[Sample]) -> dict[str, TensorStatistics]:
    """Every tensor of every sample as an independent evaluation computes it, merged."""
    names = [name for name in tensors_of(network) if name != "x"]
    model = onnx.load_from_string(network.serialized(names))
    evaluator = ReferenceEvaluator(model)
    parts: dict[str, list[TensorStatistics]] = {name: [] for name in ["x", *names]}
    for number, sample in enumerate(data):
        values = [sample["x"], *evaluator.run(names, dict(sample))]
        for name, array in zip(parts, values, strict=True):
            parts[name].append(TensorStatistics.from_values(array, number))
    return {name: merge_all(each) for name, each in parts.items()}


def assert_equal(one: Mapping[str, TensorStatistics], two: Mapping[str, TensorStatistics]) -> None:
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].histogram == two[name].histogram, name
        assert one[name].minimum == two[name].minimum, name
        assert one[name].maximum == two[name].maximum, name
        assert one[name].growth == two[name].growth, name
        assert (one[name].distinct is None) == (two[name].distinct is None), name
