"""Overrides for onnxruntime's own quantizer do there what they say."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from quantscope.core.exchange.encodings import write_overrides
from quantscope.core.numbers.formats import ChannelScaled
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from tests.engine import models
from tests.engine.exports import Feed, exported


class Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: list[Feed]) -> None:
        self._left = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._left, None)


def test_that_onnxruntimes_quantizer_takes_the_types_that_were_chosen(tmp_path: Path) -> None:
    settings = PlanSettings(scheme=Scheme.HISTOGRAM)
    export = exported(models.conv_relu(), settings, tmp_path)
    text = write_overrides(export.ready.network, export.plan)
    overrides = json.loads(text)
    for entries in overrides.values():
        for entry in entries:
            entry["quant_type"] = QuantType[entry["quant_type"]]
            entry["scale"] = np.asarray(entry["scale"], np.float32)
            kind = entry["quant_type"].tensor_type
            entry["zero_point"] = np.asarray(
                entry["zero_point"], onnx.helper.tensor_dtype_to_np_dtype(kind)
            )
    source, target = tmp_path / "prepared.onnx", tmp_path / "theirs.onnx"
    source.write_bytes(export.ready.serialized())
    quantize_static(
        source,
        target,
        Reader(list(export.feeds)),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        extra_options={"TensorQuantOverrides": overrides},
    )
    scales = [numpy_helper.to_array(each) for each in onnx.load(target).graph.initializer]
    found = {float(x) for array in scales if array.dtype == np.float32 for x in array.reshape(-1)}
    for name in overrides:
        kind = export.plan.types[name]
        wanted = set(kind.scales) if isinstance(kind, ChannelScaled) else {kind.step}
        assert wanted <= found, name
