"""Every operator of the table in an exported file: valid, loadable, and near an independent result.

Independent is the reference evaluator of onnx, on the file and on the float network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from quantscope.core.networks.network import LayerKind
from quantscope.engine.export.runtime_kernels import kernels_of
from tests.engine import exports
from tests.engine.exports import Export, exported
from tests.engine.operator_networks import FORMS, network_of

Array = npt.NDArray[Any]
LEAST_SQNR = 24.0  # dB after three rounded layers; powers of two cost some 6 dB


class QuantizeLinear(OpRun):
    """The specification in numpy: the evaluator has none below opset 19."""

    def _run(self, x: Array, scale: Array, zero_point: Array, **attributes: int) -> tuple[Array]:
        scale, offset = (spread(v, attributes["axis"], x.ndim) for v in (scale, zero_point))
        limits = np.iinfo(zero_point.dtype)
        whole = np.rint(x / scale).astype(np.int64) + offset.astype(np.int64)
        return (np.clip(whole, limits.min, limits.max).astype(zero_point.dtype),)


class DequantizeLinear(OpRun):
    """The specification in numpy."""

    def _run(self, x: Array, scale: Array, zero_point: Array, **attributes: int) -> tuple[Array]:
        scale, offset = (spread(v, attributes["axis"], x.ndim) for v in (scale, zero_point))
        return (((x.astype(np.int64) - offset) * scale).astype(np.float32),)


def spread(values: Array, axis: int, rank: int) -> Array:
    """A number for each index of ``axis``, in a shape that goes with ``rank`` axes."""
    if values.ndim == 0:
        return values
    return values.reshape([-1 if i == axis else 1 for i in range(rank)])


def reference(model: onnx.ModelProto, feed: exports.Feed) -> dict[str, Array]:
    """The outputs by name, as onnx itself computes them."""
    names = [output.name for output in model.graph.output]
    return dict(
        zip(names, ReferenceEvaluator(model, new_ops=LINEAR).run(names, dict(feed)), strict=True)
    )


LINEAR = [QuantizeLinear, DequantizeLinear]


def steps_between(export: Export, one: Array, other: Array) -> float:
    return float(np.abs(one - other).max()) / export.plan.types["after"].step


@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("form", FORMS)
def test_that_a_file_with_the_operator_gives_what_the_reference_gives(
    form: str, target: str, tmp_path: Path
) -> None:
    export = exported(network_of(form), exports.TARGETS[target], tmp_path)
    onnx.checker.check_model(str(export.path), full_check=True)
    for feed in export.feeds[:2]:
        expected = reference(export.model, feed)["after"]
        for optimized in (True, False):
            seen = exports.run(export.path, feed, optimized=optimized)["after"]
            assert steps_between(export, seen, expected) < 2.01
    assert min(export.sqnr().values()) > LEAST_SQNR


@pytest.mark.parametrize("form", FORMS)
def test_that_onnx_runtime_is_asked_for_kernels_that_it_has(form: str, tmp_path: Path) -> None:
    """What computes values is rounded for it only where that runs in integers, or is smaller."""
    export = exported(network_of(form), exports.RUNTIME, tmp_path, samples=1)
    network, layers = export.ready.network, export.plan.placement.layers
    kinds = {layer.name: layer.kind for layer in network.layers}
    for kernel in kernels_of(export.path, network, layers):
        if kinds[kernel.layer] is not LayerKind.PASS_THROUGH:
            assert kernel.integer or network.layer(kernel.layer).operator == "ConvTranspose"
