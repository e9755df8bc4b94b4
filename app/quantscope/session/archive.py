"""Archives that the session keeps: zip files whose members are stored, not compressed.

Nothing in an archive is believed before it is checked: names, sizes and checksums come from
whoever wrote the file. Since members are stored, none can be larger than the file itself, and
each can be read at its place without touching the others.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from quantscope.core.codec import decoding, json_pieces
from quantscope.core.errors import QuantscopeError
from quantscope.session.steps import Steps, finish

PIECE = 4 * 2**20  # bytes that are read and checked in one step
MOST_JSON_BYTES = 64 * 2**20
FORBIDDEN = frozenset("\\:\0")  # in the name of a member
LOCAL_HEADER = 30  # bytes before the member's name; APPNOTE.TXT of PKWARE, section 4.3.7
UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
Stamp = tuple[int, int, int]
T = TypeVar("T")


def damaged(path: Path, what: str) -> QuantscopeError:
    """The error for a file that is not what its name says."""
    return QuantscopeError(
        what, where=str(path), remedy="Open another copy, or make the file again"
    )


class Archive:
    """The members of the archive at ``path``, each read when it is asked for.

    The file is opened for each read and not held open, so that it can be replaced meanwhile
    (Windows refuses to replace an open file). A member that was replaced by another content
    is an error, never mixed in. Raises :class:`QuantscopeError` for all that is wrong.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        with self._open() as file:
            self._members = self._places = self._directory(file)
            self._stamp = _stamp_of(file)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def signature(self, folder: str) -> int:
        """What tells the content of members below ``folder`` from any other, by their checksums."""
        found = sorted(
            (name.removeprefix(folder), info.CRC, info.file_size)
            for name, info in self._members.items()
            if name.startswith(folder)
        )
        return zlib.crc32(repr(found).encode())

    def can_be_copied(self) -> bool:
        """Whether every member is still there, as it was when the file was opened."""
        try:
            with self._open() as file:
                for name in self._members:
                    self._place(file, name)
        except QuantscopeError:
            return False
        return True

    def copying(self, folder: str, archive: zipfile.ZipFile, into: str) -> Steps[None]:
        """Add the members below ``folder`` to ``archive``, below ``into``."""
        for name in [name for name in self._members if name.startswith(folder)]:
            content = memoryview((yield from self.reading(name)))
            info = zipfile.ZipInfo(into + name.removeprefix(folder))
            with archive.open(info, "w", force_zip64=True) as member:
                for start in range(0, len(content), PIECE):
                    member.write(content[start : start + PIECE])
                    yield

    def document(self, name: str, kind: type[T], newest: int) -> T:
        """The value of type ``kind`` in JSON member ``name``, of format ``newest`` or older."""
        return finish(self.reading_document(name, kind, newest))

    def reading_document(self, name: str, kind: type[T], newest: int) -> Steps[T]:
        """:meth:`document` in steps."""
        data = self._json(name)
        yield
        version = data.get("version") if isinstance(data, dict) else None
        if not isinstance(version, int) or version < 1:
            raise damaged(self.path, f"{name} states no format version")
        if version > newest:
            raise QuantscopeError(
                f"{name} is of format version {version}, and this program reads up to {newest}",
                where=str(self.path),
                remedy="Open it with a newer Quantscope",
            )
        try:
            return (yield from decoding(kind, data))
        except (*UNREADABLE, QuantscopeError):
            raise damaged(self.path, f"{name} is malformed") from None

    def _json(self, name: str) -> Any:
        if name in self._members and self._members[name].file_size > MOST_JSON_BYTES:
            raise damaged(self.path, f"{name} is larger than {MOST_JSON_BYTES >> 20} MB")
        try:
            return json.loads(self.bytes(name))
        except (ValueError, RecursionError):
            raise damaged(self.path, f"{name} is not valid JSON") from None

    def array(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The array of ``dtype`` in member ``name``, in C order and read-only."""
        return finish(self.reading_array(name, dtype))

    def reading_array(self, name: str, dtype: npt.DTypeLike) -> Steps[npt.NDArray[Any]]:
        """:meth:`array` in steps."""
        content = yield from self.reading(name)
        start = 10 + int.from_bytes(content[8:10], "little")  # NEP 1, version 1.0
        try:
            shape, fortran, found = _array_header(bytes(content[:start]))
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise damaged(self.path, f"{name} is not an array") from None
        count, size = math.prod(shape), len(content) - start
        wanted = np.dtype(dtype).newbyteorder("<")
        if found != wanted or fortran or count * wanted.itemsize != size:
            raise damaged(self.path, f"{name} is not an array of {wanted} of the size it states")
        flat = np.frombuffer(content, wanted, count, start)
        flat.flags.writeable = False
        return flat.reshape(shape).astype(dtype, copy=False)

    def bytes(self, name: str) -> bytearray:
        """The content of member ``name``, checked against its checksum."""
        return finish(self.reading(name))

    def reading(self, name: str) -> Steps[bytearray]:
        """:meth:`bytes` in steps, during which the file is held open."""
        if name not in self._members:
            raise damaged(self.path, f"{name} is missing from it")
        checksum = self._members[name].CRC
        with self._open() as file:
            content = yield from _content(file, self._place(file, name))
        if content is None or content[1] != checksum:
            raise damaged(self.path, f"{name} is damaged")
        return content[0]

    @contextmanager
    def _open(self) -> Iterator[io.BufferedReader]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            reason = error.strerror or str(error)
            raise QuantscopeError(
                f"cannot be read ({reason})",
                where=str(self.path),
                remedy="Check that the file exists and that you may read it",
            ) from error

    def _directory(self, file: io.BufferedReader) -> dict[str, zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, struct.error):
            raise damaged(self.path, "is not a complete zip archive") from None
        for info in infos:
            if problem := _objection(info):
                raise damaged(self.path, f"member {info.filename[:80]!r} {problem}")
        if sum(info.file_size for info in infos) > os.fstat(file.fileno()).st_size:
            raise damaged(self.path, "states members that are larger than the file")
        members = {info.filename: info for info in infos}
        if len(members) != len(infos):
            raise damaged(self.path, "holds two members of the same name")
        return members

    def _place(self, file: io.BufferedReader, name: str) -> zipfile.ZipInfo:
        """Where member ``name`` is now: a file that was saved again has it at another place."""
        if _stamp_of(file) != self._stamp:
            self._places, self._stamp = self._directory(file), _stamp_of(file)
        place = self._places.get(name)
        if place is None or place.CRC != self._members[name].CRC:
            raise QuantscopeError(
                f"{name} was replaced by another since the file was opened",
                where=str(self.path),
                remedy="Open the file again",
            )
        return place


def write_json(archive: zipfile.ZipFile, name: str, value: object) -> None:
    """Add ``value`` as JSON member ``name``."""
    finish(writing_json(archive, name, value))


def writing_json(archive: zipfile.ZipFile, name: str, value: object) -> Steps[None]:
    """:func:`write_json` in steps."""
    pieces = []
    for piece in json_pieces(value):
        pieces.append(piece)
        yield
    archive.writestr(zipfile.ZipInfo(name), "".join(pieces))
    yield


def write_array(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    """Add ``array`` as member ``name`` in the ``.npy`` format, little-endian."""
    little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
        np.lib.format.write_array(member, little, version=(1, 0), allow_pickle=False)


def _objection(info: zipfile.ZipInfo) -> str:
    """What is wrong with a member; empty where nothing is."""
    name = info.filename
    if name.startswith("/") or ".." in name.split("/") or not FORBIDDEN.isdisjoint(name):
        return "has a name that leads out of the archive"
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        return "is compressed, which Quantscope never does"
    return "is encrypted" if info.flag_bits & 1 else ""


@lru_cache(maxsize=256)
def _array_header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array; those of a network repeat themselves."""
    stream = io.BytesIO(header)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("another version than is ever written")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, fortran, dtype


def _content(file: io.BufferedReader, info: zipfile.ZipInfo) -> Steps[tuple[bytearray, int] | None]:
    """The stored bytes of a member and their checksum; ``None`` where the file ends before."""
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER:
        return None
    file.seek(sum(struct.unpack_from("<HH", header, 26)), os.SEEK_CUR)  # name, extra fields
    content, checksum = bytearray(info.file_size), 0
    room = memoryview(content)
    while room:
        count = file.readinto(room[:PIECE])
        if not count:
            return None
        checksum = zlib.crc32(room[:count], checksum)
        room = room[count:]
        yield
    return content, checksum


def _stamp_of(file: io.BufferedReader) -> Stamp:
    """What changes when a file is replaced by another."""
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns
