"""Class maps for segmentation: one file for each sample, called as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, UnidentifiedImageError

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.metrics.labels import IGNORED, Array
from quantscope.engine.sources.array_format import UNREADABLE, read_whole
from quantscope.engine.sources.listing import walk
from quantscope.engine.sources.pictures import FAILURES, opened
from quantscope.engine.sources.samples import SampleSource

_ENDINGS = (".png", ".bmp", ".gif", ".npy")
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_VOID = 255  # in pictures of classes: pixels that do not count (PASCAL VOC)


def folder_of_maps(folder: Path, source: SampleSource) -> tuple[Array, ...]:
    """The class map (H, W) of each sample; pixels of 255 in pictures do not count.

    Pictures must be gray or have a palette, whose indices are the classes.
    """
    files = {str(PurePosixPath(name).with_suffix("")): name for name in walk(folder, _ENDINGS)}
    short: dict[str, list[str]] = {}
    for whole, file in files.items():
        short.setdefault(PurePosixPath(whole).name, []).append(file)
    maps = []
    for name in source.names:
        pure = PurePosixPath(name).with_suffix("")
        found = [files[str(pure)]] if str(pure) in files else short.get(pure.name, [])
        if len(found) != 1:
            raise _not_one(folder, name, sorted(found))
        maps.append(_read(folder / found[0]))
    return tuple(maps)


def _not_one(folder: Path, sample: str, found: Sequence[str]) -> QuantscopeError:
    stem = PurePosixPath(sample).stem
    what = f"there is no class map for the sample {sample}"
    remedy = f"Add {stem}.png or {stem}.npy"
    if found:
        what = f"the class maps {found[0]} and {found[1]} both fit the sample {sample}"
        remedy = "Open the folder above as data, so that samples have all of these names"
    return QuantscopeError(what, where=str(folder), remedy=remedy)


def _read(path: Path) -> Array:
    try:
        values = _array(path) if path.suffix == ".npy" else _picture(path)
    except (*UNREADABLE, *FAILURES, *_BOMBS) as failure:
        raise _bad(path, f"it can not be read ({_reason(failure)})") from None
    if values.ndim != 2:
        raise _bad(path, f"it has {values.ndim} axes, not height and width")
    return values.astype(np.int64)


def _array(path: Path) -> Array:
    with path.open("rb") as file:
        values = read_whole(file)
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"its values are {values.dtype}, not whole numbers")
    return values


def _picture(path: Path) -> Array:
    with opened(path) as picture:
        if picture.mode not in ("L", "P", "1", "I", "I;16"):
            raise ValueError(f"its mode is {picture.mode}, not gray or palette")
        values = np.asarray(picture).astype(np.int64)
    return np.where(values == _VOID, IGNORED, values)


def _reason(failure: BaseException) -> str:
    if isinstance(failure, _BOMBS):
        return "it has more pixels than a photograph can have"
    if isinstance(failure, UnidentifiedImageError):
        return "it is no picture of a known format"
    return reason_of(failure)


def _bad(path: Path, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(path), remedy="Save the classes as a gray picture")
