"""What an export found out about the file that it wrote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerKernel:
    """Which kernel the runtime chose for a layer meant to run in integers.

    ``integer`` is false where the runtime has no integer kernel and computes in float between
    exact Q/DQ.
    """

    layer: str
    label: str
    kernel: str
    integer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorAccuracy:
    """SQNR in dB of one quantized tensor.

    ``predicted`` from the statistics; ``measured`` on the verification samples, this tensor
    alone quantized; ``in_network`` between the exported file and the float network, all
    errors before it included (``None`` where the file has no such tensor).
    """

    tensor: str
    data_type: str
    predicted: float
    measured: float
    in_network: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputAccuracy:
    """One network output: SQNR in dB against float, and the share of samples with the same
    largest class (``None`` where the output does not look like scores)."""

    output: str
    sqnr: float
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedWeights:
    """What compensated rounding gained for one layer's weights.

    SQNR in dB of its product in the file, before the bias and against the float network, on the
    calibration samples: with its weights rounded to nearest (``sqnr_before``) and as written
    (``sqnr_after``). The layers before it are as written in both.
    """

    layer: str
    label: str
    sqnr_before: float
    sqnr_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedWeights:
    """What chosen preparation did to one layer's weights.

    ``spread_...`` is the range of its largest channel by that of the median one, ``sqnr_...`` in dB
    that of rounding the weights by the plan's scheme: in the network as it came, and as prepared.
    """

    layer: str
    label: str
    spread_before: float
    spread_after: float
    sqnr_before: float
    sqnr_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasCorrection:
    """What bias correction did to one layer, in steps of its output's type.

    ``largest`` is the largest change of its bias. ``error_before`` and ``error_after`` are the
    magnitudes of its output's mean error by channel, averaged over the channels: in the file
    without any correction, and in the one with all of them.
    """

    layer: str
    label: str
    largest: float
    error_before: float
    error_after: float


@dataclass(frozen=True, slots=True, order=True)
class StepDifference:
    """Two arrays of stored integers compared: the largest distance in steps, and the share of
    values (0..1) that differ."""

    steps: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDifference:
    """One quantized operator, computed from the same stored inputs by our own integer arithmetic
    and by the runtime.

    ``as_written`` compares with the file unoptimized (float between DQ and Q), ``as_run`` with
    the runtime's default optimizations, under which it takes ``kernel``. ``ties_away`` and
    ``ties_up`` are the shares of ``values`` that come out one step apart where a tie does not go
    to the even step but away from zero, or up.
    """

    layer: str
    label: str
    operator: str
    kernel: str
    values: int
    as_written: StepDifference
    as_run: StepDifference
    ties_away: float
    ties_up: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerPort:
    """A network input or output that is handed over in integers of the type ``dtype``.

    An integer stands for ``scale * (integer - zero_point)``.
    """

    name: str
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Verification of an exported file.

    ``largest_difference`` is between the file with the runtime's default optimizations and
    the same file without, in steps of the output's type. ``outputs`` are of exact products, as most
    hardware has them; ``outputs_by_default`` of those that this machine makes where one does not
    ask the runtime for exact ones, and empty where that is the same. ``warnings`` are sentences
    about what a person should know; ``notes`` about what was adjusted.
    """

    path: str
    target: str
    samples: int
    random_data: bool
    opset: int
    file_bytes: int
    source_bytes: int
    largest_difference: float
    outputs: tuple[OutputAccuracy, ...]
    kernels: tuple[LayerKernel, ...]
    tensors: tuple[TensorAccuracy, ...]
    float_layers: tuple[tuple[str, str], ...] = ()  # label, reason
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    corrections: tuple[BiasCorrection, ...] = ()  # in network order; empty where not asked for
    rounded_weights: tuple[RoundedWeights, ...] = ()  # likewise
    prepared_weights: tuple[PreparedWeights, ...] = ()  # those that preparation changed
    simulation: tuple[OperatorDifference, ...] = ()  # in network order
    not_simulated: tuple[tuple[str, str], ...] = ()  # label, reason
    integer_inputs: tuple[IntegerPort, ...] = ()
    integer_outputs: tuple[IntegerPort, ...] = ()
    outputs_by_default: tuple[OutputAccuracy, ...] = ()  # where this machine's products saturate

    @property
    def integer_kernels(self) -> int:
        """How many layers run in integers."""
        return sum(kernel.integer for kernel in self.kernels)

    def summary(self) -> str:
        """The most important figures on one line."""
        parts = [f"{self.integer_kernels} of {len(self.kernels)} layers in integer kernels"]
        for output in self.outputs:
            text = f"{output.output}: {output.sqnr:.1f} dB"
            if output.agreement is not None:
                text += f", agrees with float on {output.agreement:.1%}"
            parts.append(text)
        difference = _steps(self.largest_difference)
        parts.append(f"largest difference to the unoptimized file {difference}")
        return "; ".join(parts)

    def simulated(self) -> str:
        """What the integer simulation found, in one sentence; empty where there was none."""
        count = len(self.simulation) + len(self.not_simulated)
        if not self.simulation:
            return f"none of {count} operators" if count else ""
        written = max(each.as_written for each in self.simulation).steps
        run = max(each.as_run for each in self.simulation).steps
        values = sum(each.values for each in self.simulation)
        tied = sum(each.ties_away * each.values for each in self.simulation)
        return (
            f"{len(self.simulation)} of {count} operators: at most {_steps(written)} from the "
            f"file as it is written, {_steps(run)} from it as it runs; ties away from zero would "
            f"move {tied / max(values, 1):.2%} of the values by a step"
        )


def _steps(count: float) -> str:
    return f"{count:g} step" if count == 1 else f"{count:g} steps"
