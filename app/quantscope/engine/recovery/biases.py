"""Biases that change: a prepared network with other ones, in the graph and in its description.

Convolutions and Gemm have an input for a bias and get one where they had none. A product whose
bias is added in float keeps it there; a MatMul alone has no place for one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.networks.network import Layer, Network, Role, Tensor
from quantscope.engine.preparation.description import absorbed_bias
from quantscope.engine.preparation.prepared import Prepared

Floats = npt.NDArray[np.float32]


def with_own_graph(prepared: Prepared) -> Prepared:
    """``prepared`` with a copy of its graph, for :func:`set_bias` to change."""
    return replace(prepared, model=prepared.model.clone())


def bias_slot(node: ir.Node) -> tuple[ir.Node, int] | None:
    """The node and the input that a layer's bias belongs to; ``None`` where it has no place."""
    absorbed = absorbed_bias(node)
    if absorbed is not None:
        add, bias = absorbed
        return add, next(index for index, value in enumerate(add.inputs) if value is bias)
    return None if node.op_type == "MatMul" else (node, 2)


def set_bias(prepared: Prepared, layer: Layer, values: Floats) -> Prepared:
    """``prepared`` with ``values`` as the bias of ``layer``. Its graph is changed in place.

    Call only for a layer whose node has a :func:`bias_slot`. No other layer reads its bias
    (preparation gives each its own).
    """
    node = next(node for node in prepared.model.graph if node.name == layer.name)
    slot = bias_slot(node)
    assert slot is not None
    value = _value_at(prepared.model, *slot, f"{layer.name}_bias")
    value.const_value = ir.tensor(values, name=value.name)
    value.shape = ir.Shape(values.shape)
    name = value.name or ""
    return replace(
        prepared,
        network=_describe(prepared.network, layer.name, name, values.shape),
        parameters={**prepared.parameters, name: values},
    )


def _value_at(model: ir.Model, node: ir.Node, index: int, name: str) -> ir.Value:
    """The constant at an input of ``node``, made where there is none."""
    found = node.inputs[index] if index < len(node.inputs) else None
    if found is not None:
        return found
    value = ir.Value(name=_free(model, name), type=ir.TensorType(ir.DataType.FLOAT))
    value.const_value = ir.tensor(np.zeros(0, np.float32), name=value.name)
    model.graph.register_initializer(value)
    if index >= len(node.inputs):
        node.resize_inputs(index + 1)
    node.replace_input_with(index, value)
    return value


def _free(model: ir.Model, name: str) -> str:
    """``name``, made longer where the graph has one like it already."""
    made = (value.name for node in model.graph.all_nodes() for value in node.outputs)
    given = (value.name for value in model.graph.inputs)
    taken = {*model.graph.initializers, *made, *given}
    while name in taken:
        name += "_"
    return name


def _describe(network: Network, layer: str, bias: str, shape: tuple[int, ...]) -> Network:
    """``network`` with ``bias`` as that of ``layer``."""
    layers = tuple(
        replace(each, bias=bias) if each.name == layer else each for each in network.layers
    )
    new = Tensor(name=bias, role=Role.BIAS, layer=layer, shape=shape, dtype="float32")
    old = network.tensors.get(bias, new)
    tensors = {**network.tensors, bias: replace(old, shape=shape)}
    return replace(network, layers=layers, tensors=tensors)
