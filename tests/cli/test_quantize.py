"""`quantscope quantize` writes the file that the engine writes, and tells what it turned out as."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from quantscope.cli import quantize as quantize_command
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.session.commands import pin_type, switch
from quantscope.session.session_file import load_session, save_session
from tests.cli.conftest import Run


def test_that_the_file_is_that_of_the_engine_byte_for_byte(
    run: Run, model: Path, session: Path, pictures: Path, tmp_path: Path
) -> None:
    choice = ["--target", "fixed-point", "--scheme", "histogram"]
    for name, source in (("a", [model, "--data", pictures]), ("b", [session])):
        assert run("quantize", *source, *choice, "-o", tmp_path / f"{name}.onnx").code == 0
    calibration = load_session(session).calibration
    assert calibration is not None
    settings = PlanSettings().with_target("fixed-point").with_scheme(Scheme.HISTOGRAM)
    output = tmp_path / "c.onnx"
    steps = tasks.export(str(model), calibration, settings, str(output), 32, False, lambda: False)
    assert list(steps)
    files = {name: (tmp_path / f"{name}.onnx").read_bytes() for name in "abc"}
    assert files["a"] == files["b"] == files["c"]


def test_that_the_summary_says_what_a_person_wants_to_know(
    run: Run, session: Path, tmp_path: Path
) -> None:
    said = run("quantize", session, "-o", tmp_path / "a.onnx")
    assert (said.code, said.err) == (0, "")
    for words in (
        str(tmp_path / "a.onnx"),
        "ONNX Runtime, MinMax scheme, words of 8 bits, biases of 32",
        "integer kernels",
        "dB against float, same class on ",
        "between the file as it runs and as it is written",
        "operators: at most 0 steps from the file as it is written",
        "float ",
    ):
        assert words in said.out


def test_that_the_json_has_the_documented_entries(run: Run, session: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.onnx"
    data = json.loads(run("quantize", session, "--json", "-o", output).out)
    assert list(data) == ["format", "data", "settings", "preparation", "report"]
    assert data["format"] == 1
    assert list(data["data"]) == [
        "kind",
        "path",
        "preprocessing",
        "sound",
        "samples",
        "seed",
        "shuffle",
        "skip_unreadable",
        "as_pictures",
        "stable_after",
        "added",
    ]
    assert data["settings"] == {
        "target": "onnxruntime",
        "scheme": "minmax",
        "word_length": 8,
        "weight_word_length": None,
        "bias_word_length": 32,
        "unsigned": False,
        "float_layers": [],
        "wide_layers": [],
        "only_operators": [],
        "integer_ports": False,
        "pinned": {},
        "weight_rounding": "nearest",
        "correct_bias": False,
    }
    report = data["report"]
    assert list(report) == [
        "path",
        "target",
        "samples",
        "random_data",
        "opset",
        "file_bytes",
        "source_bytes",
        "largest_difference",
        "outputs",
        "kernels",
        "tensors",
        "float_layers",
        "notes",
        "warnings",
        "corrections",
        "rounded_weights",
        "prepared_weights",
        "simulation",
        "not_simulated",
        "integer_inputs",
        "integer_outputs",
        "outputs_by_default",
        "integer_kernels",
    ]
    assert report["path"] == str(output)
    assert report["file_bytes"] == output.stat().st_size
    assert report["integer_kernels"] == sum(kernel["integer"] for kernel in report["kernels"])
    assert list(report["outputs"][0]) == ["output", "sqnr", "agreement"]
    assert list(report["simulation"][0]) == [
        "layer",
        "label",
        "operator",
        "kernel",
        "values",
        "as_written",
        "as_run",
        "ties_away",
        "ties_up",
    ]
    assert list(report["simulation"][0]["as_run"]) == ["steps", "share"]
    assert report["not_simulated"] == []


def test_that_json_stands_alone_on_standard_output(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    said = run("quantize", model, "--data", pictures, "--json", "-o", tmp_path / "a.onnx")
    assert json.loads(said.out)["report"]["samples"] > 0


def test_that_options_change_what_the_session_says(run: Run, session: Path, tmp_path: Path) -> None:
    options = ["--target", "fixed-point", "--word-length", "16", "--bias-word-length", "32"]
    said = run(
        "quantize",
        session,
        *options,
        "--float-layers",
        "conv2",
        "--json",
        "-o",
        tmp_path / "a.onnx",
    )
    settings = json.loads(said.out)["settings"]
    assert (settings["target"], settings["word_length"]) == ("fixed-point", 16)
    assert settings["bias_word_length"] == 32
    assert settings["float_layers"] == ["conv2"]


def test_that_types_set_by_hand_survive(run: Run, session: Path, tmp_path: Path) -> None:
    edited = load_session(session)
    plan = edited.plan()
    assert plan is not None
    pinned = plan.types["x"].shifted(1)
    edited.do(pin_type(("x",), pinned, "x"))
    save_session(edited, tmp_path / "edited.qscope")
    said = run("quantize", tmp_path / "edited.qscope", "--json", "-o", tmp_path / "a.onnx")
    types = {
        each["tensor"]: each["data_type"] for each in json.loads(said.out)["report"]["tensors"]
    }
    assert types["x"] == pinned.label()


def test_that_noise_is_marked_in_summary_and_json(
    run: Run, noisy_session: Path, tmp_path: Path
) -> None:
    said = run("quantize", noisy_session, "-o", tmp_path / "a.onnx")
    assert said.out.startswith("RANDOM DATA")
    data = json.loads(run("quantize", noisy_session, "--json", "-o", tmp_path / "b.onnx").out)
    assert data["report"]["random_data"] is True


def test_that_long_lists_of_layers_are_cut(
    run: Run, session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize_command, "MOST_LINES", 2)
    by_hand = ["--float-layers", "conv1", "conv2", "--float-layers", "conv3"]
    said = run("quantize", session, *by_hand, "-o", tmp_path / "a.onnx")
    assert said.out.count("stays float") == 2
    assert "more (--json has them all)" in said.out


def test_that_a_session_moved_with_its_model_still_exports(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    (home / "tiny.onnx").write_bytes(tiny.read_bytes())
    session = home / "tiny.qscope"
    calibrate = ["calibrate", home / "tiny.onnx", "--random", "--samples", "2"]
    assert run(*calibrate, "-o", session).code == 0
    home.rename(away)
    assert run("quantize", away / "tiny.qscope", "-o", tmp_path / "a.onnx").code == 0


def test_that_bias_correction_is_asked_for_and_told(
    run: Run, session: Path, tmp_path: Path
) -> None:
    said = run("quantize", session, "--correct-bias", "-o", tmp_path / "a.onnx")
    assert "biases of 32, corrected" in said.out
    assert said.out.count("steps, mean error") == len(load_network(session)) == 7
    told = run("quantize", session, "--correct-bias", "--json", "-o", tmp_path / "b.onnx")
    data = json.loads(told.out)
    assert data["settings"]["correct_bias"] is True
    assert len(data["report"]["corrections"]) == 7
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def load_network(session: Path) -> list[str]:
    network = load_session(session).network
    assert network is not None
    return [layer.name for layer in network.layers if layer.bias is not None]


def test_that_a_session_with_bias_correction_is_exported_without_it_where_asked(
    run: Run, session: Path, tmp_path: Path
) -> None:
    edited = load_session(session)
    edited.do(switch("correct_bias", True))
    save_session(edited, tmp_path / "edited.qscope")
    for name, option in (("kept", []), ("off", ["--no-correct-bias"])):
        output = tmp_path / f"{name}.onnx"
        said = run("quantize", tmp_path / "edited.qscope", *option, "--json", "-o", output)
        assert json.loads(said.out)["settings"]["correct_bias"] is not bool(option)


def test_that_a_long_list_of_corrections_is_cut(
    run: Run, session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize_command, "MOST_LINES", 2)
    said = run("quantize", session, "--correct-bias", "-o", tmp_path / "a.onnx")
    assert said.out.count("steps, mean error") == 2
    assert "and 5 more (--json has them all)" in said.out


def test_that_integer_ports_are_told_with_scale_and_zero_point(
    run: Run, session: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.onnx"
    said = run("quantize", session, "--integer-ports", "-o", output)
    assert said.code == 0
    graph = onnx.load(output).graph
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for name in (graph.input[0].name, graph.output[0].name):
        scale, zero_point = constants[f"{name}_scale"], constants[f"{name}_zero_point"]
        assert f"uint8, scale {float(scale):.9g}, zero point {int(zero_point)}\n" in said.out
