"""Compensated rounding and short weights at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import onnx

from tests.cli.conftest import Run


def test_that_compensated_rounding_is_asked_for_and_told(
    run: Run, session: Path, tmp_path: Path
) -> None:
    options = ["--round-weights", "compensated", "--weight-word-length", "4"]
    said = run("quantize", session, *options, "-o", tmp_path / "a.onnx")
    assert said.code == 0
    assert said.out.count(" to nearest, ") == 7
    told = run("quantize", session, *options, "--json", "-o", tmp_path / "b.onnx")
    data = json.loads(told.out)
    assert data["settings"]["weight_rounding"] == "compensated"
    found = data["report"]["rounded_weights"]
    assert len(found) == 7
    assert list(found[0]) == ["layer", "label", "sqnr_before", "sqnr_after"]
    assert all(each["sqnr_after"] >= each["sqnr_before"] for each in found)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    plain = run("quantize", session, *options[2:], "--json", "-o", tmp_path / "c.onnx")
    outputs = [json.loads(each.out)["report"]["outputs"][0] for each in (plain, told)]
    assert outputs[0]["sqnr"] < outputs[1]["sqnr"]


def test_that_the_layer_that_gains_most_comes_first(
    run: Run, session: Path, tmp_path: Path
) -> None:
    options = ["--round-weights", "compensated", "--weight-word-length", "4"]
    told = run("quantize", session, *options, "--json", "-o", tmp_path / "a.onnx")
    found = json.loads(told.out)["report"]["rounded_weights"]
    most = max(found, key=lambda each: float(each["sqnr_after"]) - float(each["sqnr_before"]))
    said = run("quantize", session, *options, "-o", tmp_path / "b.onnx")
    lines = [line.strip() for line in said.out.splitlines()]
    first = next(line for line in lines if line.startswith("weights rounded"))
    assert first.removeprefix("weights rounded").strip().startswith(f"{most['label']}: SQNR ")


def test_that_weights_of_four_bits_are_asked_for(run: Run, session: Path, tmp_path: Path) -> None:
    output = tmp_path / "four.onnx"
    assert run("quantize", session, "--weight-word-length", "4", "-o", output).code == 0
    kinds = {each.data_type for each in onnx.load(output).graph.initializer}
    assert onnx.TensorProto.INT4 in kinds
