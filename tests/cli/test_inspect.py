"""`quantscope inspect` says what a network consists of and what of it will be integers."""

from __future__ import annotations

import json
import math
from pathlib import Path

from quantscope.core.findings.plain_data import plain
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import count
from tests.cli.conftest import Run
from tests.engine.exports import exported
from tests.engine.models import conv_relu, save, transformer_block


def test_that_every_layer_has_a_line_and_the_end_counts_them(run: Run, model: Path) -> None:
    said = run("inspect", model)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("net: ")
    assert any(line.split()[:3] == ["conv1", "Conv", "integers"] for line in lines)
    assert any("prepared" in line and "bn1" in line for line in lines)
    assert lines[-1] == "18 of 18 layers will be quantized for the target ONNX Runtime."


def test_that_a_layer_in_float_has_its_reason(run: Run, tmp_path: Path) -> None:
    said = run("inspect", save(transformer_block(), tmp_path))
    line = next(line for line in said.out.splitlines() if line.split()[:1] == ["softmax"])
    assert "float" in line
    assert line.endswith("float on this target: integers would cost accuracy and gain nothing")


def test_that_the_json_has_the_documented_entries(run: Run, model: Path) -> None:
    said = run("inspect", model, "--json")
    data = json.loads(said.out)
    assert list(data) == [
        "format",
        "name",
        "fingerprint",
        "opset",
        "inputs",
        "outputs",
        "changes",
        "target",
        "quantized_already",
        "refused",
        "layers",
        "costs",
    ]
    assert data["format"] == 1
    assert data["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["batch", 3, 16, 16]}]
    conv = next(layer for layer in data["layers"] if layer["label"] == "conv1")
    assert list(conv) == ["name", "label", "operator", "kind", "quantized", "reason", "tensors"]
    assert (conv["operator"], conv["kind"], conv["quantized"]) == ("Conv", "weighted", True)
    assert list(conv["tensors"][0]) == ["name", "role", "shape", "dtype", "reason"]
    assert [tensor["role"] for tensor in conv["tensors"]] == ["weights", "bias", "activations"]


def test_that_a_target_says_what_it_refuses(run: Run, tmp_path: Path) -> None:
    model = save(transformer_block(), tmp_path, "text.onnx")
    assert json.loads(run("inspect", model, "--json").out)["refused"] == []
    said = run("inspect", model, "--target", "tflite-micro")
    assert "refused" in said.out
    assert "takes fixed sizes. Export the network with a fixed shape." in said.out


def test_that_a_quantized_model_shows_the_types_of_its_file(run: Run, tmp_path: Path) -> None:
    done = exported(conv_relu(), PlanSettings(target="fixed-point"), tmp_path)
    said = run("inspect", done.path)
    assert said.code == 0
    lines = said.out.splitlines()
    conv = next(line for line in lines if line.split()[:3] == ["conv", "Conv", "integers"])
    assert done.plan.types["conv.weight"].label() in conv
    assert lines[-1] == (
        "2 of 2 layers run in integers; the model is quantized already: its types are those of the"
        " file."
    )
    data = json.loads(run("inspect", done.path, "--json").out)
    assert (data["target"], data["quantized_already"], data["refused"]) == (None, True, [])
    x = data["layers"][0]["tensors"][0]
    assert x["type"] == plain(done.plan.types["x"])


def test_that_a_quantized_model_is_calibrated_and_not_quantized_again(
    run: Run, tmp_path: Path
) -> None:
    done = exported(conv_relu(), PlanSettings(), tmp_path)
    session = tmp_path / "seen.qscope"
    said = run("calibrate", done.path, "--random", "-o", session)
    assert said.code == 0, said.err
    said = run("quantize", session, "-o", tmp_path / "again.onnx")
    assert said.code == 1
    assert "quantized already" in said.err
    assert "Open the float model" in said.err
    assert not (tmp_path / "again.onnx").exists()


def test_that_costs_stand_by_layer_and_in_all(run: Run, model: Path) -> None:
    said = run("inspect", model, "--costs")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    heading = next(line for line in lines if "MULTIPLICATIONS" in line)
    assert "OPERATIONS A BYTE" in heading
    costs = json.loads(run("inspect", model, "--json").out)["costs"]
    conv = next(each for each in costs if each["label"] == "conv1")
    sides = json.loads(run("inspect", model, "--json").out)["layers"]
    shape = next(each for each in sides if each["label"] == "conv1")["tensors"][0]["shape"]
    channels, *kernel = shape
    assert conv["parameters"] == channels * math.prod(kernel) + channels
    assert conv["parameter_bytes"] == 4 * conv["parameters"]
    assert conv["macs"] % (channels * math.prod(kernel)) == 0
    moved = conv["parameter_bytes"] + conv["activation_bytes"]
    assert conv["arithmetic_intensity"] == 2 * conv["macs"] / moved
    assert "x" not in {each["layer"] for each in costs}
    total = sum(each["macs"] for each in costs)
    assert f"{count(total)} a sample" in said.out
