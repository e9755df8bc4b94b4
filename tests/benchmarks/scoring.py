"""How good a quantized classifier is: top-1, agreement with float, noise, and their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from quantscope.engine.sources.samples import SampleSource

Array = np.ndarray[Any, Any]
HEADER = (
    "| setting | top-1 | to float, points | agreement | mean output SQNR |",
    "|---|---|---|---|---|",
)


@dataclass(frozen=True, eq=False)
class Score:
    """The first output of one file for every sample, (samples, classes), beside the float one.

    ``labels`` are the true classes.
    """

    name: str
    outputs: Array
    true: Array
    labels: Array

    @property
    def right(self) -> Array:
        """1 where the sample's class has the highest score."""
        is_right: Array = self.outputs.argmax(axis=1) == self.labels
        return is_right.astype(np.float64)

    @property
    def top1(self) -> float:
        """In percent."""
        return 100.0 * float(self.right.mean())

    @property
    def agreement(self) -> float:
        """The share of samples with the class of the float network, in percent."""
        return 100.0 * float((self.outputs.argmax(1) == self.true.argmax(1)).mean())

    @property
    def sqnr(self) -> float:
        """Mean over the samples, in dB; infinite without noise."""
        return mean_sqnr(self.outputs, self.true)

    def to_float(self) -> tuple[float, float]:
        """Change of top-1 against float, in points, and half its paired 95 % interval."""
        return _paired(self.right - (self.true.argmax(axis=1) == self.labels))

    def to(self, other: Score) -> tuple[float, float]:
        """Change of top-1 against ``other``, in points, and half its paired 95 % interval."""
        return _paired(self.right - other.right)

    def row(self) -> str:
        """One line of the table."""
        change, margin = self.to_float()
        figures = f"{self.top1:.1f} % | {change:+.1f} ± {margin:.1f} | {self.agreement:.1f} %"
        return f"| {self.name} | {figures} | {self.sqnr:.1f} dB |"


def _paired(changes: Array) -> tuple[float, float]:
    margin = 1.96 * changes.std(ddof=1) / np.sqrt(len(changes))
    return 100.0 * float(changes.mean()), 100.0 * float(margin)


def mean_sqnr(found: Array, true: Array) -> float:
    """Mean over the samples of signal to noise, in dB; infinite without noise."""
    noise = ((found - true).astype(np.float64) ** 2).sum(axis=1)
    signal = (true.astype(np.float64) ** 2).sum(axis=1)
    if not noise.any():
        return float("inf")
    return float(10.0 * np.log10(signal / np.maximum(noise, 1e-30)).mean())


def outputs(path: Path | str, source: SampleSource) -> Array:
    """The first output for every sample, with the runtime's default optimizations."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")  # as with VNNI
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, dict(sample))[0] for sample in source])
