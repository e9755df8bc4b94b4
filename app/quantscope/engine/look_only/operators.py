"""Quantized operators written as what they mean: a float operator between DQ and Q.

The rows follow the operator pages of ONNX (QLinearConv, QLinearMatMul) and of ONNX Runtime's
own domain (the others). A value that a row restores is dequantized for this reader alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from quantscope.core.errors import QuantscopeError
from quantscope.engine.preparation.operators import constant_of

PLAIN = frozenset({"QuantizeLinear", "DequantizeLinear"})


@dataclass(frozen=True, slots=True)
class Row:
    """A quantized operator: the float one it stands for, and where its inputs are.

    ``data`` are the places of integers, each followed by scale and zero point; ``result`` is
    the place of the result's scale, followed by its zero point. ``bias`` is the place of int32
    values in steps of the product of the first two scales.
    """

    operator: str
    data: tuple[int, ...]
    result: int
    bias: int | None = None


OPERATORS = {
    "QLinearConv": Row("Conv", (0, 3), 6, bias=8),
    "QLinearMatMul": Row("MatMul", (0, 3), 6),
    "QGemm": Row("Gemm", (0, 3), 7, bias=6),
    "QLinearAdd": Row("Add", (0, 3), 6),
    "QLinearMul": Row("Mul", (0, 3), 6),
    "QLinearSigmoid": Row("Sigmoid", (0,), 3),
    "QLinearLeakyRelu": Row("LeakyRelu", (0,), 3),
    "QLinearSoftmax": Row("Softmax", (0,), 3),
    "QLinearAveragePool": Row("AveragePool", (0,), 3),
    "QLinearGlobalAveragePool": Row("GlobalAveragePool", (0,), 3),
    "QLinearConcat": Row("Concat", (), 0),  # triples behind the result's grid, however many
}
READ = PLAIN | OPERATORS.keys()
"""Operators of quantized models that are read."""
_OWN = frozenset({"channels_last", "opset"})  # attributes that the float operator does not have


def is_quantized(model: ir.Model) -> bool:
    """Whether a node of ``model``, or of a function in it, is one of a quantized model."""
    functions = (node for function in model.functions.values() for node in function)
    return any(node.op_type in READ for node in (*model.graph.all_nodes(), *functions))


def write_plainly(model: ir.Model) -> int:
    """Replace the quantized operators of ``model``; returns how many there were."""
    nodes = [node for node in model.graph if node.op_type in OPERATORS]
    for node in nodes:
        _replace(model, node, OPERATORS[node.op_type])
    return len(nodes)


def _replace(model: ir.Model, node: ir.Node, row: Row) -> None:
    name = node.name or node.outputs[0].name or node.op_type
    _check_inputs(node, row, name)
    places = row.data or tuple(range(2, len(node.inputs), 3))
    restored = [
        _restore(model, node, place, f"{name}_input{number}") for number, place in enumerate(places)
    ]
    operands = [each.outputs[0] for each in restored]
    if row.bias is not None and (bias := _input(node, row.bias)) is not None:
        restored.append(_restore_bias(model, node, bias, f"{name}_bias"))
        operands.append(restored[-1].outputs[0])
    attributes = [each for each in node.attributes.values() if each.name not in _OWN]
    plain = ir.Node("", row.operator, operands, attributes, name=name)
    last = _result(model, node, plain, row, name)
    model.graph.insert_before(node, [*restored, *dict.fromkeys((plain, last))])
    _hand_over(node.outputs[0], last.outputs[0])
    model.graph.remove(node, safe=True)


def _check_inputs(node: ir.Node, row: Row, name: str) -> None:
    """Nobody has checked operators of ONNX Runtime's own domain."""
    needed = [place + shift for place in row.data or (2,) for shift in (0, 1)]
    if any(_input(node, place) is None for place in needed):
        raise QuantscopeError(
            f"{node.op_type} lacks inputs that it needs",
            where=f"layer {name[:120]}",
            remedy="Export the model again",
        )


def _result(model: ir.Model, node: ir.Node, plain: ir.Node, row: Row, name: str) -> ir.Node:
    """The node that makes what ``node`` made: a Q, or the float operator where none is asked."""
    scale = _input(node, row.result)
    if scale is None:
        return plain
    plain.outputs[0].name = f"{node.outputs[0].name}_before"
    grid = _grid(model, scale, _input(node, row.result + 1))
    return ir.node("QuantizeLinear", [plain.outputs[0], *grid], name=f"{name}_QuantizeLinear")


def _restore(model: ir.Model, node: ir.Node, place: int, name: str) -> ir.Node:
    value, scale = node.inputs[place], _input(node, place + 1)
    assert scale is not None
    grid = _grid(model, scale, _input(node, place + 2))
    attributes = {"axis": _axis(node, value)}
    restore = ir.node("DequantizeLinear", [value, *grid], attributes, name=f"{name}_Dequantize")
    fixed = constant_of(value) is not None and value is not None
    restore.outputs[0].name = f"{value.name}_restored" if fixed and value else f"{name}_restored"
    return restore


def _restore_bias(model: ir.Model, node: ir.Node, bias: ir.Value, name: str) -> ir.Node:
    product = np.asarray(node.attributes.get_float("alpha", 1.0), np.float32)
    for scale in (constant_of(_input(node, place)) for place in (1, 4)):
        if scale is not None:
            product = np.asarray(product * scale, np.float32)
    product = product.reshape(()) if product.size == 1 else product
    tensor = ir.tensor(product, name=f"{name}_scale")
    value = ir.Value(name=tensor.name, const_value=tensor, type=ir.TensorType(tensor.dtype))
    value.shape = ir.Shape(product.shape)
    model.graph.register_initializer(value)
    restore = ir.node("DequantizeLinear", [bias, value], {"axis": 0}, name=f"{name}_Dequantize")
    restore.outputs[0].name = f"{bias.name}_restored"
    return restore


def _grid(model: ir.Model, scale: ir.Value, zero_point: ir.Value | None) -> list[ir.Value]:
    """Scale and zero point as Q and DQ take them: a single one is a scalar."""
    return [_scalar(model, value) for value in (scale, zero_point) if value is not None]


def _scalar(model: ir.Model, value: ir.Value) -> ir.Value:
    array = constant_of(value)
    if array is None or array.size != 1 or array.ndim == 0:
        return value
    name = f"{value.name}_scalar"
    known = model.graph.initializers.get(name)
    if known is not None:
        return known
    tensor = ir.tensor(array.reshape(()), dtype=value.dtype, name=name)
    scalar = ir.Value(name=name, const_value=tensor, type=value.type, shape=ir.Shape(()))
    model.graph.register_initializer(scalar)
    return scalar


def _axis(node: ir.Node, value: ir.Value | None) -> int:
    """Along which axis the weights of ``node`` have scales, where they have several."""
    array = constant_of(value)
    if node.op_type == "QLinearConv" or node.attributes.get_int("transB", 0) != 0:
        return 0
    return array.ndim - 1 if array is not None and array.ndim else 1


def _hand_over(old: ir.Value, new: ir.Value) -> None:
    name = old.name
    new.type, new.shape = old.type, old.shape
    old.replace_all_uses_with(new, replace_graph_outputs=True)
    old.name, new.name = f"{name}_replaced", name


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if index < len(node.inputs) else None
