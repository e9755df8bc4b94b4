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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.metrics.labels import Array, Label, LabelKind
from quantscope.engine.sources.array_format import UNREADABLE, read_whole
from quantscope.engine.sources.listing import existing, natural_order
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.validation.boxes import coco_boxes, is_coco, listed_boxes
from quantscope.engine.validation.class_maps import folder_of_maps

_ROW = re.compile(r"^(?:row|sample|random) (\d+)$")
_ARRAY_NAMES = ("labels", "label", "y", "targets", "target")
_TITLES = ("label", "class", "target", "y")
_LARGEST_CLASS = 2**31
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
    place = existing(path, "the labels")
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
    return Labels(LabelKind.CLASS, source.labels, source.class_names)


def _from_npy(place: Path, source: SampleSource) -> Labels:
    try:
        with place.open("rb") as file:
            values = read_whole(file)
    except UNREADABLE as failure:
        raise _bad(place, f"the array can not be read ({reason_of(failure)})") from None
    return _of_array(place, values, source)


def _from_npz(place: Path, source: SampleSource) -> Labels:
    try:
        with zipfile.ZipFile(place) as archive:
            there = [name for name in archive.namelist() if name.endswith(".npy")]
            known = [f"{name}.npy" for name in _ARRAY_NAMES if f"{name}.npy" in there]
            found = known or (there if len(there) == 1 else [])
            if not found:
                raise _bad(place, f"it has no array called {' or '.join(_ARRAY_NAMES)}")
            with archive.open(found[0]) as file:
                values = read_whole(file)
    except UNREADABLE as failure:
        raise _bad(place, f"the archive can not be read ({reason_of(failure)})") from None
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
        return _classes(place, picked.reshape(-1).tolist())
    if np.issubdtype(values.dtype, np.integer) and values.ndim == 3:
        return Labels(LabelKind.CLASS_MAP, tuple(picked.astype(np.int64)))
    if values.dtype.kind not in "biuf":
        raise _bad(place, f"its values are {values.dtype}, not numbers")
    return _arrays(place, list(picked.astype(np.float64)), source)


def _from_csv(place: Path, source: SampleSource) -> Labels:
    pairs = _pairs(place)
    by_name = _Names(place, _entries(place, pairs))
    texts = [str(by_name.of(name)) for name in source.names]
    if all(re.fullmatch(r"-?\d{1,4000}", text) for text in texts):
        return _classes(place, list(map(int, texts)))
    numbers = [_number(text) for text in texts]
    if all(number is not None for number in numbers):
        return _arrays(place, [np.array([number], np.float64) for number in numbers], source)
    used = {text for _, text in pairs[_header_rows(pairs, source) :]}
    names = tuple(sorted(used, key=natural_order))
    return Labels(LabelKind.CLASS, tuple(names.index(text) for text in texts), names)


def _pairs(place: Path) -> list[tuple[str, str]]:
    """The rows of a table as names and labels."""
    text = _text(place)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except csv.Error as failure:
        raise _bad(place, f"it is no table ({failure})") from None
    if not rows:
        raise _bad(place, "it is empty")
    column = _label_column(place, rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise _bad(place, f"line {number} has {len(row)} cells, and the first {len(rows[0])}")
    return [(row[0].strip(), row[column].strip()) for row in rows]


def _label_column(place: Path, first: Sequence[str]) -> int:
    if len(first) == 2:
        return 1
    titles = [title.strip().lower() for title in first]
    known = [titles.index(name) for name in _TITLES if name in titles[1:]]
    if len(first) < 2 or not known:
        raise _bad(
            place,
            f"it has {len(first)} columns, of which none is called {' or '.join(_TITLES)}: "
            "a table of labels has two, names and labels",
        )
    return known[0]


def _entries(place: Path, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Labels by name; a name may come again, with the same label."""
    entries: dict[str, Any] = {}
    for name, entry in pairs:
        if name in entries and entries[name] != entry:
            raise _bad(place, f"{name} has two labels, {entries[name]} and {entry}")
        entries[name] = entry
    return entries


def _classes(place: Path, numbers: Sequence[int]) -> Labels:
    if too_large := [number for number in numbers if abs(number) > _LARGEST_CLASS]:
        raise _bad(place, f"{too_large[0]} is no class number")
    return Labels(LabelKind.CLASS, tuple(numbers))


def _arrays(place: Path, values: Sequence[Array], source: SampleSource) -> Labels:
    for name, each in zip(source.names, values, strict=True):
        if not np.isfinite(each).all():
            raise _bad(place, f"the label of the sample {name} is not finite")
    return Labels(LabelKind.ARRAY, tuple(values))


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
        data = json.loads(_text(place), object_pairs_hook=lambda pairs: _entries(place, pairs))
    except (ValueError, RecursionError) as failure:
        raise _bad(place, f"it is no JSON ({reason_of(failure)})") from None
    if not isinstance(data, dict):
        raise _bad(place, "it is not an object with an entry for each sample")
    if is_coco(data):
        boxes, names = coco_boxes(place, data, source)
        return Labels(LabelKind.BOXES, boxes, names)
    by_name = _Names(place, data)
    words = {entry for entry in data.values() if isinstance(entry, str)}
    names = tuple(sorted(words, key=natural_order))
    return _of_entries(place, [by_name.of(name) for name in source.names], names, source)


def _of_entries(
    place: Path, entries: Sequence[Any], names: tuple[str, ...], source: SampleSource
) -> Labels:
    """``names`` are all words of the file, so that a class has its number in parts of the data."""
    if all(isinstance(each, int) and not isinstance(each, bool) for each in entries):
        return _classes(place, entries)
    if all(isinstance(each, str) for each in entries):
        return Labels(LabelKind.CLASS, tuple(names.index(each) for each in entries), names)
    if all(isinstance(each, list) and all(isinstance(e, dict) for e in each) for each in entries):
        return Labels(LabelKind.BOXES, listed_boxes(place, entries, source))
    try:
        arrays = [np.asarray(each, np.float64) for each in entries]
    except (TypeError, ValueError, OverflowError):
        raise _bad(
            place, "its entries are neither class numbers, names, numbers nor boxes"
        ) from None
    return _arrays(place, arrays, source)


class _Names:
    """Entries by the names of samples: whole, without folders, or without the ending as well."""

    def __init__(self, place: Path, entries: Mapping[str, Any]) -> None:
        self._place = place
        self._taken: dict[str, str] = {}
        self._tables: list[dict[str, dict[str, Any]]] = [{}, {}, {}]
        for name, entry in entries.items():
            for table, key in zip(self._tables, _keys(name), strict=True):
                table.setdefault(key, {})[name] = entry

    def of(self, name: str) -> Any:
        """The entry for the sample ``name``."""
        for table, key in zip(self._tables, _keys(name), strict=True):
            if found := table.get(key):
                return self._only(name, found)
        raise QuantscopeError(
            f"the sample {name} has no label",
            where=str(self._place),
            remedy="Add it, or leave the sample out of the data",
        )

    def _only(self, name: str, found: Mapping[str, Any]) -> Any:
        (first, entry), *rest = found.items()
        if others := [other for other, found_entry in rest if found_entry != entry]:
            raise QuantscopeError(
                f"the labels of {first} and of {others[0]} both fit the sample {name}",
                where=str(self._place),
                remedy="Open the folder above as data, so that samples have all of these names",
            )
        known = self._taken.setdefault(first, name)
        if PurePosixPath(known).parent != PurePosixPath(name).parent and not rest:
            raise QuantscopeError(
                f"the label of {first} fits the samples {known} and {name} both",
                where=str(self._place),
                remedy="Name the samples in it with their folders",
            )
        return entry


def _keys(name: str) -> tuple[str, str, str]:
    pure = PurePosixPath(name)
    return name, pure.name, pure.stem


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise _bad(place, f"it can not be read as text ({reason_of(failure)})") from None


def _bad(place: Path, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(place), remedy="Correct the labels, or choose others")
