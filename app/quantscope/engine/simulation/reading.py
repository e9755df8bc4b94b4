"""The quantized operators of an exported file, found in the file itself.

A quantized operator reads what a DequantizeLinear yields, and is read by a QuantizeLinear unless
its result stays in float. Scales, zero points and parameters are those of the file; the plan only
says which layers to look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from quantscope.core.networks.network import Layer
from quantscope.core.numbers.formats import integer_range
from quantscope.engine.simulation.arithmetic import Grid
from quantscope.engine.simulation.call import Call, Operand

Values = Mapping[str, npt.NDArray[np.generic]]
"""Arrays by the name of the value in the file: constants, stored integers, network inputs."""


@dataclass(frozen=True, eq=False)
class Output:
    """What an operator yields: the float ``value``, and the QuantizeLinear behind it (``None``
    where the result stays in float)."""

    value: str
    quantizer: onnx.NodeProto | None

    @property
    def name(self) -> str:
        """Its last name that belongs to the operator: of the integers, where there are any."""
        return self.value if self.quantizer is None else self.quantizer.output[0]


@dataclass(frozen=True, eq=False)
class Operator:
    """A node behind Q/DQ pairs. ``added`` is the Add that puts a bias on a MatMul in float;
    ``outputs`` has ``None`` for what nothing reads."""

    layer: Layer
    node: onnx.NodeProto
    added: onnx.NodeProto | None
    outputs: tuple[Output | None, ...]

    @property
    def read_outputs(self) -> list[Output]:
        """Those outputs that something reads."""
        return [output for output in self.outputs if output is not None]

    @property
    def bias(self) -> str:
        """The name of the bias that is added in float; empty without one."""
        if self.added is None:
            return ""
        return str(next(name for name in self.added.input if name != self.node.output[0]))


def _limits(kind: str) -> tuple[int, int]:
    """Smallest and largest integer of a type such as ``uint8`` or ``int4``."""
    return integer_range(int(kind.lstrip("uint")), not kind.startswith("u"), False)


class QuantizedFile:
    """An exported file: its graph, and who makes and reads each value."""

    def __init__(self, path: Path) -> None:
        self.model = onnx.load(path)
        self.nodes = {node.name: node for node in self.model.graph.node}
        self._makers: dict[str, onnx.NodeProto] = {
            name: node for node in self.model.graph.node for name in node.output
        }
        self._given_out = {value.name for value in self.model.graph.output}
        self._declared = {value.name: value for value in self.model.graph.value_info}
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.model.graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    @cached_property
    def constants(self) -> Values:
        """The arrays that the file holds, and those cast from them (weights of four bits)."""
        held = self.model.graph.initializer
        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in held}
        for node in self.model.graph.node:
            if node.op_type == "Cast" and node.input[0] in found:
                kind = helper.tensor_dtype_to_np_dtype(helper.get_node_attr_value(node, "to"))
                found[node.output[0]] = found[node.input[0]].astype(kind)
        return found

    def maker(self, value: str) -> onnx.NodeProto:
        """The node that yields ``value``."""
        return self._makers[value]

    def dequantizer(self, value: str) -> onnx.NodeProto | None:
        """The DequantizeLinear that yields ``value``."""
        maker = self._makers.get(value)
        return None if maker is None or maker.op_type != "DequantizeLinear" else maker

    def shape(self, value: str, rank: int) -> list[int | str | None]:
        """The dimensions of ``value`` as the file declares them; ``None`` where it does not."""
        declared = self._declared.get(value)
        if declared is None:
            return [None] * rank
        dims = declared.type.tensor_type.shape.dim
        return [dim.dim_param or dim.dim_value or None for dim in dims]

    def grid(self, node: onnx.NodeProto, rank: int) -> Grid:
        """The grid of a QuantizeLinear or DequantizeLinear on a tensor of ``rank`` axes."""
        scale, zero_point = (self.constants[name] for name in node.input[1:3])
        shape: tuple[int, ...] = ()
        if scale.size > 1:
            axis = next((entry.i for entry in node.attribute if entry.name == "axis"), 1)
            shape = tuple(-1 if i == axis % rank else 1 for i in range(rank))
        return Grid(
            scale.astype(np.float64).reshape(shape),
            zero_point.astype(np.int64).reshape(shape),
            _limits(zero_point.dtype.name),
        )

    def operator(self, layer: Layer) -> Operator:
        """The node of ``layer``, with what it is stored as."""
        node = self.nodes[layer.name]
        added = self._added(node)
        outputs = node.output if added is None else added.output
        return Operator(layer, node, added, tuple(self._output(name) for name in outputs))

    def _added(self, node: onnx.NodeProto) -> onnx.NodeProto | None:
        readers = self._readers.get(node.output[0], [])
        if node.op_type != "MatMul" or len(readers) != 1 or readers[0].op_type != "Add":
            return None
        constant = any(name in self.constants for name in readers[0].input)
        return readers[0] if constant else None

    def _output(self, value: str) -> Output | None:
        readers = self._readers.get(value, [])
        if not readers and value not in self._given_out:
            return None
        found = (node for node in readers if node.op_type == "QuantizeLinear")
        return Output(value, next(found, None))

    def with_outputs(self, names: Sequence[str]) -> bytes:
        """The file as bytes, with ``names`` as its only outputs."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        return bytes(model.SerializeToString())

    def needed(self, operator: Operator) -> set[str]:
        """The names of the values that the operator reads and of those that it yields."""
        names = {operator.bias, *(output.name for output in operator.read_outputs)}
        for name in operator.node.input:
            maker = self.dequantizer(name)
            names.add(name if maker is None else maker.input[0])
        return names - {""}

    def call(self, operator: Operator, values: Values) -> Call:
        """The operator with its inputs taken from ``values``."""
        inputs = [self._operand(name, values) for name in operator.node.input]
        if operator.bias:
            inputs.append(values[operator.bias])
        node = operator.node
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        return Call(node.op_type, attributes, inputs, len(node.output))

    def _operand(self, name: str, values: Values) -> Operand:
        if not name:
            return None
        maker = self.dequantizer(name)
        if maker is None:
            return values[name]
        stored = values[maker.input[0]]
        return self.grid(maker, stored.ndim).steps(stored)
