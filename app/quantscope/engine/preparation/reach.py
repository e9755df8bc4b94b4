"""How far the values of a layer's channels reach, as far as the network itself tells.

Two sources. A layer between a ReLU6 and its own output has a *proved* bound: no input is above 6,
so no output is above 6 times the sum of its positive weights, plus the bias. And batch
normalization *remembers*: it was made to give each channel the mean beta and the standard
deviation |gamma| on the data that the network was trained on (Nagel et al., Data-Free
Quantization Through Weight Equalization and Bias Correction, 2019, section 4.1.3 and appendix C,
use the same). Values are taken to lie within
:data:`DEVIATIONS` of the mean. That is no proof, and values have long tails where pictures have
edges: on the bundled demo's pictures the furthest lie 11.8 deviations off. What is built on it is
measured at export.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.preparation.homogeneity import carries_factors, upper_bound
from quantscope.engine.preparation.operators import clip_bounds, constant_of

Array = npt.NDArray[np.float64]
DEVIATIONS = 12.0
ROUNDING = 1e-5  # what sums in float32 may add to a proved bound, relative
_KEY = "quantscope.normal"


@dataclass(frozen=True, eq=False)
class Normal:
    """Mean and standard deviation of each output channel of a layer, both (channels,)."""

    mean: Array
    deviation: Array


def remember(node: ir.Node, normal: Normal) -> None:
    """Note what batch normalization said of the output of ``node``, which it was folded into."""
    node.meta[_KEY] = normal


def remembered(node: ir.Node) -> Normal | None:
    """What :func:`remember` noted, or none."""
    found = node.meta.get(_KEY)
    return found if isinstance(found, Normal) else None


def shift(node: ir.Node, added: Array) -> None:
    """``added`` (channels,) was added to the output of ``node``."""
    if (normal := remembered(node)) is not None:
        remember(node, Normal(normal.mean + added, normal.deviation))


def reach(node: ir.Node) -> Array | None:
    """The largest value of each output channel of a Conv, ConvTranspose or Gemm.

    The lower of what is proved and what is remembered; ``None`` where there is neither, or
    where one of them is not finite.
    """
    bounds = [
        bound for bound in (_remembered_bound(node), _proved_bound(node)) if bound is not None
    ]
    if not bounds:
        return None
    lowest: Array = np.minimum.reduce(bounds)
    return lowest if np.isfinite(lowest).all() else None


def _remembered_bound(node: ir.Node) -> Array | None:
    normal = remembered(node)
    return None if normal is None else normal.mean + DEVIATIONS * normal.deviation


def _proved_bound(node: ir.Node) -> Array | None:
    """From the bounds of the input, with zero among its values, as padding is."""
    ends = _input_bounds(node.inputs[0])
    weights = constant_of(node.inputs[1])
    if ends is None or weights is None:
        return None
    turned = node.op_type == "Gemm" and not node.attributes.get_int("transB", 0)
    outputs = np.moveaxis(weights, 1, 0) if turned or node.op_type == "ConvTranspose" else weights
    flat = outputs.reshape(len(outputs), -1).astype(np.float64)
    highest = np.maximum(flat * min(ends[0], 0.0), flat * max(ends[1], 0.0)).sum(axis=1)
    bias = constant_of(node.inputs[2]) if len(node.inputs) > 2 else None
    added = 0.0 if bias is None else bias.reshape(-1).astype(np.float64)
    bound: Array = highest + ROUNDING * np.abs(highest) + added
    return bound


def _input_bounds(value: ir.Value | None) -> tuple[float, float] | None:
    """Bounds that a Clip gives to ``value``, pooled or flattened in between."""
    while value is not None and (maker := value.producer()) is not None:
        if upper_bound(maker) is not None:
            low, high = clip_bounds(maker)
            return None if low is None or high is None or not math.isfinite(low) else (low, high)
        if maker.op_type not in _WITHIN or not carries_factors(maker):
            return None
        value = maker.inputs[0]
    return None


_WITHIN = {
    "MaxPool",
    "AveragePool",
    "GlobalMaxPool",
    "GlobalAveragePool",
    "ReduceMean",
    "Flatten",
    "Reshape",
}  # what yields nothing outside the range of its input and 0
