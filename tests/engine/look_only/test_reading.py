"""What a quantized file says of its tensors is read, and what it computes is counted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import QuantType

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS, scaled_like
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from tests.engine import models
from tests.engine.exports import calibration_of, exported, finish, run, with_outputs
from tests.engine.look_only.peers import constants, peer_file


def opened(path: Path) -> Prepared:
    return prepare(open_model(path))


def quantizes(path: Path) -> dict[str, onnx.NodeProto]:
    """The QuantizeLinear nodes of a file by the tensor that they round."""
    graph = onnx.load(path).graph
    return {node.input[0]: node for node in graph.node if node.op_type == "QuantizeLinear"}


# ---- files of the peer ---------------------------------------------------------------------------


def test_that_types_of_activations_are_scale_and_zero_point_of_the_file(tmp_path: Path) -> None:
    path = peer_file(models.residual_net(), tmp_path)
    given, network = constants(path), opened(path).network
    assert network.file_types is not None
    types = network.file_types.types
    assert quantizes(path).keys() <= types.keys()
    for name, node in quantizes(path).items():
        scale, zero_point = (given[each] for each in node.input[1:])
        assert types[name] == Scaled(float(scale), int(zero_point), 8, signed=False)


@pytest.mark.parametrize("per_channel", [False, True])
def test_that_weights_are_the_reals_behind_the_integers_of_the_file(
    per_channel: bool, tmp_path: Path
) -> None:
    path = peer_file(models.residual_net(), tmp_path, per_channel=per_channel)
    given, ready = constants(path), opened(path)
    network = ready.network
    assert network.file_types is not None
    layer = network.layer("conv4")
    assert layer.weights is not None
    stored, scale = given["conv4.weight_quantized"], given["conv4.weight_scale"]
    expected = stored.astype(np.float64) * scale.reshape(-1, 1, 1, 1)
    assert ready.parameters[layer.weights] == pytest.approx(expected, rel=1e-6)
    found = network.file_types.types[layer.weights]
    assert isinstance(found, ChannelScaled if per_channel else Scaled)
    assert np.array_equal(found.quantize(ready.parameters[layer.weights]), stored)
    assert layer.bias is not None
    assert network.file_types.types[layer.bias].word_length == 32


def test_that_quantized_operators_are_read_like_pairs(tmp_path: Path) -> None:
    path = peer_file(models.residual_net(), tmp_path, operators=True)
    given, ready = constants(path), opened(path)
    nodes = {node.output[0]: node for node in onnx.load(path).graph.node}
    found = ready.network.file_types
    assert found is not None
    made = [node for node in nodes.values() if node.op_type == "QLinearConv"]
    assert len(made) == 6
    for node in made:
        scale, zero_point = given[node.input[6]], given[node.input[7]]
        expected = Scaled(float(scale), int(zero_point), 8, signed=False)
        assert found.types[f"{node.output[0]}_before"] == expected
    assert {layer.operator for layer in ready.network.layers} >= {"Conv", "Add", "Concat", "Gemm"}


@pytest.mark.parametrize("operators", [False, True])
def test_that_what_is_run_computes_what_the_file_computes(operators: bool, tmp_path: Path) -> None:
    model = models.residual_net()
    path = peer_file(model, tmp_path, operators=operators)
    for feed in models.samples(model, 2, seed=9):
        (theirs,) = run(path, feed, optimized=operators).values()  # exact only if optimized
        (ours,) = run(opened(path).serialized(), feed, optimized=False).values()
        step = np.diff(np.unique(theirs)).min()
        assert np.abs(ours - theirs).max() <= 2 * step


def test_that_words_of_sixteen_bits_are_read(tmp_path: Path) -> None:
    path = peer_file(models.conv_relu(), tmp_path, activations=QuantType.QUInt16)
    found = opened(path).network.file_types
    assert found is not None
    assert found.types["x"].word_length == 16


def test_that_calibration_counts_what_goes_into_each_rounding(tmp_path: Path) -> None:
    model = models.residual_net()
    path = peer_file(model, tmp_path)
    feeds = models.samples(model, 2, seed=4)
    calibration = calibration_of(opened(path), feeds)
    names = [name for name in quantizes(path) if name != "x"]
    values = [run(_with(path, names), feed, optimized=False) for feed in feeds]
    for name in names:
        every = np.concatenate([found[name].ravel() for found in values])
        kept = calibration.statistics[name]
        assert kept.maximum is not None
        assert kept.maximum.value == pytest.approx(every.max(), rel=1e-5)
        assert kept.histogram.total == every.size


def _with(path: Path, names: list[str]) -> onnx.ModelProto:
    return with_outputs(onnx.load(path), names)


# ---- files of our own ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_that_a_file_of_ours_is_read_with_the_types_of_its_plan(
    target: str, tmp_path: Path
) -> None:
    settings = PlanSettings(target=target)
    done = exported(models.conv_relu(), settings, tmp_path)
    found = opened(done.path).network.file_types
    assert found is not None
    planned = {scaled_like(kind) for kind in done.plan.types.values() if kind.word_length == 8}
    read = {scaled_like(kind) for kind in found.types.values() if kind.word_length == 8}
    assert {_plain(kind) for kind in read} == {_plain(kind) for kind in planned}
    is_power = isinstance(found.types["x"], FixedPoint)
    assert is_power == target.startswith("fixed-point")
    assert "conv" in found.integer_layers


def _plain(kind: Scaled | ChannelScaled) -> tuple[object, ...]:
    scales = kind.scales if isinstance(kind, ChannelScaled) else (kind.scale,)
    return (*scales, kind.zero_point, kind.signed)


def test_that_a_relu_that_saturation_replaces_is_no_overflow(tmp_path: Path) -> None:
    done = exported(models.residual_net(), PlanSettings(), tmp_path)
    assert "relu1" in done.rewritten.removed
    found = opened(done.path).network.file_types
    assert found is not None
    assert "relu1" in found.rectified
    assert found.rectified <= {"relu1", "relu2", "relu3", "relu4", "relu5", "relu6", "gemm_before"}


def test_that_packed_weights_of_four_bits_are_read_through_their_cast(tmp_path: Path) -> None:
    settings = PlanSettings(target="onnxruntime", weight_word_length=4)
    done = exported(models.conv_relu(), settings, tmp_path)
    ready = opened(done.path)
    layer = ready.network.layer("conv")
    assert ready.network.file_types is not None
    assert layer.weights is not None
    found = ready.network.file_types.types[layer.weights]
    assert found.word_length == 4
    stored = done.plan.types["conv.weight"].quantize(done.ready.parameters["conv.weight"])
    assert np.array_equal(found.quantize(ready.parameters[layer.weights]), stored)


def test_that_a_file_with_integer_ports_is_read(tmp_path: Path) -> None:
    from quantscope.engine.export.integer_ports import open_integer_ports
    from quantscope.engine.writing import save_model

    done = exported(models.conv_relu(), PlanSettings(integer_ports=True), tmp_path)
    open_integer_ports(done.rewritten, done.plan)
    (path,) = save_model(done.rewritten.model, tmp_path / "ports.onnx")
    network = opened(path).network
    assert network.file_types is not None
    assert [port.dtype for port in network.inputs] == ["uint8"]
    assert "conv" in network.file_types.integer_layers
    assert set(done.plan.types.values()) >= {network.file_types.types[network.layers[0].outputs[0]]}


# ---- what is refused, and what is no type here ---------------------------------------------------


def test_that_nothing_is_prepared_and_nothing_exported(tmp_path: Path) -> None:
    model = models.conv_relu()
    path = peer_file(model, tmp_path)
    with pytest.raises(QuantscopeError, match="quantized already"):
        prepare(open_model(path), PreparationChoices(equalize=True))
    calibration = calibration_of(opened(path), models.samples(model, 1))
    out = str(tmp_path / "again.onnx")
    with pytest.raises(QuantscopeError, match=r"quantized already.*Open the float model"):
        finish(
            tasks.export(str(path), calibration, PlanSettings(), out, 1, False, stop=lambda: False)
        )


def test_that_channels_with_zero_points_of_their_own_have_a_reason(tmp_path: Path) -> None:
    path = peer_file(models.conv_relu(), tmp_path, per_channel=True, weights=QuantType.QUInt8)
    network = opened(path).network
    assert network.file_types is not None
    weights = network.layer("conv").weights
    assert weights is not None
    assert network.file_types.reasons[weights].endswith("zero points of their own")
    assert math.isfinite(network.tensors[weights].shape[0])
    assert "conv" not in network.file_types.integer_layers
