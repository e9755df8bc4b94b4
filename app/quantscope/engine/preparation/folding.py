"""Folding into weights: batch normalization, added biases, and the factors of Gemm.

Each pass replaces a pair of nodes by one with other constants and returns what it did, in
words. Arithmetic is done in float64 and stored in the type that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.preparation.operators import constant_of
from quantscope.engine.preparation.reach import Normal, remember, shift

Array = npt.NDArray[np.float64]
OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1}


def fold_batch_norm(model: ir.Model) -> list[str]:
    """Conv, ConvTranspose or Gemm followed by BatchNormalization becomes the former alone."""
    return _fold_pairs(model, "BatchNormalization", _batch_norm_into)


def fold_added_bias(model: ir.Model) -> list[str]:
    """A constant added to a convolution or product becomes its bias; MatMul becomes Gemm."""
    return _fold_pairs(model, "Add", _added_bias_into)


def fold_gemm_factors(model: ir.Model) -> list[str]:
    """Gemm gets alpha and beta multiplied into weights and bias, and one bias for each output.

    First of the passes here: the others take no Gemm with factors.
    """
    changes = []
    for node in model.graph:
        plain = _plain_gemm(node)
        if node.op_type != "Gemm" or (plain and _plain_bias(node)):
            continue
        alpha = node.attributes.get_float("alpha", 1.0)
        beta = node.attributes.get_float("beta", 1.0)
        if not _scale_gemm(model, node, alpha, beta):
            continue
        if plain:
            changes.append(f"Wrote the bias of {node.name} (Gemm) as one number for each output")
        else:
            changes.append(f"Put the factors of {node.name} (Gemm) into its weights and bias")
    return changes


def _fold_pairs(
    model: ir.Model, operator: str, fold: Callable[[ir.Model, ir.Node, ir.Node], bool]
) -> list[str]:
    """Try ``fold`` on every node of type ``operator`` that alone reads another node's output."""
    changes = []
    for node in list(model.graph):
        if node.op_type != operator or node.domain not in ("", "ai.onnx"):
            continue
        for value in node.inputs:
            producer = value.producer() if value is not None else None
            if value is None or producer is None or not _only_reader(value):
                continue
            name = node.name or node.outputs[0].name
            if fold(model, producer, node):
                _take_over_output(model, producer, node)
                changes.append(f"Folded {name} ({operator}) into {producer.name}")
                break
    return changes


def _only_reader(value: ir.Value) -> bool:
    return len(list(value.uses())) == 1 and not value.is_graph_output()


def _take_over_output(model: ir.Model, producer: ir.Node, node: ir.Node) -> None:
    """``producer`` yields what ``node`` did, under the same name; ``node`` goes."""
    kept, gone = producer.outputs[0], node.outputs[0]
    name = gone.name
    gone.replace_all_uses_with(kept, replace_graph_outputs=True)
    kept.type, kept.shape = gone.type or kept.type, gone.shape or kept.shape
    model.graph.remove(node, safe=True)
    kept.name = name


def _new_constant(model: ir.Model, like: ir.Value | None, name: str, array: Array) -> ir.Value:
    dtype = like.dtype if like is not None and like.dtype is not None else ir.DataType.FLOAT
    tensor = ir.tensor(array.astype(dtype.numpy()), name=name)
    value = ir.Value(
        name=name, shape=ir.Shape(array.shape), type=ir.TensorType(dtype), const_value=tensor
    )
    model.graph.initializers.pop(name, None)
    model.graph.register_initializer(value)
    return value


def _set_parameters(model: ir.Model, node: ir.Node, weights: Array, bias: Array) -> None:
    old = node.inputs[1]
    assert old is not None
    assert old.name is not None
    had_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias_name = node.inputs[2].name if had_bias and node.inputs[2] is not None else None
    node.resize_inputs(3)
    for index, array, name in ((1, weights, old.name), (2, bias, bias_name)):
        previous = node.inputs[index]
        node.replace_input_with(index, None)
        _drop_if_unused(model, previous)
        fresh = _unused_name(model, name or f"{node.name}.bias")
        node.replace_input_with(index, _new_constant(model, old, fresh, array))


def _drop_if_unused(model: ir.Model, value: ir.Value | None) -> None:
    if value is not None and not list(value.uses()) and value.is_initializer():
        model.graph.initializers.pop(value.name or "", None)


def _unused_name(model: ir.Model, name: str) -> str:
    taken = {v.name for node in model.graph for v in node.outputs} | set(model.graph.initializers)
    taken |= {value.name for value in model.graph.inputs}
    while name in taken:
        name += "_folded"
    return name


def _channel_axis(node: ir.Node) -> int | None:
    """The axis of the weights that indexes output channels; ``None`` where none does."""
    if node.op_type == "Gemm":
        return 0 if node.attributes.get_int("transB", 0) else 1
    if node.op_type == "ConvTranspose" and node.attributes.get_int("group", 1) != 1:
        return None
    return OUTPUT_AXIS.get(node.op_type)


def _parameters(node: ir.Node, axis: int) -> tuple[Array, Array] | None:
    """Weights and bias (zeros where there is none); ``None`` where they are not constant."""
    weights = constant_of(node.inputs[1]) if len(node.inputs) > 1 else None
    if weights is None:
        return None
    channels = weights.shape[axis]
    bias = np.zeros(channels)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        given = constant_of(node.inputs[2])
        if given is None or not is_per_channel(given.shape, channels):
            return None
        bias = bias + given.astype(np.float64).reshape(-1)
    return weights.astype(np.float64), bias


def is_per_channel(shape: tuple[int, ...], channels: int) -> bool:
    """Whether a bias of ``shape`` is one number, or one for each of ``channels`` outputs.

    Gemm also takes one for each row, (rows, 1), or for each element of its result.
    """
    size = math.prod(shape)
    return size == 1 or (size == channels and shape[-1] == channels)


def _plain_gemm(node: ir.Node) -> bool:
    factors = (node.attributes.get_float("alpha", 1.0), node.attributes.get_float("beta", 1.0))
    return node.op_type != "Gemm" or factors == (1.0, 1.0)


def _plain_bias(node: ir.Node) -> bool:
    """No bias, or one number for each output, as it can have a scale for each channel."""
    bias = constant_of(node.inputs[2]) if len(node.inputs) > 2 else None
    weights, axis = constant_of(node.inputs[1]), _channel_axis(node)
    if bias is None or weights is None or axis is None:
        return True
    return bias.shape == (weights.shape[axis],)


def _batch_norm_into(model: ir.Model, producer: ir.Node, norm: ir.Node) -> bool:
    axis = _channel_axis(producer)
    if axis is None or len(norm.outputs) != 1 or not _plain_gemm(producer):
        return False
    found = _parameters(producer, axis)
    constants = [constant_of(value) for value in norm.inputs[1:5]]
    if found is None or any(array is None for array in constants):
        return False
    weights, bias = found
    gamma, beta, mean, variance = (a.astype(np.float64) for a in constants if a is not None)
    factor = gamma / np.sqrt(variance + norm.attributes.get_float("epsilon", 1e-5))
    shape = [1] * weights.ndim
    shape[axis] = -1
    _set_parameters(model, producer, weights * factor.reshape(shape), (bias - mean) * factor + beta)
    remember(producer, Normal(beta, np.abs(gamma)))
    return True


def _added_bias_into(model: ir.Model, producer: ir.Node, add: ir.Node) -> bool:
    other = [value for value in add.inputs if value is not producer.outputs[0]]
    added = constant_of(other[0]) if len(other) == 1 else None
    if added is None or producer.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return False
    if producer.op_type == "MatMul" and not _is_matrix_product(producer):
        return False
    axis = 1 if producer.op_type == "MatMul" else _channel_axis(producer)
    found = _parameters(producer, axis) if axis is not None and _plain_gemm(producer) else None
    if axis is None or found is None:
        return False
    weights, bias = found
    per_channel = _as_bias(added, weights.shape[axis], weights.ndim, producer.op_type)
    if per_channel is None:
        return False
    if producer.op_type == "MatMul":
        producer.op_type = "Gemm"
    _set_parameters(model, producer, weights, bias + per_channel)
    shift(producer, per_channel)
    return True


def _is_matrix_product(node: ir.Node) -> bool:
    """Both operands have two axes, so that MatMul is what Gemm computes."""
    return all(v is not None and v.shape is not None and len(v.shape) == 2 for v in node.inputs)


def _as_bias(
    added: npt.NDArray[np.generic], channels: int, rank: int, operator: str
) -> Array | None:
    """``added`` as one value for each channel; ``None`` where it varies along other axes."""
    values = added.astype(np.float64)
    if values.size == 1 and values.ndim <= rank:
        return np.full(channels, values.reshape(-1)[0])
    channel_axis = rank - 1 if operator in ("Gemm", "MatMul") else 1
    if values.ndim > rank:
        return None
    full = (1,) * (rank - values.ndim) + values.shape
    expected = [1] * rank
    expected[channel_axis] = channels
    return values.reshape(-1) if list(full) == expected else None


def _scale_gemm(model: ir.Model, node: ir.Node, alpha: float, beta: float) -> bool:
    axis = _channel_axis(node)
    found = _parameters(node, axis) if axis is not None else None
    if found is None:
        return False
    _set_parameters(model, node, found[0] * alpha, found[1] * beta)
    node.attributes.pop("alpha", None)
    node.attributes.pop("beta", None)
    return True
