"""Description: a prepared graph told in the words of ``core.network``.

Every layer that stays in float, and every tensor that is never quantized, gets the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.networks.look_only import file_placement
from quantscope.core.networks.network import (
    LOGGED_DTYPES,
    Layer,
    LayerKind,
    Network,
    Port,
    Role,
    Tensor,
    short_labels,
)
from quantscope.core.planning.placement import place
from quantscope.engine.preparation.folding import is_per_channel
from quantscope.engine.preparation.operators import OperatorRule, constant_of, rule_for

Parameters = dict[str, npt.NDArray[np.float32]]
FLOATS = frozenset(
    {ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16, ir.DataType.DOUBLE}
)
LARGEST_OPERAND = 1e9
ADDED_LATER = "added in float after the integer product"


def describe(
    model: ir.Model,
    name: str,
    fingerprint: str,
    changes: tuple[str, ...],
    in_float: Mapping[str, str] | None = None,
) -> tuple[Network, Parameters]:
    """The network that ``model`` is, and the values of the parameters that it names.

    ``in_float`` names nodes that stay in float whatever their operator, each with the reason.
    """
    writer = _Writer(model, in_float or {})
    for value in model.graph.inputs:
        writer.add_input(value)
    for node in model.graph:
        writer.add_node(node)
    network = Network(
        name=name,
        fingerprint=fingerprint,
        opset=model.opset_imports.get("", 0),
        inputs=tuple(port_of(value) for value in model.graph.inputs),
        outputs=tuple(port_of(value) for value in model.graph.outputs),
        layers=tuple(writer.layers),
        tensors=writer.tensors,
        changes=changes,
    )
    return network, writer.parameters


def absorbed_bias(node: ir.Node) -> tuple[ir.Node, ir.Value] | None:
    """The Add that puts a bias on a MatMul with more than two axes, and that bias.

    Such a product has no bias input; the runtime's integer product yields float and the bias
    is added to that. Both nodes are one layer.
    """
    if node.op_type != "MatMul" or constant_of(node.inputs[1]) is None:
        return None
    output = node.outputs[0]
    uses = list(output.uses())
    if len(uses) != 1 or output.is_graph_output() or uses[0].node.op_type != "Add":
        return None
    add = uses[0].node
    bias = add.inputs[1 - uses[0].idx]
    values, weights = constant_of(bias), constant_of(node.inputs[1])
    if bias is None or values is None or weights is None:
        return None
    fits = values.size == values.shape[-1] == weights.shape[-1] if values.ndim else False
    return (add, bias) if fits else None


def port_of(value: ir.Value) -> Port:
    """A network input or output as the outside sees it."""
    return Port(name=value.name or "", dtype=_dtype(value), shape=_shape(value))


def _dtype(value: ir.Value) -> str:
    if value.dtype is None:
        return "unknown"
    names = {"float": "float32", "double": "float64"}
    lowered = value.dtype.name.lower()
    return names.get(lowered, lowered)


def _shape(value: ir.Value) -> tuple[int | str, ...]:
    if value.shape is None:
        return ()
    dims = (dim if isinstance(dim, int) else dim.value for dim in value.shape)
    return tuple("?" if dim is None else dim for dim in dims)


def _is_float(value: ir.Value) -> bool:
    return value.dtype in FLOATS


class _Writer:
    """Collects layers, tensors and parameters in graph order; each tensor has one layer."""

    def __init__(self, model: ir.Model, in_float: Mapping[str, str]) -> None:
        self.layers: list[Layer] = []
        self.tensors: dict[str, Tensor] = {}
        self.parameters: Parameters = {}
        self._absorbed: set[str] = set()
        self._counted: set[str] = set()  # parameters of float layers
        self._in_float = in_float
        inputs = [(value.name or "", "Input") for value in model.graph.inputs]
        nodes = [(node.name or "", node.op_type) for node in model.graph]
        self._labels = short_labels([*inputs, *nodes])

    def add_input(self, value: ir.Value) -> None:
        """A network input is a layer of its own, without a node."""
        name = value.name or ""
        floats = _is_float(value)
        reason = "" if floats else f"a network input of type {_dtype(value)}"
        self.layers.append(
            Layer(
                name=name,
                label=self._labels[name],
                operator="Input",
                kind=LayerKind.INPUT,
                outputs=(name,),
                reason=reason,
            )
        )
        self._add_activation(value, name, reason)

    def add_node(self, node: ir.Node) -> None:
        """The layer of ``node`` with its tensors; absorbed nodes were added with another."""
        if node.name in self._absorbed:
            return
        rule, reason = rule_for(node)
        if kept := self._in_float.get(node.name or ""):
            rule, reason = None, kept
        kind = LayerKind.FLOAT if rule is None else rule.kind
        data: tuple[ir.Value, ...] = ()
        if rule is not None and not reason:
            data = _data_of(node, rule)
            reason = self._objection(node, kind, data)
        if rule is None or reason:
            self._add_layer(node, LayerKind.FLOAT, (), reason)
        elif kind is LayerKind.WEIGHTED:
            self._add_weighted(node)
        else:
            self._add_layer(node, kind, data, "")

    def _objection(self, node: ir.Node, kind: LayerKind, data: tuple[ir.Value, ...]) -> str:
        values = [*node.inputs[:1], *node.outputs[:1]]
        for value in (v for v in values if v is not None):
            if not _is_float(value):
                return f"works on {_dtype(value)}, nothing to quantize"
            if value.dtype is not ir.DataType.FLOAT:
                return f"computes in {_dtype(value)}; only float32 layers are quantized"
        if kind is LayerKind.WEIGHTED:
            return _weights_objection(node)
        return next(filter(None, map(_operand_objection, data)), "")

    def _add_weighted(self, node: ir.Node) -> None:
        absorbed = absorbed_bias(node)
        source, weights, bias = node.inputs[0], node.inputs[1], _input(node, 2)
        outputs, reason = node.outputs, ""
        if absorbed is not None:
            add, bias = absorbed
            self._absorbed.add(add.name or "")
            outputs, reason = add.outputs, ADDED_LATER
        assert source is not None
        assert weights is not None
        layer = node.name or ""
        self._add_parameter(weights, Role.WEIGHTS, layer, _channel_axis(node))
        if bias is not None:
            self._add_parameter(bias, Role.BIAS, layer, None, reason)
        for value in outputs:
            self._add_activation(value, layer)
        self.layers.append(
            Layer(
                name=layer,
                label=self._labels[layer],
                operator=node.op_type,
                kind=LayerKind.WEIGHTED,
                inputs=(source.name or "",),
                outputs=tuple(v.name or "" for v in outputs),
                weights=weights.name,
                bias=bias.name if bias is not None else None,
            )
        )

    def _add_layer(
        self, node: ir.Node, kind: LayerKind, data: tuple[ir.Value, ...], reason: str
    ) -> None:
        layer = node.name or ""
        if kind is LayerKind.FLOAT:
            reads = [*node.inputs, *_read_in_subgraphs(node)]
            data = tuple({v: None for v in reads if v is not None and _is_float(v)})
        outputs = [v for v in node.outputs if v.name]
        if kind is not LayerKind.FLOAT:  # MaxPool also gives indices
            outputs = [v for v in outputs if _is_float(v)]
        constants = [v for v in data if constant_of(v) is not None]
        activations = [v for v in data if constant_of(v) is None]
        float_parameters = 0
        if kind is LayerKind.FLOAT:
            float_parameters, constants = self._count(constants), []
        for value in constants:
            self._add_parameter(value, Role.CONSTANT, layer, None)
        for value in node.outputs:
            self._add_activation(value, layer, reason)
        self.layers.append(
            Layer(
                name=layer,
                label=self._labels[layer],
                operator=node.op_type,
                kind=kind,
                inputs=tuple(v.name or "" for v in activations),
                outputs=tuple(v.name or "" for v in outputs),
                constants=tuple(v.name or "" for v in constants),
                reason=reason,
                float_parameters=float_parameters,
            )
        )

    def _count(self, constants: list[ir.Value]) -> int:
        """How many elements these store; those that layers share count for the first of them."""
        new = {value.name or "": value for value in constants if value.name not in self._counted}
        self._counted.update(new)
        sizes = (array.size for v in new.values() if (array := constant_of(v)) is not None)
        return sum(sizes)

    def _add_activation(self, value: ir.Value, layer: str, reason: str = "") -> None:
        if not value.name:
            return
        if value.dtype is ir.DataType.FLOAT:
            reason = ""  # may be quantized for a reader, whatever its own layer does
        elif not reason:
            reason = f"holds {_dtype(value)}, not quantized"
        self.tensors[value.name] = Tensor(
            name=value.name,
            role=Role.ACTIVATION,
            layer=layer,
            shape=_shape(value),
            dtype=_dtype(value),
            reason=reason,
        )

    def _add_parameter(
        self, value: ir.Value, role: Role, layer: str, axis: int | None, reason: str = ""
    ) -> None:
        array = constant_of(value)
        assert array is not None
        assert value.name
        self.parameters[value.name] = array.astype(np.float32)
        self.tensors[value.name] = Tensor(
            name=value.name,
            role=role,
            layer=layer,
            shape=tuple(array.shape),
            dtype=_dtype(value),
            channel_axis=axis,
            reason=reason,
        )


def _read_in_subgraphs(node: ir.Node) -> Iterator[ir.Value]:
    """What the branches and bodies of ``node`` take from the graph around it."""
    for attribute in node.attributes.values():
        graphs = [attribute.value] if attribute.type is ir.AttributeType.GRAPH else []
        graphs = list(attribute.value) if attribute.type is ir.AttributeType.GRAPHS else graphs
        for graph in graphs:
            reads = [value for inner in graph.all_nodes() for value in inner.inputs]
            for value in (*reads, *graph.outputs):
                if value is not None and value.graph is node.graph:
                    yield value


def _data_of(node: ir.Node, rule: OperatorRule) -> tuple[ir.Value, ...]:
    """The inputs of ``node`` that carry values to quantize."""
    indices = range(len(node.inputs)) if rule.data is None else rule.data
    return tuple(v for i in indices if (v := _input(node, i)) is not None)


def _operand_objection(value: ir.Value) -> str:
    """Why a fixed operand has no integer form; empty for all others."""
    operand = constant_of(value)
    if operand is None or np.abs(operand).max(initial=0.0) < LARGEST_OPERAND:
        return ""
    return "its fixed operand is a mask of extremes, beside which nothing else keeps a bit"


def _weights_objection(node: ir.Node) -> str:
    """Why a product cannot run in integers; empty where its weights are fixed."""
    if constant_of(_input(node, 0)) is not None:
        return "its weights are on the left side"
    if constant_of(_input(node, 1)) is None:
        return "its weights are computed in the network"
    bias, axis = _input(node, 2), _channel_axis(node)
    if bias is None:
        return ""
    values, weights = constant_of(bias), constant_of(node.inputs[1])
    if values is None or weights is None:
        return "its bias is computed in the network"
    if axis is not None and not is_per_channel(values.shape, weights.shape[axis]):
        return "its bias differs along the rows of the result; int32 takes one for each column"
    return ""


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if index < len(node.inputs) else None


def _channel_axis(node: ir.Node) -> int | None:
    """The axis of the weights that may have a scale for each index."""
    weights = constant_of(node.inputs[1])
    assert weights is not None
    if node.op_type == "Conv":
        return 0
    if node.op_type == "Gemm":
        return 0 if node.attributes.get_int("transB", 0) else 1
    if node.op_type == "ConvTranspose":
        return 1 if node.attributes.get_int("group", 1) == 1 else None
    return 1 if weights.ndim == 2 else None


def loggable(network: Network, *, only_quantized: bool = False) -> Iterator[str]:
    """Names of the float activations that calibration logs, in network order.

    ``only_quantized`` leaves out those that no integer layer reads or writes.
    """
    placement = file_placement(network) if network.file_types else place(network)
    sources = {name for group in placement.groups for name in group.sources}
    for name, tensor in network.tensors.items():
        is_float = tensor.role is Role.ACTIVATION and tensor.dtype in LOGGED_DTYPES
        if is_float and (not only_quantized or name in sources):
            yield name
