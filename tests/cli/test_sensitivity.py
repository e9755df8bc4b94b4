"""`quantscope sensitivity` ranks the layers, goes on where it stopped, and suggests what helps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from quantscope.core.codec import decode
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.session.sensitivity_file import beside
from tests.cli.conftest import Run

LAYERS = {"conv1", "conv2", "conv3", "add", "conv4", "conv5", "conv6", "average", "gemm"}


@pytest.fixture
def own(session: Path, tmp_path: Path) -> Path:
    """The session in a folder of its own, beside which results are kept."""
    return Path(shutil.copy(session, tmp_path / "own.qscope"))


def rows(text: str, heading: str = "LAYER") -> list[list[str]]:
    """The cells of the table under ``heading``."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith(heading))
    table = []
    for line in lines[first + 1 :]:
        if not line.strip():
            break
        table.append([cell.strip() for cell in line.strip().split("  ") if cell.strip()])
    return table


def test_that_the_layers_are_ranked_by_what_they_cost(run: Run, own: Path) -> None:
    said = run("sensitivity", own)
    assert (said.code, said.err) == (0, "")
    table = rows(said.out)
    assert {row[0] for row in table} == LAYERS
    losses = [float(row[2].partition(" ")[0]) for row in table]
    assert losses == sorted(losses)
    assert "9 layers, ONNX Runtime, MinMax scheme" in said.out
    assert "all quantized" in said.out


def test_that_json_holds_all_that_was_measured(run: Run, own: Path) -> None:
    data = json.loads(run("sensitivity", own, "--cumulative", "--fixes", "3", "--json").out)
    assert list(data) == [
        "format",
        "kept_in",
        "complete",
        "metric",
        "settings",
        "samples",
        "whole",
        "layers",
        "missing",
        "fixes",
    ]
    assert data["complete"]
    assert data["kept_in"] == str(beside(own))
    assert {each["layer"] for each in data["layers"]} == LAYERS
    first = data["layers"][0]
    assert list(first["isolated"]) == ["everything", "weights", "activations"]
    assert first["cumulative"]["everything"]["outputs"].keys() == {"noise", "agreement", "cosine"}
    assert len(data["fixes"]) == 3
    kept = json.loads(beside(own).read_text(encoding="utf-8"))
    assert len(kept["results"]) == 1
    assert decode(Sensitivity, kept["results"][0]).complete


def test_that_a_short_budget_measures_some_and_the_next_run_goes_on(run: Run, own: Path) -> None:
    first = run("sensitivity", own, "--budget", "1e-9")
    assert "5 layers are not measured yet: run the command again." in first.out
    assert len(rows(first.out)) == 4
    second = run("sensitivity", own)
    assert "not measured yet" not in second.out
    beside(own).unlink()
    assert run("sensitivity", own).out == second.out


def test_that_other_settings_are_measured_anew(run: Run, own: Path) -> None:
    plain = run("sensitivity", own).out
    coarse = run("sensitivity", own, "--weight-word-length", "4").out
    assert rows(plain) != rows(coarse)
    assert run("sensitivity", own).out == plain
    kept = json.loads(beside(own).read_text(encoding="utf-8"))
    assert len(kept["results"]) == 2


def test_that_the_cumulative_error_comes_in_columns_of_its_own(run: Run, own: Path) -> None:
    assert "UP TO IT" not in run("sensitivity", own).out
    said = run("sensitivity", own, "--cumulative")
    assert "UP TO IT" in said.out
    last = next(row for row in rows(said.out) if row[0] == "gemm")
    whole = next(line for line in said.out.splitlines() if "all quantized" in line)
    assert last[7] in whole


@pytest.mark.parametrize(("metric", "figure"), [("cosine", "0.99"), ("agreement", "100.0 %")])
def test_that_another_metric_may_rank_them(run: Run, own: Path, metric: str, figure: str) -> None:
    said = run("sensitivity", own, "--metric", metric)
    assert all(row[2].startswith((figure, "1.0")) for row in rows(said.out))


def test_that_fixes_come_with_predicted_and_measured_gain(run: Run, own: Path) -> None:
    said = run("sensitivity", own, "--fixes")
    fixes = rows(said.out, "FIX")
    assert 1 < len(fixes) <= 10
    titles = " ".join(row[0] for row in fixes)
    assert "gemm in float" in titles
    assert "Correct biases" in titles
    assert all("dB" in row[1] for row in fixes)
    costs = {row[0]: row[-2] for row in fixes}  # the measured gain may be blank
    assert costs["Correct biases"] == "no memory"
    assert "stored" in costs["gemm in float"]


def test_that_a_model_with_data_is_measured_without_a_session(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    said = run("sensitivity", model, "--data", pictures)
    assert {row[0] for row in rows(said.out)} == LAYERS
    assert not list(model.parent.glob("*.json"))
    results = tmp_path / "kept.json"
    options = ["--data", pictures, "--budget", "1e-9"]
    missing = "5 layers are not measured yet"
    unkept = run("sensitivity", model, *options).out
    assert f"{missing}: raise --budget, or keep --results." in unkept
    assert f"{missing}: run" in run("sensitivity", model, *options, "--results", results).out
    assert "1 layers are" in run("sensitivity", model, *options, "--results", results).out


def test_that_noise_is_said_to_be_noise(run: Run, noisy_session: Path, tmp_path: Path) -> None:
    own = shutil.copy(noisy_session, tmp_path / "own.qscope")
    assert "RANDOM DATA" in run("sensitivity", own).out


def test_that_a_file_that_holds_something_else_is_not_overwritten(run: Run, own: Path) -> None:
    beside(own).write_text("precious", encoding="utf-8")
    said = run("sensitivity", own)
    assert said.code == 1
    assert str(beside(own)) in said.err
    assert beside(own).read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--budget", "0"], "more than no time is needed"),
        (["--measure-samples", "0"], "at least one is needed"),
        (["--data", "x"], "a session has its data"),
        (["--metric", "beauty"], "invalid choice"),
    ],
)
def test_that_wrong_usage_is_told(run: Run, own: Path, options: list[str], complaint: str) -> None:
    said = run("sensitivity", own, *options)
    assert said.code == 2
    assert complaint in said.err


# ---- a goal --------------------------------------------------------------------------------------


def test_that_quantize_finds_the_mix_that_meets_a_goal(run: Run, own: Path, tmp_path: Path) -> None:
    output = tmp_path / "mix.onnx"
    said = run("quantize", own, "--goal", "sqnr>=45", "--json", "-o", output)
    assert said.code == 0
    data = json.loads(said.out)
    assert data["mix"]["goal"] == "sqnr>=45"
    assert data["mix"]["reached"]
    assert data["mix"]["best"]["cost"]["relative"] > 1.0
    mix = data["mix"]["best"]["mix"]
    assert data["settings"]["wide_layers"] == mix["wide"]
    assert data["settings"]["float_layers"] == mix["in_float"]
    (accuracy,) = data["report"]["outputs"]
    assert accuracy["sqnr"] >= 44.0


def test_that_the_mix_and_its_curve_are_told(run: Run, own: Path, tmp_path: Path) -> None:
    said = run("quantize", own, "--goal", "sqnr>=45", "-o", tmp_path / "mix.onnx")
    assert "Mix for sqnr>=45, on 6 samples of the calibration data" in said.out
    curve = rows(said.out, "COST")
    assert curve[0][0] == "1.000"
    assert sum(row[-1] == "chosen" for row in curve) == 1


def test_that_a_goal_that_is_met_already_raises_nothing(
    run: Run, own: Path, tmp_path: Path
) -> None:
    said = run("quantize", own, "--goal", "sqnr>=5", "-o", tmp_path / "a.onnx")
    assert "at 16 bits  none" in said.out
    assert run("quantize", own, "-o", tmp_path / "b.onnx").code == 0
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_that_a_goal_that_only_float_meets_leaves_no_file(
    run: Run, own: Path, tmp_path: Path
) -> None:
    said = run("quantize", own, "--goal", "sqnr>=300", "-o", tmp_path / "a.onnx")
    assert said.code == 1
    assert "only the float network meets sqnr>=300; the best mix has" in said.err
    assert not (tmp_path / "a.onnx").exists()


def test_that_a_model_with_data_may_have_a_goal_too(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    options = ["--goal", "agreement>=80%", "-o", tmp_path / "a.onnx"]
    said = run("quantize", model, "--data", pictures, *options)
    assert said.code == 0
    assert "Mix for agreement>=0.8" in said.out
    assert not list(model.parent.glob("*.json"))


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (["--goal", "nice"], 1, '"nice" is not a goal'),
        (["--goal", "sqnr>=20", "--goal-samples", "0"], 2, "at least one sample"),
        (["--goal", "sqnr>=20", "--cost-wide", "0.5"], 2, "cannot cost less"),
    ],
)
def test_that_a_wrong_goal_is_told_before_any_work(
    run: Run, own: Path, tmp_path: Path, options: list[str], code: int, complaint: str
) -> None:
    said = run("quantize", own, *options, "-o", tmp_path / "a.onnx")
    assert said.code == code
    assert complaint in said.err
