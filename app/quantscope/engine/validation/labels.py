"""Labels of samples: from class folders, or from a file or folder that names the samples.

A sample is found by its name, with or without its folder and ending. Arrays of labels have one
entry for each row of the data, or for each sample in order.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Array, Label, LabelKind
from quantscope.engine.sources.listing import class_of, natural_order
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.validation.boxes import coco_boxes, is_coco, listed_boxes
from quantscope.engine.validation.class_maps import folder_of_maps

_ROW = re.compile(r"^(?:row|sample|random) (\d+)$")
_ARRAY_NAMES = ("labels", "label", "y", "targets", "target")
_MOST_BYTES = 2**30  # of a file of labels


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """One label for each sample, all of one ``kind``; ``names`` are those of the classes."""

    kind: LabelKind
    of_samples: tuple[Label, ...]
    names: tuple[str, ...] = ()


def read_labels(path: str, source: SampleSource) -> Labels:
    """The labels at ``path`` for the samples of ``source``; its class folders where that is empty.

    Raises :class:`QuantscopeError` where a file can not be read, is of no known form, or lacks a
    sample.
    """
    if not path:
        return _of_folders(source)
    place = Path(path)
    if not place.exists():
        raise QuantscopeError(
            "there is nothing at this path", where=path, remedy="Choose a file or folder of labels"
        )
    if place.is_dir():
        return Labels(LabelKind.CLASS_MAP, folder_of_maps(place, source))
    readers = {".npy": _from_npy, ".npz": _from_npz, ".csv": _from_csv, ".json": _from_json}
    reader = readers.get(place.suffix.lower())
    if reader is None:
        raise QuantscopeError(
            "labels of this kind are not known",
            where=path,
            remedy="Give a .csv of names and labels, a .json, a .npy, a .npz, or a folder of class "
            "maps",
        )
    if place.stat().st_size > _MOST_BYTES:
        raise _bad(place, "the file is larger than 1 GiB")
    return reader(place, source)


def _of_folders(source: SampleSource) -> Labels:
    if source.labels is None:
        return Labels(LabelKind.NONE, (None,) * len(source))
    names = tuple(sorted(set(class_of(source.names)), key=natural_order))
    return Labels(LabelKind.CLASS, source.labels, names)


def _from_npy(place: Path, source: SampleSource) -> Labels:
    try:
        with place.open("rb") as file:
            values: Array = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError) as failure:
        raise _bad(place, f"the array can not be read ({failure})") from None
    return _of_array(place, values, source)


def _from_npz(place: Path, source: SampleSource) -> Labels:
    try:
        with np.load(place, allow_pickle=False) as archive:
            names = [name for name in _ARRAY_NAMES if name in archive.files]
            found = names or (archive.files if len(archive.files) == 1 else [])
            values = archive[found[0]] if found else None
    except (OSError, ValueError, zipfile.BadZipFile) as failure:
        raise _bad(place, f"the archive can not be read ({failure})") from None
    if values is None:
        raise _bad(place, f"it has no array called {' or '.join(_ARRAY_NAMES)}")
    return _of_array(place, values, source)


def _of_array(place: Path, values: Array, source: SampleSource) -> Labels:
    if values.ndim == 0:
        raise _bad(place, "it holds one value, not one for each sample")
    rows = [_ROW.match(name) for name in source.names]
    numbers = [int(row[1]) if row else place for place, row in enumerate(rows)]
    in_order = not all(rows)
    if (in_order and len(values) != len(source)) or max(numbers, default=0) >= len(values):
        raise _bad(place, f"it has {len(values)} entries for {len(source)} samples")
    picked = values[numbers]
    if np.issubdtype(values.dtype, np.integer) and picked.reshape(len(picked), -1).shape[1] == 1:
        return Labels(LabelKind.CLASS, tuple(int(each) for each in picked.reshape(-1)))
    if np.issubdtype(values.dtype, np.integer) and values.ndim == 3:
        return Labels(LabelKind.CLASS_MAP, tuple(picked.astype(np.int64)))
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_):
        raise _bad(place, f"its values are {values.dtype}, not numbers")
    return Labels(LabelKind.ARRAY, tuple(picked.astype(np.float64)))


def _from_csv(place: Path, source: SampleSource) -> Labels:
    rows = list(csv.reader(io.StringIO(_text(place))))
    pairs = [(row[0].strip(), row[1].strip()) for row in rows if len(row) >= 2]
    by_name = _Names(place, dict(pairs))
    texts = [str(by_name.of(name)) for name in source.names]
    if all(re.fullmatch(r"-?\d+", text) for text in texts):
        return Labels(LabelKind.CLASS, tuple(map(int, texts)))
    numbers = [_number(text) for text in texts]
    if all(number is not None for number in numbers):
        return Labels(LabelKind.ARRAY, tuple(np.array([number], np.float64) for number in numbers))
    used = {text for _, text in pairs[_header_rows(pairs, source) :]}
    names = tuple(sorted(used, key=natural_order))
    return Labels(LabelKind.CLASS, tuple(names.index(text) for text in texts), names)


def _header_rows(pairs: Sequence[tuple[str, str]], source: SampleSource) -> int:
    """1 where the first row names the columns: no sample is called so."""
    known = set(source.names) | {PurePosixPath(name).name for name in source.names}
    known |= {PurePosixPath(name).stem for name in source.names}
    return 0 if pairs and pairs[0][0] in known else 1


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _from_json(place: Path, source: SampleSource) -> Labels:
    try:
        data = json.loads(_text(place))
    except ValueError as failure:
        raise _bad(place, f"it is no JSON ({failure})") from None
    if not isinstance(data, dict):
        raise _bad(place, "it is not an object with an entry for each sample")
    if is_coco(data):
        boxes, names = coco_boxes(place, data, source)
        return Labels(LabelKind.BOXES, boxes, names)
    by_name = _Names(place, data)
    return _of_entries(place, [by_name.of(name) for name in source.names], source)


def _of_entries(place: Path, entries: Sequence[Any], source: SampleSource) -> Labels:
    if all(isinstance(each, int) and not isinstance(each, bool) for each in entries):
        return Labels(LabelKind.CLASS, tuple(entries))
    if all(isinstance(each, str) for each in entries):
        names = tuple(sorted(set(entries), key=natural_order))
        return Labels(LabelKind.CLASS, tuple(names.index(each) for each in entries), names)
    if all(isinstance(each, list) and all(isinstance(e, dict) for e in each) for each in entries):
        return Labels(LabelKind.BOXES, listed_boxes(place, entries, source))
    try:
        arrays = tuple(np.asarray(each, np.float64) for each in entries)
    except (TypeError, ValueError):
        raise _bad(
            place, "its entries are neither class numbers, names, numbers nor boxes"
        ) from None
    return Labels(LabelKind.ARRAY, arrays)


class _Names:
    """Entries by the names of samples: whole, without folders, or without the ending as well."""

    def __init__(self, place: Path, entries: Mapping[str, Any]) -> None:
        self._place = place
        self._tables: list[dict[str, Any]] = [dict(entries), {}, {}]
        for name, entry in entries.items():
            self._tables[1].setdefault(PurePosixPath(name).name, entry)
            self._tables[2].setdefault(PurePosixPath(name).stem, entry)

    def of(self, name: str) -> Any:
        """The entry for the sample ``name``."""
        pure = PurePosixPath(name)
        for table, key in zip(self._tables, (name, pure.name, pure.stem), strict=True):
            if key in table:
                return table[key]
        raise QuantscopeError(
            f"the sample {name} has no label",
            where=str(self._place),
            remedy="Add it, or leave the sample out of the data",
        )


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise _bad(place, f"it can not be read as text ({failure})") from None


def _bad(place: Path, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(place), remedy="Correct the labels, or choose others")
