"""A small network, its pictures and its session, made once; and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantscope.cli import main
from tests.engine.models import conv_relu, residual_net, save

PICTURES = 6


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def _run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return _run


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of five classes with all that such networks have."""
    return save(residual_net(), tmp_path_factory.mktemp("model"), "net.onnx")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Conv and its Relu."""
    return save(conv_relu(), tmp_path_factory.mktemp("tiny"), "tiny.onnx")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(1)
    for number in range(PICTURES):
        pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def session(model: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network calibrated on the pictures."""
    path = tmp_path_factory.mktemp("session") / "net.qscope"
    assert main(["calibrate", str(model), "--data", str(pictures), "-o", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def noisy_session(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network calibrated on noise."""
    path = tmp_path_factory.mktemp("noise") / "tiny.qscope"
    assert main(["calibrate", str(tiny), "--random", "--samples", "3", "-o", str(path)]) == 0
    return path
