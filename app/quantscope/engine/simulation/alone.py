"""Each quantized operator by itself, so that the runtime's kernel can be held against ours.

In the whole file the runtime's optimizations cannot be watched: an output more in the middle
changes which kernels it takes, and what an operator reads already carries the differences of
those before it. So all operators are put into one graph in which each has inputs, Q/DQ pairs and
an output of its own: the pattern in which the runtime finds it in the file. Dimensions that the
file leaves open are left open here too, since for fixed ones the runtime has more fusions. What
is fed are the reals behind the stored integers of the file, which the Q in front turns back into
those integers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from quantscope.engine.runtime import start_session
from quantscope.engine.simulation.reading import Operator, QuantizedFile, Values

_AROUND_KERNELS = frozenset({"QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape"})
"""What the runtime puts around a kernel to round, or to suit its layout."""


class OperatorsAlone:
    """The graph of ``operators`` that stand alone, with the stored integers of ``values`` fed."""

    def __init__(self, file: QuantizedFile, operators: Sequence[Operator], values: Values) -> None:
        self._file, self._operators, self._values = file, operators, values
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._held = {tensor.name: tensor for tensor in file.model.graph.initializer}
        self._inputs: dict[str, npt.NDArray[np.float32]] = {}
        self._shapes: dict[str, list[int | str | None]] = {}
        self._results: dict[str, str] = {}  # by the name in the file
        for number, operator in enumerate(operators):
            self._add(operator, f"{number}:")

    def run(self) -> tuple[Values, Mapping[str, str]]:
        """What the operators yield by its name in the file, and the kernel of each layer by name.

        Stored integers, and reals where results stay in float.
        """
        with tempfile.TemporaryDirectory() as folder:
            optimized = Path(folder) / "optimized.onnx"
            session = start_session(self._serialized(), optimized_model_path=optimized)
            graph = onnx.load(optimized).graph
        found = session.run(list(self._results.values()), dict(self._inputs))
        results = {
            name: self._stored(name, array)
            for name, array in zip(self._results, found, strict=True)
        }
        makers = {name: node for node in graph.node for name in node.output}
        kernels = {
            operator.layer.name: self._kernel(operator, makers) for operator in self._operators
        }
        return results, kernels

    def _kernel(self, operator: Operator, makers: Mapping[str, onnx.NodeProto]) -> str:
        """What yields the operator's first result in the graph that the runtime runs.

        Names of nodes do not survive all fusions; those of values at both ends do.
        """
        operation = operator.node.op_type
        around = _AROUND_KERNELS | ({"Add"} if operator.added is not None else set())
        node = makers.get(self._results[operator.read_outputs[0].name])
        while node is not None and node.op_type in around - {operation}:
            node = makers.get(node.input[0])
        return operation if node is None else node.op_type

    def _stored(
        self, name: str, reals: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.int64] | npt.NDArray[np.floating]:
        maker = self._file.maker(name)
        if maker.op_type != "QuantizeLinear":
            return reals
        grid = self._file.grid(maker, reals.ndim)
        return np.asarray(np.rint(reals / grid.scale) + grid.zero_point, np.int64)

    def _serialized(self) -> bytes:
        inputs = [
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, self._shapes[name])
            for name in self._inputs
        ]
        outputs = [onnx.ValueInfoProto(name=name) for name in self._results.values()]
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "operators", inputs, outputs, constants)
        source = self._file.model
        model = helper.make_model(
            graph, opset_imports=source.opset_import, ir_version=source.ir_version
        )
        return bytes(model.SerializeToString())

    def _add(self, operator: Operator, prefix: str) -> None:
        names = [
            self._operand(name, f"{prefix}{i}") if name else ""
            for i, name in enumerate(operator.node.input)
        ]
        results = [f"{prefix}{name}" if name else "" for name in operator.node.output]
        self._copy(operator.node, names, results)
        if operator.added is not None:
            total = [f"{prefix}{operator.added.output[0]}"]
            bias = self._operand(operator.bias, f"{prefix}bias")
            self._copy(operator.added, [results[0], bias], total)
            results = total
        for result, output in zip(results, operator.outputs, strict=True):
            if output is not None:
                last = output.quantizer
                shown = result if last is None else self._rounded(result, last)
                self._results[output.name] = shown

    def _operand(self, name: str, own: str) -> str:
        """The value ``name`` of the file for one operator; its name in this graph."""
        maker = self._file.dequantizer(name)
        if maker is None:
            return self._constant(name, own)
        stored = maker.input[0]
        if stored in self._file.constants:
            grid = [self._constant(entry, entry) for entry in maker.input]
            self._copy(maker, grid, [own])
            return own
        steps = self._file.grid(maker, self._values[stored].ndim).steps(self._values[stored])
        self._inputs[own] = steps.values.astype(np.float32)
        self._shapes[own] = self._file.shape(stored, steps.values.ndim)
        return self._rounded(own, maker)

    def _constant(self, name: str, own: str) -> str:
        if name in self._held:
            self._constants[name] = self._held[name]
            return name
        self._constants[own] = numpy_helper.from_array(np.asarray(self._values[name]), own)
        return own

    def _rounded(self, name: str, grid: onnx.NodeProto) -> str:
        """A Q/DQ pair behind ``name`` on the grid of a node of the file; what it yields."""
        scale = [self._constant(entry, entry) for entry in grid.input[1:]]
        stored, restored = f"{name}:quantized", f"{name}:dequantized"
        self._nodes.append(helper.make_node("QuantizeLinear", [name, *scale], [stored]))
        self._nodes.append(helper.make_node("DequantizeLinear", [stored, *scale], [restored]))
        return restored

    def _copy(self, node: onnx.NodeProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:], copy.output[:] = inputs, outputs
        self._nodes.append(copy)
