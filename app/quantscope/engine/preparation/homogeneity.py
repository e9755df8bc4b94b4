"""Which operators commute with a positive factor for each channel (axis 1): f(s x) = s f(x).

A table, as ``operators`` is. What is not proved from the node alone is not in it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from quantscope.engine.preparation.operators import clip_bounds, constant_of, rule_for


def carries_factors(node: ir.Node) -> bool:
    """Whether factors of the channels of the first input are those of the first output."""
    proof = _PROOFS.get(node.op_type)
    return node.domain in ("", "ai.onnx") and proof is not None and proof(node)


def is_bounded(node: ir.Node) -> bool:
    """A Clip that cuts at another value than 0: it would commute without its bounds."""
    is_clip = node.domain in ("", "ai.onnx") and node.op_type == "Clip"
    return is_clip and rule_for(node)[0] is not None and not _clips_at_zero(node)


def upper_bound(node: ir.Node) -> float | None:
    """Where a ReLU6 (a Clip from 0, or from nowhere, to a positive bound) cuts off."""
    if not is_bounded(node):
        return None
    low, high = clip_bounds(node)
    is_relu6 = _keeps(low, -1.0) and high is not None and high > 0.0
    return high if is_relu6 else None


def carries_order(node: ir.Node) -> bool:
    """Whether the output of ``node`` is never above the largest input of its channel and 0."""
    return node.op_type not in ("LeakyRelu", "PRelu")


def _always(_: ir.Node) -> bool:
    return True


def _clips_at_zero(node: ir.Node) -> bool:
    """Bounds that a positive factor leaves where they are: zero, and none."""
    if rule_for(node)[0] is None:
        return False
    low, high = clip_bounds(node)
    return _keeps(low, -1.0) and _keeps(high, 1.0)


def _keeps(bound: float | None, sign: float) -> bool:
    """Zero, or as good as none on the side of ``sign``."""
    largest = float(np.finfo(np.float32).max)
    return bound is None or bound == 0.0 or bound * sign >= largest


def _fixed_slope(node: ir.Node) -> bool:
    return len(node.inputs) > 1 and constant_of(node.inputs[1]) is not None


def _flattens_channels(node: ir.Node) -> bool:
    """Flatten to (batch, channels x places): the columns of a channel stand together."""
    return node.attributes.get_int("axis", 1) == 1


def _reshapes_channels(node: ir.Node) -> bool:
    """A Reshape that does what Flatten does, whatever the batch."""
    wanted = constant_of(node.inputs[1]) if len(node.inputs) > 1 else None
    source = node.inputs[0]
    if wanted is None or wanted.shape != (2,) or source is None or source.shape is None:
        return False
    if wanted[0] == 0 and not node.attributes.get_int("allowzero", 0):
        return True
    places = [dim for dim in source.shape[1:] if isinstance(dim, int)]
    is_known = len(places) == len(source.shape) - 1
    return is_known and int(np.prod(places, dtype=np.int64)) == int(wanted[1])


def _averages_places(node: ir.Node) -> bool:
    """A mean over the axes behind the channels."""
    source = node.inputs[0]
    if source is None or source.shape is None:
        return False
    given = node.inputs[1] if len(node.inputs) > 1 else None
    axes = node.attributes.get_ints("axes", ()) if given is None else constant_of(given)
    if axes is None or len(axes) == 0:
        return False
    rank = len(source.shape)
    return all(int(axis) % rank > 1 for axis in axes)


_PROOFS: dict[str, Callable[[ir.Node], bool]] = {
    "Relu": _always,
    "LeakyRelu": _always,
    "PRelu": _fixed_slope,
    "Clip": _clips_at_zero,
    "MaxPool": _always,
    "AveragePool": _always,
    "GlobalMaxPool": _always,
    "GlobalAveragePool": _always,
    "ReduceMean": _averages_places,
    "Flatten": _flattens_channels,
    "Reshape": _reshapes_channels,
}
