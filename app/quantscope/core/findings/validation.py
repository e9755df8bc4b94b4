"""What a validation found out: figures of the float network and of each quantized file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

from quantscope.core.data.description import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.detector import DetectorForm
from quantscope.core.metrics.labels import Array

Table = tuple[tuple[int, ...], ...]
OwnMetric = Callable[[list[dict[str, Array]], list[Any]], SupportsFloat]
"""A metric of a person's own, ``f(outputs, labels)``: one figure for all samples together.

``outputs`` has a mapping for each sample, from names of outputs to arrays with their leading axis;
``labels`` a class number, an array, a mapping with ``boxes`` and ``classes``, or ``None`` for each.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRequest:
    """What to judge by.

    ``labels`` is a file or folder of labels; empty takes the class folders of the data, if it has
    any. ``metrics`` are names of the table in ``core.metrics.table``; none takes all that the
    labels allow. ``output`` is the output with scores or numbers; empty takes the first one.
    ``custom`` is a Python file with metrics of its own, and ``resamples`` how often these are asked
    anew for their intervals (0: they have none).
    """

    data: DataDescription
    labels: str = ""
    metrics: tuple[str, ...] = ()
    output: str = ""
    detector: DetectorForm | None = None
    custom: str = ""
    resamples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric of one quantized file, with its 95 % interval.

    ``exact`` is that of the float network, and the interval that of the difference ``value -
    exact``. Where a metric compares with the float network there is no ``exact``, and the
    interval is that of ``value``. ``low`` and ``high`` are ``None`` where no interval can be
    had; ``method`` says how it was found.
    """

    metric: str
    title: str
    value: float
    exact: float | None = None
    unit: str = ""
    proportion: bool = False
    higher_is_better: bool = True
    low: float | None = None
    high: float | None = None
    method: str = ""

    @property
    def difference(self) -> float | None:
        """How much the quantized network differs; ``None`` without a figure for float."""
        return None if self.exact is None else self.value - self.exact

    @property
    def interval(self) -> tuple[float, float] | None:
        """``low`` and ``high``, where both are known."""
        return None if self.low is None or self.high is None else (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCosts:
    """What a file takes: bytes of the file and of its parameters, operators, and time.

    ``parameter_bytes`` are weights, biases and other constants as they are stored, without
    scales, zero points and shapes. ``integer_operators`` run in integer kernels of ONNX Runtime;
    ``float_operators`` has how many of each kind do not. ``latency_ms`` is the median time of one
    run on this machine; ``None`` where it was not taken.
    """

    path: str
    file_bytes: int
    parameter_bytes: int
    integer_operators: int
    float_operators: tuple[tuple[str, int], ...] = ()
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A sample to which the two networks give different answers (class numbers)."""

    sample: str
    number: int
    exact: int
    found: int
    label: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One quantized file: its costs, figures, disagreements, and confusion of labels (rows) with
    answers (columns); both are empty where answers are no classes."""

    costs: FileCosts
    figures: tuple[Figure, ...]
    disagreements: tuple[Disagreement, ...] = ()
    confusion: Table = ()

    def figure(self, metric: str) -> Figure:
        """The figure of ``metric``; :class:`QuantscopeError` where it was not asked for."""
        return _figure(self.figures, metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The float network and its variants over the same samples.

    ``figures`` are those of the float network, by themselves. ``class_names`` names the classes,
    where they are known. ``warnings`` are sentences about what a person should know.
    """

    request: ValidationRequest
    samples: int
    label_kind: str
    random_data: bool
    exact: FileCosts
    figures: tuple[Figure, ...]
    confusion: Table = ()
    class_names: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    warnings: tuple[str, ...] = ()

    def figure(self, metric: str) -> Figure:
        """The float network's figure of ``metric``; :class:`QuantscopeError` where it has none."""
        return _figure(self.figures, metric)

    @property
    def quantized(self) -> Variant:
        """The first quantized network: the types at hand, where these were judged.

        Raises :class:`QuantscopeError` where the float network was judged alone.
        """
        if not self.variants:
            raise QuantscopeError(
                "no quantized network was judged",
                where="validation",
                remedy="Calibrate before validating, or name quantized files",
            )
        return self.variants[0]


def _figure(figures: Sequence[Figure], metric: str) -> Figure:
    found = {each.metric: each for each in figures}
    if metric not in found:
        raise QuantscopeError(
            f'there is no figure of "{metric}"',
            where="validation",
            remedy=f"Choose one of {', '.join(found)}" if found else "Name it among the metrics",
        )
    return found[metric]
