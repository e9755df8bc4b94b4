"""Which columns of a table fill which input, and a row of cells as one sample."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import Array, batch_of, has_batch_axis, shape_text
from quantscope.engine.sources.samples import listed

_NUMBERED = re.compile(r"(.+?)(?:[_.](\d+)|\[(\d+)\])")
Columns = Mapping[str, tuple[int, ...]]


def columns_of(inputs: tuple[Port, ...], titles: Sequence[str], place: str) -> Columns:
    """The columns of each input, in order: those called after it, ``x`` or ``x_0 x_1 ...``.

    ``x.0`` and ``x[0]`` are read too, and other columns (labels, for one) are passed over. A
    single input takes all columns where none is called after it; empty titles stand for a table
    without headings.
    """
    named = {port.name: _named_after(port.name, titles) for port in inputs}
    if len(inputs) == 1 and not named[inputs[0].name]:
        return {inputs[0].name: tuple(range(len(titles)))}
    missing = [name for name, columns in named.items() if not columns]
    if missing:
        raise QuantscopeError(
            f"no column is called after the input {listed(missing)}; "
            f"there are {listed(filter(None, titles))}",
            where=place,
            remedy="Call the columns of an input x after it: x, or x_0, x_1 and so on",
        )
    for columns in named.values():
        taken = [titles[column] for column in columns]
        if twice := [title for title in taken if taken.count(title) > 1]:
            raise QuantscopeError(
                f"several columns are called `{twice[0]}`",
                where=place,
                remedy="Call each column of an input after its place: x_0, x_1 and so on",
            )
    return named


def in_shape(flat: Array, port: Port, inputs: tuple[Port, ...], where: str) -> Array:
    """The values of one row (one axis) in the shape of one sample for ``port``, row by row.

    One free dimension takes what the number of values leaves for it.
    """
    shape = port.shape[1:] if has_batch_axis(port, batch_of(inputs)) else port.shape
    free = [axis for axis, size in enumerate(shape) if isinstance(size, str)]
    fixed = prod(size for size in shape if isinstance(size, int))
    if len(free) > 1:
        raise QuantscopeError(
            f"the input wants {shape_text(port.shape)}, and a row does not say its shape",
            where=f"{where}, input `{port.name}`",
            remedy="Save the samples as .npz files, which keep their shape",
        )
    fits = flat.size % fixed == 0 if free and fixed else flat.size == fixed
    if not fits:
        raise QuantscopeError(
            f"the input wants {shape_text(port.shape)} {port.dtype}, "
            f"and the row gives {flat.size} values",
            where=f"{where}, input `{port.name}`",
            remedy=f"Give {fixed} values, in columns called {port.name}_0, {port.name}_1 and so "
            "on where the table has others too",
        )
    return flat.reshape([-1 if isinstance(size, str) else size for size in shape])


def _named_after(name: str, titles: Sequence[str]) -> tuple[int, ...]:
    numbers = {}
    for column, title in enumerate(titles):
        match = _NUMBERED.fullmatch(title)
        if title == name:
            numbers[column] = -1
        elif match and match[1] == name:
            numbers[column] = int(match[2] or match[3])
    return tuple(sorted(numbers, key=lambda column: (numbers[column], column)))


def row_array(cells: Sequence[float]) -> Array:
    """Numbers as an array: int64 where all are whole numbers, else float64."""
    if all(isinstance(cell, int) and abs(cell) < 2**63 for cell in cells):
        return np.array(cells, dtype=np.int64)
    return np.array(cells, dtype=np.float64)
