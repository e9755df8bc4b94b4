"""`--migrate` reaches the file, is remembered by the session with what the data said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.session.session_file import load_session, save_session
from tests.cli.conftest import Run
from tests.engine import models
from tests.engine.outliers import data_of, with_outliers


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A transformer block with outlier channels, and the options that name its data."""
    folder = tmp_path_factory.mktemp("block")
    proto = with_outliers(models.transformer_block())
    data = data_of(proto, folder / "data", 6)
    return models.save(proto, folder, "block.onnx"), ["--data", data.path, "--kind", data.kind]


def test_that_inspect_says_that_the_data_decides(run: Run, block: tuple[Path, list[str]]) -> None:
    assert "can migrate" not in run("inspect", block[0]).out
    said = run("inspect", block[0], "--migrate").out
    assert "Scales of 4 activations can migrate; calibration says how far" in said


def test_that_a_session_gives_the_file_that_the_model_gives(
    run: Run, block: tuple[Path, list[str]], tmp_path: Path
) -> None:
    model, data = block
    session = tmp_path / "a.qscope"
    said = run("calibrate", model, *data, "--migrate", "-o", session)
    assert said.code == 0
    assert "channels of norm1 by 2^" in said.out
    loaded = load_session(session)
    assert loaded.document.preparation == PreparationChoices(migrate=True)
    assert loaded.calibration is not None
    assert loaded.calibration.migration
    assert not (loaded.calibration_is_stale or loaded.network_is_stale)
    save_session(loaded, tmp_path / "b.qscope")
    outputs = [tmp_path / f"{name}.onnx" for name in ("a", "b", "c", "plain")]
    assert run("quantize", session, "-o", outputs[0]).code == 0
    assert run("quantize", tmp_path / "b.qscope", "--migrate", "-o", outputs[1]).code == 0
    last = run("quantize", model, *data, "--migrate", "--json", "-o", outputs[2])
    assert json.loads(last.out)["preparation"]["migrate"] is True
    assert run("quantize", model, *data, "-o", outputs[3]).code == 0
    written = [path.read_bytes() for path in outputs]
    assert written[0] == written[1] == written[2] != written[3]


def test_that_a_session_without_it_is_refused(
    run: Run, block: tuple[Path, list[str]], tmp_path: Path
) -> None:
    session = tmp_path / "a.qscope"
    assert run("calibrate", block[0], *block[1], "-o", session).code == 0
    said = run("quantize", session, "--migrate", "-o", tmp_path / "a.onnx")
    assert said.code != 0
    assert "it was calibrated without migrated scales" in said.err
