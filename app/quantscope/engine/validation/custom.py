"""Metrics of a person's own, from a Python file that the person agreed to run.

Each function of the file that takes ``outputs`` and ``labels`` is a metric, called by its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Array, Boxes, Label
from quantscope.engine.python_file import load_functions, running

ARGUMENTS = ("outputs", "labels")
Custom = Callable[..., Any]


def load_metrics(path: Path, trusted: str) -> dict[str, Custom]:
    """The metrics of the file at ``path``, by name, in its order.

    ``trusted`` as in :func:`load_functions`. Raises :class:`QuantscopeError` where nobody agreed
    to run it, where it fails, or has no such function.
    """
    found = load_functions(path, trusted, ARGUMENTS)
    if not found:
        raise QuantscopeError(
            "the file has no metric",
            where=str(path),
            remedy="Write one: def name(outputs, labels) that returns a number",
        )
    return found


def apply(
    path: Path,
    name: str,
    metric: Custom,
    outputs: Sequence[dict[str, Array]],
    labels: Sequence[Label],
) -> float:
    """What ``metric`` says of all samples.

    It is given ``outputs``, a mapping for each sample from names to arrays, and ``labels``, one
    for each sample: a class number, an array, a mapping of ``boxes`` and ``classes``, or None.
    """
    with running(path, f"{name}()"):
        value = metric(list(outputs), [_plain(label) for label in labels])
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise QuantscopeError(
            f"{name}() returned {value!r}, not a number",
            where=str(path),
            remedy="Return one number for all samples together",
        )
    return number


def _plain(label: Label) -> Any:
    if not isinstance(label, Boxes):
        return label
    return {"boxes": label.corners, "classes": label.classes, "crowd": np.asarray(label.crowd)}
