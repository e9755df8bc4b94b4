"""Cross-layer equalization: channels of neighbouring layers brought to similar ranges.

One type for all weights of a layer serves its widest channel; a channel 32 times narrower
keeps 5 bits less. Where between two layers lies only what commutes with a positive factor
(Relu, pooling), output channel c of the first may be divided by s_c and input channel c of the
second multiplied by it: the network computes the same. With r1 and r2 the largest magnitudes
of channel c in both, s = sqrt(r1 / r2) makes them equal (Nagel et al., Data-Free Quantization
Through Weight Equalization and Bias Correction, 2019, section 4.1, equation 11); a layer in two
pairs is met again and again until the factors settle. Here r1 and r2 are taken relative to the
largest of their layer. The paper's goal is the same, as a factor that all channels share changes
no type's precision; but without it activations keep their size, and the bounds below hold back
only channels that stand out.

The factors are rounded to powers of two, so that every product and sum is the same to the last
bit; ranges that the paper makes equal then differ by a factor of two at most, which costs half a
bit. A pair whose widest channels are less than twice the median ones has nothing to gain, and is
left alone unless a neighbour's factors change that. Bounds hold beside the paper: a channel that
is all zero stays as it is, and none may grow far past the layer's largest, as the paper's high
biases widen the activations of all channels (:data:`GROWTH_OCTAVES`). How far a channel grows is
told by its reach where it is known (``reach``), else by its bias. (The bound was picked on one face
detector, fixed-point types, 24 pictures that also calibrated: against once, twice gives 1 to 2 dB
more with MinMax, Histogram and Percentile, and 8 to 10 dB less with Entropy, which then clips the
wider activations. No bound and four times were no better.)

*ReLU6*, a Clip with an upper bound, does not commute: min(x / s, 6) s is min(x, 6 s). Bounds that
differ by channel have no integer kernel, neither as Clip nor as Min. So the bound stays, and the
factors keep within what it allows: a channel that may reach 6 keeps its factor 1; any other may
become smaller, and larger until it reaches 6. How far channels reach is proved, or remembered by
batch normalization (``reach``); where nothing is known the pair is left alone and told. The
paper's own way, to replace ReLU6 by Relu, changes the network; it is :func:`replace_relu6`, a
choice apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
import onnx_ir.passes.common as common

from quantscope.engine.preparation.channel_pairs import (
    Array,
    Pair,
    Table,
    array_of,
    as_weights,
    at_inputs,
    bias_of,
    magnitudes,
    pairs,
    replace_array,
)
from quantscope.engine.preparation.homogeneity import upper_bound
from quantscope.engine.preparation.reach import reach

MOST_ROUNDS = 20
SETTLED = 1e-3  # largest relative change of a factor in the last round
LARGEST_EXPONENT = 10  # factors lie between 2**-10 and 2**10
GROWTH_OCTAVES = 1.0  # a channel may become twice as large as the layer's largest
LEAST_SPREAD = 2.0  # widest by median channel; powers of two gain nothing below


def equalize(model: ir.Model) -> list[str]:
    """Equalize all pairs of ``model``, which has named nodes; what was done, in words."""
    found = list(pairs(model))
    refusals = [words for pair in found if (words := _refusal(pair))]
    free = [pair for pair in found if not _refusal(pair)]
    layers = {node: None for pair in free for node in (pair.first, pair.second)}
    before = {node: magnitudes(node) for node in layers}
    exponents = settle(free, before)
    after = _apply(free, before, exponents)
    changes = [
        _in_words(pair, each, (_spread_of(pair, before), _spread_of(pair, after)))
        for pair, each in zip(free, exponents, strict=True)
        if each.any()
    ]
    if rest := len(free) - len(changes):
        changes.append(f"Nothing to gain by equalizing: {rest} of {len(found)} pairs of layers")
    return changes + refusals


def replace_relu6(model: ir.Model) -> list[str]:
    """Put Relu for every ReLU6 between two layers; what was done, in words.

    It changes what the network computes where values exceed the bound.
    """
    bounded = {
        link: upper_bound(link)
        for pair in pairs(model)
        for link in pair.links
        if upper_bound(link) is not None and link.inputs[1:2] and link.inputs[1] is not None
    }
    for node in bounded:
        node.op_type = "Relu"
        node.resize_inputs(1)
    common.RemoveUnusedNodesPass()(model)  # with the constants that were bounds
    return [f"Replaced {node.name} (bound {bound:g}) by Relu" for node, bound in bounded.items()]


def _in_words(pair: Pair, exponents: Array, spreads: tuple[float, float]) -> str:
    changed = np.count_nonzero(exponents)
    bound = f", within the bound of {pair.clip}" if pair.clip else ""
    return (
        f"Equalized {changed} of {pair.channels} channels between {pair.first.name} and "
        f"{pair.second.name}{bound}: the widest was {spreads[0]:.1f} times the median, "
        f"now {spreads[1]:.1f} times"
    )


def _refusal(pair: Pair) -> str:
    """Why a pair can't be equalized; empty where it can."""
    known = math.isinf(pair.bound) or reach(pair.first) is not None
    if known and not pair.obstacle:
        return ""
    reason = "" if pair.obstacle else ", and nothing tells how far they reach"
    return (
        f"Did not equalize {pair.first.name} and {pair.second.name}: "
        f"{pair.obstacle or pair.clip} between them bounds all channels alike{reason}"
    )


def output_ranges(table: Table) -> Array:
    """The largest magnitude of each output channel."""
    ranges: Array = table.max(axis=2).reshape(-1).astype(np.float64)
    return ranges


def input_ranges(table: Table, channels: int) -> Array:
    """The same of each input channel; behind Flatten a channel is several columns."""
    ranges: Array = table.max(axis=1).reshape(channels, -1).max(axis=1).astype(np.float64)
    return ranges


# ---- factors -----------------------------------------------------------------------------------


def settle(found: Sequence[Pair], before: Mapping[ir.Node, Table]) -> list[Array]:
    """For each pair log2 of the factors, rounded: the second layer's are multiplied by them."""
    tables = {node: table.copy() for node, table in before.items()}
    limits = [_limits(pair) for pair in found]
    totals = [np.zeros(pair.channels) for pair in found]
    for _ in range(MOST_ROUNDS):
        change = 0.0
        for pair, (low, high), total in zip(found, limits, totals, strict=True):
            if not total.any() and _spread_of(pair, tables) < LEAST_SPREAD:
                continue
            wanted = total + _step(tables[pair.first], tables[pair.second], pair.channels)
            step = np.clip(wanted, low, high) - total
            total += step
            tables[pair.first] = _scaled(pair.first, tables[pair.first], -step, None)
            tables[pair.second] = _scaled(pair.second, tables[pair.second], None, step)
            change = max(change, float(np.abs(np.exp2(step) - 1.0).max(initial=0.0)))
        if change < SETTLED:
            break
    return [np.rint(total) for total in totals]


def _step(first: Table, second: Table, channels: int) -> Array:
    """log2 of sqrt(r1 / r2); 0 for dead channels, and where a range is not finite."""
    ranges = output_ranges(first), input_ranges(second, channels)
    alive = (ranges[0] > 0.0) & (ranges[1] > 0.0)
    if not alive.any() or not all(np.isfinite(each).all() for each in ranges):
        return np.zeros(channels)
    logs = [np.log2(np.where(alive, each, 1.0) / each.max()) for each in ranges]
    return np.where(alive, logs[0] - logs[1], 0.0) / 2.0


def _limits(pair: Pair) -> tuple[Array, Array]:
    """Lowest and highest exponent of each channel.

    None of the first layer's may grow past :data:`GROWTH_OCTAVES`, nor to the bound; what may
    reach the bound stays.
    """
    highest = np.full(pair.channels, float(LARGEST_EXPONENT))
    known = reach(pair.first)
    sizes = _bias_sizes(pair) if known is None else np.maximum(known, 0.0)
    if not np.isfinite(sizes).all():
        return np.zeros(pair.channels), np.zeros(pair.channels)
    limit = min((sizes.max(initial=0.0) or 1.0) * 2.0**GROWTH_OCTAVES, pair.bound)
    shares = np.where(sizes > 0.0, sizes, 1.0) / limit
    lowest = np.where(sizes > 0.0, np.ceil(np.log2(shares)), -highest)
    stays = sizes >= pair.bound
    lowest = np.where(stays, 0.0, np.maximum(lowest, -highest))
    return lowest, np.where(stays, 0.0, highest)


def _bias_sizes(pair: Pair) -> Array:
    """The magnitude of each bias of the first layer; zeros without."""
    if (bias := bias_of(pair.first)) is None:
        return np.zeros(pair.channels)
    sizes: Array = np.abs(array_of(bias).reshape(-1).astype(np.float64))
    return sizes


def _scaled(node: ir.Node, table: Table, outputs: Array | None, inputs: Array | None) -> Table:
    """``table`` with its channels times two to the powers given."""
    scaled: Table = table * np.exp2(_spread(table.shape, outputs, inputs)).astype(table.dtype)
    return scaled


def _spread(shape: tuple[int, ...], outputs: Array | None, inputs: Array | None) -> Array:
    """The exponent of each element of a table of ``shape`` from those of its channels."""
    spread = np.zeros(shape)
    if outputs is not None:
        spread = spread + outputs.reshape(shape[0], -1, 1)
    if inputs is not None:
        spread = spread + at_inputs(shape, inputs)
    return spread


# ---- weights -----------------------------------------------------------------------------------


def _apply(
    found: Sequence[Pair], before: Mapping[ir.Node, Table], exponents: Sequence[Array]
) -> dict[ir.Node, Table]:
    """Scale weights and biases; the magnitudes after it."""
    as_first = {pair.first: -each for pair, each in zip(found, exponents, strict=True)}
    as_second = {pair.second: each for pair, each in zip(found, exponents, strict=True)}
    after = {}
    for node in {**as_first, **as_second}:
        table = before[node]
        outputs, inputs = as_first.get(node), as_second.get(node)
        after[node] = _scaled(node, table, outputs, inputs)
        _scale_weights(node, _spread(table.shape, outputs, inputs))
        if outputs is not None:
            _scale_bias(node, outputs)
    return after


def _scale_weights(node: ir.Node, exponents: Array) -> None:
    weights = array_of(node.inputs[1])
    factors = as_weights(node, np.exp2(exponents)).astype(weights.dtype)
    replace_array(node.inputs[1], weights * factors)


def _scale_bias(node: ir.Node, exponents: Array) -> None:
    bias = bias_of(node)
    if bias is not None:
        values = array_of(bias)
        factors = np.exp2(exponents).astype(np.float32)
        replace_array(bias, values * factors.reshape(values.shape))


def _spread_of(pair: Pair, tables: Mapping[ir.Node, Table]) -> float:
    """Widest channel by the median one, in the layer of ``pair`` where that is more."""
    ranges = (
        output_ranges(tables[pair.first]),
        input_ranges(tables[pair.second], pair.channels),
    )
    alive = [each[each > 0.0] for each in ranges]
    return max((each.max() / np.median(each) for each in alive if each.size), default=1.0)
