"""What a validation found out: figures of the float network and of each quantized file."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.data import DataDescription
from quantscope.core.metrics.detector import DetectorForm

Table = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRequest:
    """What to judge by.

    ``labels`` is a file or folder of labels; empty takes the class folders of the data, if it has
    any. ``metrics`` are names of the table in ``core.metrics.table``; none takes all that the
    labels allow. ``output`` is the output with scores or numbers; empty takes the first one.
    ``custom`` is a Python file with metrics of its own.
    """

    data: DataDescription
    labels: str = ""
    metrics: tuple[str, ...] = ()
    output: str = ""
    detector: DetectorForm | None = None
    custom: str = ""


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
