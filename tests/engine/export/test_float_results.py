"""ONNX Runtime's integer product yields float: what only float layers read of it is not rounded."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from quantscope.core.planning.settings import PlanSettings
from tests.engine import exports, models


@pytest.mark.parametrize("target", ["onnxruntime", "onnxruntime-signed"])
def test_that_a_product_before_a_float_layer_is_not_rounded_and_runs_in_integers(
    target: str, tmp_path: Path
) -> None:
    settings = PlanSettings(target=target, only_operators=frozenset({"MatMul"}))
    made = exports.exported(models.transformer_block(), settings, tmp_path)
    rounded = {n.input[0] for n in onnx.load(made.path).graph.node if n.op_type == "QuantizeLinear"}
    assert not {"up", "down", "out", "scores"} & rounded
    assert {"query", "norm1", "gelu"} <= rounded  # read by products
    assert made.plan.placement.reasons["up"].startswith("only float layers read it")
    running = tmp_path / "running.onnx"
    exports.session(made.path, saved=running)
    kernels = [node.op_type for node in onnx.load(running).graph.node]
    assert kernels.count("MatMulIntegerToFloat") == 7
    assert kernels.count("QLinearMatMul") == 1  # context, which the next product reads
    assert not {"MatMul", "FusedMatMul"} & set(kernels)
