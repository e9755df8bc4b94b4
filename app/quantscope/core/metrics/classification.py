"""Classifiers: which class is named, whether it is right, and what is taken for what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Array, Floats


def scores_of(output: Array) -> Floats | None:
    """``output`` of one sample as scores by class, NaN below all others; ``None`` where it holds
    no scores: more than one axis longer than 1, or fewer than two values."""
    values = np.squeeze(output)
    if values.ndim != 1 or values.size < 2:
        return None
    scores = values.astype(np.float64)
    return np.where(np.isnan(scores), -np.inf, scores)


def required_scores(output: Array, name: str) -> Floats:
    """:func:`scores_of`, or a :class:`QuantscopeError` that says what ``name`` holds instead."""
    scores = scores_of(output)
    if scores is None:
        shape = "x".join(map(str, output.shape)) or "one value"
        raise QuantscopeError(
            f"the output holds {shape} values for a sample, not one score for each class",
            where=f"output `{name}`",
            remedy="Choose another output or other metrics",
        )
    return scores


def answer(scores: Floats) -> int:
    """The class with the largest score, the first of equals."""
    return int(scores.argmax())


def is_among_largest(scores: Floats, label: int, count: int) -> bool:
    """Whether ``label`` is one of the ``count`` largest scores; of equals the first are larger."""
    if not 0 <= label < scores.size or scores[label] == -np.inf:
        return False
    own = scores[label]
    larger = int((scores > own).sum()) + int((scores[:label] == own).sum())
    return larger < count


def confusion_matrix(
    labels: npt.ArrayLike, answers: npt.ArrayLike, classes: int
) -> npt.NDArray[np.int64]:
    """How often each label (row) got each answer (column): (classes, classes) counts.

    Labels and answers outside 0..classes-1 do not count.
    """
    true, named = (np.asarray(each, np.int64).reshape(-1) for each in (labels, answers))
    inside = (true >= 0) & (true < classes) & (named >= 0) & (named < classes)
    places = true[inside] * classes + named[inside]
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)
