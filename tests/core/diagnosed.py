"""Networks with statistics, and measured layers made by hand, for the tests of diagnosis."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.diagnosis.noise_sources import noise_sources
from quantscope.core.diagnosis.sensitivity import (
    Deviation,
    ErrorOf,
    LayerSensitivity,
    Parts,
    Sensitivity,
    basis_of,
)
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from tests.core.small_networks import Sketch, statistics_of

SETTINGS = PlanSettings()


def branched() -> Network:
    """x -> Conv a -> Relu r; Conv b and Conv c read r; Add s of both -> Conv y, and Softmax p."""
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r")
    sketch.add("Conv", "r", "b").add("Conv", "r", "c").add("Add", "b c", "s")
    return sketch.add("Conv", "s", "y").add("Softmax", "s", "p").network("y", "p")


def calibration_of(network: Network, **given: Any) -> Calibration:
    """Of the arrays ``given`` by tensor name (``.`` as ``_``), and of noise for the others."""
    return Calibration(
        fingerprint=network.fingerprint,
        data=DataDescription(kind=SourceKind.RANDOM, trusted="hash"),
        samples=1,
        sample_names=("first",),
        statistics=statistics_of(network, **given),
    )


def plan_of(network: Network, settings: PlanSettings = SETTINGS, **given: Any) -> Plan:
    """The plan on the same statistics as :func:`calibration_of`."""
    return calibration_of(network, **given).plan(network, settings)


def deviation(noise: float, agreement: float | None = None, cosine: float = 1.0) -> Deviation:
    """An error of the outputs."""
    return Deviation(noise=noise, agreement=agreement, cosine=cosine)


def error(noise: float, own: float = 0.0) -> ErrorOf:
    """Of ``noise`` at the outputs."""
    return ErrorOf(own=own, outputs=deviation(noise))


def parts(weights: float, reads: float, results: float = 0.0) -> Parts:
    """Independent errors at the outputs."""
    return Parts(
        everything=error(weights + reads + results),
        weights=error(weights),
        activations=error(reads),
    )


def measured(
    layer: str, weights: float = 0.0, reads: float = 0.0, results: float = 0.0, **more: Any
) -> LayerSensitivity:
    """A layer with these noises at the outputs."""
    found = LayerSensitivity(
        layer=layer,
        label=layer,
        operator=layer.split()[0],
        predicted=weights + reads,
        isolated=parts(weights, reads, results),
        results=results,
        in_float=deviation(0.0),
        mean_share=0.0,
    )
    return replace(found, **more)


def sensitivity_of(
    network: Network,
    noises: Mapping[str, tuple[float, ...]],
    settings: PlanSettings = SETTINGS,
    **more: Any,
) -> Sensitivity:
    """Noises of weights, reads and results by layer; 0 for the others that round anything."""
    calibration = calibration_of(network)
    names = [each.layer for each in noise_sources(network, calibration.plan(network, settings))]
    found = [measured(name, *noises.get(name, ())) for name in names]
    whole = deviation(sum(each.noise for each in found))
    basis = basis_of(calibration, settings, 16)
    return replace(Sensitivity(basis=basis, whole=whole, layers=tuple(found)), **more)
