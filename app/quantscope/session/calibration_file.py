"""The calibration file: an ``.npz`` archive that numpy alone can read, and no pickle.

``header.json`` describes each tensor; histograms and tables of distinct values lie end to end
in six arrays, cut by offsets; the values of each parameter are a member of their own. Counts
are read when the first tensor is asked for, a parameter's values when that parameter is.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.core.calibration import Calibration
from quantscope.core.codec import decode
from quantscope.core.data import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.histogram import BitHistogram
from quantscope.core.schemes import Candidate, TypeRequest
from quantscope.core.statistics import (
    NO_SAMPLE,
    DistinctValues,
    Extreme,
    TensorStatistics,
)
from quantscope.session.archive import Archive, damaged, write_array, write_json
from quantscope.session.atomic import atomic_writer

VERSION = 1
HEADER = "header.json"
SESSION_FOLDER = "calibration/"
NO_TABLE = DistinctValues(np.empty(0, np.float32), np.empty(0, np.int64))
UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorEntry:
    """What the header says of a tensor; ``shape`` is given where its values are kept."""

    name: str
    minimum: Extreme | None
    maximum: Extreme | None
    distinct: bool
    shape: tuple[int, ...] | None
    channel_axis: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One derived type: the question (tensors taken together, request) and the answer."""

    tensors: tuple[str, ...]
    request: int
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The JSON member. ``requests`` holds each request once; answers refer to them."""

    version: int
    fingerprint: str
    data: DataDescription
    samples: int
    sample_names: tuple[str, ...]
    tensors: tuple[TensorEntry, ...]
    requests: tuple[TypeRequest, ...]
    answers: tuple[Answer, ...]


def write_calibration(path: str | os.PathLike[str], calibration: Calibration) -> None:
    """Write ``calibration`` to ``path``: completely, or not at all."""
    with atomic_writer(Path(path)) as file, zipfile.ZipFile(file, "w") as archive:
        add_calibration(archive, calibration)


def add_calibration(archive: zipfile.ZipFile, calibration: Calibration, folder: str = "") -> None:
    """Write ``calibration`` as members of ``archive`` whose names begin with ``folder``."""
    write_json(archive, folder + HEADER, _header(calibration))
    every = list(calibration.statistics.values())
    histograms = [kept.histogram for kept in every]
    tables = [kept.distinct or NO_TABLE for kept in every]
    _add_ragged(archive, folder + "buckets", [part.buckets for part in histograms], np.uint16)
    _add_ragged(archive, folder + "counts", [part.counts for part in histograms], np.int64)
    _add_offsets(archive, folder + "offsets", [len(part.counts) for part in histograms])
    _add_ragged(archive, folder + "distinct_values", [part.values for part in tables], np.float32)
    _add_ragged(archive, folder + "distinct_counts", [part.counts for part in tables], np.int64)
    _add_offsets(archive, folder + "distinct_offsets", [len(part.counts) for part in tables])
    for number, kept in enumerate(every):
        if kept.values is not None:
            write_array(archive, f"{folder}values_{number}.npy", kept.values)


def read_calibration(path: str | os.PathLike[str]) -> Calibration:
    """The calibration in the file (or session file) ``path``, whose arrays are read when asked for.

    Raises :class:`QuantscopeError` where the file is not a calibration; the statistics raise
    it where their arrays turn out damaged or the file is gone.
    """
    archive = Archive(path)
    return calibration_in(archive, SESSION_FOLDER if SESSION_FOLDER + HEADER in archive else "")


def calibration_in(archive: Archive, folder: str = "") -> Calibration:
    """The calibration whose members begin with ``folder``; see :func:`read_calibration`."""
    header = _read_header(archive, folder)
    answers = {
        (answer.tensors, header.requests[answer.request]): answer.candidate
        for answer in header.answers
    }
    return Calibration(
        fingerprint=header.fingerprint,
        data=header.data,
        samples=header.samples,
        sample_names=header.sample_names,
        statistics=StoredStatistics(archive, folder, header),
        derived=answers,
    )


class StoredStatistics(Mapping[str, TensorStatistics]):
    """The statistics in a file, each tensor's read when it is first asked for."""

    def __init__(self, archive: Archive, folder: str, header: Header) -> None:
        self._archive = archive
        self._folder = folder
        self._entries = {entry.name: (i, entry) for i, entry in enumerate(header.tensors)}
        self._read: dict[str, TensorStatistics] = {}

    def __getitem__(self, name: str) -> TensorStatistics:
        if name not in self._read:
            number, entry = self._entries[name]
            self._read[name] = self._statistics(number, entry)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _statistics(self, number: int, entry: TensorEntry) -> TensorStatistics:
        buckets, counts = self._histograms.part(number)
        values, their_counts = self._tables.part(number)
        return TensorStatistics(
            histogram=BitHistogram(buckets, counts),
            minimum=entry.minimum,
            maximum=entry.maximum,
            distinct=DistinctValues(values, their_counts) if entry.distinct else None,
            values=self._values(number, entry),
            channel_axis=entry.channel_axis,
        )

    @cached_property
    def _histograms(self) -> Ragged:
        return self._ragged("buckets", "counts", "offsets", np.uint16)

    @cached_property
    def _tables(self) -> Ragged:
        names = ("distinct_values", "distinct_counts", "distinct_offsets")
        return self._ragged(*names, np.float32)

    def _ragged(self, keys: str, counts: str, offsets: str, dtype: npt.DTypeLike) -> Ragged:
        archive, folder = self._archive, self._folder
        ragged = Ragged(
            archive.array(f"{folder}{keys}.npy", dtype),
            archive.array(f"{folder}{counts}.npy", np.int64),
            archive.array(f"{folder}{offsets}.npy", np.int64),
        )
        if not ragged.is_sound(len(self._entries)):
            raise damaged(archive.path, f"{folder}{keys} and {counts} do not fit together")
        return ragged

    def _values(self, number: int, entry: TensorEntry) -> npt.NDArray[np.float32] | None:
        if entry.shape is None:
            return None
        name = f"{self._folder}values_{number}.npy"
        values = self._archive.array(name, np.float32)
        if values.shape != entry.shape:
            raise damaged(self._archive.path, f"{name} has another shape than its header says")
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Lists of (key, count) of different lengths, end to end: list i is at offsets i..i+1."""

    keys: npt.NDArray[Any]
    counts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]

    def part(self, number: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """Keys and counts of list ``number``."""
        place = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
        return self.keys[place], self.counts[place]

    def is_sound(self, lists: int) -> bool:
        """Whether there are that many lists, each of ascending keys with positive counts."""
        keys, counts, offsets = self.keys, self.counts, self.offsets
        if keys.ndim != 1 or keys.shape != counts.shape or offsets.shape != (lists + 1,):
            return False
        ends_fit = offsets[0] == 0 and offsets[-1] == len(keys)
        if not ends_fit or (np.diff(offsets) < 0).any() or (counts <= 0).any():
            return False
        ascends = keys[1:] > keys[:-1]
        starts = offsets[(offsets > 0) & (offsets < len(keys))]
        ascends[starts - 1] = True  # a new list may begin lower
        return bool(ascends.all())


def _header(calibration: Calibration) -> Header:
    numbers: dict[TypeRequest, int] = {}
    answers = tuple(
        Answer(
            tensors=tensors,
            request=numbers.setdefault(request, len(numbers)),
            candidate=candidate,
        )
        for (tensors, request), candidate in calibration.derived.items()
    )
    return Header(
        version=VERSION,
        fingerprint=calibration.fingerprint,
        data=calibration.data,
        samples=calibration.samples,
        sample_names=calibration.sample_names,
        tensors=tuple(_entry(*item) for item in calibration.statistics.items()),
        requests=tuple(numbers),
        answers=answers,
    )


def _entry(name: str, kept: TensorStatistics) -> TensorEntry:
    return TensorEntry(
        name=name,
        minimum=kept.minimum,
        maximum=kept.maximum,
        distinct=kept.distinct is not None,
        shape=None if kept.values is None else kept.values.shape,
        channel_axis=kept.channel_axis,
    )


def _add_ragged(
    archive: zipfile.ZipFile,
    name: str,
    parts: list[npt.NDArray[Any]],
    dtype: npt.DTypeLike,
) -> None:
    write_array(archive, f"{name}.npy", np.concatenate([np.empty(0, dtype), *parts]))


def _add_offsets(archive: zipfile.ZipFile, name: str, lengths: list[int]) -> None:
    write_array(archive, f"{name}.npy", np.cumsum([0, *lengths], dtype=np.int64))


def _read_header(archive: Archive, folder: str) -> Header:
    data = archive.json(folder + HEADER)
    check_version(archive, data, VERSION, "calibration")
    try:
        header: Header = decode(Header, data)
    except (*UNREADABLE, QuantscopeError):
        raise damaged(archive.path, "its description of the calibration is malformed") from None
    if problem := _objection(header):
        raise damaged(archive.path, problem)
    return header


def check_version(archive: Archive, data: object, newest: int, what: str) -> None:
    """Raise :class:`QuantscopeError` unless ``data`` states a version that this program reads."""
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, int) or version < 1:
        raise damaged(archive.path, f"its {what} states no format version")
    if version > newest:
        raise QuantscopeError(
            f"its {what} is of format version {version}, and this program reads up to {newest}",
            where=str(archive.path),
            remedy="Open it with a newer Quantscope",
        )


def _objection(header: Header) -> str:
    """What contradicts itself in a header; empty where nothing does."""
    if len({entry.name for entry in header.tensors}) != len(header.tensors):
        return "it describes one tensor twice"
    if any(not 0 <= answer.request < len(header.requests) for answer in header.answers):
        return "it answers a question that it does not state"
    ends = (end for entry in header.tensors for end in (entry.minimum, entry.maximum))
    samples = range(NO_SAMPLE, len(header.sample_names))
    if any(end is not None and end.sample not in samples for end in ends):
        return "it names an extreme of a sample that it does not have"
    if any(_bad_axis(entry) for entry in header.tensors):
        return "it states a channel axis that its tensor does not have"
    return ""


def _bad_axis(entry: TensorEntry) -> bool:
    axis, shape = entry.channel_axis, entry.shape
    return axis is not None and shape is not None and not 0 <= axis < len(shape)
