"""Metrics of a person's own: from a Python file that the person agreed to run, or from a script.

Each function of the file that takes ``outputs`` and ``labels`` is a metric, called by its name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.validation import OwnMetric
from quantscope.core.metrics.labels import Array, Boxes, Label
from quantscope.engine.python_file import load_functions, running, telling

ARGUMENTS = ("outputs", "labels")


@dataclass(frozen=True, slots=True, eq=False)
class Custom:
    """A metric: what it is called, the file where it stands, and what its run happens in."""

    name: str
    function: Callable[..., Any]
    path: Path
    runs_in: Callable[[Path, str], AbstractContextManager[None]]

    def __call__(self, outputs: Sequence[dict[str, Array]], labels: Sequence[Label]) -> float:
        """What it says of all samples.

        It is given ``outputs``, a mapping for each sample from names to arrays, and ``labels``,
        one for each sample: a class number, an array, a mapping of ``boxes`` and ``classes``, or
        None. Raises :class:`QuantscopeError` where it fails, or gives no number.
        """
        with self.runs_in(self.path, f"{self.name}()"):
            value = self.function(list(outputs), [_plain(label) for label in labels])
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isnan(number):
            raise QuantscopeError(
                f"{self.name}() returned {value!r}, not a number",
                where=str(self.path),
                remedy="Return one number for all samples together",
            )
        return number


def load_metrics(path: Path, trusted: str) -> tuple[Custom, ...]:
    """The metrics of the file at ``path``, in its order.

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
    return tuple(Custom(name, function, path, running) for name, function in found.items())


def metrics_of_script(own: Mapping[str, OwnMetric]) -> tuple[Custom, ...]:
    """``own`` metrics, by name, of the script that runs this program; what they print is its."""
    return tuple(Custom(name, each, _file_of(each), telling) for name, each in own.items())


def _file_of(function: OwnMetric) -> Path:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Path(code.co_filename if code is not None else "script")


def _plain(label: Label) -> Any:
    if not isinstance(label, Boxes):
        return label
    return {"boxes": label.corners, "classes": label.classes, "crowd": np.asarray(label.crowd)}
