"""Resize: the nearest value, or straight lines between neighbours, axis by axis.

Coordinates are float32, as the specification's scales are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quantscope.engine.simulation.arithmetic import Exact, Floats, Integers, Reals, Steps
from quantscope.engine.simulation.call import Call, NotSimulatedError

Coordinates = npt.NDArray[np.float32]


def resize(call: Call) -> Exact:
    """Resize by nearest neighbours or linearly."""
    x, mode = call.scalar_steps(0), call.text("mode", "nearest")
    if mode not in ("nearest", "linear"):
        raise NotSimulatedError(f"it resizes by {mode} interpolation")
    for name, plain in (("antialias", 0), ("keep_aspect_ratio_policy", b"stretch")):
        if call.attributes.get(name, plain) != plain:
            raise NotSimulatedError(f"it resizes with {name}")
    values = x.values
    integers = x.integers
    for axis, (size, scale) in enumerate(_sizes(call, x.integers.shape)):
        before = x.integers.shape[axis]
        if size == before and scale == 1.0:
            continue
        where = _coordinates(call, before, size, scale)
        if mode == "nearest":
            integers = integers.take(_nearest(call, where, before), axis=axis)
        else:
            values = _interpolated(values, where, before, axis)
    return Steps(integers, x.step) if mode == "nearest" else Reals(values)


def _sizes(call: Call, shape: tuple[int, ...]) -> list[tuple[int, float]]:
    """The new size and the scale of each axis."""
    found = [(size, 1.0) for size in shape]
    axes = call.numbers("axes", range(len(shape)))
    if call.has(2) and call.values(2).size:
        for axis, scale in zip(axes, call.values(2), strict=True):
            found[axis] = (int(np.floor(shape[axis] * scale)), float(scale))
        return found
    sizes = call.whole(3)
    assert sizes is not None
    for axis, size in zip(axes, sizes, strict=True):
        found[axis] = (int(size), float(np.float32(size / shape[axis])))
    return found


def _coordinates(call: Call, before: int, after: int, scale: float) -> Coordinates:
    """Where each new value lies on the old axis."""
    mode = call.text("coordinate_transformation_mode", "half_pixel")
    new = np.arange(after, dtype=np.float32)
    factor = np.float32(scale)
    if mode == "asymmetric":
        return new / factor
    if mode == "align_corners":
        return new * np.float32(before - 1) / np.float32(max(after - 1, 1))
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and after > 1):
        return (new + np.float32(0.5)) / factor - np.float32(0.5)
    if mode == "pytorch_half_pixel":
        return np.zeros(after, np.float32)
    raise NotSimulatedError(f"it resizes with {mode} coordinates")


def _nearest(call: Call, where: Coordinates, size: int) -> Integers:
    half = np.float32(0.5)
    chosen = {
        "round_prefer_floor": np.ceil(where - half),
        "round_prefer_ceil": np.floor(where + half),
        "floor": np.floor(where),
        "ceil": np.ceil(where),
    }[call.text("nearest_mode", "round_prefer_floor")]
    return np.asarray(np.clip(chosen, 0, size - 1), np.int64)


def _interpolated(values: Floats, where: Coordinates, size: int, axis: int) -> Floats:
    inside = np.clip(where, 0, size - 1).astype(np.float64)
    low = np.floor(inside).astype(np.int64)
    share = (inside - low).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    high = np.minimum(low + 1, size - 1)
    return np.asarray(
        values.take(low, axis=axis) * (1.0 - share) + values.take(high, axis=axis) * share
    )
