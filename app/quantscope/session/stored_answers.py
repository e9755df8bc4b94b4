"""The types that a calibration derived, as columns: some 40,000 for a network of 5,000 tensors.

As JSON they would be read in seconds, and the scales of every channel would fill it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.calibration import Question
from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.planning.schemes import Candidate, TypeRequest
from quantscope.session.archive import Archive, damaged, write_array
from quantscope.session.ragged import reading_ragged, write_ragged
from quantscope.session.steps import Steps

Answers = Mapping[Question, Candidate]
KINDS = (FixedPoint, Scaled, ChannelScaled)
STEP = 250  # answers


@dataclass(frozen=True, slots=True)
class Row:
    """An answer's whole numbers, in column order.

    ``number`` is the fraction length, the zero point or the axis, as ``kind`` (an index of
    :data:`KINDS`) needs.
    """

    request: int
    kind: int
    word_length: int
    signed: int
    narrow_range: int
    number: int

    @classmethod
    def of(cls, request: int, data_type: DataType) -> Row:
        """The row for a type that answers ``request``."""
        if isinstance(data_type, FixedPoint):
            kind, number = 0, data_type.fraction_length
        elif isinstance(data_type, Scaled):
            kind, number = 1, data_type.zero_point
        else:
            kind, number = 2, data_type.axis
        word, signed, narrow = data_type.word_length, data_type.signed, data_type.narrow_range
        return cls(request, kind, word, int(signed), int(narrow), number)


def _data_type(row: list[int], scales: list[float]) -> DataType:
    """What a row says; ``ValueError`` or ``LookupError`` where the numbers make no type."""
    kind, word, signed, narrow, number = row
    if KINDS[kind] is FixedPoint:
        return _fixed_point(word, number, bool(signed), bool(narrow))
    if KINDS[kind] is Scaled:
        return Scaled(scales[0], number, word, bool(signed), bool(narrow))
    return ChannelScaled(tuple(scales), number, word, bool(signed), bool(narrow))


_fixed_point = cache(FixedPoint)  # a few dozen for thousands of tensors


def scales_of(data_type: DataType) -> Sequence[float]:
    """The scales that a type states: none for a power of two."""
    if isinstance(data_type, FixedPoint):
        return ()
    return data_type.scales if isinstance(data_type, ChannelScaled) else (data_type.scale,)


def distinct_requests(answers: Answers) -> tuple[TypeRequest, ...]:
    """Each request once, in the order in which the rows number them."""
    return tuple(dict.fromkeys(request for _, request in answers))


def write_answers(
    archive: zipfile.ZipFile, folder: str, answers: Answers, tensors: Sequence[str]
) -> None:
    """Add ``answers`` as members; tensors are written as their places in ``tensors``."""
    places = {name: place for place, name in enumerate(tensors)}
    numbers = {request: i for i, request in enumerate(distinct_requests(answers))}
    types = [candidate.data_type for candidate in answers.values()]
    rows = [Row.of(numbers[q[1]], kind) for q, kind in zip(answers, types, strict=True)]
    errors = [astuple(candidate.error) for candidate in answers.values()]
    asked = [[places[name] for name in names] for names, _ in answers]
    write_ragged(archive, f"{folder}answer_tensors", asked, np.int64)
    write_ragged(archive, f"{folder}answer_scales", map(scales_of, types), np.float32)
    write_array(archive, f"{folder}answers.npy", _table([astuple(r) for r in rows], 6, np.int64))
    write_array(archive, f"{folder}answer_errors.npy", _table(errors, 5, np.float64))


def _table(
    rows: list[tuple[float, ...]], columns: int, dtype: npt.DTypeLike
) -> npt.NDArray[np.generic]:
    return np.array(rows, dtype).reshape(-1, columns)


def reading_answers(
    archive: Archive, folder: str, requests: Sequence[TypeRequest], tensors: Sequence[str]
) -> Steps[dict[Question, Candidate]]:
    """What :func:`write_answers` wrote; a damaged archive is an error."""
    try:
        return (yield from _answers(archive, folder, requests, tensors))
    except (ValueError, LookupError, ArithmeticError):
        raise damaged(archive.path, "its derived types are malformed") from None


def _answers(
    archive: Archive, folder: str, requests: Sequence[TypeRequest], tensors: Sequence[str]
) -> Steps[dict[Question, Candidate]]:
    rows = yield from archive.reading_array(f"{folder}answers.npy", np.int64)
    errors = yield from archive.reading_array(f"{folder}answer_errors.npy", np.float64)
    asked = yield from reading_ragged(archive, f"{folder}answer_tensors", np.int64, len(rows))
    scales = yield from reading_ragged(archive, f"{folder}answer_scales", np.float32, len(rows))
    if (rows[:, :2] < 0).any() or (asked.values < 0).any():
        raise ValueError("a negative place would count from the end")
    found: dict[Question, Candidate] = {}
    for first in range(0, len(rows), STEP):
        last = min(first + STEP, len(rows))
        columns = (rows[first:last].tolist(), errors[first:last].tolist())
        lists = (asked.lists(first, last), scales.lists(first, last))
        for (request, *numbers), costs, places, factors in zip(*columns, *lists, strict=True):
            names = tuple([tensors[place] for place in places])
            error = PredictedError(int(costs[0]), *costs[1:])
            found[names, requests[request]] = Candidate(_data_type(numbers, factors), error)
        yield
    return found
