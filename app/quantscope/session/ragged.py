"""Lists of different lengths as two flat arrays, which is how an archive holds them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.session.archive import Archive, damaged, write_array
from quantscope.session.steps import Steps


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Lists end to end in ``values``: list i is at ``offsets[i]`` to ``offsets[i + 1]``."""

    values: npt.NDArray[Any]
    offsets: npt.NDArray[np.int64]

    def __getitem__(self, number: int) -> npt.NDArray[Any]:
        return self.values[int(self.offsets[number]) : int(self.offsets[number + 1])]

    def lists(self, first: int, last: int) -> Iterator[list[Any]]:
        """Those from ``first`` to before ``last``, as Python's own lists and numbers."""
        offsets = self.offsets[first : last + 1]
        values, ends = (
            self.values[offsets[0] : offsets[-1]].tolist(),
            (offsets - offsets[0]).tolist(),
        )
        return (values[start:end] for start, end in pairwise(ends))

    def ascends(self) -> bool:
        """Whether each list is in strictly ascending order."""
        rises = self.values[1:] > self.values[:-1]
        starts = self.offsets[(self.offsets > 0) & (self.offsets < len(self.values))]
        rises[starts - 1] = True  # from the end of one list to the next anything may happen
        return bool(rises.all())


def write_ragged(
    archive: zipfile.ZipFile,
    name: str,
    lists: Iterable[npt.ArrayLike],
    dtype: npt.DTypeLike,
) -> None:
    """Add ``lists`` as members ``name.npy`` and ``name_offsets.npy``."""
    parts = [np.asarray(part, dtype) for part in lists]
    offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    write_array(archive, f"{name}.npy", np.concatenate([np.empty(0, dtype), *parts]))
    write_array(archive, f"{name}_offsets.npy", offsets)


def reading_ragged(archive: Archive, name: str, dtype: npt.DTypeLike, lists: int) -> Steps[Ragged]:
    """The ``lists`` lists that :func:`write_ragged` wrote; an error if they are not sound."""
    values = yield from archive.reading_array(f"{name}.npy", dtype)
    offsets = yield from archive.reading_array(f"{name}_offsets.npy", np.int64)
    sound = values.ndim == 1 and offsets.shape == (lists + 1,)
    if not sound or not _are_offsets(offsets, len(values)):
        raise damaged(archive.path, f"{name} does not hold {lists} lists")
    return Ragged(values, offsets)


def _are_offsets(offsets: npt.NDArray[np.int64], length: int) -> bool:
    ends_fit = offsets[0] == 0 and offsets[-1] == length
    return bool(ends_fit and (offsets[1:] >= offsets[:-1]).all())
