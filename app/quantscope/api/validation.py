"""By which metrics a validation judges."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quantscope.api.data import agreement, whole_number
from quantscope.api.naming import unknown
from quantscope.core.data.description import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.validation import OwnMetric, ValidationRequest
from quantscope.core.metrics.detector import DetectorForm
from quantscope.core.metrics.table import METRICS

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationOptions:
    """By what :meth:`Quantizer.validate` judges.

    ``metrics`` are names of built-in metrics (``top1``, ``top5``, ``miou``, ``map``, ``rmse``,
    ``mae``, ``agreement``, ``cosine``, ``sqnr``), functions ``f(outputs, labels) -> float``, and
    at most one Python file of such functions; with none, all built-in ones that the labels allow.
    A function is called once for each network, by its own name: ``outputs`` holds a mapping for
    each sample, from names of outputs to arrays with their leading axis, ``labels`` a class
    number, an array, a mapping with ``boxes`` and ``classes``, or ``None`` for each.

    ``resamples`` is how often functions are asked anew, for the interval of the difference (0: they
    have none; 200 give a fair one, and take 400 calls). Built-in metrics always have intervals.

    ``output`` is the output with scores or numbers, the first one where it is empty. ``detector``
    says which outputs hold boxes and scores, for ``map``.

    >>> import numpy as np
    >>> def mean_score(outputs, labels):
    ...     return np.mean([each["scores"].max() for each in outputs])
    >>> options = QuantizationOptions(metrics=["top1", mean_score])
    >>> sorted(options.functions)
    ['mean_score']
    """

    metrics: Collection[PathLike | OwnMetric] = ()
    output: str = ""
    detector: DetectorForm | None = None
    resamples: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.metrics, str) or callable(self.metrics):
            raise QuantscopeError(
                "the metrics are not in a list", where="metrics", remedy="Put brackets around them"
            )
        named = [each for each in self.names if each not in METRICS]
        if named:
            raise unknown("metric", named[0], METRICS, "metrics")
        if len(self._files) > 1:
            raise QuantscopeError(
                "there are several files of metrics",
                where=", ".join(self._files),
                remedy="Put all functions into one file",
            )
        whole_number({"resamples": self.resamples}, "resamples")
        _check_functions([each for each in self.metrics if callable(each)])

    @property
    def names(self) -> tuple[str, ...]:
        """The built-in metrics."""
        texts = [each for each in self.metrics if isinstance(each, str)]
        return tuple(each for each in texts if not each.endswith(".py"))

    @property
    def functions(self) -> dict[str, OwnMetric]:
        """The functions by their names."""
        return {_name_of(each): each for each in self.metrics if callable(each)}

    @property
    def file(self) -> str:
        """The Python file of metrics, empty where there is none."""
        return "".join(self._files)

    @property
    def _files(self) -> list[str]:
        paths = [os.fspath(each) for each in self.metrics if not callable(each)]
        return [str(Path(each).absolute()) for each in paths if each not in self.names]

    def request(self, data: DataDescription, labels: str, *, trust: bool) -> ValidationRequest:
        """These options for ``data`` with ``labels``; ``trust`` agrees to run the file."""
        agreed = [data.trusted, agreement(self.file) if self.file and trust else ""]
        return ValidationRequest(
            data=replace(data, trusted=" ".join(filter(None, agreed))),
            labels=labels,
            metrics=self.names,
            output=self.output,
            detector=self.detector,
            custom=self.file,
            resamples=int(self.resamples),
        )


def _check_functions(functions: Sequence[OwnMetric]) -> None:
    names = [_name_of(each) for each in functions]
    for name in names:
        if not name.isidentifier():
            raise QuantscopeError(
                "a metric needs a name of its own", where=name, remedy="Define it with def"
            )
        if name in METRICS or names.count(name) > 1:
            raise QuantscopeError(
                f'there is another metric "{name}"', where="metrics", remedy="Rename the function"
            )


def _name_of(function: OwnMetric) -> str:
    return getattr(function, "__name__", type(function).__name__)
