"""The calibration file: an ``.npz`` archive that numpy alone can read, and no pickle.

``header.json`` says what was calibrated; the arrays beside it hold the counts, the values of
weights and biases, and the derived types. A session file holds the same members in a folder.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import NO_SAMPLE
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import sources_of, split_names, untrusted
from quantscope.core.numbers.formats import LONGEST_FRACTION
from quantscope.core.planning.schemes import TypeRequest
from quantscope.session.archive import Archive, damaged, write_json
from quantscope.session.atomic import atomic_writer
from quantscope.session.steps import Steps, finish
from quantscope.session.stored_answers import distinct_requests, reading_answers, write_answers
from quantscope.session.stored_statistics import StoredStatistics, TensorEntry, write_statistics

VERSION = 1
HEADER = "header.json"
SESSION_FOLDER = "calibration/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The JSON member. ``requests`` are numbered by place in the table of answers."""

    version: int
    fingerprint: str
    data: DataDescription
    samples: int
    sample_names: tuple[str, ...]
    skipped: tuple[str, ...]
    tensors: tuple[TensorEntry, ...]
    requests: tuple[TypeRequest, ...]
    migration: Mapping[str, tuple[int, ...]]
    left: int


def write_calibration(path: str | os.PathLike[str], calibration: Calibration) -> None:
    """Write ``calibration`` to ``path``: completely, or not at all."""
    with atomic_writer(Path(path)) as file, zipfile.ZipFile(file, "w") as archive:
        add_calibration(archive, calibration)


def add_calibration(archive: zipfile.ZipFile, calibration: Calibration, folder: str = "") -> None:
    """Write ``calibration`` as members of ``archive`` whose names begin with ``folder``."""
    statistics, derived = calibration.statistics, calibration.derived
    header = Header(
        version=VERSION,
        fingerprint=calibration.fingerprint,
        data=calibration.data,
        samples=calibration.samples,
        sample_names=calibration.sample_names,
        skipped=calibration.skipped,
        tensors=tuple(TensorEntry.of(name, kept) for name, kept in statistics.items()),
        requests=distinct_requests(derived),
        migration=calibration.migration,
        left=calibration.left,
    )
    write_json(archive, folder + HEADER, header)
    write_statistics(archive, folder, statistics)
    write_answers(archive, folder, derived, tuple(statistics))


def adding_calibration(
    archive: zipfile.ZipFile, calibration: Calibration, folder: str
) -> Steps[None]:
    """:func:`add_calibration`, in steps where the calibration is in a file, which is copied."""
    kept = calibration.statistics
    is_in_file = stored_at(calibration) is not None
    if is_in_file and isinstance(kept, StoredStatistics) and kept.archive.can_be_copied():
        yield from kept.archive.copying(kept.folder, archive, folder)
    else:
        add_calibration(archive, calibration, folder)


def read_calibration(path: str | os.PathLike[str]) -> Calibration:
    """The calibration in a calibration or session file; arrays are read when asked for.

    Raises :class:`QuantscopeError` where the file is neither; the statistics raise it where
    their arrays turn out damaged, or the file is gone.
    """
    archive = Archive(path)
    return finish(calibration_in(archive, _folder_in(archive), whole=False))


def reading_calibration(path: str | os.PathLike[str]) -> Steps[Calibration]:
    """:func:`read_calibration` in steps, with all arrays: for those who can't wait for them."""
    archive = Archive(path)
    yield
    calibration = yield from calibration_in(archive, _folder_in(archive), whole=True)
    calibration.used()
    return calibration


def signature_of(archive: Archive) -> int:
    """What identifies the calibration in ``archive``, wherever its file lies."""
    return archive.signature(_folder_in(archive))


def _folder_in(archive: Archive) -> str:
    return SESSION_FOLDER if SESSION_FOLDER + HEADER in archive else ""


def calibration_in(archive: Archive, folder: str, whole: bool) -> Steps[Calibration]:
    """The calibration whose members begin with ``folder``; ``whole``: with all its arrays."""
    reading = archive.reading_document(folder + HEADER, Header, VERSION)
    header: Header = yield from reading
    yield
    if problem := _objection(header):
        raise damaged(archive.path, problem)
    tensors = tuple(entry.name for entry in header.tensors)
    derived = yield from reading_answers(archive, folder, header.requests, tensors)
    statistics = StoredStatistics(archive, folder, header.data, header.tensors)
    if whole:
        yield from statistics.reading()
    return Calibration(
        fingerprint=header.fingerprint,
        data=untrusted(header.data),
        samples=header.samples,
        sample_names=header.sample_names,
        skipped=header.skipped,
        statistics=statistics,
        derived=derived,
        migration=header.migration,
        left=header.left,
    )


def stored_at(calibration: Calibration) -> Path | None:
    """The file that holds ``calibration``, for a job that takes it as a file.

    ``None`` where it was not read from a file, and where its data was moved since.
    """
    kept = calibration.statistics
    if not isinstance(kept, StoredStatistics) or kept.data != calibration.data:
        return None
    return kept.archive.path


def _objection(header: Header) -> str:
    """What contradicts itself in a header; empty where nothing does."""
    if len({entry.name for entry in header.tensors}) != len(header.tensors):
        return "it describes one tensor twice"
    samples = range(NO_SAMPLE, len(header.sample_names))
    if any(number not in samples for entry in header.tensors for number in _samples(entry)):
        return "it names an extreme of a sample that it does not have"
    if not _names_sources(header) or header.left < 0:
        return "its samples are not those of its data"
    exponents = (each for found in header.migration.values() for each in found)
    if any(abs(each) > LONGEST_FRACTION for each in exponents):
        return "it divides channels by more than a float holds"
    if any(_has_bad_axis(entry) for entry in header.tensors):
        return "it states a channel axis that its tensor does not have"
    return ""


def _samples(entry: TensorEntry) -> Iterator[int]:
    """The samples that held an extreme of the tensor when they came."""
    yield from (end.sample for end in (entry.minimum, entry.maximum) if end is not None)
    yield from (sample for sample, _ in (*entry.growth.low, *entry.growth.high))


def _names_sources(header: Header) -> bool:
    """Whether the names of samples say of which source they are."""
    sources = len(sources_of(header.data))
    try:
        split_names(sources, (*header.sample_names, *header.skipped))
    except ValueError:
        return False
    return True


def _has_bad_axis(entry: TensorEntry) -> bool:
    axis, shape = entry.channel_axis, entry.shape
    return axis is not None and shape is not None and not 0 <= axis < len(shape)
