"""Seeded random data: enough to try a network before its data is at hand.

It can say how fast and how large, never how accurate; `DataDescription.is_random` marks all
that follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import Array, batch_of, family, has_batch_axis, port_dtype
from quantscope.engine.sources.frames import CHANNELS
from quantscope.engine.sources.samples import SampleSource

SAMPLES = 32
FREE_LENGTH = 16  # of a sequence, or of any other dimension that is not fixed
FREE_SIDE = 224  # of a picture
WORDS = 100  # integers stay below, so that they are valid rows of most tables
# Inputs that hold 0 or 1 and whose tables often have two rows.
BINARY_NAMES = ("mask", "token_type", "segment")


def open_noise(inputs: tuple[Port, ...], seed: int, count: int) -> SampleSource:
    """Sample i depends on the seed and i alone, in whatever order samples are read.

    Floats are uniform in -1..1; uint8 in 0..255; other integers in 0..99, or 0..1 where the
    input's name says mask, token_type or segment; truth values are even. Batches are 1, free
    sides of pictures 224, channels 3, all other free dimensions 16.
    """
    sizes = _sizes(inputs)
    types = {port.name: port_dtype(port) for port in inputs}

    def read(number: int) -> Mapping[str, Array]:
        generator = np.random.default_rng([abs(seed), int(seed < 0), number])
        return {name: _draw(generator, name, sizes[name], types[name]) for name in types}

    return SampleSource(
        inputs=inputs, names=tuple(f"random {number}" for number in range(count)), read=read
    )


def _sizes(inputs: tuple[Port, ...]) -> dict[str, tuple[int, ...]]:
    """One shape for each input; a symbol has the same length wherever it stands."""
    lengths: dict[str, int] = {}
    for port in inputs:
        for axis, size in enumerate(port.shape):
            if isinstance(size, str) and size:
                lengths.setdefault(size, _free_length(port, axis))
    batch = batch_of(inputs)
    return {port.name: _size(port, lengths, batch) for port in inputs}


def _size(port: Port, lengths: dict[str, int], batch: int) -> tuple[int, ...]:
    sizes = [
        size if isinstance(size, int) else lengths.get(size, _free_length(port, axis))
        for axis, size in enumerate(port.shape)
    ]
    return (1, *sizes[1:]) if has_batch_axis(port, batch) else tuple(sizes)


def _free_length(port: Port, axis: int) -> int:
    if axis == 0:
        return 1
    if len(port.shape) != 4:
        return FREE_LENGTH
    has_channels = port.shape[1] in CHANNELS or port.shape[3] in CHANNELS
    if not has_channels and all(isinstance(size, str) for size in port.shape[1:]):
        return 3 if axis == 1 else FREE_SIDE
    return FREE_SIDE if has_channels else FREE_LENGTH


def _draw(
    generator: np.random.Generator, name: str, size: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Array:
    kind = family(dtype)
    if kind == "float":
        return generator.uniform(-1.0, 1.0, size).astype(dtype)
    if kind == "bool" or any(word in name.lower() for word in BINARY_NAMES):
        return generator.integers(0, 2, size).astype(dtype)
    if dtype == np.uint8:
        return generator.integers(0, 256, size).astype(dtype)
    top = WORDS if dtype.itemsize > 1 or dtype == np.int8 else 2
    return generator.integers(0, top, size).astype(dtype)
