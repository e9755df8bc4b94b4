"""The formats as a table, for the command line and the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quantscope.core.exchange.c_header import write_c_header
from quantscope.core.exchange.encodings import (
    write_aimet,
    write_overrides,
    write_tensorrt_cache,
)
from quantscope.core.exchange.recipe import write_recipe
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ExchangeFormat:
    """One format: its key, name, file ending and writer."""

    key: str
    title: str
    ending: str
    write: Callable[[Network, Plan], str]


FORMATS: dict[str, ExchangeFormat] = {
    each.key: each
    for each in (
        ExchangeFormat("recipe", "Recipe of this program", ".json", write_recipe),
        ExchangeFormat("onnxruntime", "ONNX Runtime tensor overrides", ".json", write_overrides),
        ExchangeFormat("aimet", "AIMET encodings", ".json", write_aimet),
        ExchangeFormat("tensorrt", "TensorRT calibration cache", ".cache", write_tensorrt_cache),
        ExchangeFormat("c-header", "C header", ".h", write_c_header),
    )
}
