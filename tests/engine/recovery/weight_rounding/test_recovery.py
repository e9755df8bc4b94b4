"""Rounding of weights in an export, and biases corrected behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.findings.report import ExportReport
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.engine import tasks
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.export.stored_parameters import stored_integers
from quantscope.engine.recovery.steps import recover
from tests.engine import models
from tests.engine.exports import RUNTIME, Feed, finish, session
from tests.engine.recovery.weight_rounding.cases import FOUR, keep_going, rounding, source_of

NOISE = DataDescription(kind=SourceKind.RANDOM, samples=8)
Floats = npt.NDArray[np.float64]


def exported(
    folder: Path, settings: PlanSettings, name: str, stop: tasks.Stop = keep_going
) -> ExportReport:
    model = str(models.save(models.residual_net(), folder))
    calibration, _ = finish(tasks.calibrate(model, NOISE, False, keep_going))
    output = str(folder / name)
    return finish(tasks.export(model, calibration, settings, output, 2, True, stop))


def test_that_an_export_tells_of_each_layer_and_compares_with_the_float_network(
    tmp_path: Path,
) -> None:
    settings = FOUR["onnxruntime"]
    plain = exported(tmp_path, settings, "plain.onnx")
    compensated = replace(settings, weight_rounding=WeightRounding.COMPENSATED)
    report = exported(tmp_path, compensated, "compensated.onnx")
    assert plain.rounded_weights == ()
    assert len(report.rounded_weights) == 7
    assert report.outputs[0].sqnr > plain.outputs[0].sqnr + 2.0
    assert report.integer_kernels == plain.integer_kernels
    measured = {each.tensor: each.measured for each in report.tensors}
    for each in plain.tensors:  # each weight is further from what it was
        if each.tensor.endswith("weight"):
            assert measured[each.tensor] < each.measured < 40.0


def test_that_biases_make_up_for_what_rounding_leaves(tmp_path: Path) -> None:
    model = models.residual_net()
    case = rounding(model, FOUR["fixed-point"], tmp_path, samples=16)
    source = source_of(case.ready, case.feeds)
    settings = replace(case.settings, weight_rounding=WeightRounding.COMPENSATED, correct_bias=True)
    corrected = finish(recover(case.ready, case.calibration, settings, source, keep_going))
    assert corrected is not None
    assert corrected.rounded_weights == case.rounded.layers
    assert len(corrected.corrections) == 7
    plan = corrected.calibration.plan(corrected.prepared.network, case.settings)
    file = ir.to_proto(rewrite(corrected.prepared, plan).model)
    after = means(file, case.feeds) - means(model, case.feeds)
    before = means(case.file(case.rounded.prepared), case.feeds) - means(model, case.feeds)
    assert np.abs(after).mean() < np.abs(before).mean()
    stored = stored_integers(corrected.prepared, plan, "gemm.weight")
    assert np.array_equal(stored, stored_integers(case.rounded.prepared, case.plan, "gemm.weight"))


def means(model: onnx.ModelProto, feeds: Sequence[Feed]) -> Floats:
    running = session(model, optimized=False)
    every = [np.asarray(running.run(None, dict(feed))[0], np.float64) for feed in feeds]
    return np.asarray(np.mean(every, axis=(0, 1)))


def test_that_a_stopped_rounding_leaves_no_file(tmp_path: Path) -> None:
    answers = iter([False] * 20)
    settings = replace(RUNTIME, weight_rounding=WeightRounding.COMPENSATED)
    with pytest.raises(tasks.Stopped):
        exported(tmp_path, settings, "stopped.onnx", lambda: next(answers, True))
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
