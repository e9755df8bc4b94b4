"""What a measurement of sensitivity found: how much each layer's rounding costs the network.

Errors are kept as noise power by signal power ("noise"), which adds up where errors are
independent; a person reads them as SQNR in dB. Figures come from runs of the network in which
single roundings are switched on, on samples of the calibration data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import decibel, share


class Metric(StrEnum):
    """By what outputs are compared with those of the float network."""

    SQNR = "sqnr"  # dB, over all values of all samples; of several outputs, their mean noise
    AGREEMENT = "agreement"  # share of samples with the same largest class
    COSINE = "cosine"  # mean over samples of the cosine of the angle between both


METRIC_TITLES = {
    Metric.SQNR: "SQNR",
    Metric.AGREEMENT: "same class on",
    Metric.COSINE: "cosine",
}
"""What stands before a figure of :meth:`Deviation.figure`."""


_ORDER = (Metric.SQNR, Metric.COSINE, Metric.AGREEMENT)


def decibels(noise: float) -> float:
    """Noise power by signal power as SQNR in dB; infinite without noise."""
    if noise <= 0.0:
        return math.inf
    return -10.0 * math.log10(noise) if math.isfinite(noise) else -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """How far the network's outputs are from those of the float network.

    ``noise`` is noise power by signal power, the mean over outputs. ``agreement`` is the share of
    samples (0..1) with the same largest class, ``None`` where no output looks like scores.
    """

    noise: float
    agreement: float | None
    cosine: float

    @property
    def sqnr(self) -> float:
        """In dB."""
        return decibels(self.noise)

    def value(self, metric: Metric) -> float | None:
        """The figure for ``metric``; larger is better. ``None`` where it has no meaning."""
        if metric is Metric.AGREEMENT:
            return self.agreement
        return self.sqnr if metric is Metric.SQNR else self.cosine

    def figure(self, metric: Metric) -> str:
        """The figure for ``metric`` as people read it; the SQNR where it has no meaning."""
        if metric is Metric.SQNR or self.value(metric) is None:
            return decibel(self.sqnr)
        if metric is Metric.AGREEMENT:
            return share(self.agreement or 0.0)
        return f"{self.cosine:.4f}"

    def in_words(self) -> str:
        """``SQNR 31.2 dB, cosine 0.9987, same class on 99.0 %``."""
        known = [each for each in _ORDER if self.value(each) is not None]
        return ", ".join(f"{METRIC_TITLES[each]} {self.figure(each)}" for each in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorOf:
    """What some roundings cost: ``own`` noise at the layer's output (behind a Relu or Clip that
    is one with it), and the network's ``outputs``."""

    own: float
    outputs: Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The error of ``everything``, of ``weights`` (with bias and constants) alone, and of
    ``activations`` (what is read) alone."""

    everything: ErrorOf
    weights: ErrorOf
    activations: ErrorOf


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSensitivity:
    """One layer.

    ``isolated``: only this layer quantized. ``results``: noise at the network's outputs from
    rounding only what it hands to readers in float. ``in_float``: the plan with this layer kept
    in float. ``cumulative``: this layer and all before it quantized; ``None`` where not asked for.

    ``mean_share`` is the part (0..1) of its isolated error at its own output that is a constant
    shift of each channel, which bias correction takes away. ``predicted`` is the noise of its
    rounded tensors by their statistics.
    """

    layer: str
    label: str
    operator: str
    predicted: float
    isolated: Parts
    results: float
    in_float: Deviation
    mean_share: float
    cumulative: Parts | None = None

    @property
    def noise(self) -> float:
        """At the network's outputs, only this layer quantized."""
        return self.isolated.everything.outputs.noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What measurements must have in common to be put together: the network (its preparation
    included), the data and how much of it gave the types, the settings, and how many samples
    were run."""

    fingerprint: str
    data: DataDescription
    calibrated: int
    settings: PlanSettings
    samples: int


def basis_of(calibration: Calibration, settings: PlanSettings, samples: int) -> Basis:
    """What a measurement under ``settings`` on at most ``samples`` samples is bound to."""
    return Basis(
        fingerprint=calibration.fingerprint,
        data=replace(calibration.data, trusted=""),
        calibrated=calibration.samples,
        settings=settings,
        samples=samples,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The layers measured so far, in network order; ``missing`` are the names of the others, those
    predicted to be worst first. ``whole`` is the plan as it is."""

    basis: Basis
    whole: Deviation
    layers: tuple[LayerSensitivity, ...] = ()
    missing: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def complete(self) -> bool:
        """Whether every layer has been measured."""
        return not self.missing

    @property
    def noise(self) -> float:
        """The sum of the isolated errors at the outputs, as if they were independent."""
        return sum(each.noise for each in self.layers)

    def layer(self, name: str) -> LayerSensitivity | None:
        """What is known of the layer called ``name``."""
        return next((each for each in self.layers if each.layer == name), None)

    def ranked(self, metric: Metric = Metric.SQNR) -> tuple[LayerSensitivity, ...]:
        """The layers, the worst first: those that cost most when only they are quantized."""
        return tuple(sorted(self.layers, key=lambda each: _goodness(each, metric)))

    def without_layers_that_lack(self, cumulative: bool) -> Sensitivity:
        """With those among ``missing`` of which the ``cumulative`` error is asked and not known."""
        lacking = [each for each in self.layers if cumulative and each.cumulative is None]
        again = sorted(lacking, key=lambda each: -each.predicted)
        return replace(
            self,
            layers=tuple(each for each in self.layers if each not in lacking),
            missing=(*(each.layer for each in again), *self.missing),
        )

    def with_layers(
        self, found: Iterable[LayerSensitivity], order: Iterable[str], seconds: float
    ) -> Sensitivity:
        """With ``found`` in place of what was known of these; ``order`` is the network's."""
        known = {each.layer: each for each in (*self.layers, *found)}
        return replace(
            self,
            layers=tuple(known[name] for name in order if name in known),
            missing=tuple(name for name in self.missing if name not in known),
            seconds=self.seconds + seconds,
        )


def _goodness(found: LayerSensitivity, metric: Metric) -> tuple[float, float]:
    deviation = found.isolated.everything.outputs
    value = deviation.value(metric)
    return (-deviation.noise if value is None else value, -deviation.noise)
