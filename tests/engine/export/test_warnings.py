"""What an export warns of beside accuracy: targets that refuse, processors that saturate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.findings.report import ExportReport
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.export import saturation
from tests.engine import exports, models


def report_of(
    settings: PlanSettings, folder: Path, model: onnx.ModelProto | None = None
) -> ExportReport:
    path, output = folder / "model.onnx", folder / "out.onnx"
    onnx.save(model or models.residual_net(), path)
    data = DataDescription(kind=SourceKind.RANDOM, samples=4)
    steps = tasks.calibrate(str(path), data, False, lambda: False)
    calibration, _ = exports.finish(steps)
    return exports.finish(
        tasks.export(str(path), calibration, settings, str(output), 2, False, lambda: False)
    )


def test_that_a_file_that_a_processor_may_saturate_is_run_by_default_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saturation, "products_saturate", lambda: True)
    assert report_of(exports.RUNTIME, tmp_path).outputs_by_default


def test_that_seven_bits_of_weights_do_not_saturate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saturation, "products_saturate", lambda: True)
    report = report_of(replace(exports.RUNTIME, weight_word_length=7), tmp_path)
    assert report.outputs_by_default == ()
    assert not [text for text in report.warnings if "VNNI" in text]


def test_that_what_the_target_refuses_is_a_warning_of_the_export(tmp_path: Path) -> None:
    model = models.residual_net()
    height = model.graph.input[0].type.tensor_type.shape.dim[2]
    height.dim_param = "height"
    settings = replace(exports.RUNTIME, target="tflite-micro")
    found = [text for text in report_of(settings, tmp_path, model).warnings if "refuses" in text]
    assert len(found) == 1
    assert "its size varies (height)" in found[0]
    assert "Export the network with a fixed shape" in found[0]
    (tmp_path / "fixed").mkdir()
    fixed = report_of(settings, tmp_path / "fixed")
    assert not [text for text in fixed.warnings if "refuses" in text]
