"""Products of 16-bit activations and weights of 8 bits or less: what is written is what runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper, numpy_helper

from quantscope.core.numbers.formats import Scaled
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.writing import save_model
from tests.engine.exports import calibration_of, prepared, run, session

TARGETS = ("onnxruntime", "onnxruntime-signed", "fixed-point", "fixed-point-channels")
Feed = dict[str, npt.NDArray[Any]]


def product_net(operator: str, axes: int) -> onnx.ModelProto:
    """One product of 64 by 48 with a bias, of inputs with ``axes`` axes."""
    random = np.random.default_rng(3)
    weights = random.normal(0.0, 0.1, (64, 48)).astype(np.float32)
    bias = random.normal(0.0, 1.0, 48).astype(np.float32)
    leading: tuple[str, ...] = ("N", "T") if axes == 3 else ("N",)
    if operator == "Gemm":
        nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="product", transB=1)]
        weights = np.ascontiguousarray(weights.T)
    else:
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["m"], name="product"),
            helper.make_node("Add", ["m", "b"], ["y"], name="sum"),
        ]
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (*leading, 64))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (*leading, 48))],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def feed_of(axes: int) -> Feed:
    shape = (2, 5, 64) if axes == 3 else (6, 64)
    return {"x": np.random.default_rng(4).normal(0.0, 2.0, shape).astype(np.float32)}


@dataclass(frozen=True, eq=False)
class Wide:
    """The product written with 16-bit activations."""

    ready: Prepared
    plan: Plan
    path: Path
    feed: Feed


def written(
    folder: Path, target: str, operator: str = "MatMul", axes: int = 3, weight_bits: int = 8
) -> Wide:
    ready, feed = prepared(product_net(operator, axes), folder), feed_of(axes)
    settings = PlanSettings(
        target=target,
        weight_word_length=None if weight_bits == 8 else weight_bits,
        wide_layers=frozenset({"product"}),
    )
    plan = calibration_of(ready, [feed]).plan(ready.network, settings)
    (path,) = save_model(rewrite(ready, plan).model, folder / "wide.onnx")
    assert plan.types["x"].word_length == 16
    return Wide(ready, plan, path, feed)


def step_of_result(wide: Wide) -> float:
    return wide.plan.types["y"].step if "y" in wide.plan.types else 0.0


@pytest.mark.parametrize("weight_bits", [4, 8])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("operator", "axes"), [("MatMul", 3), ("MatMul", 2), ("Gemm", 2)])
def test_that_the_file_runs_as_it_is_written(
    operator: str, axes: int, target: str, weight_bits: int, tmp_path: Path
) -> None:
    """In a plain session, that asks for nothing."""
    wide = written(tmp_path, target, operator, axes, weight_bits)
    fast, slow = (run(wide.path, wide.feed, optimized=each)["y"] for each in (True, False))
    assert np.abs(fast - slow).max() <= max(1e-5, step_of_result(wide))


def test_that_the_product_equals_the_one_of_the_rounded_operands(tmp_path: Path) -> None:
    """Up to one step of an operand next to a tie; 8-bit activations are 256 steps off."""
    wide = written(tmp_path, "onnxruntime")
    source, weights = wide.plan.types["x"], wide.plan.types["w"]
    parameters = wide.ready.parameters
    exact = source.cast(wide.feed["x"]) @ weights.cast(parameters["w"]) + parameters["b"]
    assert isinstance(source, Scaled)
    allowed = source.step * np.abs(parameters["w"]).max() + 0.51 * step_of_result(wide) + 1e-5
    assert np.abs(run(wide.path, wide.feed)["y"] - exact).max() <= allowed


@pytest.mark.parametrize(
    ("weight_bits", "kind"), [(4, onnx.TensorProto.INT4), (8, onnx.TensorProto.INT8)]
)
def test_that_weights_take_their_own_bits_in_the_file(
    weight_bits: int, kind: int, tmp_path: Path
) -> None:
    wide = written(tmp_path, "onnxruntime", weight_bits=weight_bits)
    stored = {each.name: each.data_type for each in onnx.load(wide.path).graph.initializer}
    assert stored["w_quantized"] == kind


@pytest.mark.parametrize(("target", "cast"), [("qnn", False), ("onnxruntime", True)])
def test_that_targets_with_kernels_of_their_own_get_the_weights_uncast(
    target: str, cast: bool, tmp_path: Path
) -> None:
    wide = written(tmp_path, target)
    assert ("Cast" in [node.op_type for node in onnx.load(wide.path).graph.node]) is cast


def test_that_the_runtime_turns_uncast_weights_into_another_product(tmp_path: Path) -> None:
    """What the cast is for; where this fails, it can go."""
    wide = written(tmp_path, "qnn")
    session(wide.path, saved=tmp_path / "optimized.onnx")
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    assert "MatMulNBits" in [node.op_type for node in nodes]
