"""Operators that move values and make none: the stored integers in other places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from quantscope.engine.simulation.arithmetic import Exact, Integers, Reals, Steps
from quantscope.engine.simulation.call import Call, NotSimulatedError


def moved(move: Callable[[Call, Integers], Integers]) -> Callable[[Call], Exact]:
    """The simulation of an operator that does ``move`` to its first input."""

    def simulate(call: Call) -> Exact:
        x = call.scalar_steps(0)
        return Steps(move(call, x.integers), x.step)

    return simulate


def reshape(call: Call, x: Integers) -> Integers:
    """Reshape: 0 keeps a dimension (unless allowed to be one), -1 takes the rest."""
    shape = call.whole(1)
    assert shape is not None
    if call.number("allowzero", 0):
        return x.reshape(shape)
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape)])


def flatten(call: Call, x: Integers) -> Integers:
    """Flatten to two axes."""
    axis = call.number("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(int(np.prod(x.shape[:axis], dtype=np.int64)), -1)


def transpose(call: Call, x: Integers) -> Integers:
    """Transpose."""
    return x.transpose(call.numbers("perm", range(x.ndim)[::-1]))


def squeeze(call: Call, x: Integers) -> Integers:
    """Squeeze: the named axes, or all of size 1."""
    axes = call.whole(1)
    return np.squeeze(x, None if axes is None else tuple(int(axis) for axis in axes))


def unsqueeze(call: Call, x: Integers) -> Integers:
    """Unsqueeze."""
    axes = call.whole(1)
    assert axes is not None
    return np.expand_dims(x, tuple(int(axis) for axis in axes))


def slice_(call: Call, x: Integers) -> Integers:
    """Slice, with bounds as inputs (opset 10 and later)."""
    starts, ends, axes, strides = (call.whole(index) for index in (1, 2, 3, 4))
    assert starts is not None
    assert ends is not None
    axes = np.arange(len(starts)) if axes is None else axes
    strides = np.ones(len(starts), np.int64) if strides is None else strides
    where = [slice(None)] * x.ndim
    for start, end, axis, stride in zip(starts, ends, axes, strides, strict=True):
        size = x.shape[axis]
        stop = None if stride < 0 and end < -size else int(end)  # before the first value
        where[axis] = slice(int(start), stop, int(stride))
    return x[tuple(where)]


def split(call: Call) -> list[Exact]:
    """Split into the given sizes, or into equal parts (the last may be shorter)."""
    x, axis = call.scalar_steps(0), call.number("axis", 0)
    sizes = call.whole(1)
    if sizes is None:
        part = -(-x.integers.shape[axis] // call.outputs)
        ends = np.arange(1, call.outputs) * part
    else:
        ends = np.cumsum(sizes)[:-1]
    return [Steps(part, x.step) for part in np.split(x.integers, ends, axis=axis)]


def expand(call: Call, x: Integers) -> Integers:
    """Expand by broadcasting; a 1 keeps a dimension."""
    shape = call.whole(1)
    assert shape is not None
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape.tolist())))


def tile(call: Call, x: Integers) -> Integers:
    """Tile."""
    repeats = call.whole(1)
    assert repeats is not None
    return np.tile(x, repeats.tolist())


def identity(call: Call, x: Integers) -> Integers:
    """Identity."""
    return x


def gather(call: Call, x: Integers) -> Integers:
    """Gather along one axis."""
    indices = call.whole(1)
    assert indices is not None
    axis = call.number("axis", 0)
    return np.asarray(x.take(indices % x.shape[axis], axis=axis))


def depth_to_space(call: Call, x: Integers) -> Integers:
    """DepthToSpace, in either order of the blocks."""
    n, c, h, w = x.shape
    b = call.number("blocksize", 1)
    if call.text("mode", "DCR") == "DCR":
        blocks = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        blocks = x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(call: Call, x: Integers) -> Integers:
    """SpaceToDepth."""
    n, c, h, w = x.shape
    b = call.number("blocksize", 1)
    blocks = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * b**2, h // b, w // b)


def concat(call: Call) -> Exact:
    """Concat; where the steps differ, of the reals."""
    parts = [call.scalar_steps(index) for index in range(len(call.inputs))]
    axis = call.number("axis", 0)
    if all(part.step == parts[0].step for part in parts):
        return Steps(np.concatenate([part.integers for part in parts], axis), parts[0].step)
    return Reals(np.concatenate([part.values for part in parts], axis))


def pad(call: Call) -> Exact:
    """Pad, with a constant or with the input's own values."""
    x, widths = call.scalar_steps(0), call.whole(1)
    assert widths is not None
    rank, axes = x.integers.ndim, call.whole(3)
    axes = np.arange(rank) if axes is None else axes % rank
    around = [(0, 0)] * rank
    for axis, before, after in zip(axes, widths[: len(axes)], widths[len(axes) :], strict=True):
        around[axis] = (int(before), int(after))
    if min(min(pair) for pair in around) < 0:
        raise NotSimulatedError("it cuts off at a negative padding")
    mode = call.text("mode", "constant")
    if mode != "constant":
        return Steps(np.pad(x.integers, around, mode=_PAD_MODES[mode]), x.step)
    fill = float(call.values(2).item()) if call.has(2) else 0.0
    if fill == 0.0:
        return Steps(np.pad(x.integers, around), x.step)
    return Reals(np.pad(x.values, around, constant_values=fill))


_PAD_MODES: Mapping[str, Literal["reflect", "edge", "wrap"]] = {
    "reflect": "reflect",
    "edge": "edge",
    "wrap": "wrap",
}
