"""Network inputs and outputs as stored integers, as microcontrollers want them.

The file then begins with a DequantizeLinear on an input of integers, and ends with a
QuantizeLinear whose result is the output. A port that no layer has in integers stays float.

ONNX Runtime on x86 has no integer kernels for int8 activations. It turns pairs of Q and DQ into
uint8 ones, but not a port, so that the layers next to an int8 port run there in float, between
the same rounded values (seen with 1.32). uint8 ports keep all integer kernels.

Whoever runs such a file with reals reads the grids of its ports from the file: :func:`ports_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx import numpy_helper

from quantscope.core.findings.report import IntegerPort
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.plan import Plan
from quantscope.engine.export.rewritten import Rewritten, grid_of, integer_type

Feed = Mapping[str, npt.NDArray[np.generic]]


def open_integer_ports(result: Rewritten, plan: Plan) -> None:
    """Let the graph take and give integers wherever a port is quantized."""
    graph = result.model.graph
    for value in graph.inputs:
        if value.name in result.stored:
            _open_input(result, value, plan.types[value.name])
    for index, value in enumerate(graph.outputs):
        if value.name in result.stored and not value.is_graph_input():
            _open_output(result, index, plan.types[value.name])


def _open_input(result: Rewritten, value: ir.Value, data_type: DataType) -> None:
    """The input becomes what its QuantizeLinear yielded, or each of several."""
    for node in [node for node, _ in value.uses()]:
        node.outputs[0].replace_all_uses_with(value)
        result.model.graph.remove(node, safe=True)
    value.type = ir.TensorType(integer_type(data_type))
    result.stored[value.name or ""] = value.name or ""


def _open_output(result: Rewritten, index: int, data_type: DataType) -> None:
    """The output becomes what the QuantizeLinear before it yields.

    Behind a Clip, where others read the value too, it gets one of its own.
    """
    graph = result.model.graph
    value = graph.outputs[index]
    name, maker = value.name or "", value.producer()
    assert maker is not None
    old, value.name = result.stored[name], result.free(f"{name}_real")
    is_clip = maker.op_type == "Clip"
    stored = _quantized(result, name, value, data_type) if is_clip else maker.inputs[0]
    assert stored is not None
    graph.outputs[index] = stored
    stored.name = name
    if not value.uses():
        graph.remove(maker, safe=True)
    for names, gone in ((result.stored, old), (result.restored, name)):
        names.update((key, name) for key, known in names.items() if known == gone)


def _quantized(result: Rewritten, name: str, value: ir.Value, data_type: DataType) -> ir.Value:
    kind = integer_type(data_type)
    grid = grid_of(result, name, data_type, kind)
    node = ir.node("QuantizeLinear", [value, *grid], name=f"{name}_port_QuantizeLinear")
    stored = node.outputs[0]
    stored.shape, stored.type = value.shape, ir.TensorType(kind)
    result.model.graph.append(node)
    return stored


@dataclass(frozen=True, slots=True)
class IntegerPorts:
    """The integer ports of an exported file, by name."""

    inputs: Mapping[str, IntegerPort]
    outputs: Mapping[str, IntegerPort]

    def feed(self, values: Feed) -> dict[str, npt.NDArray[np.generic]]:
        """``values`` with the reals for integer inputs as the integers that stand for them."""
        return {
            name: _to_integers(self.inputs[name], array) if name in self.inputs else array
            for name, array in values.items()
        }

    def reals(self, values: Feed) -> dict[str, npt.NDArray[np.generic]]:
        """``values`` with the reals that the integers of outputs stand for, in float32."""
        return {
            name: _to_reals(self.outputs[name], array) if name in self.outputs else array
            for name, array in values.items()
        }


def ports_of(model: onnx.ModelProto, floats: frozenset[str]) -> IntegerPorts:
    """The integer ports of ``model`` among ``floats``: the ports that the float network has in
    float."""
    graph = model.graph
    constants = {entry.name: entry for entry in graph.initializer}
    readers = {node.input[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    makers = {node.output[0]: node for node in graph.node if node.op_type == "QuantizeLinear"}

    def found(
        values: list[onnx.ValueInfoProto], nodes: dict[str, onnx.NodeProto]
    ) -> dict[str, IntegerPort]:
        ports = {}
        for name in (value.name for value in values if value.name in floats):
            if name in nodes:
                grid = [numpy_helper.to_array(constants[entry]) for entry in nodes[name].input[1:3]]
                ports[name] = IntegerPort(
                    name=name,
                    dtype=str(grid[1].dtype),
                    scale=float(grid[0]),
                    zero_point=int(grid[1]),
                )
        return ports

    inputs = found(list(graph.input), readers)
    passed_on = {name: readers[name] for name in inputs}  # an input that is an output as well
    return IntegerPorts(inputs, found(list(graph.output), {**makers, **passed_on}))


def _to_integers(port: IntegerPort, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """As QuantizeLinear does it: a float32 quotient, ties to even, saturation. NaN becomes 0."""
    limits = np.iinfo(port.dtype)
    whole = np.rint(values.astype(np.float32) / np.float32(port.scale)).astype(np.float64)
    known = np.where(np.isnan(whole), 0.0, whole)
    stored = np.clip(known + port.zero_point, limits.min, limits.max)
    return np.asarray(stored.astype(port.dtype))


def _to_reals(port: IntegerPort, values: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    steps = values.astype(np.int32) - np.int32(port.zero_point)
    return np.asarray(steps.astype(np.float32) * np.float32(port.scale))
