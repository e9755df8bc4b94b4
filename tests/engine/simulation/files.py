"""Files with one quantized operator each, written by hand: any operator, attributes and grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from quantscope.core.findings.report import OperatorDifference
from quantscope.core.networks.network import Layer, LayerKind, Network
from quantscope.engine.simulation.comparison import Simulated, simulate
from tests.engine import exports

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Activation:
    """A quantized input of normal values; ``size`` is their spread."""

    shape: Sequence[int]
    size: float = 1.0


@dataclass(frozen=True)
class Weights:
    """Fixed integers behind a DequantizeLinear; on scaled grids with a step for each channel."""

    shape: Sequence[int]
    axis: int | None = None


@dataclass(frozen=True)
class Bias:
    """32-bit integers in the step of the products of the two inputs before it."""

    count: int


Operand = Activation | Weights | Bias | Array | None


@dataclass(frozen=True, eq=False)
class Form:
    """An operator with its operands and attributes (``None``: an input that is left out)."""

    operator: str
    operands: Sequence[Operand]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    opset: int = 20
    outputs: int = 1
    keeps_grid: bool = False  # the output has the grid of the first input
    in_float: bool = False  # the output is not quantized

    def __str__(self) -> str:
        shown = [f"{name}={value}" for name, value in self.attributes.items()]
        return " ".join([self.operator, *shown])


@dataclass(frozen=True)
class Grids:
    """Which steps a file has: powers of two around 0, or any with a zero point."""

    powers_of_two: bool
    word: type[np.signedinteger | np.unsignedinteger]

    def of(self, low: float, high: float) -> tuple[np.float32, int]:
        """Scale and zero point for values from ``low`` to ``high``."""
        limits = np.iinfo(self.word)
        if self.powers_of_two:
            largest = max(abs(low), abs(high), 1e-6)
            return np.float32(2.0 ** np.ceil(np.log2(largest / limits.max))), 0
        low, high = min(low, 0.0), max(high, 1e-6)
        step = np.float32((high - low) / (limits.max - limits.min))
        return step, int(limits.min - np.rint(low / step))


POWERS_OF_TWO = Grids(powers_of_two=True, word=np.int8)
SCALED = Grids(powers_of_two=False, word=np.uint8)
GRIDS = {"fixed": POWERS_OF_TWO, "scaled": SCALED}


class Writer:
    """Writes a form as Q -> DQ -> operator -> Q -> DQ, and keeps what is fed."""

    def __init__(self, form: Form, grids: Grids, seed: int = 0) -> None:
        self.form, self.grids = form, grids
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.feed: dict[str, Array] = {}
        self.scales: list[Array] = []
        self.float_operands: list[Array | None] = []

    def constant(self, name: str, values: npt.ArrayLike) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def grid(self, name: str, scale: npt.ArrayLike, zero_point: npt.ArrayLike) -> list[str]:
        return [
            self.constant(f"{name}.scale", np.asarray(scale, np.float32)),
            self.constant(f"{name}.zero_point", zero_point),
        ]

    def operand(self, index: int, operand: Operand) -> str:
        """The name of the input, behind its DequantizeLinear where it has one."""
        name = f"x{index}"
        if operand is None:
            self.float_operands.append(None)
            return ""
        if isinstance(operand, np.ndarray):
            self.float_operands.append(operand)
            return self.constant(name, operand)
        if isinstance(operand, Activation):
            return self.activation(name, operand)
        stored, scale, axis = self.fixed(operand)
        zero_point = np.zeros(scale.shape, stored.dtype)
        names = [self.constant(name, stored), *self.grid(name, scale, zero_point)]
        made = helper.make_node("DequantizeLinear", names, [f"{name}.real"])
        if axis is not None and scale.ndim:
            made.attribute.append(helper.make_attribute("axis", axis))
        self.nodes.append(made)
        shape = [-1 if i == axis else 1 for i in range(stored.ndim)] if scale.ndim else ()
        self.scales.append(scale)
        self.float_operands.append((stored * scale.reshape(shape)).astype(np.float32))
        return f"{name}.real"

    def activation(self, name: str, operand: Activation) -> str:
        values = self.random.normal(0.0, operand.size, operand.shape).astype(np.float32)
        scale, zero_point = self.grids.of(float(values.min()), float(values.max()))
        limits = np.iinfo(self.grids.word)
        stored = np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max)
        self.feed[name] = values
        self.scales.append(np.asarray(scale))
        self.float_operands.append(((stored - zero_point) * scale).astype(np.float32))
        return self.pair(name, scale, zero_point)

    def pair(self, name: str, scale: npt.ArrayLike, zero_point: npt.ArrayLike) -> str:
        word = zero_point.dtype if isinstance(zero_point, np.ndarray) else self.grids.word
        grid = self.grid(name, scale, np.asarray(zero_point, word))
        stored, real = f"{name}.stored", f"{name}.real"
        self.nodes.append(helper.make_node("QuantizeLinear", [name, *grid], [stored], f"{name}.q"))
        self.nodes.append(helper.make_node("DequantizeLinear", [stored, *grid], [real]))
        return real

    def fixed(self, operand: Weights | Bias) -> tuple[Array, Array, int | None]:
        if isinstance(operand, Bias):
            scale = np.asarray(self.scales[0] * self.scales[1], np.float32)
            return self.random.integers(-3000, 3000, operand.count).astype(np.int32), scale, 0
        stored = self.random.integers(-127, 128, operand.shape).astype(np.int8)
        if self.grids.powers_of_two:
            return stored, np.asarray(np.float32(2**-7)), None
        if operand.axis is None:
            return stored, np.asarray(np.float32(0.0091)), None
        scales = self.random.uniform(0.002, 0.02, operand.shape[operand.axis])
        return stored, scales.astype(np.float32), operand.axis

    def model(self) -> onnx.ModelProto:
        form = self.form
        inputs = [self.operand(i, operand) for i, operand in enumerate(form.operands)]
        outputs = [f"y{i}" for i in range(form.outputs)]
        node = helper.make_node(form.operator, inputs, outputs, "it", **form.attributes)
        self.nodes.append(node)
        reals = self.reference(node)
        shown = [self.result(name, real) for name, real in zip(outputs, reals, strict=True)]
        return _model(self.nodes, self.feed, shown, self.constants, form.opset)

    def result(self, name: str, real: Array) -> str:
        """The name of an output, behind a pair on its own grid or on that of the first input."""
        if self.form.in_float:
            return name
        if not self.form.keeps_grid:
            return self.pair(name, *self.grids.of(float(real.min()), float(real.max())))
        zero_point = next(c for c in self.constants if c.name == "x0.zero_point")
        return self.pair(name, self.scales[0], numpy_helper.to_array(zero_point))

    def reference(self, node: onnx.NodeProto) -> list[Array]:
        """What the runtime makes of the float operands: the output's range."""
        fed = {
            name: values
            for name, values in zip(node.input, self.float_operands, strict=True)
            if values is not None
        }
        plain = [numpy_helper.from_array(values, name) for name, values in fed.items()]
        model = _model([node], {}, list(node.output), plain, self.form.opset)
        found = exports.run(model, {}, optimized=False)
        return [found[name] for name in node.output]


def _model(
    nodes: list[onnx.NodeProto],
    feed: Mapping[str, Array],
    outputs: list[str],
    constants: list[onnx.TensorProto],
    opset: int,
) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape)
        for name, values in feed.items()
    ]
    given = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "graph", inputs, given, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def network_of(operator: str) -> Network:
    """A network that has one layer, called ``it``."""
    layer = Layer(name="it", label="it", operator=operator, kind=LayerKind.FOLLOWER)
    return Network(
        name="", fingerprint="", opset=20, inputs=(), outputs=(), layers=(layer,), tensors={}
    )


def run_simulation(model: onnx.ModelProto, feed: Mapping[str, Array], folder: Path) -> Simulated:
    """The simulation of the operator called ``it``."""
    path = folder / "file.onnx"
    onnx.save(model, path)
    operator = next(node.op_type for node in model.graph.node if node.name == "it")
    return simulate(path, network_of(operator), {"it"}, feed)


def difference_of(form: Form, grids: Grids, folder: Path) -> OperatorDifference:
    """What the simulation of ``form`` finds; it must be simulated."""
    writer = Writer(form, grids)
    found = run_simulation(writer.model(), writer.feed, folder)
    assert found.missing == ()
    (difference,) = found.differences
    return difference
