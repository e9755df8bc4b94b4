"""The channels of a parameter side by side: which bits each uses, and which stand out.

One type for all of a layer's weights serves its widest channel; what is much narrower keeps a few
bits only, or none. A row of the dynamic ranges adds all channels up and can't show it: here every
channel is a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.histogram import (
    BIT_COUNT,
    BUCKETS,
    LOWEST_BIT,
    bucket_of,
    most_significant_bit,
)
from quantscope.core.events import BitCounts
from quantscope.core.networks.network import Network, Role

VALUES_AT_ONCE = 2**16
OUTLIER_RATIO = 8.0  # to the median channel: three bits of an eight-bit word
_SIGN = 0x8000
_INFINITY = 0x7F80


@dataclass(frozen=True, eq=False)
class ChannelBits:
    """The bits that each channel of a parameter uses.

    ``counts`` (channels, 2, 261): values by channel, sign (0 positive, 1 negative) and bit
    position, column ``k - LOWEST_BIT`` for the most significant bit at 2^k. One channel's part is
    what a row of the heat map takes, and ``counts.sum(axis=1)`` is channels by bit positions.
    Zeros (magnitudes below 2^-133 too) and values that are not finite are not counted.

    ``largest`` (channels,): the largest finite magnitude; 0 for a channel of zeros.
    """

    counts: npt.NDArray[np.int64]
    largest: npt.NDArray[np.float64]

    @classmethod
    def of(cls, counts: Sequence[BitCounts], largest: Sequence[float]) -> ChannelBits:
        """From what travels as an event: the counts and the largest magnitude of each channel."""
        tables = [each.table() for each in counts]
        return cls(
            np.array(tables, np.int64).reshape(-1, 2, BIT_COUNT), np.array(largest, np.float64)
        )

    @classmethod
    def together(cls, parts: Sequence[ChannelBits]) -> ChannelBits:
        """Channels that follow each other, as :func:`channel_parts` yields them."""
        counts = np.concatenate([part.counts for part in parts])
        return cls(counts, np.concatenate([part.largest for part in parts]))

    def __add__(self, other: ChannelBits) -> ChannelBits:
        """The bits of both, of the same channels."""
        return ChannelBits(self.counts + other.counts, np.maximum(self.largest, other.largest))

    @cached_property
    def median(self) -> float:
        """The median of ``largest`` over the channels that are not all zero; 0 without any."""
        alive = self.largest[self.largest > 0.0]
        return float(np.median(alive)) if alive.size else 0.0

    @property
    def wide(self) -> npt.NDArray[np.bool_]:
        """Channels that reach more than :data:`OUTLIER_RATIO` times as far as the median one.

        Under one type for all they take bits from all others.
        """
        return self.largest > OUTLIER_RATIO * self.median

    @property
    def narrow(self) -> npt.NDArray[np.bool_]:
        """Channels that reach less than the median one by more than :data:`OUTLIER_RATIO`.

        Under one type for all they keep three bits fewer, or more. Channels of zeros are none.
        """
        return (self.largest > 0.0) & (self.largest * OUTLIER_RATIO < self.median)


def channel_bits(values: npt.ArrayLike, channel_axis: int) -> ChannelBits:
    """The bits of each channel of ``values``, a parameter of any shape, taken as float32.

    ``channel_axis`` says which axis counts the channels: that of the outputs, as
    ``TensorStatistics.channel_axis`` has it, or that of the inputs, which shows the factors that
    reach a layer from the one before. Negative ones count from the end; an axis that is not there
    raises ``numpy.exceptions.AxisError``.
    """
    return ChannelBits.together(list(channel_parts(values, channel_axis)))


def channel_parts(values: npt.ArrayLike, channel_axis: int) -> Iterator[ChannelBits]:
    """The same for some channels at a time, each within milliseconds: at least one part."""
    table = np.moveaxis(np.asarray(values), channel_axis, 0)
    at_once = max(VALUES_AT_ONCE // max(table[:1].size, 1), 1)
    for first in range(0, max(len(table), 1), at_once):
        with np.errstate(over="ignore"):
            yield _bits_of(table[first : first + at_once].astype(np.float32))


def _bits_of(table: npt.NDArray[np.float32]) -> ChannelBits:
    """The bits of each index of the first axis."""
    channels, each = len(table), table[:1].size
    rows = table.reshape(channels, each)
    cells = np.arange(channels)[:, np.newaxis] * _CELLS + _cells()[bucket_of(rows)].reshape(
        rows.shape
    )
    counts = np.bincount(cells.reshape(-1), minlength=channels * _CELLS).reshape(channels, _CELLS)
    magnitudes = np.abs(rows)
    magnitudes[~np.isfinite(magnitudes)] = 0.0
    largest = magnitudes.max(axis=1, initial=0.0).astype(np.float64)
    counted = counts[:, : 2 * BIT_COUNT].reshape(channels, 2, BIT_COUNT)
    return ChannelBits(counted.astype(np.int64), largest)


def activation_channel_axis(network: Network, tensor: str) -> int | None:
    """Which axis of an activation counts its channels; ``None`` where it has none.

    The second one, as ONNX has it in its convolutions; but the last one of three in a network
    without convolutions over sequences, since those are the features of a transformer.
    """
    described = network.tensors[tensor]
    axes = len(described.shape)
    if described.role is not Role.ACTIVATION or axes < 2:
        return None
    return 2 if axes == 3 and not _convolves_sequences(network) else 1


def _convolves_sequences(network: Network) -> bool:
    return any(
        len(network.tensors[output].shape) == 3
        for layer in network.layers
        if layer.operator in ("Conv", "ConvTranspose")
        for output in layer.outputs
    )


_CELLS = 2 * BIT_COUNT + 1  # of a channel; the last one takes what is not counted


@cache
def _cells() -> npt.NDArray[np.int64]:
    """The cell of each of the 65,536 buckets of a histogram."""
    buckets = np.arange(BUCKETS, dtype=np.uint16)
    magnitudes = buckets & np.uint16(_SIGN - 1)
    cells = (buckets >= _SIGN) * BIT_COUNT + most_significant_bit(buckets) - LOWEST_BIT
    counted = (magnitudes > 0) & (magnitudes < _INFINITY)
    return np.where(counted, cells, _CELLS - 1)
