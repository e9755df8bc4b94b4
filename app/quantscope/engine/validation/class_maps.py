"""Class maps for segmentation: one file for each sample, called as it is."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, UnidentifiedImageError

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import IGNORED, Array
from quantscope.engine.sources.listing import walk
from quantscope.engine.sources.samples import SampleSource

_ENDINGS = (".png", ".bmp", ".gif", ".npy")
_VOID = 255  # in pictures of classes: pixels that do not count (PASCAL VOC)


def folder_of_maps(folder: Path, source: SampleSource) -> tuple[Array, ...]:
    """The class map (H, W) of each sample; pixels of 255 in pictures do not count.

    Pictures must be gray or have a palette, whose indices are the classes.
    """
    files = {str(PurePosixPath(name).with_suffix("")): name for name in walk(folder, _ENDINGS)}
    short = {PurePosixPath(name).name: file for name, file in files.items()}
    maps = []
    for name in source.names:
        pure = PurePosixPath(name).with_suffix("")
        file = files.get(str(pure)) or short.get(pure.name)
        if file is None:
            raise QuantscopeError(
                f"there is no class map for the sample {name}",
                where=str(folder),
                remedy=f"Add {pure.name}.png or {pure.name}.npy",
            )
        maps.append(_read(folder / file))
    return tuple(maps)


def _read(path: Path) -> Array:
    try:
        values = _array(path) if path.suffix == ".npy" else _picture(path)
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as failure:
        raise _bad(path, f"it can not be read ({failure})") from None
    if values.ndim != 2:
        raise _bad(path, f"it has {values.ndim} axes, not height and width")
    return values.astype(np.int64)


def _array(path: Path) -> Array:
    with path.open("rb") as file:
        values: Array = np.lib.format.read_array(file, allow_pickle=False)
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"its values are {values.dtype}, not whole numbers")
    return values


def _picture(path: Path) -> Array:
    with Image.open(path) as picture:
        if picture.mode not in ("L", "P", "1", "I", "I;16"):
            raise ValueError(f"its mode is {picture.mode}, not gray or palette")
        values = np.asarray(picture).astype(np.int64)
    return np.where(values == _VOID, IGNORED, values)


def _bad(path: Path, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(path), remedy="Save the classes as a gray picture")
