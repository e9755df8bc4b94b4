"""Whatever goes wrong is one line that says what, where and what to do, and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quantscope
from quantscope.cli import console, dispatch, running
from quantscope.core.events import Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine import tasks
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from tests.cli.conftest import Run, Said


def _is_one_line(said: Said) -> None:
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("quantscope: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


# ---- 0 and 2


def test_that_the_version_is_the_package_version(run: Run) -> None:
    said = run("--version")
    assert (said.code, said.out) == (0, f"quantscope {quantscope.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: COMMAND"),
        (["spectrogram"], "invalid choice"),
        (["inspect"], "required: MODEL"),
        (["calibrate", "a.onnx", "--random"], "required: -o"),
        (["calibrate", "a.onnx", "-o", "a.qscope"], "required: --data"),
        (["calibrate", "a.onnx", "--random", "--samples", "0", "-o", "a"], "at least one sample"),
        (["calibrate", "a.onnx", "--random", "--samples", "x", "-o", "a"], "--samples"),
        (["quantize", "a.onnx", "-o", "b.onnx"], "a model needs --data"),
        (["quantize", "a.qscope", "--random", "-o", "b.onnx"], "leave out --data"),
        (["quantize", "a.qscope", "--target", "abacus", "-o", "b.onnx"], "invalid choice"),
        (["quantize", "a.qscope", "--word-length", "7", "-o", "b.onnx"], "invalid choice"),
        (["inspect", "a.onnx", "--jso"], "unrecognized arguments"),
    ],
)
def test_that_wrong_usage_is_code_2(run: Run, arguments: list[str], complaint: str) -> None:
    said = run(*arguments)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


@pytest.mark.parametrize(
    "command", ["demo", "inspect", "calibrate", "quantize", "sensitivity", "heatmap"]
)
def test_that_every_sub_command_explains_itself(run: Run, command: str) -> None:
    said = run(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Exit codes: 0 done" in " ".join(said.out.split())


# ---- 1


@pytest.mark.parametrize("command", ["inspect", "calibrate", "quantize", "sensitivity"])
@pytest.mark.parametrize("content", [None, b"no network at all"])
def test_that_a_bad_model_is_named(
    run: Run, tmp_path: Path, command: str, content: bytes | None
) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    more: dict[str, list[object]] = {
        "inspect": [],
        "calibrate": ["--random", "-o", tmp_path / "a.qscope"],
        "quantize": ["--random", "-o", tmp_path / "a.onnx"],
        "sensitivity": ["--random"],
    }
    said = run(command, path, *more[command])
    _is_one_line(said)
    assert str(path) in said.err


@pytest.mark.parametrize("command", ["quantize", "heatmap", "statistics"])
def test_that_a_bad_session_is_named(run: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "bad.qscope"
    endings = {"quantize": "onnx", "heatmap": "png", "statistics": "csv"}
    for content in (None, b"no zip"):
        if content is not None:
            path.write_bytes(content)
        said = run(command, path, "-o", tmp_path / f"a.{endings[command]}")
        _is_one_line(said)
        assert str(path) in said.err


def _empty(path: Path) -> Session:
    return Session()


def _without_statistics(path: Path) -> Session:
    full = load_session(path)
    assert full.network is not None
    session = Session()
    session.open_model(full.document.model, full.network)
    return session


@pytest.mark.parametrize("make", [_empty, _without_statistics])
def test_that_a_session_without_statistics_says_how_to_get_some(
    run: Run, session: Path, tmp_path: Path, make: Callable[[Path], Session]
) -> None:
    path = tmp_path / "a.qscope"
    save_session(make(session), path)
    said = run("heatmap", path, "-o", tmp_path / "a.png")
    _is_one_line(said)
    assert "has not been calibrated" in said.err
    assert "quantscope calibrate" in said.err


def test_that_statistics_of_another_version_of_the_model_are_refused(
    run: Run, session: Path, noisy_session: Path, tmp_path: Path
) -> None:
    mixed, other = load_session(session), load_session(noisy_session)
    assert other.calibration is not None
    mixed.attach_calibration(other.calibration)
    save_session(mixed, tmp_path / "a.qscope")
    said = run("statistics", tmp_path / "a.qscope", "-o", tmp_path / "a.csv")
    _is_one_line(said)
    assert "another version of the model" in said.err


def test_that_a_session_whose_model_is_gone_still_draws_but_does_not_export(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    model = tmp_path / "gone.onnx"
    model.write_bytes(tiny.read_bytes())
    path = tmp_path / "a.qscope"
    assert run("calibrate", model, "--random", "--samples", "2", "-o", path).code == 0
    model.unlink()
    assert run("heatmap", path, "-o", tmp_path / "a.png").code == 0
    said = run("quantize", path, "-o", tmp_path / "a.onnx")
    _is_one_line(said)
    assert str(model) in said.err


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (["--data", "{folder}/nowhere"], "nowhere"),
        (["--data", "{folder}"], "no calibration data"),
        (["--data", "{pictures}", "--preprocess", "sepia"], "preprocessing"),
        (["--data", "{pictures}", "--preprocess", "mean=1,2"], "mean has 2 values"),
        (["--data", "{pictures}", "--kind", "npz"], ".npz"),
        (["--data", "{array}", "--preprocess", "0-255"], "Leave out preprocessing"),
        (["--data", "{nan}"], "NaN"),
        (["--data", "{wrong}"], "shape"),
    ],
)
def test_that_bad_data_is_one_line_and_nothing_is_written(
    run: Run, model: Path, pictures: Path, tmp_path: Path, wish: list[str], words: str
) -> None:
    arrays = {
        "array": np.zeros((2, 3, 16, 16), np.float32),
        "nan": np.full((2, 3, 16, 16), np.nan, np.float32),
        "wrong": np.zeros((2, 5, 4), np.float32),
    }
    places = {"folder": tmp_path / "empty", "pictures": pictures}
    places["folder"].mkdir()
    for name, values in arrays.items():
        places[name] = tmp_path / f"{name}.npy"
        np.save(places[name], values)
    output = tmp_path / "a.qscope"
    said = run("calibrate", model, *(word.format(**places) for word in wish), "-o", output)
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert words in said.err
    assert not output.exists()


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("calibrate", "a.zip", "should end with .qscope"),
        ("quantize", "a.qscope", "should end with .onnx"),
        ("heatmap", "a.jpg", "should end with .png or .svg"),
        ("statistics", "a.xls", "should end with .csv or .json"),
        ("calibrate", "there.qscope", "exists already"),
        ("quantize", "there.onnx", "exists already"),
        ("heatmap", "there.png", "exists already"),
        ("statistics", "there.csv", "exists already"),
        ("heatmap", "nowhere/a.png", "does not exist"),
        ("statistics", "folder.csv", "this is a folder"),
    ],
)
def test_that_a_bad_output_is_refused_before_the_work(
    run: Run,
    tiny: Path,
    noisy_session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    name: str,
    words: str,
) -> None:
    monkeypatch.setattr(running, "run_inline", lambda *_: pytest.fail("work was begun"))
    for ending in ("qscope", "onnx", "png", "csv"):
        (tmp_path / f"there.{ending}").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    source = [tiny, "--random"] if command == "calibrate" else [noisy_session]
    said = run(command, *source, "-o", tmp_path / name)
    _is_one_line(said)
    assert words in said.err
    assert name in said.err
    assert (tmp_path / "there.onnx").read_text() == "mine"


def test_that_the_model_itself_is_never_overwritten(run: Run, tiny: Path, tmp_path: Path) -> None:
    model, session = tmp_path / "net.onnx", tmp_path / "net.qscope"
    model.write_bytes(tiny.read_bytes())
    assert run("calibrate", model, "--random", "--samples", "2", "-o", session).code == 0
    for source in ([model, "--random"], [session]):
        said = run("quantize", *source, "--overwrite", "-o", model)
        _is_one_line(said)
        assert "the model that is being quantized" in said.err
    assert model.read_bytes() == tiny.read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--bias-word-length", "8"], "ONNX Runtime does not take 8 bits"),
        (["--float-layers", "con2"], "Did you mean conv2"),
        (["--float-layers", "???"], "quantscope inspect lists them"),
    ],
)
def test_that_settings_that_do_not_fit_are_one_line(
    run: Run, session: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    said = run("quantize", session, *options, "-o", tmp_path / "a.onnx")
    _is_one_line(said)
    assert words in said.err


def test_that_a_layer_that_does_not_exist_is_told_before_calibrating(
    run: Run, model: Path, tmp_path: Path
) -> None:
    options = ["--random", "--float-layers", "nothing", "-o", tmp_path / "a.onnx"]
    _is_one_line(run("quantize", model, *options))


def test_that_a_fault_of_the_program_comes_with_its_traceback(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(tasks, "describe", fail)
    said = run("inspect", tiny)
    assert said.code == 1
    assert said.err.startswith(f"quantscope: {tiny}: Quantscope failed with ZeroDivisionError")
    assert "Traceback" in said.err


# ---- 130 and others


@pytest.mark.parametrize("moment", ["describe", "calibration", "verification"])
def test_that_ctrl_c_leaves_nothing_behind(
    run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    describe = tasks.describe

    def interrupt_describing(model: str, preparation: PreparationChoices) -> Any:
        if moment == "describe":
            signal.raise_signal(signal.SIGINT)
        return describe(model, preparation)

    def interrupt_stage(_: console.ProgressBars, event: object) -> None:
        if isinstance(event, Progress) and event.stage == moment and event.done:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(tasks, "describe", interrupt_describing)
    monkeypatch.setattr(console.ProgressBars, "hear", interrupt_stage)
    output = tmp_path / "a.onnx"
    said = run("quantize", tiny, "--random", "--samples", "40", "-o", output)
    assert said.code == 130
    assert said.err == "quantscope: cancelled; no file was left half-written\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_that_ctrl_c_between_two_jobs_is_code_130_too(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object, __: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run_inline", interrupt)
    assert run("inspect", tiny).code == 130


def test_that_a_reader_that_went_away_is_no_error(tiny: Path) -> None:
    code = (
        "import sys\n"
        "from quantscope.__main__ import main\n"
        f"sys.exit(main(['inspect', {str(tiny)!r}]))"
    )
    receiver, sender = os.pipe()
    os.close(receiver)
    with os.fdopen(sender, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (dispatch.CLOSED_PIPE, "")


def test_that_the_command_line_works_where_pyside6_is_not_installed(
    tiny: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.onnx"
    arguments = ["quantize", str(tiny), "--random", "--samples", "2", "-o", str(output)]
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('PySide6', 'shiboken6', 'pyqtgraph')))\n"
        "from quantscope.__main__ import main\n"
        f"sys.exit(main({arguments!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "integer kernels" in done.stdout
    assert output.is_file()
