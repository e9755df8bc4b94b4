"""Integers in, integers out: the same integers that the file with float ports computes inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.export.integer_ports import IntegerPorts, open_integer_ports, ports_of
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.top1 import classify
from quantscope.engine.writing import save_model
from tests.engine import exports, models
from tests.engine.export.test_rewriting import dense_block, inverted_residual, outputs_read_inside
from tests.engine.exports import FIXED, RUNTIME, Export, exported
from tests.engine.models import Builder
from tests.engine.test_tasks import desk
from tests.engine.test_top1 import _pictures

Array = npt.NDArray[Any]
SETTINGS = {
    "fixed-point": FIXED,
    "fixed-point 16": replace(FIXED, word_length=16, bias_word_length=32),
    "onnxruntime": RUNTIME,
    "onnxruntime 16": replace(RUNTIME, word_length=16),
    "onnxruntime-signed": PlanSettings().with_target("onnxruntime-signed"),
}


def channels_last() -> onnx.ModelProto:
    """A mover at either end, as converters from other frameworks leave them."""
    b = Builder(50)
    x = b.node("Transpose", ["x"], "inward", perm=[0, 3, 1, 2])
    b.node("Transpose", [b.conv(x, "conv", (3, 4))], "outward", perm=[0, 2, 3, 1])
    return b.model({"x": ("batch", 8, 8, 3)}, {"outward": ("batch", 8, 8, 4)})


def passed_on() -> onnx.ModelProto:
    """An input that is an output as well, and two readers of it."""
    b = Builder(51)
    b.node("Add", [b.conv("x", "conv", (3, 3)), "x"], "sum")
    shape = ("batch", 3, 8, 8)
    return b.model({"x": shape}, {"sum": shape, "x": shape, "conv": shape})


NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "conv_relu": models.conv_relu,
    "residual_net": models.residual_net,
    "old_style_net": models.old_style_net,
    "inverted_residual": inverted_residual,
    "dense_block": dense_block,
    "outputs_read_inside": outputs_read_inside,
    "channels_last": channels_last,
    "passed_on": passed_on,
}


def with_integer_ports(export: Export, folder: Path) -> Path:
    rewritten = rewrite(export.ready, export.plan)
    open_integer_ports(rewritten, export.plan)
    (path,) = save_model(rewritten.model, folder / "integers.onnx", overwrite=True)
    onnx.checker.check_model(str(path), full_check=True)
    return path


def to_integers(values: Array, port: str, export: Export) -> Array:
    """By the type in the plan: the nearest, ties to even, saturated."""
    data_type = export.plan.types[port]
    whole = np.rint(values / np.float32(data_type.step)) + data_type.zero_point
    low, high = data_type.limits
    kind = f"{'' if data_type.signed else 'u'}int{data_type.word_length}"
    return np.clip(whole, low, high).astype(kind)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_that_integers_in_give_the_integers_behind_the_float_ports(
    network: str, settings: str, tmp_path: Path
) -> None:
    export = exported(NETWORKS[network](), SETTINGS[settings], tmp_path)
    path = with_integer_ports(export, tmp_path)
    for feed in export.feeds:
        integers = {name: to_integers(values, name, export) for name, values in feed.items()}
        for optimized in (False, True):
            seen = exports.run(path, integers, optimized=optimized)
            for name, reals in exports.run(export.path, feed, optimized=optimized).items():
                expected = to_integers(reals, name, export)
                assert seen[name].dtype == expected.dtype
                gap = np.abs(seen[name].astype(int) - expected.astype(int)).max()
                # Next to a signed port the runtime computes in float32: a tie may fall otherwise.
                assert gap <= (1 if optimized and settings == "onnxruntime-signed" else 0)


@pytest.mark.parametrize("settings", SETTINGS)
def test_that_the_file_begins_and_ends_with_integers(settings: str, tmp_path: Path) -> None:
    export = exported(models.residual_net(), SETTINGS[settings], tmp_path)
    graph = onnx.load(with_integer_ports(export, tmp_path)).graph
    (reader,) = {node.op_type for node in graph.node if "x" in node.input}
    (maker,) = {node.op_type for node in graph.node if "gemm" in node.output}
    assert (reader, maker) == ("DequantizeLinear", "QuantizeLinear")
    given, wanted = (
        exports.ports(onnx.load(tmp_path / "integers.onnx")),
        exports.ports(export.source),
    )
    assert [name for name, _, _ in given] == [name for name, _, _ in wanted]
    assert [shape for _, _, shape in given] == [shape for _, _, shape in wanted]
    used = {name for node in graph.node for name in node.input} | {v.name for v in graph.output}
    assert all(set(node.output) & used for node in graph.node), "something that nobody reads"


@pytest.mark.parametrize("network", NETWORKS)
def test_that_the_names_of_stored_and_restored_values_hold(network: str, tmp_path: Path) -> None:
    export = exported(NETWORKS[network](), RUNTIME, tmp_path, samples=1)
    rewritten = rewrite(export.ready, export.plan)
    open_integer_ports(rewritten, export.plan)
    graph = rewritten.model.graph
    held = {value.name for value in (*graph.inputs, *(v for node in graph for v in node.outputs))}
    assert {*rewritten.stored.values(), *rewritten.restored.values()} <= held


def test_that_unsigned_ports_keep_every_integer_kernel(tmp_path: Path) -> None:
    export = exported(models.residual_net(), RUNTIME, tmp_path)
    exports.session(with_integer_ports(export, tmp_path), saved=tmp_path / "optimized.onnx")
    found = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}
    assert not found & {"QuantizeLinear", "DequantizeLinear", "Conv", "Gemm", "Add"}


def test_that_the_grids_of_ports_are_read_from_the_file(tmp_path: Path) -> None:
    export = exported(passed_on(), RUNTIME, tmp_path)
    floats = export.ready.network.float_ports
    ports = ports_of(onnx.load(with_integer_ports(export, tmp_path)), floats)
    assert set(ports.inputs) == {"x"}
    assert set(ports.outputs) == {"sum", "x", "conv"}
    for port in (*ports.inputs.values(), *ports.outputs.values()):
        data_type = export.plan.types[port.name]
        assert (port.dtype, port.zero_point) == ("uint8", data_type.zero_point)
        assert port.scale == np.float32(data_type.step)
    assert ports_of(export.model, floats) == IntegerPorts({}, {})
    feed = {"x": np.array([np.nan, -np.inf, np.inf, 0.0], np.float32), "other": np.ones(2)}
    stored = ports.feed(feed)
    zero = export.plan.types["x"].zero_point
    assert stored["x"].tolist() == [zero, 0, 255, zero]
    assert stored["other"] is feed["other"]
    reals = ports.reals({"conv": np.array([0, 255], np.uint8)})["conv"]
    expected = export.plan.types["conv"]
    np.testing.assert_allclose(reals, [expected.minimum, expected.maximum], rtol=1e-6)


def ending_in_softmax() -> onnx.ModelProto:
    b = Builder(52)
    b.node("Softmax", [b.conv("x", "conv", (3, 4))], "scores", axis=1)
    shape = ("batch", 4, 8, 8)
    return b.model({"x": ("batch", 3, 8, 8)}, {"scores": shape, "conv": shape})


@pytest.mark.parametrize("target", exports.TARGETS)
def test_that_the_report_says_what_each_port_takes(target: str, tmp_path: Path) -> None:
    work = desk(ending_in_softmax(), tmp_path, 6)
    plain = work.export(exports.TARGETS[target], samples=4)
    settings = replace(exports.TARGETS[target], integer_ports=True)
    report = work.export(settings, "integers.onnx", samples=4)
    (given,), (out,) = report.integer_inputs, report.integer_outputs
    assert (given.name, out.name) == ("x", "conv")
    model = onnx.load(tmp_path / "integers.onnx")
    kinds = {name: kind for name, kind, _ in exports.ports(model)}
    for port in (given, out):
        assert kinds[port.name] == helper.np_dtype_to_tensor_dtype(np.dtype(port.dtype))
    assert kinds["scores"] == TensorProto.FLOAT
    (note,) = (note for note in report.notes if note.startswith("scores"))
    assert "float on this target" in note
    assert (plain.integer_inputs, plain.integer_outputs, plain.notes) == ((), (), ())


@pytest.mark.parametrize("settings", SETTINGS)
def test_that_verification_sees_the_same_network_behind_integer_ports(
    settings: str, tmp_path: Path
) -> None:
    work = desk(models.residual_net(), tmp_path, 8)
    corrected = replace(SETTINGS[settings], correct_bias=True)
    plain = work.export(corrected)
    report = work.export(replace(corrected, integer_ports=True), "integers.onnx")
    assert report.outputs == plain.outputs or settings == "onnxruntime-signed"
    assert report.tensors == plain.tensors
    assert report.corrections == plain.corrections
    assert report.simulation
    assert max(each.as_written.steps for each in report.simulation) <= 1
    assert report.largest_difference <= 1.0
    if settings == "onnxruntime":
        assert report.integer_kernels == plain.integer_kernels


def test_that_a_mover_on_an_integer_input_counts_as_integer(tmp_path: Path) -> None:
    work = desk(channels_last(), tmp_path, 6)
    report = work.export(replace(RUNTIME, integer_ports=True))
    kernels = {kernel.layer: kernel.integer for kernel in report.kernels}
    assert kernels == {"inward": True, "conv": True, "outward": True}


def test_that_classes_are_named_through_integer_ports(tmp_path: Path) -> None:
    data = _pictures(tmp_path / "data", classes=2)
    path = models.save(models.residual_net(), tmp_path)
    calibration, _ = exports.finish(tasks.calibrate(str(path), data, False, lambda: False))
    found = []
    for name, integers in (("plain.onnx", False), ("integers.onnx", True)):
        settings, output = replace(RUNTIME, integer_ports=integers), str(tmp_path / name)
        exports.finish(
            tasks.export(str(path), calibration, settings, output, 2, False, lambda: False)
        )
        found.append(classify(output, tasks.describe(str(path)).inputs, data))
    assert found[0] == found[1]
