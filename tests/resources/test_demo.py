"""The demo in resources/demo keeps what its README and demo.json promise."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

DEMO = Path(__file__).parents[2] / "resources" / "demo"
MODEL = DEMO / "demo.onnx"
SETS = {"calibration": 20, "validation": 50}


def read_picture(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_pictures", DEMO / "draw_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEMO / "demo.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    return onnx.load(MODEL)


def test_that_the_model_is_one_valid_file_under_one_megabyte(model: onnx.ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    assert MODEL.stat().st_size < 1_000_000
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_that_the_model_takes_a_batch_of_images_and_gives_scores(model: onnx.ModelProto) -> None:
    def shape(value: onnx.ValueInfoProto) -> list[str | int]:
        sizes = value.type.tensor_type.shape.dim
        return [size.dim_param or size.dim_value for size in sizes]

    (image,), (scores,) = model.graph.input, model.graph.output
    assert (image.name, shape(image)) == ("image", ["batch", 3, 32, 32])
    assert (scores.name, shape(scores)) == ("scores", ["batch", 10])
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 13)]


def test_that_the_model_has_every_kind_of_layer_the_demo_is_about(
    model: onnx.ModelProto,
) -> None:
    kinds = Counter(node.op_type for node in model.graph.node)
    expected = "Conv BatchNormalization Relu Clip Add Concat MaxPool GlobalAveragePool Flatten Gemm"
    assert set(expected.split()) <= set(kinds)
    groups = {
        attribute.i
        for node in model.graph.node
        for attribute in node.attribute
        if attribute.name == "group"
    }
    assert 1 in groups
    assert max(groups) > 1
    assert kinds["BatchNormalization"] == kinds["Conv"]


def test_that_every_clip_is_a_relu6(model: onnx.ModelProto) -> None:
    constants = {
        node.output[0]: float(onnx.numpy_helper.to_array(node.attribute[0].t))
        for node in model.graph.node
        if node.op_type == "Constant"
    }
    clips = [node for node in model.graph.node if node.op_type == "Clip"]
    assert {tuple(constants[name] for name in node.input[1:]) for node in clips} == {(0.0, 6.0)}


def test_that_every_node_has_a_readable_name_of_its_own(model: onnx.ModelProto) -> None:
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert {"stem/conv", "block1/depthwise", "block2/add", "block5/concat"} <= set(names)
    assert not any(name.startswith("/") or not name for name in names)


@pytest.mark.parametrize(("set_name", "per_class"), SETS.items())
def test_that_every_class_has_its_number_of_colour_pictures(
    set_name: str, per_class: int, facts: dict[str, Any]
) -> None:
    folders = sorted(path for path in (DEMO / set_name).iterdir() if path.is_dir())
    assert [folder.name for folder in folders] == facts["classes"]
    for folder in folders:
        names = sorted(path.name for path in folder.iterdir())
        assert names == [f"{number:03d}.png" for number in range(per_class)]
        with Image.open(folder / names[-1]) as image:
            assert (image.mode, image.size) == ("RGB", (32, 32))


def test_that_all_pictures_together_are_under_four_megabytes() -> None:
    paths = [path for name in SETS for path in (DEMO / name).rglob("*.png")]
    assert sum(path.stat().st_size for path in paths) < 4_000_000


@pytest.mark.parametrize(("set_name", "per_class"), SETS.items())
def test_that_the_generator_draws_the_committed_pictures_again(
    set_name: str, per_class: int, drawing: ModuleType
) -> None:
    for class_name in drawing.CLASSES:
        for number in (0, per_class - 1):
            kept = read_picture(DEMO / set_name / class_name / f"{number:03d}.png")
            drawn = drawing.draw_picture(set_name, class_name, number)
            np.testing.assert_array_equal(kept, drawn)


def test_that_no_two_sets_share_a_seed(drawing: ModuleType, facts: dict[str, Any]) -> None:
    seeds = drawing.SET_SEEDS
    assert len(set(seeds.values())) == len(seeds) == 3
    assert facts["training_seed"] == seeds["training"]
    assert {name: facts["sets"][name]["seed"] for name in SETS} == {
        name: seeds[name] for name in SETS
    }
    for set_name in seeds:
        assert drawing.picture_seed(set_name, "ring", 7) == (seeds[set_name], 5, 7)


def test_that_no_picture_is_in_two_sets(drawing: ModuleType) -> None:
    held_out = [
        read_picture(path).tobytes() for name in SETS for path in (DEMO / name).rglob("*.png")
    ]
    training = {
        drawing.draw_picture("training", class_name, number).tobytes()
        for class_name in drawing.CLASSES
        for number in range(50)
    }
    assert len(set(held_out)) == len(held_out) == 700
    assert training.isdisjoint(held_out)


def test_that_float_accuracy_is_high_but_not_perfect_and_is_the_number_in_demo_json(
    facts: dict[str, Any],
) -> None:
    paths = sorted((DEMO / "validation").glob("*/*.png"))
    labels = np.array([facts["classes"].index(path.parent.name) for path in paths])
    pixels = np.stack([read_picture(path) for path in paths]).transpose(0, 3, 1, 2)
    images = pixels.astype(np.float32) * np.float32(facts["preprocessing"]["scale"])
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"image": images})
    top1 = float(np.mean(scores.argmax(axis=1) == labels))
    assert 0.95 <= top1 < 1.0
    assert top1 == pytest.approx(facts["float_top1"], abs=0.0021)  # one picture either way


def test_that_evaluation_needs_no_torch_and_prints_the_accuracy(facts: dict[str, Any]) -> None:
    program = (
        "import runpy, sys; sys.modules['torch'] = None; sys.modules['onnx'] = None;"
        "sys.path.insert(0, sys.argv[1]); sys.argv = ['train_network.py', '--evaluate'];"
        "runpy.run_path(sys.path[0] + '/train_network.py', run_name='__main__')"
    )
    command = [sys.executable, "-c", program, str(DEMO)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    printed = float(done.stdout.rsplit(":", 1)[1])
    assert printed == pytest.approx(facts["float_top1"], abs=0.0021)
