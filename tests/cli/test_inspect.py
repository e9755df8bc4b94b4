"""`quantscope inspect` says what a network consists of and what of it will be integers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.engine.models import save, transformer_block


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
        "refused",
        "layers",
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
