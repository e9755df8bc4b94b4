"""Operators with sums of products: convolutions and matrices.

The sums are taken in float64, where they are exact below 2**53 and fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.engine.simulation.arithmetic import Exact, Floats, Integers, Reals, Steps
from quantscope.engine.simulation.call import Call, Operand
from quantscope.engine.simulation.windows import padded, seen_by_taps, windows_of


def products_in(call: Call, results: int) -> int:
    """How many products an operator takes for so many ``results``; 0 for one without sums."""
    if call.operator == "Conv":
        weights = call.steps(1).integers
        return int(results * (weights.size // weights.shape[0]))
    if call.operator == "ConvTranspose":
        weights = call.steps(1).integers
        return int(call.steps(0).integers.size * (weights.size // weights.shape[0]))
    if call.operator in ("Gemm", "MatMul"):
        turned = bool(call.number("transA", 0))
        return int(results * call.steps(0).integers.shape[0 if turned else -1])
    return 0


def conv(call: Call) -> Exact:
    """Conv: groups, strides, dilations, padding with real zeros."""
    x, w = call.scalar_steps(0), call.steps(1)
    samples, channels = x.integers.shape[:2]
    group, outward = call.number("group", 1), w.integers.shape[0]
    windows = windows_of(call, x.integers.shape[2:], w.integers.shape[2:])
    taps = w.integers.reshape(group, outward // group, channels // group, -1).astype(np.float64)
    around = padded(x.integers.astype(np.float64), windows, 0.0)
    total: Floats | float = 0.0
    for number, seen in seen_by_taps(around, windows):
        total = total + taps[..., number] @ seen.reshape(samples, group, channels // group, -1)
    shape = (samples, outward, *(axis.count for axis in windows))
    sums = Steps(_whole(total).reshape(shape), x.step * _by_channel(w.step, len(windows)))
    return with_bias(sums, call.inputs[2] if call.has(2) else None, len(windows))


def conv_transpose(call: Call) -> Exact:
    """ConvTranspose: every input value adds its multiple of the kernel to the output."""
    x, w = call.scalar_steps(0), call.steps(1)
    samples, channels, *sizes = x.integers.shape
    group, rank = call.number("group", 1), len(sizes)
    per_group = w.integers.shape[1]
    taps = w.integers.reshape(group, channels // group, per_group, -1).astype(np.float64)
    flat = x.integers.reshape(samples, group, channels // group, -1).astype(np.float64)
    places = _reached(call, sizes, w.integers.shape[2:])
    kept = _kept(call, sizes, [axis[-1].stop for axis in places])
    ends = [max(axis[-1].stop, cut.stop) for axis, cut in zip(places, kept, strict=True)]
    total = np.zeros((samples, group * per_group, *ends))
    for number, where in enumerate(product(*places)):
        part = taps[..., number].swapaxes(1, 2) @ flat
        total[(slice(None), slice(None), *where)] += part.reshape(
            samples, group * per_group, *sizes
        )
    sums = Steps(
        _whole(total[(slice(None), slice(None), *kept)]), x.step * _by_channel(w.step, rank)
    )
    return with_bias(sums, call.inputs[2] if call.has(2) else None, rank)


def _reached(call: Call, sizes: Sequence[int], kernel: Sequence[int]) -> list[list[slice]]:
    """For each axis and tap: which outputs of a ConvTranspose the inputs reach through it."""
    strides = call.numbers("strides", [1] * len(sizes))
    dilations = call.numbers("dilations", [1] * len(sizes))
    return [
        [
            slice(tap * dilation, tap * dilation + (size - 1) * stride + 1, stride)
            for tap in range(taps)
        ]
        for size, taps, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True)
    ]


def _kept(call: Call, sizes: Sequence[int], full: Sequence[int]) -> list[slice]:
    """For each axis: what of the full sum of a ConvTranspose is its output."""
    rank = len(sizes)
    strides, pads = call.numbers("strides", [1] * rank), call.numbers("pads", [0] * 2 * rank)
    more = call.numbers("output_padding", [0] * rank)
    given, auto = call.numbers("output_shape", []), call.text("auto_pad", "NOTSET")
    kept = []
    for i in range(rank):
        if auto in ("SAME_UPPER", "SAME_LOWER") or given:
            count = given[i] if given else sizes[i] * strides[i]
            total = max(full[i] + more[i] - count, 0)
            begin = total // 2 if auto == "SAME_UPPER" else total - total // 2
        else:
            begin, end = (0, 0) if auto == "VALID" else (pads[i], pads[i + rank])
            count = full[i] + more[i] - begin - end
        kept.append(slice(begin, begin + count))
    return kept


def gemm(call: Call) -> Exact:
    """Gemm: ``alpha * A' * B' + beta * C``."""
    a, b = call.scalar_steps(0), call.steps(1)
    left = a.integers.T if call.number("transA", 0) else a.integers
    turned = bool(call.number("transB", 0))
    right = b.integers.T if turned else b.integers
    step = b.step.T if turned else b.step
    sums = Steps(_product(left, right), a.step * step * call.real("alpha", 1.0))
    bias, beta = call.inputs[2] if call.has(2) else None, call.real("beta", 1.0)
    if bias is not None and beta != 1.0:
        bias = call.values(2) * beta
    return with_bias(sums, bias, 0)


def matmul(call: Call) -> Exact:
    """MatMul, with weights or of two activations; a third input is the bias that is one with it."""
    a, b = call.scalar_steps(0), call.steps(1)
    sums = Steps(_product(a.integers, b.integers), a.step * b.step)
    return with_bias(sums, call.inputs[2] if call.has(2) else None, 0)


def with_bias(sums: Steps, bias: Operand, trailing: int) -> Exact:
    """``sums`` and a bias for each index of the axis before ``trailing`` ones.

    A bias in the step of the sums (a float32 in the file) is added in integers.
    """
    if bias is None:
        return sums
    if isinstance(bias, Steps):
        step = _by_channel(bias.step, trailing)
        if (step.astype(np.float32) == sums.step.astype(np.float32)).all():
            return Steps(sums.integers + _by_channel(bias.integers, trailing), sums.step)
        bias = bias.values
    return Reals(sums.values + _by_channel(np.asarray(bias, np.float64), trailing), sums.step)


def _by_channel(values: npt.NDArray[Any], trailing: int) -> npt.NDArray[Any]:
    """One number for each channel, in the shape that goes with the result; one alone stays so."""
    if values.size == 1:
        return values.reshape(())
    return values.reshape(-1, *[1] * trailing) if trailing else values


def _product(left: Integers, right: Integers) -> Integers:
    return _whole(left.astype(np.float64) @ right.astype(np.float64))


def _whole(sums: Floats | float) -> Integers:
    return np.asarray(np.rint(sums), np.int64)
