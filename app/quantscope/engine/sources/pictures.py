"""Reads a picture file into 8-bit pixels: every mode that is in use, upright, at a given size."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from quantscope.core.data import Resize
from quantscope.core.errors import QuantscopeError

ENDINGS = frozenset(
    {
        ".bmp",
        ".gif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    }
)
# Named, because some of the other readers of Pillow start programs (EPS) or read video.
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "PPM")
_FAILURES = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError, MemoryError)


def read_picture(path: Path, mode: str) -> Image.Image:
    """The picture at ``path`` in ``mode`` (``L``, ``RGB`` or ``RGBA``), turned upright.

    Transparency is dropped, as the usual loaders do, unless the mode keeps it; 16-bit gray is
    brought to 8 bits; of an animation the first frame is taken. Raises
    :class:`QuantscopeError` for a file that is no picture, is cut off or is far too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata of a picture that can be read
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                return _in_mode(ImageOps.exif_transpose(picture), mode)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _unreadable(
            path, "the picture has more pixels than a photograph can have", "Shrink or remove it"
        ) from None
    except UnidentifiedImageError:
        raise _unreadable(path, "the file is no picture of a known format") from None
    except _FAILURES as failure:
        raise _unreadable(path, f"the picture can't be read ({failure})") from failure


def resized(picture: Image.Image, size: tuple[int, int], how: Resize) -> Image.Image:
    """The picture at ``size`` (width, height), bilinear, averaging where it shrinks."""
    if picture.size == size:
        return picture
    bilinear = Image.Resampling.BILINEAR
    if how is Resize.STRETCH:
        return picture.resize(size, bilinear)
    if how is Resize.FIT:
        return _padded(picture, size)
    return ImageOps.fit(picture, size, bilinear)


def _padded(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """As ``ImageOps.pad``, which loses pictures whose short side rounds to nothing."""
    ratio = min(size[0] / picture.width, size[1] / picture.height)
    inner = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    frame = Image.new(picture.mode, size, 0)
    place = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    frame.paste(picture.resize(inner, Image.Resampling.BILINEAR), place)
    return frame


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        picture = _eight_bits(picture)
    if picture.mode == "F":
        raise ValueError("its pixels are floats without a known range; save it as 8-bit or .npy")
    if picture.mode == "P" and "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return picture.convert(mode)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit gray 0..65535 (Pillow calls some of it 32-bit) to 0..255, rounded."""
    values = np.asarray(picture)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise ValueError("its pixels need more than 16 bits; save it as 8-bit or .npy")
    return Image.fromarray(np.rint(values / 257.0).astype(np.uint8))


def _unreadable(
    path: Path, what: str, remedy: str = "Repair or remove this file"
) -> QuantscopeError:
    return QuantscopeError(what, where=str(path), remedy=remedy)
