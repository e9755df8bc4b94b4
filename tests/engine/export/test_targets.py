"""What every target's files hold: the types that the target takes, and no others."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from tests.engine import models
from tests.engine.exports import Export, exported

NETWORKS = {"residual": models.residual_net, "transformer": models.transformer_block}


def export_for(target: str, network: str, folder: Path) -> Export:
    return exported(NETWORKS[network](), PlanSettings().with_target(target), folder)


def grids(export: Export) -> list[tuple[onnx.NodeProto, np.ndarray, np.ndarray]]:
    """Every Q and DQ with its scales and zero points."""
    constants = export.constants()
    return [
        (node, constants[node.input[1]], constants[node.input[2]])
        for node in export.model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
    ]


def activation_grids(export: Export) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(s, z) for node, s, z in grids(export) if node.op_type == "QuantizeLinear"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", TARGETS)
def test_that_every_targets_file_is_valid_and_near_the_float_network(
    target: str, network: str, tmp_path: Path
) -> None:
    export = export_for(target, network, tmp_path)
    onnx.checker.check_model(export.model, full_check=True)
    assert min(export.sqnr().values()) > 12.0


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", ["fixed-point", "fixed-point-channels"])
def test_that_fixed_point_files_hold_powers_of_two_and_zero_points_0(
    target: str, network: str, tmp_path: Path
) -> None:
    found = grids(export_for(target, network, tmp_path))
    assert found
    for _, scales, zero_points in found:
        assert (np.frexp(scales)[0] == 0.5).all()
        assert (zero_points == 0).all()
    per_channel = any(scales.size > 1 for _, scales, _ in found)
    assert per_channel == (target == "fixed-point-channels")


def test_that_tensorrt_gets_signed_words_without_zero_points_and_float_biases(
    tmp_path: Path,
) -> None:
    export = export_for("tensorrt", "residual", tmp_path)
    for _, zero_points in activation_grids(export):
        assert zero_points.dtype == np.int8
        assert (zero_points == 0).all()
    kinds = {entry.data_type for entry in export.model.graph.initializer if "bias" in entry.name}
    assert TensorProto.INT32 not in {entry.data_type for entry in export.model.graph.initializer}
    assert kinds <= {TensorProto.FLOAT}


@pytest.mark.parametrize(
    ("target", "kind"),
    [("onnxruntime", np.uint8), ("qnn", np.uint8), ("onnxruntime-signed", np.int8)],
)
def test_that_activations_have_the_sign_that_the_target_wants(
    target: str, kind: type[np.generic], tmp_path: Path
) -> None:
    found = activation_grids(export_for(target, "residual", tmp_path))
    assert {zero_points.dtype for _, zero_points in found} == {np.dtype(kind)}


def test_that_tflite_pools_in_the_type_of_the_input(tmp_path: Path) -> None:
    export = export_for("tflite-micro", "residual", tmp_path)
    (pool,) = [layer for layer in export.ready.network.layers if "AveragePool" in layer.operator]
    types = export.plan.types
    assert types[pool.inputs[0]] == types[pool.outputs[0]]
    plain = exported(models.residual_net(), PlanSettings(), tmp_path).plan.types
    assert plain[pool.inputs[0]] != plain[pool.outputs[0]]
