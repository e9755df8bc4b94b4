"""`quantscope calibrate` makes a session as the window would have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import SourceKind
from quantscope.session.session_file import load_session
from tests.cli.conftest import PICTURES, Run


def test_that_the_session_holds_model_data_and_statistics(
    session: Path, model: Path, pictures: Path
) -> None:
    kept = load_session(session)
    assert kept.document.model == str(model)
    assert kept.document.data is not None
    assert (kept.document.data.kind, kept.document.data.path) == (SourceKind.IMAGES, str(pictures))
    assert kept.calibration is not None
    assert kept.calibration.samples == PICTURES
    assert not kept.calibration_is_stale
    assert kept.missing == ()


def test_that_what_was_guessed_is_printed(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    said = run("calibrate", model, "--data", pictures, "-o", tmp_path / "a.qscope")
    assert said.code == 0
    assert "images (guessed)" in said.out
    assert "0-1 layout=nchw (guessed: give --preprocess if it is wrong)" in said.out
    assert f"over {PICTURES} samples" in said.out
    assert said.err == ""


def test_that_what_was_given_is_used_and_not_guessed(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.qscope"
    chain = ["--preprocess", "scale=1 mean=127 std=128", "--samples", "2"]
    for kind in ([], ["--kind", "images"]):
        said = run("calibrate", model, "--data", pictures, *chain, *kind, "-o", path, "--overwrite")
        assert said.code == 0
        assert ("(guessed)" in said.out) == (not kind)
        data = load_session(path).document.data
        assert data is not None
        assert (data.preprocessing.scale, data.preprocessing.std) == (1.0, (128.0,))
        assert data.samples == 2


@pytest.mark.parametrize("wish", [["--random"], ["--data", "random"]])
def test_that_noise_is_repeatable_and_marked(
    run: Run, tiny: Path, tmp_path: Path, wish: list[str]
) -> None:
    seed = ["--seed", "7", "--samples", "3"]
    said = run("calibrate", tiny, *wish, *seed, "-o", tmp_path / "a.qscope")
    assert said.code == 0
    assert "RANDOM DATA" in said.out
    assert "3 samples of seeded noise, seed 7" in said.out
    data = load_session(tmp_path / "a.qscope").document.data
    assert data is not None
    assert (data.kind, data.seed, data.path) == (SourceKind.RANDOM, 7, "")


def test_that_an_array_is_recognized(run: Run, tiny: Path, tmp_path: Path) -> None:
    data = tmp_path / "samples.npy"
    np.save(data, np.zeros((4, 3, 8, 8), np.float32))
    said = run("calibrate", tiny, "--data", data, "-o", tmp_path / "a.qscope")
    assert (said.code, said.err) == (0, "")
    assert "npy (guessed)" in said.out
    assert "preprocessing" not in said.out


def test_that_only_what_will_be_integers_can_be_counted(
    run: Run, model: Path, pictures: Path, session: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.qscope"
    assert run("calibrate", model, "--data", pictures, "--only-quantized", "-o", path).code == 0
    few, all_of_them = load_session(path).calibration, load_session(session).calibration
    assert few is not None
    assert all_of_them is not None
    assert set(few.statistics) < set(all_of_them.statistics)
    assert run("quantize", path, "-o", tmp_path / "a.onnx").code == 0
    assert run("heatmap", path, "-o", tmp_path / "a.png").code == 0


def test_that_a_session_may_be_replaced_only_when_asked(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.qscope"
    path.write_text("mine")
    arguments = ["calibrate", tiny, "--random", "--samples", "2", "-o", path]
    assert run(*arguments).code == 1
    assert path.read_text() == "mine"
    assert run(*arguments, "--overwrite").code == 0
    assert load_session(path).calibration is not None
