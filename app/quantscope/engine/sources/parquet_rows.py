"""A Parquet table as calibration data: each row one sample.

Needs pyarrow, which the extra `quantscope[parquet]` installs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.sources.columns import columns_of, in_shape, row_array
from quantscope.engine.sources.fitting import Array
from quantscope.engine.sources.samples import SampleSource, listed, row_names

MOST_BYTES = 1 << 27  # of one row, whose values become single numbers of Python
# pyarrow's own are of the first three; the others come from a damaged schema.
_FAILURES = (OSError, ValueError, NotImplementedError, KeyError, TypeError, MemoryError)


def open_parquet(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """Rows of numbers, or of lists of numbers; the columns of each input as ``columns_of`` says.

    One row group is kept in memory.
    """
    table = _opened(path)
    titles = list(table.schema_arrow.names)
    columns = columns_of(inputs, titles, str(path))
    if twice := sorted({title for title in titles if titles.count(title) > 1}):
        raise _unreadable(path, f"several columns are called {listed(twice)}")
    groups = [table.metadata.row_group(number).num_rows for number in range(table.num_row_groups)]
    ends = list(accumulate(groups))
    if not ends or not ends[-1]:
        raise _unreadable(path, "it holds no rows")
    if min(groups) < 0:
        raise _unreadable(path, "its numbers of rows are damaged")
    needed = sorted({titles[column] for each in columns.values() for column in each})

    @lru_cache(maxsize=1)
    def group(number: int) -> Any:
        return _tried(path, lambda: table.read_row_group(number, columns=needed))

    def read(number: int) -> Mapping[str, Array]:
        place = int(np.searchsorted(ends, number, side="right"))
        row = number - (ends[place - 1] if place else 0)
        where = f"{path}, row {number}"
        rows = group(place).slice(row, 1)
        if rows.nbytes > MOST_BYTES:
            raise _unreadable(path, f"row {number} is larger than any sample")
        cells = _tried(path, lambda: {name: rows.column(name)[0].as_py() for name in needed})
        return {
            port.name: in_shape(
                _flat([cells[titles[column]] for column in columns[port.name]], where),
                port,
                inputs,
                where,
            )
            for port in inputs
        }

    names = row_names(ends[-1], path)
    return SampleSource(inputs=inputs, names=names, read=read, place=f"{path}, ")


def _opened(path: Path) -> Any:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise QuantscopeError(
            "reading Parquet needs pyarrow, which is not installed",
            where=str(path),
            remedy="Install it with: pip install quantscope[parquet], or save the table as CSV",
        ) from None
    return _tried(path, lambda: parquet.ParquetFile(path))


def _tried(path: Path, action: Callable[[], Any]) -> Any:
    """What ``action`` gives; whatever a damaged file raises becomes one sentence."""
    try:
        return action()
    except _FAILURES as failure:
        raise _unreadable(path, reason_of(failure)[:200]) from failure


def _flat(cells: Sequence[Any], where: str) -> Array:
    values = [value for cell in cells for value in _values_of(cell)]
    if not all(isinstance(value, int | float | np.number) for value in values):
        raise QuantscopeError(
            "the row holds what is no number",
            where=where,
            remedy="Save numbers only, and fill in or remove what is missing",
        )
    return row_array([value.item() if isinstance(value, np.number) else value for value in values])


def _values_of(cell: Any) -> Iterable[Any]:
    """The values of a cell, or of the lists in it, whatever their depth."""
    if not isinstance(cell, list):
        return [cell]
    return (value for entry in cell for value in _values_of(entry))


def _unreadable(path: Path, why: str) -> QuantscopeError:
    return QuantscopeError(
        f"the table can't be read ({why})", where=str(path), remedy="Save it as Parquet again"
    )
