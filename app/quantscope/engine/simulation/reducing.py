"""Operators that make one value of several: averages, maxima, Softmax, normalization.

An average is a sum with a divisor, so that a power-of-two grid needs integers alone. Its ties
are frequent: every average of two neighbouring steps is one.
"""

from __future__ import annotations

import numpy as np

from quantscope.engine.simulation.arithmetic import Exact, Floats, Reals, Steps
from quantscope.engine.simulation.call import Call
from quantscope.engine.simulation.windows import padded, seen_by_taps, windows_of

_LEAST = -(2**40)  # below all stored integers


def average_pool(call: Call) -> Exact:
    """AveragePool; padding counts as zeros only where the node says so."""
    x = call.scalar_steps(0)
    sizes = x.integers.shape[2:]
    windows = windows_of(call, sizes, call.numbers("kernel_shape", ()))
    counted = np.ones((1, 1, *sizes), np.int64)
    within = 1 if call.number("count_include_pad", 0) else 0
    border = [(0, 0), (0, 0), *((axis.before, axis.after) for axis in windows)]
    counted = np.pad(counted, border, constant_values=within)
    beyond = [(0, 0), (0, 0), *((0, axis.extra) for axis in windows)]
    counted = np.pad(counted, beyond)
    around = padded(x.integers, windows, 0)
    total = sum(seen for _, seen in seen_by_taps(around, windows))
    divisor = sum(seen for _, seen in seen_by_taps(counted, windows))
    return Steps(np.asarray(total), x.step, np.asarray(divisor))


def max_pool(call: Call) -> Exact:
    """MaxPool; padding is below everything."""
    x = call.scalar_steps(0)
    windows = windows_of(call, x.integers.shape[2:], call.numbers("kernel_shape", ()))
    around = padded(x.integers, windows, _LEAST)
    largest = np.maximum.reduce([seen for _, seen in seen_by_taps(around, windows)])
    return Steps(largest, x.step)


def global_average_pool(call: Call) -> Exact:
    """GlobalAveragePool."""
    x = call.scalar_steps(0)
    return _mean(x, tuple(range(2, x.integers.ndim)), keep=True)


def global_max_pool(call: Call) -> Exact:
    """GlobalMaxPool."""
    x = call.scalar_steps(0)
    return Steps(x.integers.max(axis=tuple(range(2, x.integers.ndim)), keepdims=True), x.step)


def reduce_mean(call: Call) -> Exact:
    """ReduceMean."""
    x = call.scalar_steps(0)
    return _mean(x, _axes(call, x.integers.ndim), keep=_keeps(call))


def reduce_sum(call: Call) -> Exact:
    """ReduceSum."""
    x = call.scalar_steps(0)
    axes = _axes(call, x.integers.ndim)
    return Steps(x.integers.sum(axis=axes, keepdims=_keeps(call)), x.step)


def reduce_max(call: Call) -> Exact:
    """ReduceMax."""
    x = call.scalar_steps(0)
    axes = _axes(call, x.integers.ndim)
    return Steps(x.integers.max(axis=axes, keepdims=_keeps(call)), x.step)


def reduce_min(call: Call) -> Exact:
    """ReduceMin."""
    x = call.scalar_steps(0)
    axes = _axes(call, x.integers.ndim)
    return Steps(x.integers.min(axis=axes, keepdims=_keeps(call)), x.step)


def _axes(call: Call, rank: int) -> tuple[int, ...]:
    """The axes that are reduced; where none are named all of them, or none."""
    given = call.whole(1, "axes")
    axes = () if given is None else tuple(int(axis) % rank for axis in given)
    return axes if axes or call.number("noop_with_empty_axes", 0) else tuple(range(rank))


def _keeps(call: Call) -> bool:
    return bool(call.number("keepdims", 1))


def _mean(x: Steps, axes: tuple[int, ...], *, keep: bool) -> Exact:
    count = int(np.prod([x.integers.shape[axis] for axis in axes], dtype=np.int64))
    return Steps(x.integers.sum(axis=axes, keepdims=keep), x.step, count)


def softmax(call: Call) -> Exact:
    """Softmax over one axis (opset 13 and later)."""
    x, axis = call.values(0), call.number("axis", -1)
    raised = np.exp(x - x.max(axis=axis, keepdims=True))
    return Reals(raised / raised.sum(axis=axis, keepdims=True))


def layer_normalization(call: Call) -> Exact:
    """LayerNormalization over the axes from ``axis`` on."""
    x = call.values(0)
    axes = tuple(range(call.number("axis", -1) % x.ndim, x.ndim))
    centred = x - x.mean(axis=axes, keepdims=True)
    spread: Floats = (centred**2).mean(axis=axes, keepdims=True)
    normal = centred / np.sqrt(spread + call.real("epsilon", 1e-5)) * call.values(1)
    return Reals(normal + call.values(2) if call.has(2) else normal)
