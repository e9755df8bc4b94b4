"""Statistics in an archive: the counts of all tensors together, a parameter's values alone.

Counts are read when the first tensor is asked for, a parameter's values when it is: a large
model's weights are not read to show its activations.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.growth import Growth
from quantscope.core.counting.histogram import BitHistogram
from quantscope.core.counting.near_one import COLUMNS, NearOne
from quantscope.core.counting.statistics import DistinctValues, Extreme, TensorStatistics
from quantscope.core.data.description import DataDescription
from quantscope.session.archive import Archive, damaged, write_array
from quantscope.session.ragged import Ragged, reading_ragged, write_ragged
from quantscope.session.steps import Steps, finish

NO_TABLE = DistinctValues(np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorEntry:
    """What the header says of a tensor.

    ``distinct``: its exact values are counted. ``shape`` is given where its values are kept.
    """

    name: str
    minimum: Extreme | None
    maximum: Extreme | None
    distinct: bool
    shape: tuple[int, ...] | None
    channel_axis: int | None
    growth: Growth

    @classmethod
    def of(cls, name: str, kept: TensorStatistics) -> TensorEntry:
        """The entry for the statistics ``kept`` of tensor ``name``."""
        return cls(
            name=name,
            minimum=kept.minimum,
            maximum=kept.maximum,
            distinct=kept.distinct is not None,
            shape=None if kept.values is None else kept.values.shape,
            channel_axis=kept.channel_axis,
            growth=kept.growth,
        )


def write_statistics(
    archive: zipfile.ZipFile, folder: str, statistics: Mapping[str, TensorStatistics]
) -> None:
    """Add what the entries leave out, as members whose names begin with ``folder``."""
    every = list(statistics.values())
    tables = [kept.distinct or NO_TABLE for kept in every]
    buckets = [kept.histogram.buckets for kept in every]
    counts = [kept.histogram.counts for kept in every]
    write_ragged(archive, f"{folder}buckets", buckets, np.uint16)
    write_ragged(archive, f"{folder}counts", counts, np.int64)
    write_ragged(archive, f"{folder}distinct_values", [t.values for t in tables], np.float32)
    write_ragged(archive, f"{folder}distinct_counts", [t.counts for t in tables], np.int64)
    near = [kept.near_one.counts.reshape(-1) if kept.near_one else () for kept in every]
    write_ragged(archive, f"{folder}near_one", near, np.int64)
    for number, kept in enumerate(every):
        if kept.values is not None:
            write_array(archive, _values_member(folder, number), kept.values)


def _values_member(folder: str, number: int) -> str:
    return f"{folder}values_{number}.npy"


class StoredStatistics(Mapping[str, TensorStatistics]):
    """Statistics by tensor name, each read from the archive when first asked for, then kept.

    ``data`` is what the file says they were counted on. Raises
    :class:`quantscope.core.errors.QuantscopeError` where the arrays are damaged.
    """

    def __init__(
        self,
        archive: Archive,
        folder: str,
        data: DataDescription,
        entries: tuple[TensorEntry, ...],
    ) -> None:
        self.archive = archive
        self.data = data
        self.folder = folder
        self._entries = {entry.name: (i, entry) for i, entry in enumerate(entries)}
        self._read: dict[str, TensorStatistics] = {}
        self._histograms: tuple[Ragged, Ragged] | None = None
        self._tables: tuple[Ragged, Ragged] | None = None
        self._near_one: Ragged | None = None

    def __getitem__(self, name: str) -> TensorStatistics:
        if name not in self._read:
            self._read[name] = finish(self._statistics(*self._entries[name]))
        return self._read[name]

    def reading(self) -> Steps[None]:
        """Read what was not asked for yet, so that no question waits for the file."""
        for name, entry in self._entries.items():
            if name not in self._read:
                self._read[name] = yield from self._statistics(*entry)
                yield

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _statistics(self, number: int, entry: TensorEntry) -> Steps[TensorStatistics]:
        if self._histograms is None:
            self._histograms = yield from self._counted("buckets", "counts", np.uint16)
        buckets, counts = self._histograms
        distinct = None
        if entry.distinct:
            if self._tables is None:
                keys, numbers = "distinct_values", "distinct_counts"
                self._tables = yield from self._counted(keys, numbers, np.float32)
            values, their_counts = self._tables
            distinct = DistinctValues(values[number], their_counts[number])
        return TensorStatistics(
            histogram=BitHistogram(buckets[number], counts[number]),
            minimum=entry.minimum,
            maximum=entry.maximum,
            distinct=distinct,
            values=(yield from self._values(number, entry)),
            channel_axis=entry.channel_axis,
            growth=entry.growth,
            near_one=(yield from self._near(number)),
        )

    def _near(self, number: int) -> Steps[NearOne]:
        if self._near_one is None:
            name, lists = f"{self.folder}near_one", len(self._entries)
            self._near_one = yield from reading_ragged(self.archive, name, np.int64, lists)
        counts = self._near_one[number]
        if counts.size not in (0, 2 * COLUMNS) or (counts < 0).any():
            raise damaged(self.archive.path, "near_one does not hold counts of 2 x 16 distances")
        return NearOne(counts.reshape(2, COLUMNS)) if counts.size else NearOne.nothing()

    def _counted(
        self, keys: str, counts: str, dtype: npt.DTypeLike
    ) -> Steps[tuple[Ragged, Ragged]]:
        lists = len(self._entries)
        counted = yield from reading_ragged(self.archive, self.folder + keys, dtype, lists)
        numbers = yield from reading_ragged(self.archive, self.folder + counts, np.int64, lists)
        same = np.array_equal(counted.offsets, numbers.offsets)
        if not same or not counted.ascends() or not (numbers.values > 0).all():
            raise damaged(self.archive.path, f"{keys} and {counts} do not fit together")
        return counted, numbers

    def _values(self, number: int, entry: TensorEntry) -> Steps[npt.NDArray[np.float32] | None]:
        if entry.shape is None:
            return None
        name = _values_member(self.folder, number)
        values = yield from self.archive.reading_array(name, np.float32)
        if values.shape != entry.shape:
            raise damaged(self.archive.path, f"{name} has another shape than its description")
        return values
