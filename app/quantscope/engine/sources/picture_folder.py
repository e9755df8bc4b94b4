"""A folder of pictures as calibration data: from a file to the values that the network sees."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from quantscope.core.data import Color, Layout, Preprocessing
from quantscope.core.errors import QuantscopeError
from quantscope.core.network import Port
from quantscope.engine.sources.fitting import Array, family, port_dtype
from quantscope.engine.sources.frames import Frame, frame_of, layout_of, mode_of
from quantscope.engine.sources.listing import chosen_files
from quantscope.engine.sources.pictures import ENDINGS, read_picture, resized
from quantscope.engine.sources.samples import SampleSource, only_input


@dataclass(frozen=True, slots=True)
class _Chain:
    """Everything that is decided before the first picture is read.

    ``table`` holds the value of each pixel level in each channel (256 x channels): exact,
    computed once in float64, and the reason why a picture can never give NaN.
    """

    frame: Frame
    mode: str
    steps: Preprocessing
    table: Array


def open_pictures(
    path: Path, steps: Preprocessing, inputs: tuple[Port, ...], limit: int | None
) -> SampleSource:
    """Pictures below a folder (or one picture file), for a network with one picture input.

    Float inputs get ``(pixel * scale - mean) / std``, integer inputs the raw pixels.
    """
    port = only_input(inputs, "pictures")
    chain = _chain(port, steps)
    folder, names, labels = _files(path, limit)

    def read(number: int) -> Mapping[str, Array]:
        return {port.name: _values(folder / names[number], chain)}

    return SampleSource(
        inputs=inputs, names=names, read=read, place=f"{folder}{os.sep}", labels=labels
    )


def guess_preprocessing(port: Port) -> Preprocessing:
    """The chain to start from: the layout that the shape shows, 0..1 for float inputs."""
    layout = layout_of(port)
    if port.dtype.startswith(("int", "uint")):
        return Preprocessing(scale=1.0, layout=layout)
    return Preprocessing(layout=layout)


def _files(path: Path, limit: int | None) -> tuple[Path, tuple[str, ...], tuple[int, ...] | None]:
    if path.is_file():
        return path.parent, (path.name,), None
    names, labels = chosen_files(path, ENDINGS, limit)
    if not names:
        raise QuantscopeError(
            "the folder and its sub-folders hold no pictures",
            where=str(path),
            remedy=f"Choose a folder with pictures ({', '.join(sorted(ENDINGS))})",
        )
    return path, names, labels


def _chain(port: Port, steps: Preprocessing) -> _Chain:
    frame = frame_of(port, steps.layout)
    mode = mode_of(frame, steps.color, port)
    return _Chain(frame, mode, steps, _level_table(port, frame.channels, steps))


def _level_table(port: Port, channels: int, steps: Preprocessing) -> Array:
    dtype = port_dtype(port)
    levels = np.repeat(np.arange(256.0)[:, np.newaxis], channels, axis=1)
    with np.errstate(all="ignore"):
        if family(dtype) == "float":
            mean = _for_each("mean", steps.mean, channels)
            std = _for_each("std", steps.std, channels)
            levels = (levels * steps.scale - mean) / std
        table = levels.astype(dtype)
        fits = np.array_equal(table.astype(np.float64), levels)
    if fits or (family(dtype) == "float" and np.isfinite(table).all()):
        return table
    raise QuantscopeError(
        f"pixels of 0 to 255 do not fit the input's type {port.dtype} after preprocessing",
        where=f"input `{port.name}`",
        remedy="Change scale, mean and std, or save the samples as a .npy file",
    )


def _for_each(setting: str, values: tuple[float, ...], channels: int) -> Array:
    if len(values) not in (1, channels):
        raise QuantscopeError(
            f"{setting} has {len(values)} values and the input has {channels} channels",
            where="preprocessing",
            remedy=f"Give one value for {setting}, or one for each channel",
        )
    return np.array(values, dtype=np.float64)


def _values(path: Path, chain: _Chain) -> Array:
    """One picture as 1 x C x H x W or 1 x H x W x C values of the input's dtype."""
    picture = read_picture(path, chain.mode)
    size = chain.frame.size_for(*picture.size, chain.steps.resize)
    pixels = _pixels(resized(picture, size, chain.steps.resize), chain)
    planes = [chain.table[pixels[..., c], c] for c in range(chain.frame.channels)]
    axis = 0 if chain.frame.layout is Layout.NCHW else -1
    return np.stack(planes, axis=axis)[np.newaxis]


def _pixels(picture: Image.Image, chain: _Chain) -> Array:
    """Height x width x channels, 0..255, channels in the order that the network sees."""
    pixels: Array = np.asarray(picture)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., np.newaxis], chain.frame.channels, axis=2)
    return pixels[..., ::-1] if chain.steps.color is Color.BGR else pixels
