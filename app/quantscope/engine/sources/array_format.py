"""numpy's array format, read with mistrust: nothing is unpickled, nothing too large is unpacked.

What is wrong is raised as one of `UNREADABLE`, for the caller to say where.
"""

from __future__ import annotations

import lzma
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from quantscope.engine.sources.fitting import Array, shape_text

UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a compression that Python does not have
    RuntimeError,  # an archive with a password
    MemoryError,
)
CUT_OFF = "it ends in the middle of an array"
MOST_BYTES = 1 << 30  # of one sample: an archive of a few kilobytes can hold more than there is
_MAGIC = b"\x93NUMPY"
_BAD_HEADER = (ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError)
_NO_NUMBERS = {
    "S": "text",
    "U": "text",
    "c": "complex numbers",
    "m": "times",
    "M": "dates",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What an array file says about itself before the values begin."""

    shape: tuple[int, ...]
    columns_first: bool
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def row_size(self) -> int:
        """Bytes of the values at one place of the first axis."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def read_header(stream: IO[bytes]) -> Header:
    """The header of an array file, after which ``stream`` stands at the first value.

    Raises ``ValueError`` or ``EOFError`` where it is no array of numbers.
    """
    start = stream.read(len(_MAGIC) + 2)
    if not start:
        raise EOFError("it is empty")
    if start[: len(_MAGIC)] != _MAGIC[: len(start)]:
        found = "an archive (.npz)" if start[:2] == b"PK" else "something else"
        raise ValueError(f"it is no array as numpy writes it, but {found}")
    if len(start) < len(_MAGIC) + 2:
        raise EOFError("it ends in the middle of its header")
    shape, order, dtype = _parsed(stream, (start[-2], start[-1]))
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError("its header is damaged")
    _check_numbers(dtype)
    return Header(shape, order, dtype)


def read_whole(stream: IO[bytes]) -> Array:
    """All values of an array file of up to `MOST_BYTES`.

    Raises ``ValueError`` or ``EOFError`` for more, for fewer values than the header promises, and
    as :func:`read_header`.
    """
    header = read_header(stream)
    if header.size > MOST_BYTES:
        raise ValueError(
            f"it unpacks to {shape_text(header.shape)} values, more than one sample can have"
        )
    content = stream.read(header.size)
    if len(content) < header.size:
        raise EOFError(CUT_OFF)
    values: Array = np.frombuffer(content, header.dtype)
    return values.reshape(header.shape, order="F" if header.columns_first else "C")


def _parsed(stream: IO[bytes], version: tuple[int, int]) -> tuple[Any, bool, np.dtype[Any]]:
    if version == (3, 0):
        raise ValueError("it holds records, not numbers")
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"it has the version {version[0]}.{version[1]}, which numpy does not know")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, of files that Python 2 wrote
            return readers[version](stream)
    except _BAD_HEADER as failure:
        is_short = str(failure).startswith("EOF: ")  # numpy has no class for it
        what = "it ends in the middle of its header" if is_short else "its header is damaged"
        raise ValueError(what) from failure


def _check_numbers(dtype: np.dtype[Any]) -> None:
    """Raise ``ValueError`` for values that no input takes; two raw bytes may be a bfloat16."""
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which only pickle could read")
    if dtype.fields or dtype.subdtype or (dtype.kind == "V" and dtype.itemsize != 2):
        raise ValueError("it holds records, not numbers")
    if dtype.kind in _NO_NUMBERS:
        raise ValueError(f"it holds {_NO_NUMBERS[dtype.kind]} ({dtype}), not real numbers")
