"""The operator table: how each ONNX operator takes part in quantization.

One row for each operator that is more than "stays in float". To add one, add a row, and where
the rule depends on attributes a condition that returns the reason why this node must stay in
float (or an empty string).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from quantscope.core.network import LayerKind

Condition = Callable[[ir.Node], str]


def _no_objection(_: ir.Node) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """How an operator is treated.

    ``data`` are the indices of the inputs that carry values to quantize (``None``: all).
    ``integer_kernel``: ONNX Runtime's CPU provider has one for 8-bit words (1.32).
    """

    kind: LayerKind
    data: tuple[int, ...] | None = (0,)
    integer_kernel: bool = True
    condition: Condition = _no_objection


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


_WEIGHTED = OperatorRule(LayerKind.WEIGHTED)
_PAIR = OperatorRule(LayerKind.FOLLOWER, data=(0, 1))
_POOL = OperatorRule(LayerKind.FOLLOWER)
_MOVE = OperatorRule(LayerKind.PASS_THROUGH)

OPERATORS: dict[str, OperatorRule] = {
    "Conv": _WEIGHTED,
    "ConvTranspose": OperatorRule(LayerKind.WEIGHTED, integer_kernel=False),
    "Gemm": _WEIGHTED,
    "MatMul": _WEIGHTED,
    "Relu": OperatorRule(LayerKind.RECTIFIER, integer_kernel=False),
    "Clip": OperatorRule(LayerKind.RECTIFIER, integer_kernel=False, condition=_fixed_bounds),
    "Add": _PAIR,
    "Mul": _PAIR,
    "Sub": OperatorRule(LayerKind.FOLLOWER, data=(0, 1), integer_kernel=False),
    "AveragePool": _POOL,
    "GlobalAveragePool": _POOL,
    "ReduceMean": OperatorRule(LayerKind.FOLLOWER, integer_kernel=False),
    "Concat": OperatorRule(LayerKind.CONCAT, data=None),
    "MaxPool": _MOVE,
    "GlobalMaxPool": OperatorRule(LayerKind.PASS_THROUGH, integer_kernel=False),
    "Reshape": _MOVE,
    "Flatten": _MOVE,
    "Transpose": _MOVE,
    "Squeeze": _MOVE,
    "Unsqueeze": _MOVE,
    "Slice": _MOVE,
    "Split": _MOVE,
    "DepthToSpace": _MOVE,
    "SpaceToDepth": OperatorRule(LayerKind.PASS_THROUGH, integer_kernel=False),
    "Resize": OperatorRule(LayerKind.PASS_THROUGH, condition=_nearest),
    "Pad": OperatorRule(LayerKind.PASS_THROUGH, integer_kernel=False, condition=_pads_with_zero),
}

INTERPOLATING = OperatorRule(LayerKind.FOLLOWER, integer_kernel=False)
"""Pass-through operators whose condition objects make new values: a type of their own."""


def rule_for(node: ir.Node) -> tuple[OperatorRule | None, str]:
    """The row for ``node``, or ``None`` with the reason why it stays in float."""
    if node.domain not in ("", "ai.onnx"):
        return None, f"{node.domain}.{node.op_type} has no integer form here"
    if any(attribute.type in _SUBGRAPHS for attribute in node.attributes.values()):
        return None, f"{node.op_type} holds a subgraph, which stays in float"
    rule = OPERATORS.get(node.op_type)
    if rule is None:
        return None, f"{node.op_type} has no integer form here"
    objection = rule.condition(node)
    if not objection:
        return rule, ""
    if rule.kind is LayerKind.PASS_THROUGH:
        return INTERPOLATING, ""
    return None, objection


_SUBGRAPHS = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
