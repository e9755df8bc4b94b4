"""Small networks set up to be asked what their roundings cost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.sensitivity import Basis, Sensitivity, basis_of
from quantscope.core.events import Progress
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.diagnosis.measuring import Bench
from quantscope.engine.diagnosis.sensitivity import Effort
from quantscope.engine.diagnosis.study import Study
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.sources.samples import SampleSource
from tests.engine import models
from tests.engine.exports import calibration_of, prepared

Array = npt.NDArray[Any]
Feed = Mapping[str, Array]
T = TypeVar("T")


def never() -> bool:
    """No stop."""
    return False


def finish(steps: Generator[Any, None, T]) -> T:
    """Run to the end; what is returned."""
    return told(steps)[1]


def told(steps: Generator[Progress, None, T]) -> tuple[list[Progress], T]:
    """What is told on the way, and what is returned."""
    heard = []
    while True:
        try:
            heard.append(next(steps))
        except StopIteration as end:
            result: T = end.value
            return heard, result


@dataclass(frozen=True, eq=False)
class Case:
    """A network with its calibration and the samples of it."""

    model: onnx.ModelProto
    ready: Prepared
    calibration: Calibration
    feeds: Sequence[Feed]
    source: SampleSource

    def bench(self, settings: PlanSettings) -> Bench:
        """The bench under ``settings``."""
        return Bench(self.ready, self.calibration.plan(self.ready.network, settings))

    def study(self, settings: PlanSettings, stop: Callable[[], bool] = never) -> Study:
        """The study under ``settings``."""
        return Study.of(self.ready, self.calibration, settings, self.source, stop)

    def basis(self, settings: PlanSettings, samples: int = 16) -> Basis:
        """What a measurement on ``samples`` samples is bound to."""
        return basis_of(self.calibration, settings, samples)

    def measured(self, settings: PlanSettings, effort: Effort | None = None) -> Sensitivity:
        """All layers, on all samples."""
        steps = self.study(settings).layers(self.basis(settings), None, effort or Effort())
        found = finish(steps)
        assert found is not None
        return found


def case_of(model: onnx.ModelProto, folder: Path, samples: int = 3) -> Case:
    """``model`` calibrated on noise."""
    feeds = models.samples(model, samples)
    ready = prepared(model, folder)
    source = SampleSource(
        inputs=ready.network.inputs,
        names=tuple(str(number) for number in range(samples)),
        read=lambda number: feeds[number],
    )
    return Case(model, ready, calibration_of(ready, feeds), feeds, source)


def noise(exact: Sequence[Array], other: Sequence[Array]) -> float:
    """Noise power by signal power over all samples."""
    one, two = (np.concatenate([each.reshape(-1) for each in v]) for v in (exact, other))
    error = one.astype(np.float64) - two
    return float(np.square(error).sum() / np.square(one.astype(np.float64)).sum())
