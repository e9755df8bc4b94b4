"""What weights are multiplied with: a layer's weights as matrices, its inputs as their columns.

Every weighted layer is a product of matrices, one for each group of channels: rows are outputs,
columns inputs. For convolutions the inputs of an output are a patch of the tensor, channel by
channel and position by position as the kernel has them (known as im2col). A transposed
convolution is a convolution of the tensor with zeros put between its values, by the kernel
turned round; outputs that its pads cut off count here too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.preparation.operators import constant_of

Array = npt.NDArray[np.generic]
MOST_PATCHES = 512  # taken from one run of a convolution, of all its output positions


@dataclass(frozen=True, slots=True)
class Kernel:
    """How a convolution moves over its input; one number for each spatial axis.

    ``pads`` are those before all axes, then those after; empty where ``auto_pad`` tells.
    ``spread`` puts zeros between the values of a transposed convolution's input.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    spread: tuple[int, ...]
    pads: tuple[int, ...] = ()
    auto_pad: str = "NOTSET"


@dataclass(frozen=True, eq=False)
class Patches:
    """The weights and inputs of one layer as matrices.

    ``order`` (groups, outputs, inputs) has the place of each weight in the flat tensor.
    ``kernel`` is that of a convolution; without one, ``axis`` of the input holds what is
    summed over.
    """

    order: npt.NDArray[np.intp]
    kernel: Kernel | None = None
    axis: int = -1

    @property
    def inputs(self) -> int:
        """How many weights one output of a group has."""
        return int(self.order.shape[2])

    def matrices(self, weights: Array) -> npt.NDArray[np.float64]:
        """What belongs to each weight, shaped as they are, as (groups, outputs, inputs)."""
        return weights.reshape(-1)[self.order].astype(np.float64)

    def weights(self, matrices: Array, shape: tuple[int, ...]) -> Array:
        """The opposite of :meth:`matrices`."""
        flat = np.empty(matrices.size, matrices.dtype)
        flat[self.order] = matrices
        return flat.reshape(shape)

    def columns(self, values: Array) -> npt.NDArray[np.float64]:
        """The inputs of some outputs, (groups, outputs seen, inputs), from the layer's input.

        All of them, or :data:`MOST_PATCHES` of a convolution's drawn at random.
        """
        found = values.astype(np.float64)
        if self.kernel is None:
            return np.moveaxis(found, self.axis, -1).reshape(1, -1, self.inputs)
        patches = _chosen(_windows(found, self.kernel))
        return patches.reshape(len(patches), len(self.order), -1).swapaxes(0, 1)


def patches_of(node: ir.Node) -> Patches | None:
    """How ``node`` (Conv, ConvTranspose, Gemm or MatMul with fixed weights) multiplies.

    ``None`` for a MatMul with another matrix for each index of further axes.
    """
    weights = constant_of(node.inputs[1])
    assert weights is not None
    places = np.arange(weights.size).reshape(weights.shape)
    groups = node.attributes.get_int("group", 1)
    if node.op_type == "Conv":
        return Patches(places.reshape(groups, len(weights) // groups, -1), _kernel(node))
    if node.op_type == "ConvTranspose":
        flipped = np.flip(places, axis=tuple(range(2, weights.ndim)))
        split = flipped.reshape(groups, len(weights) // groups, *weights.shape[1:])
        order = np.moveaxis(split, 2, 1).reshape(groups, weights.shape[1], -1)
        return Patches(order, _transposed_kernel(node))
    if weights.ndim != 2:
        return None
    across, turned = (node.attributes.get_int(name, 0) for name in ("transA", "transB"))
    matrix = places if turned else places.T
    return Patches(matrix[None], axis=0 if across else -1)


def _kernel(node: ir.Node) -> Kernel:
    size = _kernel_size(node)
    ones = (1,) * len(size)
    auto_pad = node.attributes.get_string("auto_pad", "NOTSET")
    pads = _numbers(node, "pads", (0,) * 2 * len(size)) if auto_pad == "NOTSET" else ()
    return Kernel(
        size=size,
        strides=_numbers(node, "strides", ones),
        dilations=_numbers(node, "dilations", ones),
        spread=ones,
        pads=pads,
        auto_pad=auto_pad or "NOTSET",
    )


def _transposed_kernel(node: ir.Node) -> Kernel:
    size = _kernel_size(node)
    ones = (1,) * len(size)
    dilations = _numbers(node, "dilations", ones)
    reach = tuple((k - 1) * d for k, d in zip(size, dilations, strict=True))
    return Kernel(
        size=size,
        strides=ones,
        dilations=dilations,
        spread=_numbers(node, "strides", ones),
        pads=reach + reach,
    )


def _kernel_size(node: ir.Node) -> tuple[int, ...]:
    weights = constant_of(node.inputs[1])
    assert weights is not None
    return tuple(weights.shape[2:])


def _numbers(node: ir.Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(node.attributes.get_ints(name, default))


def _windows(values: npt.NDArray[np.float64], kernel: Kernel) -> npt.NDArray[np.float64]:
    """A view (samples, *positions, channels, *kernel) of ``values`` (samples, channels, ...)."""
    spread = _spread(values, kernel.spread)
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel.size, kernel.dilations, strict=True))
    padded = np.pad(spread, [(0, 0), (0, 0), *_padding(spread.shape[2:], reach, kernel)])
    axes = tuple(range(2, values.ndim))
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axes)
    steps = [slice(None, None, step) for step in (*kernel.strides, *kernel.dilations)]
    return np.moveaxis(views[(slice(None), slice(None), *steps)], 1, values.ndim - 1)


def _spread(values: npt.NDArray[np.float64], by: Sequence[int]) -> npt.NDArray[np.float64]:
    """``values`` with zeros between those of each spatial axis, ``by`` apart."""
    if set(by) == {1}:
        return values
    sizes = [(size - 1) * step + 1 for size, step in zip(values.shape[2:], by, strict=True)]
    found = np.zeros((*values.shape[:2], *sizes))
    found[(slice(None), slice(None), *(slice(None, None, step) for step in by))] = values
    return found


def _padding(
    sizes: tuple[int, ...], reach: tuple[int, ...], kernel: Kernel
) -> list[tuple[int, int]]:
    """Zeros before and after each spatial axis."""
    if kernel.auto_pad == "NOTSET":
        half = len(sizes)
        return list(zip(kernel.pads[:half], kernel.pads[half:], strict=True))
    found = []
    for size, step, window in zip(sizes, kernel.strides, reach, strict=True):
        positions = -(-size // step)
        total = max((positions - 1) * step + window - size, 0)
        less, more = total // 2, total - total // 2
        found.append((more, less) if kernel.auto_pad == "SAME_LOWER" else (less, more))
    return [(0, 0)] * len(sizes) if kernel.auto_pad == "VALID" else found


def _chosen(windows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(patches, channels, *kernel): all, or as many as are allowed, drawn alike in every run."""
    positions = windows.shape[: windows.ndim // 2]
    total = math.prod(positions)
    numbers = np.arange(total)
    if total > MOST_PATCHES:
        drawn = np.random.default_rng(total).choice(total, MOST_PATCHES, replace=False)
        numbers = np.sort(drawn)
    return windows[np.unravel_index(numbers, positions)]
