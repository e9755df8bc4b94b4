"""numpy files as calibration data: `.npy`, `.npz`, and folders of one-sample `.npz` archives.

Nothing is ever unpickled, and samples are read one row at a time, also out of compressed archives:
twice the samples need no more memory.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.sources.array_format import (
    CUT_OFF,
    MOST_BYTES,
    UNREADABLE,
    Header,
    read_header,
    read_whole,
)
from quantscope.engine.sources.fitting import Array, shape_text
from quantscope.engine.sources.listing import class_names, files_below
from quantscope.engine.sources.samples import SampleSource, listed, only_input, row_names

Rows = Callable[[int], Array]


class _ArchiveFile(io.FileIO):
    """Stays open between samples and closes when the source is dropped, which is no leak and
    so no ``ResourceWarning``."""

    def __del__(self) -> None:
        self.close()


def open_npy(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """One `.npy` array, first axis = samples, for a network with one input.

    Rows are read and not mapped: pages of a mapped file count as this program's memory.
    """
    port = only_input(inputs, "one .npy array")
    with _reading(path):
        with path.open("rb") as stream:
            header = read_header(stream)
            start = stream.tell()
        if path.stat().st_size < start + header.size:
            raise EOFError(CUT_OFF)
    count = _count({port.name: header}, path)

    def row(number: int) -> Array:
        if header.columns_first:  # a row is not in one piece: map the file for this one
            return np.array(np.lib.format.open_memmap(path, mode="r")[number])
        with path.open("rb") as stream:
            return _row(stream, start, header, number)

    return _row_source(inputs, count, {port.name: row}, path)


def open_npz(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """One `.npz` archive with an array for each input: first axis = samples."""
    with _reading(path):
        archive = zipfile.ZipFile(_ArchiveFile(path))
        members = _members(archive, inputs, path)
        headers = {}
        for name, member in members.items():
            with archive.open(member) as stream:
                headers[name] = read_header(stream)
        _check_columns(headers)
        count = _count(headers, path)
    rows = {name: _member_rows(archive, member) for name, member in members.items()}
    return _row_source(inputs, count, rows, path)


def open_npz_folder(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """A folder of `.npz` archives, each one sample; lengths may vary between samples."""
    names, labels = files_below(path, {".npz"})
    if not names:
        raise QuantscopeError(
            "the folder and its sub-folders hold no .npz files",
            where=str(path),
            remedy="Choose a folder with one .npz file for each sample",
        )

    def read(number: int) -> Mapping[str, Array]:
        return _one_sample(path / names[number], inputs)

    return SampleSource(
        inputs=inputs,
        names=names,
        read=read,
        place=f"{path}{os.sep}",
        labels=labels,
        class_names=class_names(names),
    )


def _one_sample(path: Path, inputs: tuple[Port, ...]) -> dict[str, Array]:
    with _reading(path), zipfile.ZipFile(path) as archive:
        members = _members(archive, inputs, path)
        return {name: _whole(archive, member) for name, member in members.items()}


def _row_source(
    inputs: tuple[Port, ...], count: int, rows: Mapping[str, Rows], path: Path
) -> SampleSource:
    def read(number: int) -> Mapping[str, Array]:
        with _reading(path):
            return {name: row(number) for name, row in rows.items()}

    return SampleSource(inputs=inputs, names=row_names(count, path), read=read, place=f"{path}, ")


def _members(archive: zipfile.ZipFile, inputs: tuple[Port, ...], path: Path) -> dict[str, str]:
    """Input name -> archive member. Arrays saved without names are taken in order.

    Other arrays in the archive (labels, for one) are passed over.
    """
    there = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    wanted = [port.name for port in inputs]
    unnamed = [f"arr_{number}" for number in range(len(wanted))]
    if not set(wanted) & set(there) and set(there) == set(unnamed):
        return {name: f"{member}.npy" for name, member in zip(wanted, unnamed, strict=True)}
    missing = [name for name in wanted if name not in there]
    if missing:
        raise QuantscopeError(
            f"the archive has no array for the input {listed(missing)}; it has {listed(there)}",
            where=str(path),
            remedy="Save one array under the name of each input",
        )
    return {name: f"{name}.npy" for name in wanted}


def _member_rows(archive: zipfile.ZipFile, member: str) -> Rows:
    """Reads single rows out of an archive member, forwards without starting again."""
    stream = archive.open(member)
    header = read_header(stream)
    start = stream.tell()
    if header.columns_first and len(header.shape) > 1:
        stream.close()
        whole = cache(lambda: _whole(archive, member))  # its rows are not contiguous
        return lambda number: np.asarray(whole()[number])
    return lambda number: _row(stream, start, header, number)


def _row(stream: IO[bytes], start: int, header: Header, number: int) -> Array:
    shape, length = header.shape[1:], header.row_size
    if length > MOST_BYTES:
        raise ValueError(f"a row has {shape_text(shape)} values, more than one sample can have")
    stream.seek(start + number * length)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError(CUT_OFF)
    return np.frombuffer(content, dtype=header.dtype).reshape(shape)


def _whole(archive: zipfile.ZipFile, member: str) -> Array:
    with archive.open(member) as stream:
        return read_whole(stream)


def _check_columns(headers: Mapping[str, Header]) -> None:
    """Raise ``ValueError`` where rows of an archive are in pieces and so much must be unpacked."""
    for name, header in headers.items():
        if header.columns_first and header.size > MOST_BYTES:
            raise ValueError(
                f"`{name}` is stored column by column, and {shape_text(header.shape)} values are "
                "too many to be taken apart: numpy.ascontiguousarray stores rows"
            )


def _count(headers: Mapping[str, Header], path: Path) -> int:
    """How many samples there are: the first axis, which all arrays must share."""
    counts = {name: header.shape[0] if header.shape else 0 for name, header in headers.items()}
    if 0 in counts.values():
        raise QuantscopeError(
            f"the array for the input {listed(name for name in counts if not counts[name])} "
            "holds no samples",
            where=str(path),
            remedy="Save the samples along the first axis",
        )
    if len(set(counts.values())) > 1:
        raise QuantscopeError(
            "the arrays hold different numbers of samples: "
            + ", ".join(f"`{name}` {count}" for name, count in counts.items()),
            where=str(path),
            remedy="Save the samples along the first axis of each array",
        )
    return next(iter(counts.values()))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns whatever a damaged file raises into one sentence."""
    try:
        yield
    except UNREADABLE as failure:
        raise QuantscopeError(
            f"the file can't be read ({reason_of(failure)})",
            where=str(path),
            remedy="Save the arrays again with numpy.save or numpy.savez, as plain numbers",
        ) from failure
