"""Quantized files for the tests, made on the spot by the peer and node by node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from tests.engine import models


class Reader(CalibrationDataReader):
    """A few samples for the peer's calibration."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._samples: Iterator[dict[str, Any]] = iter(models.samples(model, 3))

    def get_next(self) -> dict[str, Any] | None:
        return next(self._samples, None)


def peer_file(
    model: onnx.ModelProto,
    folder: Path,
    *,
    operators: bool = False,
    per_channel: bool = False,
    activations: QuantType = QuantType.QUInt8,
    weights: QuantType = QuantType.QInt8,
) -> Path:
    """``model`` quantized by onnxruntime's own quantizer, as Q/DQ or as quantized operators."""
    source, prepared = models.save(model, folder, "float.onnx"), folder / "prepared.onnx"
    quant_pre_process(str(source), str(prepared))
    quantized = folder / "peer.onnx"
    quantize_static(
        str(prepared),
        str(quantized),
        Reader(model),
        quant_format=QuantFormat.QOperator if operators else QuantFormat.QDQ,
        per_channel=per_channel,
        activation_type=activations,
        weight_type=weights,
    )
    return quantized


def constants(path: Path) -> dict[str, Any]:
    """The initializers of a file as arrays."""
    graph = onnx.load(path).graph
    return {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
