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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Verification of an exported file.

    ``largest_difference`` is between the file with the runtime's default optimizations and
    the same file without, in steps of the output's type. ``warnings`` are sentences about
    what a person should know; ``notes`` about what was adjusted.
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
        unit = "step" if self.largest_difference == 1.0 else "steps"
        parts.append(
            f"largest difference to the unoptimized file {self.largest_difference:g} {unit}"
        )
        return "; ".join(parts)
