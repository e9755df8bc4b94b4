"""Where the windows of convolutions and pools stand: sizes, strides, dilations and padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.engine.simulation.call import Call


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis: how a window of ``kernel`` taps moves over ``size`` values.

    ``extra`` is what a window hangs over the padded end, where sizes are rounded up.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    count: int

    @property
    def extra(self) -> int:
        """How many values beyond the padding the last window reads."""
        reach = (self.count - 1) * self.stride + (self.kernel - 1) * self.dilation + 1
        return max(reach - self.size - self.before - self.after, 0)

    def taken_by(self, tap: int) -> slice:
        """What the tap sees of the padded axis, one entry for each window."""
        first = tap * self.dilation
        return slice(first, first + (self.count - 1) * self.stride + 1, self.stride)


Windows = tuple[Axis, ...]


def windows_of(call: Call, sizes: Sequence[int], kernel: Sequence[int]) -> Windows:
    """The windows of a convolution or pool over an input of spatial ``sizes``."""
    rank = len(sizes)
    strides = call.numbers("strides", [1] * rank)
    dilations = call.numbers("dilations", [1] * rank)
    pads = call.numbers("pads", [0] * 2 * rank)
    auto = call.text("auto_pad", "NOTSET")
    round_up = bool(call.number("ceil_mode", 0))
    axes = []
    for i, size in enumerate(sizes):
        reach = (kernel[i] - 1) * dilations[i] + 1
        before, after = pads[i], pads[i + rank]
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            before, after = same_padding(size, reach, strides[i], upper=auto == "SAME_UPPER")
        elif auto == "VALID":
            before = after = 0
        room = size + before + after - reach
        count = (-(-room // strides[i]) if round_up else room // strides[i]) + 1
        if round_up and (count - 1) * strides[i] >= size + before:
            count -= 1  # a window must begin in the input or in the padding before it
        axes.append(Axis(size, kernel[i], strides[i], dilations[i], before, after, count))
    return tuple(axes)


def same_padding(size: int, reach: int, stride: int, *, upper: bool) -> tuple[int, int]:
    """Before and after, so that there are ``ceil(size / stride)`` windows."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return (total // 2, total - total // 2) if upper else (total - total // 2, total // 2)


def padded(values: npt.NDArray[Any], windows: Windows, fill: float) -> npt.NDArray[Any]:
    """``values`` (samples, channels, spatial axes) with all that windows read around them."""
    widths = [(0, 0), (0, 0), *((axis.before, axis.after + axis.extra) for axis in windows)]
    return np.pad(values, widths, constant_values=fill)


def seen_by_taps(
    around: npt.NDArray[Any], windows: Windows
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """For each tap of the window: its number, and what it sees at all positions."""
    taps = product(*(range(axis.kernel) for axis in windows))
    for number, tap in enumerate(taps):
        where = [axis.taken_by(i) for axis, i in zip(windows, tap, strict=True)]
        yield number, around[(slice(None), slice(None), *where)]
