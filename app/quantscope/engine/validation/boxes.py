"""Labelled boxes: from a COCO file, or a plain list, in pixels of the network's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from quantscope.core.data.description import Resize
from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Boxes, Floats
from quantscope.engine.sources.samples import SampleSource

Scale = tuple[float, float]


def is_coco(data: Mapping[str, Any]) -> bool:
    """Whether ``data`` has the three lists of a COCO annotation file."""
    return all(isinstance(data.get(key), list) for key in ("images", "annotations", "categories"))


def coco_boxes(
    place: Path, data: Mapping[str, Any], source: SampleSource
) -> tuple[tuple[Boxes, ...], tuple[str, ...]]:
    """The boxes of each sample and the names of the classes, by increasing category number."""
    try:
        kinds = sorted(data["categories"], key=lambda each: each["id"])
        numbers = {each["id"]: place for place, each in enumerate(kinds)}
        images = _images(place, data["images"])
        rows: dict[Any, list[Mapping[str, Any]]] = {}
        for each in data["annotations"]:
            entry = {
                "box": each["bbox"],
                "class": numbers[each["category_id"]],
                "crowd": each.get("iscrowd", 0),
            }
            rows.setdefault(each["image_id"], []).append(entry)
        missing = [n for n in source.names if PurePosixPath(n).name not in images]
        if missing:
            raise _bad(place, f"the sample {missing[0]} is not among its images")
        entries = [rows.get(images[PurePosixPath(n).name], []) for n in source.names]
        names = tuple(str(each.get("name", each["id"])) for each in kinds)
    except (KeyError, TypeError, AttributeError) as failure:
        raise _bad(place, f"it is no COCO file as published ({failure!r})") from None
    return listed_boxes(place, entries, source), names


def _images(place: Path, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers of the images by their names without folders."""
    numbers: dict[str, Any] = {}
    for each in entries:
        name = PurePosixPath(each["file_name"]).name
        if numbers.setdefault(name, each["id"]) != each["id"]:
            raise _bad(place, f"two of its images are called {name}")
    return numbers


def listed_boxes(
    place: Path, entries: Sequence[Sequence[Mapping[str, Any]]], source: SampleSource
) -> tuple[Boxes, ...]:
    """Boxes from entries ``{"box": [x, y, width, height], "class": n, "crowd": 0}``, in pixels of
    the picture in the file."""
    boxes = []
    for number, each in enumerate(entries):
        scale = _scale(source, number) if each else (1.0, 1.0)
        try:
            sides = np.array([entry["box"] for entry in each], np.float64).reshape(-1, 4)
            classes = np.array([entry["class"] for entry in each], np.int64)
            crowd = np.array([bool(entry.get("crowd", 0)) for entry in each], np.bool_)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as failure:
            raise _bad(place, f"a box of {source.names[number]} is wrong ({failure!r})") from None
        if not np.isfinite(sides).all() or (sides[:, 2:] < 0).any():
            raise _bad(place, f"a box of {source.names[number]} has no width and height")
        boxes.append(Boxes(_corners(sides) * [*scale, *scale], classes, crowd))
    return tuple(boxes)


def _corners(sides: Floats) -> Floats:
    return np.hstack([sides[:, :2], sides[:, :2] + sides[:, 2:]])


def _scale(source: SampleSource, number: int) -> Scale:
    """Pixels of the network's input by pixels of the picture in the file."""
    if source.pictures is None:
        return 1.0, 1.0
    chain = source.pictures.chain
    if chain.settings.resize is not Resize.STRETCH or chain.settings.crop != 1.0:
        raise QuantscopeError(
            "boxes can be compared only where pictures are stretched to the input's size",
            where="preprocessing",
            remedy="Choose resize=stretch, without a crop",
        )
    width, height = source.pictures.original(number).size
    wide, high = chain.frame.size_for(width, height, Resize.STRETCH)
    return wide / width, high / height


def _bad(place: Path, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(place), remedy="Correct the labels, or choose others")
