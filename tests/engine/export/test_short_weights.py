"""Weights of 4 and 7 bits: how the file stores them, and that the runtime runs them in integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx.reference import ReferenceEvaluator

from quantscope.core.networks.network import Layer, LayerKind
from quantscope.core.numbers.formats import ChannelScaled
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export.runtime_kernels import kernels_of
from quantscope.engine.recovery.restored_parameters import with_parameters_restored
from quantscope.engine.simulation.comparison import simulate
from tests.engine import models
from tests.engine.exports import FIXED, RUNTIME, Export, exported, run
from tests.engine.models import Builder

FOUR = {each.target: replace(each, weight_word_length=4) for each in (FIXED, RUNTIME)}
SEVEN = replace(RUNTIME, weight_word_length=7)


def gemm_net(turned: bool) -> onnx.ModelProto:
    b = Builder(11)
    weight = b.weight("weight", (5, 16) if turned else (16, 5), 16)
    b.node("Gemm", ["x", weight, b.constant("bias", np.ones(5))], "gemm", transB=int(turned))
    return b.model({"x": ("batch", 16)}, {"gemm": ("batch", 5)})


def matmul_net(axes: int) -> onnx.ModelProto:
    b = Builder(12)
    b.node("MatMul", ["x", b.weight("weight", (32, 16), 32)], "product")
    shape = ("batch", "length", 3, 4)[: axes - 1]
    return b.model({"x": (*shape, 32)}, {"product": (*shape, 16)})


NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "Conv, depthwise and grouped": models.residual_net,
    "Gemm": lambda: gemm_net(False),
    "Gemm, turned": lambda: gemm_net(True),
    "MatMul, 2 axes": lambda: matmul_net(2),
    "MatMul, 3 axes": lambda: matmul_net(3),
    "ConvTranspose": lambda: models.operators_net("ConvTranspose"),
}


def written(network: str, settings: PlanSettings, folder: Path) -> Export:
    return exported(NETWORKS[network](), settings, folder)


def weighted(export: Export) -> list[Layer]:
    return [each for each in export.ready.network.layers if each.kind is LayerKind.WEIGHTED]


def weights_of(export: Export) -> dict[str, np.ndarray]:
    """The stored integers of all weights, by their name in the network."""
    constants = export.constants()
    names = [layer.weights for layer in weighted(export) if layer.weights is not None]
    return {name: constants[export.rewritten.parameters[name]] for name in names}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", FOUR)
def test_that_four_bits_run_in_the_integer_kernels_that_eight_bits_run_in(
    network: str, target: str, tmp_path: Path
) -> None:
    found = []
    for settings in (replace(FOUR[target], weight_word_length=None), FOUR[target]):
        export = written(network, settings, tmp_path)
        onnx.checker.check_model(str(export.path), full_check=True)
        layers = export.plan.placement.layers
        found.append(kernels_of(export.path, export.ready.network, layers))
    assert found[0] == found[1]
    integer = {kernel.layer for kernel in found[1] if kernel.integer}
    no_kernel = {"operator"} if network == "ConvTranspose" else set()
    assert {kernel.layer for kernel in found[1]} - integer == no_kernel


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", FOUR)
def test_that_four_bits_are_stored_packed_as_the_plan_has_them(
    network: str, target: str, tmp_path: Path
) -> None:
    export = written(network, FOUR[target], tmp_path)
    assert export.model.opset_import[0].version == 21
    held = {entry.name: entry for entry in export.model.graph.initializer}
    for name, values in weights_of(export).items():
        entry = held[export.rewritten.parameters[name]]
        assert entry.data_type == onnx.TensorProto.INT4
        assert len(entry.raw_data) == (values.size + 1) // 2
        assert values.dtype == ml_dtypes.int4
        data_type = export.plan.types[name]
        assert data_type.word_length == 4
        assert np.array_equal(values.astype(int), data_type.quantize(export.ready.parameters[name]))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", FOUR)
def test_that_the_file_means_the_same_to_the_reference_evaluator(
    network: str, target: str, tmp_path: Path
) -> None:
    export = written(network, FOUR[target], tmp_path)
    (output,) = export.ready.network.outputs
    fast = run(export.path, export.feeds[0])[output.name]
    slow = run(export.path, export.feeds[0], optimized=False)[output.name]
    (exact,) = ReferenceEvaluator(export.model).run(None, dict(export.feeds[0]))
    step = export.plan.types[output.name].step if output.name in export.plan.types else 1e-3
    assert np.abs(slow - exact).max() < 1.01 * step
    assert np.abs(fast - exact).max() < 2.01 * step


@pytest.mark.parametrize("network", NETWORKS)
def test_that_the_simulation_takes_weights_of_four_bits_for_what_they_are(
    network: str, tmp_path: Path
) -> None:
    export = written(network, FOUR["onnxruntime"], tmp_path)
    layers = export.plan.placement.layers
    found = simulate(export.path, export.ready.network, layers, export.feeds[0])
    names = {each.layer for each in found.differences}
    assert {layer.name for layer in weighted(export)} <= names
    assert max(each.as_written for each in found.differences).steps <= 1
    assert max(each.as_run for each in found.differences).steps <= 1


@pytest.mark.parametrize("target", FOUR)
def test_that_weights_of_four_bits_can_be_restored_once_for_all_samples(
    target: str, tmp_path: Path
) -> None:
    export = written("Conv, depthwise and grouped", FOUR[target], tmp_path)
    restored = ir.to_proto(with_parameters_restored(export.rewritten.model))
    held = {entry.name for entry in restored.graph.initializer}
    makers = {name: node for node in restored.graph.node for name in node.output}
    for layer in weighted(export):
        (node,) = (node for node in restored.graph.node if node.name == layer.name)
        assert set(node.input[1:]) <= held
        assert makers[node.input[0]].op_type == "DequantizeLinear"
    exact = run(export.path, export.feeds[0], optimized=False)
    found = run(restored, export.feeds[0], optimized=False)
    assert all(np.array_equal(exact[name], found[name]) for name in exact)


def test_that_seven_bits_leave_the_runtime_room_for_two_products(tmp_path: Path) -> None:
    export = written("Conv, depthwise and grouped", SEVEN, tmp_path)
    for name, values in weights_of(export).items():
        assert values.dtype == np.int8
        assert np.abs(values.astype(int)).max() == 63
        assert 2 * 255 * 63 < 2**15 < 2 * 255 * 127  # what 16 bits hold of two products
        data_type = export.plan.types[name]
        assert isinstance(data_type, ChannelScaled)
        assert data_type.limits == (-63, 63)
        assert np.array_equal(values, data_type.quantize(export.ready.parameters[name]))
    assert export.model.opset_import[0].version == export.ready.network.opset


def test_that_shorter_weights_cost_what_the_bits_are_worth(tmp_path: Path) -> None:
    network = "Conv, depthwise and grouped"
    eight, seven, four = (
        written(network, replace(RUNTIME, weight_word_length=bits), tmp_path).sqnr()["gemm"]
        for bits in (8, 7, 4)
    )
    assert four < seven < eight
    assert four > 15.0


def test_that_a_large_network_is_half_as_large_in_four_bits(tmp_path: Path) -> None:
    b = Builder(13)
    b.node("MatMul", ["x", b.weight("weight", (512, 512), 512)], "product")
    model = b.model({"x": ("batch", 512)}, {"product": ("batch", 512)})
    eight, four = (
        exported(model, replace(FIXED, weight_word_length=bits), tmp_path).path.stat().st_size
        for bits in (8, 4)
    )
    assert four < 0.52 * eight
    assert eight - four == pytest.approx(512 * 512 / 2, abs=1000)


def test_that_types_of_four_bits_read_as_such(tmp_path: Path) -> None:
    fixed = written("Gemm", FOUR["fixed-point"], tmp_path).plan.types["weight"]
    assert fixed.label().startswith("s4 2^-")
    scaled = written("Gemm", FOUR["onnxruntime"], tmp_path).plan.types["weight"]
    assert scaled.label().startswith("s4 x ")
    assert scaled.limits == (-7, 7)
