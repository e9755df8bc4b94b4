"""Classes that a network names are those of the runtime, sample for sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.engine import tasks
from quantscope.engine.top1 import classify
from tests.engine.models import residual_net, save


def _pictures(folder: Path, classes: int) -> DataDescription:
    random = np.random.default_rng(3)
    for number in range(6):
        place = folder / f"class{number % classes}" if classes else folder
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return DataDescription(kind=SourceKind.IMAGES, path=str(folder))


def test_that_labels_and_classes_stand_side_by_side(tmp_path: Path) -> None:
    model = save(residual_net(), tmp_path)
    data = _pictures(tmp_path / "data", classes=2)
    labels, found = classify(model, tasks.describe(str(model)).inputs, data)
    assert labels == (0, 0, 0, 1, 1, 1)
    session = onnxruntime.InferenceSession(model)
    wanted = []
    for path in sorted((tmp_path / "data").rglob("*.png")):
        pixels = np.asarray(Image.open(path), np.float32).transpose(2, 0, 1)[None] / 255
        wanted.append(int(session.run(None, {"x": pixels})[0].argmax()))
    assert found == tuple(wanted)


def test_that_data_without_labels_is_refused(tmp_path: Path) -> None:
    model = save(residual_net(), tmp_path)
    data = _pictures(tmp_path / "data", classes=0)
    with pytest.raises(QuantscopeError, match="no labels"):
        classify(model, tasks.describe(str(model)).inputs, data)
