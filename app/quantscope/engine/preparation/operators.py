"""The operator table: how each ONNX operator takes part in quantization.

One row for each operator that is more than "stays in float". To add one, add a row, and where
the rule depends on attributes or inputs a condition that returns the reason why this node must
not take part like that (or an empty string). An operator that computes new values is then
rounded for those targets that name it (``integer_operators`` in ``core.targets``). A form of
it in ``tests/engine/operator_networks.py`` gives it its tests, and its row in the guide.

Inputs that are not ``data`` (shapes, axes, indices, scales of a normalization) stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from quantscope.core.networks.network import LayerKind

Condition = Callable[[ir.Node], str]


def _no_objection(_: ir.Node) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """How an operator is treated.

    ``data`` are the indices of the inputs that carry values to quantize (``None``: all).
    ``otherwise`` is the row for nodes to which ``condition`` objects (``None``: they stay float).
    """

    kind: LayerKind
    data: tuple[int, ...] | None = (0,)
    condition: Condition = _no_objection
    otherwise: OperatorRule | None = None


def constant_of(value: ir.Value | None) -> np.ndarray | None:
    """The array behind a value that never changes; ``None`` for one that is computed."""
    if value is None or value.const_value is None or value.is_graph_input():
        return None
    return value.const_value.numpy()


def clip_bounds(node: ir.Node) -> tuple[float | None, float | None]:
    """Lower and upper bound of a Relu or Clip with fixed bounds; ``None`` where unbounded."""
    if node.op_type == "Relu":
        return 0.0, None
    bounds = [constant_of(node.inputs[i]) if i < len(node.inputs) else None for i in (1, 2)]
    low, high = (None if bound is None else float(bound.reshape(-1)[0]) for bound in bounds)
    return low, high


def _fixed_bounds(node: ir.Node) -> str:
    for value in node.inputs[1:]:
        if value is not None and constant_of(value) is None:
            return "its bounds are computed in the network"
    return ""


def _nearest(node: ir.Node) -> str:
    mode = node.attributes.get_string("mode", "nearest")
    return "" if mode == "nearest" else "interpolates"


def _pads_with_zero(node: ir.Node) -> str:
    if node.attributes.get_string("mode", "constant") != "constant" or len(node.inputs) < 3:
        return ""
    if node.inputs[2] is None:
        return ""
    fill = constant_of(node.inputs[2])
    if fill is None or fill.size == 0 or float(fill.reshape(-1)[0]) == 0.0:
        return "" if fill is not None else "its fill value is computed in the network"
    return "fills with a value other than 0"


def _computed_values(node: ir.Node) -> str:
    if constant_of(node.inputs[0]) is None:
        return ""
    return "looks up a table, of which each run reads a few rows: it stays in float"


def _fixed_divisor(node: ir.Node) -> str:
    divisor = constant_of(node.inputs[1])
    if divisor is None:
        return "its divisor is computed in the network, and rounded could become 0"
    magnitudes = np.abs(divisor)
    smallest, largest = magnitudes.min(initial=np.inf), magnitudes.max(initial=0.0)
    safe = smallest > 0.0 and smallest * LARGEST_RATIO_OF_DIVISORS >= largest
    return "" if safe else "its smallest divisor would be rounded to 0"


def _fixed_right_side(node: ir.Node) -> str:
    left, right = (constant_of(value) for value in node.inputs[:2])
    return "" if left is None and right is not None else "multiplies two activations"


LARGEST_RATIO_OF_DIVISORS = 64  # a word of 8 bits has 64 steps and more in its largest value
_NEW_VALUES = OperatorRule(LayerKind.FOLLOWER)
_PAIR = OperatorRule(LayerKind.FOLLOWER, data=(0, 1))
_WEIGHTED = OperatorRule(LayerKind.WEIGHTED)
_MOVE = OperatorRule(LayerKind.PASS_THROUGH)

OPERATORS: dict[str, OperatorRule] = {
    "Conv": _WEIGHTED,
    "ConvTranspose": _WEIGHTED,
    "Gemm": _WEIGHTED,
    "MatMul": OperatorRule(
        LayerKind.WEIGHTED,
        condition=_fixed_right_side,
        otherwise=OperatorRule(LayerKind.PRODUCT, data=(0, 1)),
    ),
    "Relu": OperatorRule(LayerKind.RECTIFIER),
    "Clip": OperatorRule(LayerKind.RECTIFIER, condition=_fixed_bounds),
    "Add": _PAIR,
    "Sub": _PAIR,
    "Mul": _PAIR,
    "Div": OperatorRule(LayerKind.FOLLOWER, data=(0, 1), condition=_fixed_divisor),
    "Max": OperatorRule(LayerKind.FOLLOWER, data=None),
    "Min": OperatorRule(LayerKind.FOLLOWER, data=None),
    "PRelu": _PAIR,
    "LeakyRelu": _NEW_VALUES,
    "Elu": _NEW_VALUES,
    "Sigmoid": _NEW_VALUES,
    "HardSigmoid": _NEW_VALUES,
    "HardSwish": _NEW_VALUES,
    "Tanh": _NEW_VALUES,
    "Erf": _NEW_VALUES,
    "Gelu": _NEW_VALUES,
    "Softmax": _NEW_VALUES,
    "LayerNormalization": _NEW_VALUES,
    "AveragePool": _NEW_VALUES,
    "GlobalAveragePool": _NEW_VALUES,
    "ReduceMean": _NEW_VALUES,
    "ReduceSum": _NEW_VALUES,
    "Concat": OperatorRule(LayerKind.CONCAT, data=None),
    "MaxPool": _MOVE,
    "GlobalMaxPool": _MOVE,
    "ReduceMax": _MOVE,
    "ReduceMin": _MOVE,
    "Reshape": _MOVE,
    "Flatten": _MOVE,
    "Transpose": _MOVE,
    "Squeeze": _MOVE,
    "Unsqueeze": _MOVE,
    "Expand": _MOVE,
    "Tile": _MOVE,
    "Identity": _MOVE,
    "Slice": _MOVE,
    "Split": _MOVE,
    "Gather": OperatorRule(LayerKind.PASS_THROUGH, condition=_computed_values),
    "DepthToSpace": _MOVE,
    "SpaceToDepth": _MOVE,
    "Resize": OperatorRule(LayerKind.PASS_THROUGH, condition=_nearest, otherwise=_NEW_VALUES),
    "Pad": OperatorRule(LayerKind.PASS_THROUGH, condition=_pads_with_zero, otherwise=_NEW_VALUES),
}

IN_FLOAT: dict[str, str] = {
    **dict.fromkeys(
        ("LSTM", "GRU", "RNN"),
        "its products run inside one node, where no Q and DQ can stand between them",
    ),
    **dict.fromkeys(
        ("Exp", "Log", "Pow", "Sqrt", "Reciprocal"),
        "its results range too widely for a few bits",
    ),
    "Where": "chooses between values, of which one side is often a mask of extremes",
}
"""Operators that stay in float for a reason of their own."""


def rule_for(node: ir.Node) -> tuple[OperatorRule | None, str]:
    """The row for ``node``, or ``None`` with the reason why it stays in float."""
    if node.domain not in ("", "ai.onnx"):
        return None, f"{node.domain}.{node.op_type} has no integer form here"
    if any(attribute.type in _SUBGRAPHS for attribute in node.attributes.values()):
        return None, f"{node.op_type} holds a subgraph, which stays in float"
    rule = OPERATORS.get(node.op_type)
    if rule is None:
        return None, IN_FLOAT.get(node.op_type, f"{node.op_type} has no integer form here")
    objection = rule.condition(node)
    if not objection:
        return rule, ""
    return rule.otherwise, "" if rule.otherwise is not None else objection


_SUBGRAPHS = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
