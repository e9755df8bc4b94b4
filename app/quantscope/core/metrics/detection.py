"""Mean average precision as COCO defines it: how well boxes are found, over ten overlaps.

Lin et al. 2014 (Microsoft COCO) and the evaluation published with it: intersection over union of
0.50 to 0.95 in steps of 0.05, precision interpolated at 101 recalls, the best 100 detections of a
class in a picture, areas of every size; detections in a crowd count neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.metrics.detector import Detections, overlaps
from quantscope.core.metrics.labels import Boxes, Floats

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MOST_DETECTIONS = 100  # of a class in a picture

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The detections of one class in one picture, best first: ``scores`` (n,), and at each
    threshold (10, n) whether each is a ``hit``, and whether it is ``ignored`` as part of a crowd.
    ``objects`` were there to be found."""

    scores: Floats
    hit: Truths
    ignored: Truths
    objects: int


Picture = dict[int, Matches]
"""The matches of one picture by class."""


def match(found: Detections, label: Boxes) -> Picture:
    """Pair the detections of one picture with its labelled boxes, class by class."""
    classes = sorted({*found.classes.tolist(), *label.classes.tolist()})
    return {each: _match_class(found, label, each) for each in classes}


def _match_class(found: Detections, label: Boxes, number: int) -> Matches:
    mine = np.flatnonzero(found.classes == number)
    mine = mine[np.argsort(-found.scores[mine], kind="stable")][:MOST_DETECTIONS]
    here = label.classes == number
    crowd = label.crowd[here]
    shared = overlaps(found.corners[mine], label.corners[here], crowd)
    hit = np.zeros((len(THRESHOLDS), len(mine)), np.bool_)
    ignored = np.zeros_like(hit)
    for row, threshold in enumerate(THRESHOLDS):
        free = ~crowd
        for place, each in enumerate(shared):
            best = _last_largest(np.where(free & (each >= threshold), each, -1.0))
            if best is not None:
                free[best] = False
                hit[row, place] = True
            else:
                ignored[row, place] = bool((each[crowd] >= threshold).any())
    return Matches(found.scores[mine], hit, ignored, int((~crowd).sum()))


def _last_largest(values: Floats) -> int | None:
    """The place of the largest value of 0 or more, the last of equals as in COCO's evaluation."""
    if values.max(initial=-1.0) < 0.0:
        return None
    return len(values) - 1 - int(values[::-1].argmax())


def mean_average_precision(pictures: Sequence[Picture]) -> Callable[[Floats], Floats]:
    """The metric as a function of weights (rows, pictures): how often each picture is taken.

    NaN in a row where no object is labelled.
    """
    classes = sorted({each for picture in pictures for each in picture})
    judged = [_judge_class(pictures, each) for each in classes]

    def of_rows(weights: Floats) -> Floats:
        return np.array([_mean([judge(row) for judge in judged]) for row in weights], np.float64)

    return of_rows


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else float("nan")


def _judge_class(pictures: Sequence[Picture], number: int) -> Callable[[Floats], float | None]:
    """Average precision of one class by weights of the pictures; ``None`` without objects."""
    there = [(place, each[number]) for place, each in enumerate(pictures) if number in each]
    objects = np.zeros(len(pictures))
    for place, matches in there:
        objects[place] = matches.objects
    scores = np.concatenate([matches.scores for _, matches in there])
    order = np.argsort(-scores, kind="stable")
    owner = np.repeat([place for place, _ in there], [len(m.scores) for _, m in there])[order]
    hit = np.concatenate([matches.hit for _, matches in there], axis=1)[:, order]
    ignored = np.concatenate([matches.ignored for _, matches in there], axis=1)[:, order]
    missed = ~hit & ~ignored

    def judge(weights: Floats) -> float | None:
        wanted = float(weights @ objects)
        if wanted <= 0.0:
            return None
        taken = weights[owner]
        right, wrong = (np.cumsum(each * taken, axis=1) for each in (hit, missed))
        return float(
            np.mean([_average_precision(r, w, wanted) for r, w in zip(right, wrong, strict=True)])
        )

    return judge


def _average_precision(right: Floats, wrong: Floats, wanted: float) -> float:
    """Mean over the recalls of the best precision at that recall or a higher one."""
    precision = right / np.maximum(right + wrong, np.spacing(1.0))
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(right / wanted, RECALLS, side="left")
    return float(np.append(best, 0.0)[places].mean())
