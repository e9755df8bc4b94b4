"""A transformer block with planted outlier channels, on disk, with data; in both preparations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.preparation import PreparationChoices
from tests.engine import models

MIGRATED = PreparationChoices(migrate=True)
PLANTED = {"norm0.scale": (3, 24.0), "norm1.scale": (5, 40.0)}
Array = npt.NDArray[Any]


def with_outliers(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` with one channel of two normalizations far wider than the others, and smaller
    weights behind it, as training leaves them."""
    readers = {"norm0.scale": ("query", "key", "value"), "norm1.scale": ("up",)}
    for name, (channel, factor) in PLANTED.items():
        _scale(model, name, channel, factor)
        for reader in readers[name]:
            _scale(model, f"{reader}.weight", channel, 1 / factor)
    onnx.checker.check_model(model, full_check=True)
    return model


def _scale(model: onnx.ModelProto, name: str, row: int, factor: float) -> None:
    tensor = next(each for each in model.graph.initializer if each.name == name)
    values = numpy_helper.to_array(tensor).copy()
    values[row] *= factor
    tensor.CopyFrom(numpy_helper.from_array(values, name))


def data_of(model: onnx.ModelProto, folder: Path, count: int = 24) -> DataDescription:
    """Samples of ``model`` in ``folder``, one file each."""
    folder.mkdir()
    for number, sample in enumerate(models.samples(model, count)):
        np.savez(folder / f"{number:03}.npz", **sample)  # type: ignore[arg-type]
    return DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(folder))


def sqnr(found: Sequence[Array], true: Sequence[Array]) -> float:
    """In dB, over all samples."""
    pairs = zip(found, true, strict=True)
    noise = sum(float(((a - b).astype(np.float64) ** 2).sum()) for a, b in pairs)
    signal = sum(float((b.astype(np.float64) ** 2).sum()) for b in true)
    return float(10 * np.log10(signal / noise))
