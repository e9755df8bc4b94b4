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
left alone unless a neighbour's factors change that. Two bounds hold beside the paper: a channel
that is all zero stays as it is, and no bias may grow past twice the layer's largest, as the
paper's high biases widen the activations of all channels. (The bound was picked on one
face detector, fixed-point types, 24 pictures that also calibrated: against once, twice gives 1 to
2 dB more with MinMax, Histogram and Percentile, and 8 to 10 dB less with Entropy, which then clips
the wider activations. No bound and four times were no better.)

A Clip with an upper bound (ReLU6) does not commute: its bound would have to differ by channel,
and neither the operator nor an integer kernel can do that. Such a pair is left alone and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.homogeneity import carries_factors, is_bounded
from quantscope.engine.operators import constant_of

Array = npt.NDArray[np.float64]
Magnitudes = npt.NDArray[np.floating]  # (groups, outputs of a group, inputs of a group)
MOST_ROUNDS = 20
SETTLED = 1e-3  # largest relative change of a factor in the last round
LARGEST_EXPONENT = 10  # factors lie between 2**-10 and 2**10
BIAS_OCTAVES = 1.0  # a bias may become twice as large as the layer's largest
LEAST_SPREAD = 2.0  # widest by median channel; powers of two gain nothing below


@dataclass(frozen=True, eq=False)
class Pair:
    """Two layers of which the second alone reads the first; ``channels`` lie between them.

    ``obstacle`` names the layer between that keeps them from being equalized.
    """

    first: ir.Node
    second: ir.Node
    channels: int
    obstacle: str = ""


def equalize(model: ir.Model) -> list[str]:
    """Equalize all pairs of ``model``, which has named nodes; what was done, in words."""
    found = list(pairs(model))
    free = [pair for pair in found if not pair.obstacle]
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
    return changes + [_refusal(pair) for pair in found if pair.obstacle]


def _in_words(pair: Pair, exponents: Array, spreads: tuple[float, float]) -> str:
    changed = np.count_nonzero(exponents)
    return (
        f"Equalized {changed} of {pair.channels} channels between {pair.first.name} and "
        f"{pair.second.name}: the widest was {spreads[0]:.1f} times the median, "
        f"now {spreads[1]:.1f} times"
    )


def _refusal(pair: Pair) -> str:
    return (
        f"Did not equalize {pair.first.name} and {pair.second.name}: {pair.obstacle} "
        "between them bounds all channels alike"
    )


# ---- which layers ------------------------------------------------------------------------------


def pairs(model: ir.Model) -> Iterator[Pair]:
    """Every layer with the layer that alone reads it, in graph order."""
    for node in model.graph:
        if not _is_weighted(node) or not _has_own_bias(node):
            continue
        found = _reader_behind(model, node.outputs[0])
        if found is None:
            continue
        second, obstacle = found
        channels, columns = _outputs(node), _inputs(second)
        if columns % channels == 0:
            yield Pair(node, second, channels, obstacle)


def _reader_behind(model: ir.Model, value: ir.Value) -> tuple[ir.Node, str] | None:
    """The weighted layer that ``value`` ends in, and the bound on the way."""
    obstacle = ""
    while True:
        uses = list(value.uses())
        if len(uses) != 1 or value.is_graph_output() or uses[0].node.graph is not model.graph:
            return None
        node = uses[0].node
        if uses[0].idx != 0:
            return None
        if _is_weighted(node):
            return node, obstacle
        if is_bounded(node):
            obstacle = node.name or node.op_type
        elif not carries_factors(node):
            return None
        value = node.outputs[0]


def _is_weighted(node: ir.Node) -> bool:
    """A layer with fixed weights of its own, whose channels stand where they are expected."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in ("Conv", "ConvTranspose", "Gemm"):
        return False
    if node.op_type == "ConvTranspose" and _groups(node) != 1:
        return False
    if node.op_type == "Gemm" and _flag(node, "transA"):
        return False
    return _is_own(node.inputs[1])


def _is_own(value: ir.Value | None) -> bool:
    """A float32 constant that nothing else reads."""
    if value is None or constant_of(value) is None or value.dtype is not ir.DataType.FLOAT:
        return False
    return len(list(value.uses())) == 1 and not value.is_graph_output()


def _has_own_bias(node: ir.Node) -> bool:
    bias = _bias(node)
    if bias is None:
        return True
    values = constant_of(bias)
    per_channel = values is not None and values.size == values.shape[-1:][0] == _outputs(node)
    return per_channel and _is_own(bias)


def _bias(node: ir.Node) -> ir.Value | None:
    return node.inputs[2] if len(node.inputs) > 2 else None


# ---- ranges of channels ------------------------------------------------------------------------


def magnitudes(node: ir.Node) -> Magnitudes:
    """The largest magnitude of each pair of channels: (groups, outputs, inputs of a group)."""
    weights = _values(node.inputs[1])
    table = np.abs(weights).max(axis=tuple(range(2, weights.ndim)), initial=0.0)
    if _inputs_first(node):
        table = table.T
    groups = _groups(node)
    grouped: Magnitudes = table.reshape(groups, -1, table.shape[1]).copy()
    return grouped


def _groups(node: ir.Node) -> int:
    return 1 if node.op_type == "Gemm" else node.attributes.get_int("group", 1)


def _inputs_first(node: ir.Node) -> bool:
    """Whether the first axis of the weights counts inputs."""
    turned = node.op_type == "Gemm" and not _flag(node, "transB")
    return turned or node.op_type == "ConvTranspose"


def _flag(node: ir.Node, name: str) -> bool:
    return node.attributes.get_int(name, 0) != 0


def _values(value: ir.Value | None) -> npt.NDArray[np.float32]:
    array = constant_of(value)
    assert array is not None
    return array


def _outputs(node: ir.Node) -> int:
    return int(_values(node.inputs[1]).shape[1 if _inputs_first(node) else 0])


def _inputs(node: ir.Node) -> int:
    shape = _values(node.inputs[1]).shape
    return int(shape[0 if _inputs_first(node) else 1]) * _groups(node)


def output_ranges(table: Magnitudes) -> Array:
    """The largest magnitude of each output channel."""
    ranges: Array = table.max(axis=2).reshape(-1).astype(np.float64)
    return ranges


def input_ranges(table: Magnitudes, channels: int) -> Array:
    """The same of each input channel; behind Flatten a channel is several columns."""
    ranges: Array = table.max(axis=1).reshape(channels, -1).max(axis=1).astype(np.float64)
    return ranges


# ---- factors -----------------------------------------------------------------------------------


def settle(found: Sequence[Pair], before: Mapping[ir.Node, Magnitudes]) -> list[Array]:
    """For each pair log2 of the factors, rounded: the second layer's are multiplied by them."""
    tables = {node: table.copy() for node, table in before.items()}
    lowest = [_lowest_exponents(pair) for pair in found]
    totals = [np.zeros(pair.channels) for pair in found]
    for _ in range(MOST_ROUNDS):
        change = 0.0
        for pair, low, total in zip(found, lowest, totals, strict=True):
            if not total.any() and _spread_of(pair, tables) < LEAST_SPREAD:
                continue
            wanted = total + _step(tables[pair.first], tables[pair.second], pair.channels)
            step = np.clip(wanted, low, LARGEST_EXPONENT) - total
            total += step
            tables[pair.first] = _scaled(pair.first, tables[pair.first], -step, None)
            tables[pair.second] = _scaled(pair.second, tables[pair.second], None, step)
            change = max(change, float(np.abs(np.exp2(step) - 1.0).max(initial=0.0)))
        if change < SETTLED:
            break
    return [np.rint(total) for total in totals]


def _step(first: Magnitudes, second: Magnitudes, channels: int) -> Array:
    """log2 of sqrt(r1 / r2); 0 for dead channels, and where a range is not finite."""
    ranges = output_ranges(first), input_ranges(second, channels)
    alive = (ranges[0] > 0.0) & (ranges[1] > 0.0)
    if not alive.any() or not all(np.isfinite(each).all() for each in ranges):
        return np.zeros(channels)
    logs = [np.log2(np.where(alive, each, 1.0) / each.max()) for each in ranges]
    return np.where(alive, logs[0] - logs[1], 0.0) / 2.0


def _lowest_exponents(pair: Pair) -> Array:
    """As low as no bias of the first layer grows past :data:`BIAS_OCTAVES`."""
    lowest = np.full(pair.channels, -float(LARGEST_EXPONENT))
    if (bias := _bias(pair.first)) is None:
        return lowest
    sizes = np.abs(_values(bias).reshape(-1).astype(np.float64))
    if not np.isfinite(sizes).all():
        return np.zeros(pair.channels)
    shares = np.where(sizes > 0.0, sizes, 1.0) / (sizes.max() or 1.0)
    growth = np.where(sizes > 0.0, np.ceil(np.log2(shares)) - BIAS_OCTAVES, lowest)
    bounded: Array = np.maximum(lowest, growth)
    return bounded


def _scaled(
    node: ir.Node, table: Magnitudes, outputs: Array | None, inputs: Array | None
) -> Magnitudes:
    """``table`` with its channels times two to the powers given."""
    scaled: Magnitudes = table * np.exp2(_spread(table.shape, outputs, inputs)).astype(table.dtype)
    return scaled


def _spread(shape: tuple[int, ...], outputs: Array | None, inputs: Array | None) -> Array:
    """The exponent of each element of a table of ``shape`` from those of its channels."""
    groups, _, columns = shape
    spread = np.zeros(shape)
    if outputs is not None:
        spread = spread + outputs.reshape(groups, -1, 1)
    if inputs is not None:
        repeated = np.repeat(inputs, groups * columns // len(inputs))
        spread = spread + repeated.reshape(groups, 1, columns)
    return spread


# ---- weights -----------------------------------------------------------------------------------


def _apply(
    found: Sequence[Pair], before: Mapping[ir.Node, Magnitudes], exponents: Sequence[Array]
) -> dict[ir.Node, Magnitudes]:
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
    value = node.inputs[1]
    weights = _values(value)
    table = exponents.reshape(-1, exponents.shape[2])
    if _inputs_first(node):
        table = table.T
    shape = table.shape + (1,) * (weights.ndim - 2)
    _replace(value, weights * np.exp2(table).astype(np.float32).reshape(shape))


def _scale_bias(node: ir.Node, exponents: Array) -> None:
    bias = _bias(node)
    if bias is not None:
        values = _values(bias)
        factors = np.exp2(exponents).astype(np.float32)
        _replace(bias, values * factors.reshape(values.shape))


def _replace(value: ir.Value | None, array: npt.NDArray[np.float32]) -> None:
    assert value is not None
    value.const_value = ir.tensor(np.ascontiguousarray(array), name=value.name)


def _spread_of(pair: Pair, tables: Mapping[ir.Node, Magnitudes]) -> float:
    """Widest channel by the median one, in the layer of ``pair`` where that is more."""
    ranges = (
        output_ranges(tables[pair.first]),
        input_ranges(tables[pair.second], pair.channels),
    )
    alive = [each[each > 0.0] for each in ranges]
    return max((each.max() / np.median(each) for each in alive if each.size), default=1.0)
