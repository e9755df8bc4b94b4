"""What an export does to a network before it is written, so that quantization costs less.

Weights first, which settles what they contribute to every output; then biases, which take out
the mean error that is left, against the float network as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from quantscope.core.counting.calibration import Calibration
from quantscope.core.events import Progress
from quantscope.core.findings.report import BiasCorrection, RoundedWeights
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery.bias_correction import correct_biases
from quantscope.engine.recovery.weight_rounding.layers import round_weights
from quantscope.engine.sources.samples import SampleSource


@dataclass(frozen=True, eq=False)
class Recovered:
    """The network to write, the calibration with the statistics of its biases, and what was
    done: by layer in network order, and ``notes`` on the layers where nothing was."""

    prepared: Prepared
    calibration: Calibration
    rounded_weights: tuple[RoundedWeights, ...] = ()
    corrections: tuple[BiasCorrection, ...] = ()
    notes: tuple[str, ...] = ()


def recover(
    prepared: Prepared,
    calibration: Calibration,
    settings: PlanSettings,
    source: SampleSource,
    stop: Callable[[], bool],
) -> Generator[Progress, None, Recovered | None]:
    """All that ``settings`` ask for; ``None`` where ``stop`` said so.

    ``source`` is the calibration data. ``prepared`` is left as it is.
    """
    found = Recovered(prepared, calibration)
    if settings.weight_rounding is WeightRounding.COMPENSATED:
        rounded = yield from round_weights(prepared, calibration, settings, source, stop)
        if rounded is None:
            return None
        found = replace(
            found,
            prepared=rounded.prepared,
            rounded_weights=rounded.layers,
            notes=rounded.notes,
        )
    if settings.correct_bias:
        corrected = yield from correct_biases(
            found.prepared, calibration, settings, source, stop, prepared
        )
        if corrected is None:
            return None
        found = replace(
            found,
            prepared=corrected.prepared,
            calibration=corrected.calibration,
            corrections=corrected.corrections,
            notes=found.notes + corrected.notes,
        )
    return found
