"""Reads a picture file into 8-bit pixels: every mode that is in use, upright, at a given size."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from quantscope.core.data.description import Filter, Resize
from quantscope.core.errors import QuantscopeError, reason_of

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
MOST_PIXELS = 1 << 26  # of what a network gets: 1 GiB in four channels of float32
FAILURES = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError, MemoryError)


_RESAMPLING = {
    Filter.NEAREST: Image.Resampling.NEAREST,
    Filter.BOX: Image.Resampling.BOX,
    Filter.BILINEAR: Image.Resampling.BILINEAR,
    Filter.BICUBIC: Image.Resampling.BICUBIC,
    Filter.LANCZOS: Image.Resampling.LANCZOS,
}


def read_picture(path: Path) -> Image.Image:
    """The picture at ``path``, turned upright: 8 bits a channel, in the file's own mode.

    16-bit gray is brought to 8 bits, palettes to their colours; of an animation the first frame
    is taken. ``convert`` then drops transparency as the usual loaders do. Raises
    :class:`QuantscopeError` for a file that is no picture, is cut off or is far too large.
    """
    try:
        with opened(path) as picture:
            return _in_colours(ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _unreadable(
            path, "the picture has more pixels than a photograph can have", "Shrink or remove it"
        ) from None
    except UnidentifiedImageError:
        is_empty = path.stat().st_size == 0
        what = "the file is empty" if is_empty else "the file is no picture of a known format"
        raise _unreadable(path, what) from None
    except FAILURES as failure:
        raise _unreadable(path, f"the picture can't be read ({_why(failure)})") from failure


def _why(failure: BaseException) -> str:
    is_short = "truncated" in str(failure).lower()  # several readers of Pillow say it, each its way
    return "it ends in the middle" if is_short else reason_of(failure)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """The picture file at ``path``, its pixels not read yet.

    No more is raised than `FAILURES`, ``UnidentifiedImageError``, and Pillow's warning and error of
    decompression bombs.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata of a picture that can be read
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=FORMATS) as picture:
            yield picture


def resized(
    picture: Image.Image,
    size: tuple[int, int],
    how: Resize,
    crop: float = 1.0,
    filter_: Filter = Filter.BILINEAR,
) -> Image.Image:
    """The picture at ``size`` (width, height), by default bilinear, averaging where it shrinks.

    ``crop`` is the share that ``Resize.CROP`` keeps, see ``Preprocessing``.
    """
    if picture.size == size and crop == 1.0:
        return picture
    resampling = _RESAMPLING[filter_]
    if how is Resize.STRETCH:
        return picture.resize(size, resampling)
    if how is Resize.FIT:
        return _padded(picture, size, resampling)
    return picture.resize(size, resampling, box=_middle(picture.size, size, crop))


def _middle(
    whole: tuple[int, int], size: tuple[int, int], crop: float
) -> tuple[float, float, float, float]:
    """The box (left, top, right, bottom) of ``size``'s ratio in the middle of ``whole``."""
    ratio = crop * min(whole[0] / size[0], whole[1] / size[1])
    width, height = size[0] * ratio, size[1] * ratio
    left, top = (whole[0] - width) / 2, (whole[1] - height) / 2
    return max(left, 0.0), max(top, 0.0), min(left + width, whole[0]), min(top + height, whole[1])


def _padded(
    picture: Image.Image, size: tuple[int, int], resampling: Image.Resampling
) -> Image.Image:
    """As ``ImageOps.pad``, which loses pictures whose short side rounds to nothing."""
    ratio = min(size[0] / picture.width, size[1] / picture.height)
    inner = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    frame = Image.new(picture.mode, size, 0)
    place = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    frame.paste(picture.resize(inner, resampling), place)
    return frame


def _in_colours(picture: Image.Image) -> Image.Image:
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        picture = _eight_bits(picture)
    if picture.mode == "F":
        raise ValueError("its pixels are floats without a known range; save it as 8-bit or .npy")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode == "LAB":
        return picture.convert("RGB")  # the one way that there is from it
    picture.load()
    return picture


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
