"""High biases absorbed by the next layer: channels far above zero come down to it.

Where a channel's values never get near zero, a Relu does nothing to them, and a constant c may be
taken from the first layer's bias and added, through the weights, to the second's: the channel's
range begins at zero and has no empty part below. Biases get high where equalization widens
channels that hardly vary (Nagel et al., Data-Free Quantization Through Weight Equalization and
Bias Correction, 2019, section 4.1.3). c = max(0, mean - 3 deviations), as batch
normalization remembers them: of a normal distribution one value in 700 lies lower, and changes. So
it is a choice apart, and what it does to the float network is measured at export. It is done before
equalization, which then sees the lower biases; the factors that follow scale c with its channel.

Not absorbed: where a ReLU6 may cut the channel off, and where the second layer pads with zeros,
which would then have to be -c (a depthwise convolution in MobileNets).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from quantscope.engine.preparation.channel_pairs import (
    Array,
    Pair,
    array_of,
    at_inputs,
    bias_of,
    by_channel,
    has_own_bias,
    pairs,
    replace_array,
)
from quantscope.engine.preparation.reach import remembered, shift

ABSORBED_DEVIATIONS = 3.0  # below the mean, as in the paper


def absorb_biases(model: ir.Model) -> list[str]:
    """Absorb the high biases of every pair that allows it; what was done, in words."""
    changes = []
    for pair in pairs(model):
        heights = _heights(pair)
        if heights is not None and heights.any():
            _lower(pair, heights)
            changes.append(
                f"Absorbed {np.count_nonzero(heights)} high biases of {pair.first.name} "
                f"into {pair.second.name}"
            )
    return changes


def _heights(pair: Pair) -> Array | None:
    """What can be taken from each channel; ``None`` where nothing can."""
    normal = remembered(pair.first)
    first, second = bias_of(pair.first), bias_of(pair.second)
    if normal is None or first is None or second is None:
        return None
    if (
        pair.obstacle
        or not has_own_bias(pair.second)
        or any(map(_pads, (*pair.links, pair.second)))
    ):
        return None
    lowest = normal.mean - ABSORBED_DEVIATIONS * normal.deviation
    highest = normal.mean + ABSORBED_DEVIATIONS * normal.deviation
    free = (lowest > 0.0) & (highest <= pair.bound)
    return np.where(free, lowest, 0.0).astype(np.float32).astype(np.float64)


def _pads(node: ir.Node) -> bool:
    """Whether zeros, or parts of a kernel only, may enter a sum."""
    if node.op_type == "ConvTranspose":
        return True
    if node.op_type not in ("Conv", "AveragePool"):
        return False
    automatic = node.attributes.get_string("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER")
    return automatic or any(node.attributes.get_ints("pads", ()))


def _lower(pair: Pair, heights: Array) -> None:
    weights = array_of(pair.second.inputs[1]).astype(np.float64)
    sums = by_channel(pair.second, weights.sum(axis=tuple(range(2, weights.ndim))))
    added = (sums * at_inputs(sums.shape, heights)).sum(axis=2).reshape(-1)
    shift(pair.first, -heights)
    for value, change in ((bias_of(pair.first), -heights), (bias_of(pair.second), added)):
        values = array_of(value)
        replace_array(value, (values + change.reshape(values.shape)).astype(np.float32))
