"""Options for the types, a recipe among them, and what they refuse."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


def recipe(run: Run, session: Path, folder: Path, *options: object) -> dict[str, Any]:
    output = folder / "recipe.json"
    said = run("types", session, *options, "-o", output, "--overwrite")
    assert said.code == 0, said.err
    settings: dict[str, Any] = json.loads(output.read_text())["settings"]
    return settings


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--weight-word-length", "4"], {"weight_word_length": 4}),
        (["--target", "fixed-point", "--unsigned"], {"unsigned": True}),
        (["--integer-ports"], {"integer_ports": True}),
        (["--round-weights", "compensated"], {"weight_rounding": "compensated"}),
        (["--only-operators", "Conv", "Gemm"], {"only_operators": ["Conv", "Gemm"]}),
        (["--wide-layers", "conv2"], {"wide_layers": ["conv2"]}),
        (["--target", "tensorrt"], {"target": "tensorrt"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_that_an_option_sets_what_it_says(
    run: Run, session: Path, tmp_path: Path, options: list[str], expected: dict[str, Any]
) -> None:
    settings = recipe(run, session, tmp_path, *options)
    assert {key: settings[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unsigned"], "does not leave the sign of activations open"),
        (["--target", "tensorrt", "--wide-layers", "conv2"], "activations of 16 bits"),
        (["--target", "tensorrt", "--bias-word-length", "32"], "Leave it out"),
        (["--target", "qnn", "--weight-word-length", "4"], "Use 8"),
        (["--only-operators", "Con"], "Did you mean Conv"),
        (["--wide-layers", "con2"], "Did you mean conv2"),
        (["--recipe", "nowhere.json"], "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_that_what_cannot_be_is_told_in_one_line(
    run: Run, session: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    said = run("types", session, *options, "-o", tmp_path / "a.json")
    assert said.code == 1
    assert words in said.err
    assert said.err.count("\n") == 1


def test_that_quantize_takes_a_recipe_back(run: Run, session: Path, tmp_path: Path) -> None:
    options = ["--target", "fixed-point", "--scheme", "histogram", "--float-layers", "conv2"]
    settings = recipe(run, session, tmp_path, *options)
    output = tmp_path / "a.onnx"
    again = tmp_path / "recipe.json"
    said = run("quantize", session, "--recipe", again, "--json", "-o", output)
    assert json.loads(said.out)["settings"] == {
        key: value for key, value in settings.items() if key != "class"
    }


def test_that_a_recipe_of_another_network_is_refused(
    run: Run, session: Path, tmp_path: Path
) -> None:
    recipe(run, session, tmp_path)
    file = tmp_path / "recipe.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "fingerprint": "another"}))
    said = run("types", session, "--recipe", file, "-o", tmp_path / "b.json")
    assert said.code == 1
    assert "another network or preparation" in said.err


@pytest.mark.parametrize(
    ("form", "name"), [("onnxruntime", "a.json"), ("aimet", "a.json"), ("c-header", "a.h")]
)
def test_that_every_format_is_written(
    run: Run, session: Path, tmp_path: Path, form: str, name: str
) -> None:
    said = run("types", session, "--format", form, "-o", tmp_path / name)
    assert said.code == 0, said.err
    assert (tmp_path / name).stat().st_size > 100


def test_that_a_cache_that_cannot_be_written_says_so(
    run: Run, session: Path, tmp_path: Path
) -> None:
    said = run("types", session, "--format", "tensorrt", "-o", tmp_path / "a.cache")
    assert said.code == 1
    assert "signed 8-bit words" in said.err
    assert not (tmp_path / "a.cache").exists()
