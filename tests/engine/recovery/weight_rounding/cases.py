"""Networks before and after compensated rounding, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from quantscope.core.counting.calibration import Calibration
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery.weight_rounding.layers import Rounded, round_weights
from quantscope.engine.sources.samples import SampleSource
from tests.engine import models
from tests.engine.exports import FIXED, RUNTIME, Feed, calibration_of, finish, prepared, session

FOUR = {each.target: replace(each, weight_word_length=4) for each in (FIXED, RUNTIME)}


def keep_going() -> bool:
    return False


def source_of(ready: Prepared, feeds: Sequence[Feed]) -> SampleSource:
    names = tuple(str(number) for number in range(len(feeds)))
    return SampleSource(inputs=ready.network.inputs, names=names, read=feeds.__getitem__)


@dataclass(frozen=True, eq=False)
class Case:
    """A network before and after its weights were rounded."""

    ready: Prepared
    calibration: Calibration
    settings: PlanSettings
    feeds: Sequence[Feed]
    rounded: Rounded

    @property
    def plan(self) -> Plan:
        return self.calibration.plan(self.ready.network, self.settings)

    def file(self, ready: Prepared) -> onnx.ModelProto:
        return ir.to_proto(rewrite(ready, self.plan).model)


def rounding(
    model: onnx.ModelProto, settings: PlanSettings, folder: Path, *, samples: int = 6
) -> Case:
    feeds = models.samples(model, samples)
    ready = prepared(model, folder)
    calibration = calibration_of(ready, feeds)
    steps = round_weights(ready, calibration, settings, source_of(ready, feeds), keep_going)
    found = finish(steps)
    assert found is not None
    return Case(ready, calibration, settings, feeds, found)


def sqnr(
    exact: onnx.ModelProto | bytes,
    other: onnx.ModelProto,
    feeds: Sequence[Feed],
    *,
    optimized: bool = True,
) -> float:
    """dB between the first outputs of two models."""
    both = [session(model, optimized=optimized) for model in (exact, other)]
    runs = [
        [np.asarray(each.run(None, dict(feed))[0], np.float64) for each in both] for feed in feeds
    ]
    signal = sum((true**2).sum() for true, _ in runs)
    return float(10 * np.log10(signal / sum(((true - seen) ** 2).sum() for true, seen in runs)))
