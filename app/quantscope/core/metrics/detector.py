"""Detector outputs told in a small form, and the detections that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Array, Floats

NO_SUPPRESSION = 1.0


class BoxFormat(StrEnum):
    """What the four numbers of a box are."""

    XYXY = "xyxy"  # left, top, right, bottom
    YXYX = "yxyx"  # top, left, bottom, right
    XYWH = "xywh"  # left, top, width, height
    CXCYWH = "cxcywh"  # centre, width, height


class Coordinates(StrEnum):
    """What the numbers of a box count."""

    FRACTION = "fraction"  # 0..1 of the input picture's width and height
    PIXELS = "pixels"  # of the input picture


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorForm:
    """Which outputs hold what, with leading axes of 1 left out: ``boxes`` (n, 4), ``scores`` (n,)
    with ``classes`` (n,), or without these (n, classes).

    ``background`` says that the first column of scores is no class. Boxes with a score of
    ``least_score`` or less are left out, and of those of one class that overlap by more than
    ``suppress`` (intersection over union) the weaker; 1 keeps all.
    """

    boxes: str
    scores: str
    classes: str = ""
    box_format: BoxFormat = BoxFormat.XYXY
    coordinates: Coordinates = Coordinates.FRACTION
    background: bool = False
    least_score: float = 0.0
    suppress: float = NO_SUPPRESSION


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector found in one picture: ``corners`` (n, 4) in pixels of the input, ``classes``
    and ``scores`` (n,)."""

    corners: Floats
    classes: npt.NDArray[np.int64]
    scores: Floats


def detections(
    outputs: Mapping[str, Array], form: DetectorForm, size: tuple[int, int]
) -> Detections:
    """What ``outputs`` of one sample say; ``size`` is (width, height) of the input picture.

    Raises :class:`QuantscopeError` where they are not as ``form`` says.
    """
    boxes = _output(outputs, form.boxes, "boxes", 2)
    if boxes.shape[1] != 4:
        raise _wrong(form.boxes, boxes, "four numbers for each box")
    corners = _corners(boxes, form)
    if form.coordinates is Coordinates.FRACTION:
        corners = corners * np.array([*size, *size], np.float64)
    if form.classes:
        scores = _output(outputs, form.scores, "scores", 1)
        classes = _output(outputs, form.classes, "classes", 1)
        _check_length(form.classes, classes, corners)
    else:
        table = _output(outputs, form.scores, "scores", 2)[:, int(form.background) :]
        _check_length(form.scores, table, corners)
        corners = np.repeat(corners, table.shape[1], axis=0)
        classes = np.tile(np.arange(table.shape[1]), len(table))
        scores = table.reshape(-1)
    _check_length(form.scores, scores, corners)
    kept = scores > form.least_score
    every = Detections(corners[kept], classes[kept].astype(np.int64), scores[kept])
    return _suppressed(every, form.suppress) if form.suppress < NO_SUPPRESSION else every


def overlaps(one: Floats, other: Floats, crowd: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Intersection over union of each of ``one`` (n, 4) with each of ``other`` (m, 4): (n, m).

    Where ``crowd`` (m,) is true, intersection over the area of ``one``: a single object covers
    only a part of a group.
    """
    low = np.maximum(one[:, np.newaxis, :2], other[np.newaxis, :, :2])
    high = np.minimum(one[:, np.newaxis, 2:], other[np.newaxis, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    mine, theirs = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (one, other))
    union = mine[:, np.newaxis] + theirs - shared
    if crowd is not None:
        union = np.where(crowd, mine[:, np.newaxis], union)
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0.0))


def _suppressed(found: Detections, limit: float) -> Detections:
    """Greedy non-maximum suppression within each class, the best scores first."""
    kept: list[int] = []
    for each in np.unique(found.classes):
        waiting = np.flatnonzero(found.classes == each)
        waiting = waiting[np.argsort(-found.scores[waiting], kind="stable")]
        while waiting.size:
            best, rest = waiting[0], waiting[1:]
            kept.append(int(best))
            shared = overlaps(found.corners[best : best + 1], found.corners[rest])[0]
            waiting = rest[shared <= limit]
    places = np.array(sorted(kept), np.int64)
    return Detections(found.corners[places], found.classes[places], found.scores[places])


def _corners(boxes: Floats, form: DetectorForm) -> Floats:
    first, second = boxes[:, :2], boxes[:, 2:]
    match form.box_format:
        case BoxFormat.XYXY:
            return boxes
        case BoxFormat.YXYX:
            return boxes[:, [1, 0, 3, 2]]
        case BoxFormat.XYWH:
            return np.concatenate([first, first + second], axis=1)
    return np.concatenate([first - second / 2, first + second / 2], axis=1)  # from the centre


def _output(outputs: Mapping[str, Array], name: str, role: str, axes: int) -> Floats:
    if name not in outputs:
        raise QuantscopeError(
            f"the network has no such output for the {role} of a detector",
            where=f"output `{name}`",
            remedy=f"Choose one of {', '.join(outputs)}",
        )
    values = outputs[name]
    while values.ndim > axes and values.shape[0] == 1:
        values = values[0]
    if values.ndim == axes + 1 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != axes:
        raise _wrong(name, outputs[name], f"the {role} of one picture in {axes} axes")
    return values.astype(np.float64)


def _check_length(name: str, values: Array, corners: Floats) -> None:
    if len(values) != len(corners):
        raise _wrong(name, values, f"an entry for each of {len(corners)} boxes")


def _wrong(name: str, values: Array, wanted: str) -> QuantscopeError:
    return QuantscopeError(
        f"the output holds {'x'.join(map(str, values.shape))} values for a sample, not {wanted}",
        where=f"output `{name}`",
        remedy="Correct the description of the detector",
    )
