"""A text table as calibration data: each row one sample, read when it is asked for."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.sources.columns import columns_of, in_shape, row_array
from quantscope.engine.sources.fitting import Array
from quantscope.engine.sources.samples import SampleSource, row_names

_SEPARATORS = ",;\t"
_MARK = b"\xef\xbb\xbf"  # some programs put it before UTF-8
_MISSING = ("", "na", "n/a", "null", "none", "?", "-")
_NO_NUMBER = "its only line holds numbers and what is no number"
LEAST_COUNTED = 4  # columns: fewer numbers in a row may well be data
_LONGEST_LINE = 1 << 26  # a file of other content may have no line ends


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the rows begin, in bytes, with what separates cells and their titles (or blanks)."""

    path: Path
    separator: str
    titles: tuple[str, ...]
    starts: array[int]

    def cells(self, number: int) -> list[str]:
        with self.path.open("rb") as stream:
            stream.seek(self.starts[number])
            return _cells(stream.readline(_LONGEST_LINE), self.separator)


def open_csv(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """Rows of numbers, separated by comma, semicolon or tab; headings, where there are any, say
    which columns belong to which input (see ``columns_of``). Headings may be the numbers of the
    columns. Empty lines are passed over."""
    try:
        table = _indexed(path)
    except (OSError, csv.Error) as failure:
        raise _unreadable(path, reason_of(failure)) from failure
    columns = columns_of(inputs, table.titles, str(path))

    def read(number: int) -> Mapping[str, Array]:
        where = f"{path}, row {number}"
        cells = _checked(table, number, where)
        return {
            port.name: in_shape(
                row_array([_number(cells, column, where) for column in columns[port.name]]),
                port,
                inputs,
                where,
            )
            for port in inputs
        }

    names = row_names(len(table.starts), path)
    return SampleSource(inputs=inputs, names=names, read=read, place=f"{path}, ")


def _indexed(path: Path) -> _Table:
    with path.open("rb") as stream:
        starts = array("q")
        first = b""
        for start, line in _lines(stream, path):
            first = first or line
            starts.append(start)
    if not starts:
        raise _unreadable(path, "it is empty")
    text = first.decode("utf-8", errors="replace")
    separator = max(_SEPARATORS, key=text.count)
    cells = _cells(first, separator)
    if all(map(_is_number_or_missing, cells)):
        whole = _Table(path, separator, ("",) * len(cells), starts)
        return replace(whole, starts=starts[1:]) if _counts_columns(whole) else whole
    if len(starts) == 1:
        is_row = any(_value(cell) is not None for cell in cells)
        raise _unreadable(path, _NO_NUMBER if is_row else "it has headings and no rows")
    return _Table(path, separator, tuple(cell.strip() for cell in cells), starts[1:])


def _counts_columns(table: _Table) -> bool:
    """Whether the first line holds the numbers of the columns, as pandas writes it for headings.

    A table that counts on in its second line is taken as it is.
    """
    numbers = [str(number) for number in range(2 * len(table.titles))]
    here, on = numbers[: len(table.titles)], numbers[len(table.titles) :]
    is_long = len(here) >= LEAST_COUNTED and len(table.starts) > 1
    return is_long and table.cells(0) == here and table.cells(1) != on


def _lines(stream: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something, with the byte that each begins at."""
    start = len(_MARK) if stream.read(len(_MARK)) == _MARK else 0
    stream.seek(start)
    while line := stream.readline(_LONGEST_LINE):
        if b"\0" in line or len(line) == _LONGEST_LINE:
            raise _unreadable(path, "it is no plain text in UTF-8")
        if line.strip():
            yield start, line
        start += len(line)


def _cells(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", errors="replace").rstrip("\r\n")
    if "\r" in text:
        raise csv.Error("its lines end with a carriage return alone")
    if max(map(len, text.split(separator))) > csv.field_size_limit():
        raise csv.Error("a cell is longer than any number")
    return next(csv.reader([text], delimiter=separator), [])


def _checked(table: _Table, number: int, where: str) -> list[str]:
    try:
        cells = table.cells(number)
    except (OSError, csv.Error) as failure:
        raise _unreadable(table.path, f"{reason_of(failure)}, in row {number}") from failure
    if len(cells) != len(table.titles):
        raise QuantscopeError(
            f"the row has {len(cells)} cells, and the table {len(table.titles)} columns",
            where=where,
            remedy="Give all rows the same cells; of varying lengths, save .npz files instead",
        )
    return cells


def _is_number_or_missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING or _value(cell) is not None


def _value(cell: str) -> int | float | None:
    if "_" in cell:  # Python alone takes 1_000 for a number
        return None
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return None


def _number(cells: list[str], column: int, where: str) -> int | float:
    value = _value(cells[column])
    if value is None:
        cell = cells[column].strip()
        what = f'"{cell[:40]}", which is no number' if cell else "no number"
        raise QuantscopeError(
            f"column {column + 1} holds {what}",
            where=where,
            remedy="Write numbers with a decimal point, and fill in or remove what is missing",
        )
    return value


def _unreadable(path: Path, why: str) -> QuantscopeError:
    return QuantscopeError(
        f"the table can't be read ({why})",
        where=str(path),
        remedy="Save it as CSV text in UTF-8, one sample in each row",
    )
