"""A copy of a graph with an ``If`` wherever a tensor is read: rounded, or as it is.

Two more inputs say what happens in a run: :data:`ON` (a bool for each place) and :data:`GRIDS`
(float32: step, smallest and largest whole number of steps from the zero point, place by place).
Rounding is written as divide, round to even, clip, multiply. That is the float32 arithmetic of
QuantizeLinear and DequantizeLinear, and takes any type at any opset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

from quantscope.core.diagnosis.noise_sources import OUTPUT, Reading

ON, GRIDS = "quantscope_on", "quantscope_grids"
NUMBERS = 3  # of a grid
Use = tuple[ir.Node, int]


@dataclass(frozen=True, eq=False)
class SwitchedGraph:
    """``readings`` in the order of the switches; ``outputs`` maps each network output to the value
    that has its switch behind it."""

    model: ir.Model
    readings: tuple[Reading, ...]
    outputs: dict[str, str]

    def serialized(self, shown: Iterable[str], parameters: Iterable[str]) -> bytes:
        """As bytes, with ``shown`` as further outputs and ``parameters`` open to be overridden."""
        proto = ir.to_proto(self.model)
        given = {value.name for value in proto.graph.input}
        del proto.graph.output[:]
        for name in dict.fromkeys((*self.outputs.values(), *shown)):
            if name not in given:
                proto.graph.output.add().name = name
        wanted = set(parameters) - given
        for tensor in proto.graph.initializer:
            if tensor.name in wanted and tensor.data_type == onnx.TensorProto.FLOAT:
                proto.graph.input.append(
                    onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
                )
        return bytes(proto.SerializeToString())


def with_switches(model: ir.Model, tensors: Iterable[str]) -> SwitchedGraph:
    """A copy of ``model`` with a switch at every reading of ``tensors`` (float32 activations)."""
    copy = model.clone()
    values = {value.name: value for value in _values(copy)}
    outputs = {value.name or "": value.name or "" for value in copy.graph.outputs}
    uses = _uses(copy)
    readings = [
        Reading(name, reader)
        for name in tensors
        for reader in (*uses.get(name, {}), *([OUTPUT] if name in outputs else []))
    ]
    switches = _Switches(copy, len(readings))
    for number, reading in enumerate(readings):
        switched = switches.behind(values[reading.tensor], number)
        for node, index in uses.get(reading.tensor, {}).get(reading.reader, ()):
            node.replace_input_with(index, switched)
        if reading.reader == OUTPUT:
            outputs[reading.tensor] = switched.name or ""
    copy.graph.sort()
    return SwitchedGraph(copy, tuple(readings), outputs)


def _values(model: ir.Model) -> Iterator[ir.Value]:
    yield from model.graph.inputs
    for node in model.graph:
        yield from node.outputs


def _uses(model: ir.Model) -> dict[str, dict[str, list[Use]]]:
    """Where each value is read: by its name, then by the node of the main graph that reads it,
    itself or in a subgraph."""
    found: dict[str, dict[str, list[Use]]] = {}
    for node in model.graph:
        for inner in _with_nested(node):
            for index, value in enumerate(inner.inputs):
                if value is not None and value.name:
                    readers = found.setdefault(value.name, {})
                    readers.setdefault(node.name or "", []).append((inner, index))
    return found


def _with_nested(node: ir.Node) -> Iterator[ir.Node]:
    yield node
    for attribute in node.attributes.values():
        graphs = [attribute.value] if attribute.type is ir.AttributeType.GRAPH else []
        graphs = list(attribute.value) if attribute.type is ir.AttributeType.GRAPHS else graphs
        for graph in graphs:
            yield from graph.all_nodes()


@dataclass(eq=False)
class _Switches:
    """Makes the switches of one graph; constants that they share are made once."""

    model: ir.Model
    count: int
    _split: ir.Node = field(init=False)
    _grids: ir.Value = field(init=False)

    def __post_init__(self) -> None:
        if not self.count:
            return
        graph = self.model.graph
        on = ir.Value(name=ON, shape=ir.Shape([self.count]), type=ir.TensorType(ir.DataType.BOOL))
        self._grids = ir.Value(
            name=GRIDS,
            shape=ir.Shape([self.count * NUMBERS]),
            type=ir.TensorType(ir.DataType.FLOAT),
        )
        graph.inputs.extend([on, self._grids])
        sizes = self._constant(f"{ON}_sizes", np.ones(self.count, np.int64))
        self._split = ir.node("Split", [on, sizes], num_outputs=self.count, name=f"{ON}_split")
        for number, value in enumerate(self._split.outputs):
            value.name = f"{ON}_{number}"
        graph.insert_before(graph[0], self._split)

    def behind(self, value: ir.Value, number: int) -> ir.Value:
        """``value``, rounded to grid ``number`` where that is switched on."""
        graph, name = self.model.graph, f"{GRIDS}_{number}"
        branches = {
            "then_branch": self._branch(f"{name}_rounded", self._rounding(value, number)),
            "else_branch": self._branch(f"{name}_plain", [ir.node("Identity", [value])]),
        }
        node = ir.node("If", [self._split.outputs[number]], branches, name=name)
        switched = node.outputs[0]
        switched.name, switched.shape, switched.type = f"{name}_out", value.shape, value.type
        graph.insert_after(value.producer() or self._split, node)
        return switched

    def _rounding(self, value: ir.Value, number: int) -> list[ir.Node]:
        takes = [
            ir.node("Gather", [self._grids, self._constant(f"{GRIDS}_at_{place}", np.int64(place))])
            for place in range(number * NUMBERS, (number + 1) * NUMBERS)
        ]
        step, low, high = (take.outputs[0] for take in takes)
        ratio = ir.node("Div", [value, step])
        whole = ir.node("Round", [ratio.outputs[0]])
        kept = ir.node("Clip", [whole.outputs[0], low, high])
        return [*takes, ratio, whole, kept, ir.node("Mul", [kept.outputs[0], step])]

    def _branch(self, name: str, nodes: list[ir.Node]) -> ir.Graph:
        for number, node in enumerate(nodes):
            node.outputs[0].name = f"{name}_{number}"
        last = nodes[-1].outputs[0]
        last.type = ir.TensorType(ir.DataType.FLOAT)
        opsets = self.model.graph.opset_imports
        return ir.Graph([], [last], nodes=nodes, name=name, opset_imports=opsets)

    def _constant(self, name: str, array: npt.ArrayLike) -> ir.Value:
        known = self.model.graph.initializers
        if name in known:
            return known[name]
        content = np.asarray(array)
        tensor = ir.tensor(content, name=name)
        value = ir.Value(
            name=name,
            shape=ir.Shape(content.shape),
            type=ir.TensorType(tensor.dtype),
            const_value=tensor,
        )
        self.model.graph.register_initializer(value)
        return value
