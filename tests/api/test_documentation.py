"""What the documentation of the Python interface shows is what happens."""

from __future__ import annotations

import doctest
import os
import runpy
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

import quantscope
from quantscope import Quantizer, api
from quantscope.bundled import demo_folder, resources_folder

MODULES = [f"quantscope.api.{each.name}" for each in iter_modules(api.__path__)]
HOMES = {getattr(quantscope, name).__module__ for name in ("FixedPoint", "BitHistogram")}
GUIDE = resources_folder() / "guide" / "python.md"


@pytest.fixture
def names(tmp_path: Path) -> dict[str, Any]:
    """What the examples begin with."""
    calibrated = Quantizer(demo_folder() / "demo.onnx")
    calibrated.calibrate(demo_folder() / "calibration", samples=4)
    return {"demo": demo_folder(), "folder": tmp_path, "calibrated": calibrated}


def _examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


def test_that_the_examples_in_the_docstrings_give_what_they_show(names: dict[str, Any]) -> None:
    runner = doctest.DocTestRunner()
    for module in [*MODULES, *HOMES]:
        for test in _examples(import_module(module)):
            test.globs.update(names)
            runner.run(test)
    assert runner.tries > 20
    assert runner.failures == 0


def test_that_every_public_name_is_there_and_says_what_it_is_for() -> None:
    for name in quantscope.__all__:
        value = getattr(quantscope, name)
        assert name.isupper() or name == "__version__" or value.__doc__
    public = [value for name, value in vars(Quantizer).items() if not name.startswith("_")]
    assert len(public) > 10
    assert all(value.__doc__ for value in public)


def test_that_the_guide_shows_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(GUIDE), module_relative=False)
    assert found.attempted > 15
    assert found.failed == 0


def test_that_the_example_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["quantize.py", os.fspath(tmp_path / "out")])
    runpy.run_path(str(resources_folder() / "examples" / "quantize.py"), run_name="__main__")
    said = capsys.readouterr().out
    for words in ("the worst tensors", "dB", "in integer kernels", "Top-1: 0.9", "log_loss: 0."):
        assert words in said
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "demo-quantized.onnx",
        "report.html",
        "demo.qscope",
    }
