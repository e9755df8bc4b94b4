"""Pictures as calibration data: files below a folder, and arrays that hold pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from quantscope.core.data.description import Preprocessing
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import Array, family, shape_text
from quantscope.engine.sources.frames import CHANNELS, layout_of
from quantscope.engine.sources.listing import class_names, files_below
from quantscope.engine.sources.picture_chain import chain_for
from quantscope.engine.sources.pictures import ENDINGS, read_picture
from quantscope.engine.sources.samples import Pictures, SampleSource, only_input


def open_pictures(path: Path, settings: Preprocessing, inputs: tuple[Port, ...]) -> SampleSource:
    """Pictures below a folder (or one picture file), for a network with one picture input.

    Float inputs get ``(pixel * scale - mean) / std``, integer inputs the raw pixels.
    """
    port = only_input(inputs, "pictures")
    chain = chain_for(port, settings)
    folder, names, labels = _files(path)

    def original(number: int) -> Image.Image:
        return read_picture(folder / names[number])

    def read(number: int) -> Mapping[str, Array]:
        where = f"{folder}{os.sep}{names[number]}"
        return {port.name: chain.values(original(number), where)}

    return SampleSource(
        inputs=inputs,
        names=names,
        read=read,
        place=f"{folder}{os.sep}",
        labels=labels,
        class_names=class_names(names),
        pictures=Pictures(chain, original),
    )


def as_pictures(source: SampleSource, settings: Preprocessing) -> SampleSource:
    """``source``, whose arrays are pictures of 0..255, with its samples sent through the chain.

    An array is height x width, or that with 1, 3 or 4 channels in the end or in front.
    """
    port = only_input(source.inputs, "pictures")
    chain = chain_for(port, settings)
    original = _picture_reader(source, port)

    def read(number: int) -> Mapping[str, Array]:
        where = f"{source.place}{source.names[number]}"
        return {port.name: chain.values(original(number), where)}

    return replace(source, read=read, pictures=Pictures(chain, original))


def guess_preprocessing(port: Port) -> Preprocessing:
    """The chain to start from: the layout that the shape shows, 0..1 for float inputs."""
    layout = layout_of(port)
    if port.dtype.startswith(("int", "uint")):
        return Preprocessing(scale=1.0, layout=layout)
    return Preprocessing(layout=layout)


def _picture_reader(source: SampleSource, port: Port) -> Callable[[int], Image.Image]:
    def original(number: int) -> Image.Image:
        where = f"{source.place}{source.names[number]}, input `{port.name}`"
        return _picture_of(source.read(number)[port.name], where)

    return original


def _picture_of(array: Array, where: str) -> Image.Image:
    pixels = array[0] if array.ndim == 4 and len(array) == 1 else array
    if pixels.ndim == 3 and pixels.shape[2] not in CHANNELS and pixels.shape[0] in CHANNELS:
        pixels = np.moveaxis(pixels, 0, -1)
    has_pixels = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in CHANNELS)
    if not has_pixels or not pixels.size:
        raise QuantscopeError(
            f"the sample has the shape {shape_text(array.shape)}, which is no picture",
            where=where,
            remedy="Save pictures as height x width x channels, or leave out preprocessing",
        )
    if family(pixels.dtype) != "int" or pixels.min() < 0 or pixels.max() > 255:
        raise QuantscopeError(
            f"the sample holds {pixels.dtype} from {pixels.min():g} to {pixels.max():g}, "
            "and pixels are whole numbers of 0 to 255",
            where=where,
            remedy="Leave out preprocessing: values that are no pixels are taken as they are",
        )
    squeezed = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return Image.fromarray(np.ascontiguousarray(squeezed, np.uint8))


def _files(path: Path) -> tuple[Path, tuple[str, ...], tuple[int, ...] | None]:
    if path.is_file():
        return path.parent, (path.name,), None
    names, labels = files_below(path, ENDINGS)
    if not names:
        raise QuantscopeError(
            "the folder and its sub-folders hold no pictures",
            where=str(path),
            remedy=f"Choose a folder with pictures ({', '.join(sorted(ENDINGS))})",
        )
    return path, names, labels
