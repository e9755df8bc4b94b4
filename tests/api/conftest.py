"""A small network with two ways to feed it, made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from quantscope import Quantizer
from tests.engine.models import residual_net, save

SAMPLES = 6


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of five classes with all that such networks have."""
    return save(residual_net(), tmp_path_factory.mktemp("model"), "net.onnx")


@pytest.fixture(scope="session")
def samples() -> npt.NDArray[np.float32]:
    """Values such as pixels give, samples first."""
    return np.random.default_rng(1).random((SAMPLES, 3, 16, 16), np.float32)


@pytest.fixture
def calibrated(model: Path, samples: npt.NDArray[np.float32]) -> Quantizer:
    """A quantizer that nobody else changes."""
    quantizer = Quantizer(model)
    quantizer.calibrate(samples)
    return quantizer
