"""`quantscope data` says what the model wants, what the data gives, and how they meet."""

from __future__ import annotations

import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from quantscope.cli.options import skipped_in_words
from quantscope.session.session_file import load_session
from tests.cli.conftest import PICTURES, Run
from tests.engine.models import save

GENERATOR = """
import numpy as np

print("made")

def samples():
    for seed in range(3):
        yield {"x": np.random.default_rng(seed).normal(size=(3, 8, 8)).astype(np.float32)}
"""


@pytest.fixture
def file(tmp_path: Path, tiny: Path) -> Path:
    path = tmp_path / "data.py"
    path.write_text(GENERATOR)
    return path


def test_that_a_fitting_folder_is_told_step_by_step(run: Run, model: Path, pictures: Path) -> None:
    said = run("data", model, "--data", pictures, "--shuffle", "3", "--samples", "4")
    assert (said.code, said.err) == (0, "")
    for text in (
        "3 × 16 × 16 float32",
        "4 samples of",
        "images (guessed)",
        "shuffled, seed 3",
        "read the picture (RGB)",
        "multiply by 1/255",
        "move the channels to the front (NCHW)",
        "The data fits the model.",
    ):
        assert text in said.out


def test_that_a_mismatch_is_one_sentence_and_exit_code_1(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 8, 8, 3), np.uint8))
    said = run("data", tiny, "--data", tmp_path / "x.npy")
    assert said.code == 1
    assert "3 × 8 × 8 float32" in said.out
    assert said.err.count("\n") == 1
    assert "x3x8x8 float32 and the sample gives 8x8x3 uint8. Choose the layout NCHW" in said.err


def test_that_arrays_of_pictures_are_preprocessed_where_asked_for(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.full((4, 8, 8, 3), 51, np.uint8))
    said = run("data", tiny, "--data", tmp_path / "x.npy", "--preprocess", "0-1 layout=nchw")
    assert (said.code, said.err) == (0, "")
    assert "npy (guessed)" in said.out
    assert "0-1 layout=nchw\n" in said.out
    assert "0.2  " in said.out


@pytest.mark.parametrize("wish", [["--random"], ["--data", "RECORDINGS"]])
def test_that_preprocessing_of_what_has_no_pictures_is_refused(
    run: Run, tiny: Path, tmp_path: Path, wish: list[str]
) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    arguments = [str(tmp_path) if each == "RECORDINGS" else each for each in wish]
    said = run("data", tiny, *arguments, "--preprocess", "0-1")
    assert said.code == 1
    assert "preprocessing is for pictures, and this is data of the kind" in said.err


def test_that_sound_settings_of_what_is_no_recording_are_refused(
    run: Run, model: Path, pictures: Path
) -> None:
    for data, kind in (("random", "random"), (pictures, "images")):
        said = run("data", model, "--data", data, "--sound", "rate=8000")
        assert said.code == 1
        assert f"sound settings are for recordings, and this is data of the kind {kind}" in said.err
        assert "Leave out the sound" in said.err


def test_that_the_dry_run_is_there_as_json(run: Run, model: Path, pictures: Path) -> None:
    said = run("data", model, "--data", pictures, "--json")
    told = json.loads(said.out)
    assert told["format"] == 1
    assert told["samples"] == PICTURES
    assert told["skipped"] == []
    assert told["steps"][-1]["shape"] == [1, 3, 16, 16]
    assert sum(told["tensors"][0]["counts"]) == 3 * 16 * 16


def test_that_data_is_required(run: Run, model: Path) -> None:
    said = run("data", model)
    assert said.code == 2
    assert "--data" in said.err


def test_that_random_data_is_marked(run: Run, tiny: Path) -> None:
    assert "RANDOM DATA" in run("data", tiny, "--random").out


def test_that_recordings_take_settings(run: Run, tmp_path: Path) -> None:
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 4]) for name in ("x", "y")
    ]
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph([node], "ear", ports[:1], ports[1:])
    model = save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path, "ear.onnx"
    )
    (tmp_path / "sounds").mkdir()
    with wave.open(str(tmp_path / "sounds" / "a.wav"), "wb") as recording:
        recording.setparams((1, 2, 8000, 0, "NONE", ""))
        recording.writeframes(np.arange(6, dtype="<i2").tobytes())
    settings = ["--sound", "length=frames scale=32768"]
    said = run("data", model, "--data", tmp_path / "sounds", *settings)
    assert (said.code, said.err) == (0, "")
    assert "length=frames scale=32768.0" in said.out
    assert "2 samples of" in said.out
    assert "a.wav frame 0" in said.out
    said = run("data", model, "--data", tmp_path / "sounds", "--sound", "rate=16000")
    assert said.code == 1
    assert "16000 Hz are asked for" in said.err


# ---- unreadable samples --------------------------------------------------------------------------


def test_that_unreadable_samples_are_skipped_up_to_the_limit_and_listed(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    rows = ["0," * 191 + "0", "1,2", "3," * 191 + "3"]
    (tmp_path / "x.csv").write_text("\n".join(rows))
    arguments = ["data", tiny, "--data", tmp_path / "x.csv"]
    said = run(*arguments, "--skip-unreadable", "1")
    assert (said.code, said.err) == (0, "")
    assert "1 unreadable: row 1" in said.out
    rows.insert(1, "4")
    (tmp_path / "x.csv").write_text("\n".join(rows))
    said = run(*arguments, "--skip-unreadable", "1")
    assert said.code == 1
    assert "2 samples can't be read, and 1 may be skipped" in said.err


def test_that_of_many_skipped_samples_the_first_are_named() -> None:
    names = [f"{number}.png" for number in range(10)]
    assert skipped_in_words(names).endswith("7.png and 2 more")


# ---- Python files --------------------------------------------------------------------------------


def test_that_a_python_file_runs_only_where_it_is_trusted(run: Run, tiny: Path, file: Path) -> None:
    said = run("data", tiny, "--data", file)
    assert said.code == 1
    assert "nobody has agreed to run it" in said.err
    assert "--trust-python" in said.err
    said = run("data", tiny, "--data", file, "--trust-python")
    assert (said.code, said.err) == (0, "made\n")
    assert "3 samples of" in said.out
    assert "made" not in said.out


def test_that_an_agreement_is_not_kept_in_a_session(
    run: Run, tiny: Path, file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.qscope"
    assert run("calibrate", tiny, "--data", file, "--trust-python", "-o", path).code == 0
    kept = load_session(path)
    assert kept.document.data is not None and kept.calibration is not None
    assert kept.document.data.trusted == kept.calibration.data.trusted == ""
    said = run("quantize", path, "-o", tmp_path / "a.onnx")
    assert said.code == 1
    assert "nobody has agreed" in said.err
    assert run("quantize", path, "--trust-python", "-o", tmp_path / "a.onnx").code == 0
    file.write_text(GENERATOR + "# changed\n")
    trusting = ["quantize", tiny, "--data", file, "--trust-python", "-o", tmp_path / "b.onnx"]
    assert run(*trusting).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other faults")
@pytest.mark.parametrize("place", ["", "x" * 300, "pipe.py"])
def test_that_a_path_that_leads_nowhere_is_one_line_also_where_it_is_trusted(
    run: Run, tiny: Path, tmp_path: Path, place: str
) -> None:
    path = tmp_path / place if place else ""
    if place == "pipe.py":
        os.mkfifo(path)
    for trust in ([], ["--trust-python"]):
        said = run("data", tiny, "--data", path, *trust)
        assert said.code == 1
        assert said.err.startswith("quantscope: ") and said.err.count("\n") == 1
        assert "Choose the file or folder that holds the calibration data" in said.err
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 8, 8), np.float32))
    if place:
        custom = ["--custom", path, "--trust-python"]
        said = run("validate", tiny, "--data", tmp_path / "x.npy", *custom)
        assert said.code == 1
        assert said.err.startswith("quantscope: ") and "the file can't be read (" in said.err
