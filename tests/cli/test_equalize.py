"""`--equalize` reaches the file, is remembered by the session, and is refused where it is late."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.session.session_file import load_session
from tests.cli.conftest import Run
from tests.engine.models import Builder, save

NOISE = ["--random", "--samples", "3"]


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two convolutions; the channels between them become narrower and narrower."""
    b = Builder(3)
    weights = b.random.standard_normal((8, 3, 3, 3)) * 2.0 ** -np.arange(8)[:, None, None, None]
    weight = b.constant("first.weight", weights)
    first = b.node("Relu", [b.node("Conv", ["x", weight], "first")], "relu")
    last = b.conv(first, "second", (8, 5))
    model = b.model({"x": (1, 3, 8, 8)}, {last: (1, 5, 6, 6)})
    return save(model, tmp_path_factory.mktemp("uneven"), "uneven.onnx")


def test_that_inspect_says_what_was_equalized(run: Run, uneven: Path) -> None:
    assert "Equalized" not in run("inspect", uneven).out
    said = run("inspect", uneven, "--equalize")
    assert "channels between first and second: the widest was" in said.out
    data = json.loads(run("inspect", uneven, "--equalize", "--json").out)
    assert any(change.startswith("Equalized") for change in data["changes"])


def test_that_a_session_remembers_it_and_gives_the_file_that_the_model_gives(
    run: Run, uneven: Path, tmp_path: Path
) -> None:
    session = tmp_path / "a.qscope"
    assert run("calibrate", uneven, *NOISE, "--equalize", "-o", session).code == 0
    loaded = load_session(session)
    assert loaded.document.preparation == PreparationChoices(equalize=True)
    assert not (loaded.calibration_is_stale or loaded.network_is_stale or loaded.can_undo)
    outputs = [tmp_path / name for name in ("a.onnx", "b.onnx", "c.onnx", "plain.onnx")]
    assert run("quantize", session, "-o", outputs[0]).code == 0
    assert run("quantize", session, "--equalize", "-o", outputs[1]).code == 0
    said = run("quantize", uneven, *NOISE, "--equalize", "--json", "-o", outputs[2])
    assert json.loads(said.out)["preparation"]["equalize"] is True
    assert run("quantize", uneven, *NOISE, "-o", outputs[3]).code == 0
    written = [path.read_bytes() for path in outputs]
    assert written[0] == written[1] == written[2] != written[3]


def test_that_a_session_of_other_channels_is_refused(
    run: Run, uneven: Path, tmp_path: Path
) -> None:
    session = tmp_path / "a.qscope"
    assert run("calibrate", uneven, *NOISE, "-o", session).code == 0
    said = run("quantize", session, "--equalize", "-o", tmp_path / "a.onnx")
    assert said.code == 1
    assert "it was calibrated without equalized channels" in said.err
    assert not (tmp_path / "a.onnx").exists()


def test_that_replacing_relu6_is_told_and_a_session_without_it_is_refused(
    run: Run, tmp_path: Path
) -> None:
    b = Builder(4)
    bounded = b.clip(b.conv("x", "first", (3, 8)), "relu6", 0.0, 6.0)
    last = b.conv(bounded, "second", (8, 5))
    model = save(b.model({"x": (1, 3, 8, 8)}, {last: (1, 5, 8, 8)}), tmp_path, "relu6.onnx")
    assert "Replaced relu6" not in run("inspect", model, "--equalize").out
    assert "Replaced relu6 (bound 6) by Relu" in run("inspect", model, "--replace-relu6").out
    session = tmp_path / "a.qscope"
    assert run("calibrate", model, *NOISE, "--equalize", "-o", session).code == 0
    said = run("quantize", session, "--replace-relu6", "-o", tmp_path / "a.onnx")
    assert said.code == 1
    assert "it was calibrated without replacing ReLU6" in said.err
    assert "--replace-relu6" in said.err
