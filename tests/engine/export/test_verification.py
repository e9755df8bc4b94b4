"""The report's figures against the same figures computed here, and files tampered with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.numbers.rounding import Ties
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import Batch
from quantscope.engine.export.verification import Verification
from tests.engine import exports, models
from tests.engine.exports import FIXED, RUNTIME, Export, exported
from tests.engine.models import Builder


def verification(export: Export, path: Path | None = None) -> Verification:
    return Verification(
        prepared=export.ready,
        rewritten=export.rewritten,
        plan=export.plan,
        calibration=export.calibration,
        path=path or export.path,
        batches=[lambda feed=feed: Batch(feed, 1) for feed in export.feeds],
    )


def report_on(export: Export) -> ExportReport:
    return exports.finish(verification(export).run(lambda: False))


def decibels(exact: Sequence[npt.ArrayLike], seen: Sequence[npt.ArrayLike]) -> float:
    true = np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in exact])
    other = np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in seen])
    noise = ((true - other) ** 2).sum()
    return math.inf if noise == 0 else 10 * math.log10((true**2).sum() / noise)


@pytest.fixture(scope="module", params=list(exports.TARGETS))
def residual(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Export:
    folder = tmp_path_factory.mktemp("residual")
    return exported(models.residual_net(), exports.TARGETS[request.param], folder, samples=8)


def test_that_output_figures_are_those_of_the_file(residual: Export) -> None:
    report = report_on(residual)
    exact = [exports.run(residual.source, feed)["gemm"] for feed in residual.feeds]
    seen = [exports.run(residual.path, feed)["gemm"] for feed in residual.feeds]
    (output,) = report.outputs
    assert output.output == "gemm"
    assert output.sqnr == pytest.approx(decibels(exact, seen), abs=0.01)
    same = [np.argmax(a) == np.argmax(b) for a, b in zip(exact, seen, strict=True)]
    assert output.agreement == np.mean(same)
    assert report.samples == 8


def test_that_the_difference_to_the_unoptimized_file_is_the_measured_one(
    residual: Export,
) -> None:
    report = report_on(residual)
    step = residual.plan.types["gemm"].step
    gaps = [
        np.abs(
            exports.run(residual.path, feed)["gemm"]
            - exports.run(residual.path, feed, optimized=False)["gemm"]
        ).max()
        for feed in residual.feeds
    ]
    assert report.largest_difference == pytest.approx(max(gaps) / step, abs=0.002)


def test_that_a_difference_is_counted_in_steps_of_the_output(tmp_path: Path) -> None:
    """Float sums in another order now and then round to the neighbouring step."""
    export = exported(models.operators_net("Softmax"), RUNTIME, tmp_path, samples=6)
    step = export.plan.types["after"].step
    gaps = [
        np.abs(
            exports.run(export.path, feed)["after"]
            - exports.run(export.path, feed, optimized=False)["after"]
        ).max()
        for feed in export.feeds
    ]
    # Not 0 where this was written; which machine rounds where is not ours to say.
    assert report_on(export).largest_difference == pytest.approx(max(gaps) / step, abs=0.002)


def test_that_facts_about_the_file_are_right(residual: Export) -> None:
    report = report_on(residual)
    assert report.path == str(residual.path)
    assert report.file_bytes == residual.path.stat().st_size
    assert report.source_bytes == len(residual.source.SerializeToString())
    assert report.opset == residual.model.opset_import[0].version == 13
    assert report.target == residual.plan.settings.target
    assert report.random_data is False
    assert report.warnings == ()
    assert report.float_layers == ()


def test_that_kernels_are_those_of_the_runtime(residual: Export) -> None:
    report = report_on(residual)
    operators = residual.optimized_operators()
    kernels = [kernel.kernel for kernel in report.kernels]
    for name in ("QLinearConv", "QGemm", "QLinearAdd", "QLinearConcat"):
        assert kernels.count(name) == operators[name], name
    assert report.integer_kernels == len(kernels)
    layers = {layer.name for layer in residual.ready.network.layers}
    assert {kernel.layer for kernel in report.kernels} <= layers


def test_that_weights_and_biases_are_measured_as_predicted(residual: Export) -> None:
    report = report_on(residual)
    tensors = residual.ready.network.tensors
    parameters = [row for row in report.tensors if tensors[row.tensor].role is not Role.ACTIVATION]
    assert len(parameters) == 14
    for row in parameters:
        values = residual.ready.parameters[row.tensor]
        cast = residual.plan.types[row.tensor].cast(values)
        assert row.measured == pytest.approx(decibels([values], [cast]), abs=1e-6)
        assert row.predicted == pytest.approx(row.measured, abs=1e-6)
        assert row.in_network is None
        assert row.data_type == residual.plan.types[row.tensor].label()


def test_that_activations_are_measured_where_they_are_rounded(residual: Export) -> None:
    report = report_on(residual)
    network, plan = residual.ready.network, residual.plan
    rows = {row.tensor: row for row in report.tensors if row.in_network is not None}
    expected = {
        name
        for group in plan.placement.groups
        for name in group.sources
        if network.tensors[name].role is Role.ACTIVATION
    }
    assert set(rows) == expected
    proto = onnx.ModelProto.FromString(residual.ready.serialized())
    taps = [name for name in rows if name != "x"]
    tapped = exports.with_outputs(proto, taps)
    written = exports.with_outputs(
        residual.model, [residual.rewritten.restored[name] for name in rows]
    )
    exact: dict[str, list[npt.ArrayLike]] = {name: [] for name in rows}
    inside: dict[str, list[npt.ArrayLike]] = {name: [] for name in rows}
    for feed in residual.feeds:
        values = {**exports.run(tapped, feed, optimized=False), **feed}
        seen = exports.run(written, feed, optimized=False)
        for name in rows:
            exact[name].append(values[name])
            inside[name].append(seen[residual.rewritten.restored[name]])
    for name, row in rows.items():
        alone = [plan.types[name].cast(np.asarray(a), Ties.EVEN) for a in exact[name]]
        assert row.measured == pytest.approx(decibels(exact[name], alone), abs=0.01)
        assert row.in_network == pytest.approx(decibels(exact[name], inside[name]), abs=0.01)
        assert row.predicted == pytest.approx(row.measured, abs=1.0)  # few values here
        assert row.in_network < row.measured + 1.0


def test_that_progress_counts_batches_and_stop_is_asked(residual: Export) -> None:
    events = []
    running = verification(residual).run(lambda: len(events) >= 3)
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            report = end.value
            break
    assert events == [Progress("verification", done, 8) for done in (1, 2, 3)]
    assert report.samples == 3


# ---- tampered files --------------------------------------------------------------------------


def tampered(export: Export, change: Callable[[onnx.ModelProto], object]) -> Path:
    model = export.model
    change(model)
    path = export.path.with_name("tampered.onnx")
    path.write_bytes(model.SerializeToString())
    return path


def initializer(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(entry for entry in model.graph.initializer if entry.name == name)


def test_that_a_changed_weight_is_found(residual: Export) -> None:
    name = residual.rewritten.parameters["conv4.weight"]

    def change(model: onnx.ModelProto) -> None:
        tensor = initializer(model, name)
        values = numpy_helper.to_array(tensor).copy()
        values.flat[7] ^= 1
        tensor.CopyFrom(numpy_helper.from_array(values, name))

    with pytest.raises(QuantscopeError, match=r"other integers.*|conv4") as caught:
        exports.finish(verification(residual, tampered(residual, change)).run(lambda: False))
    assert "conv4.weight" in caught.value.problem.where


def test_that_a_file_cut_off_is_found(residual: Export) -> None:
    path = residual.path.with_name("short.onnx")
    path.write_bytes(residual.path.read_bytes()[:-500])
    with pytest.raises(QuantscopeError) as caught:
        exports.finish(verification(residual, path).run(lambda: False))
    assert "\n" not in str(caught.value)


def test_that_a_file_that_is_not_valid_is_found(residual: Export) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node[3].input[0] = "nowhere"

    with pytest.raises(QuantscopeError, match="checker"):
        exports.finish(verification(residual, tampered(residual, change)).run(lambda: False))


def test_that_a_type_that_an_operator_does_not_take_is_found(residual: Export) -> None:
    def change(model: onnx.ModelProto) -> None:
        node = next(node for node in model.graph.node if node.op_type == "MaxPool")
        node.op_type = "LpPool"
        node.input[0] = next(n for n in model.graph.node if n.op_type == "QuantizeLinear").output[0]

    with pytest.raises(QuantscopeError, match=r"checker .*LpPool"):
        exports.finish(verification(residual, tampered(residual, change)).run(lambda: False))


def test_that_a_file_that_the_runtime_refuses_is_found(residual: Export) -> None:
    def change(model: onnx.ModelProto) -> None:
        node = next(node for node in model.graph.node if node.op_type == "MaxPool")
        node.domain = "com.microsoft"
        model.opset_import.add(domain="com.microsoft", version=1)

    with pytest.raises(QuantscopeError, match="ONNX Runtime"):
        exports.finish(verification(residual, tampered(residual, change)).run(lambda: False))


def test_that_a_changed_scale_shows_in_the_figures(residual: Export) -> None:
    before = report_on(residual)
    maker = next(
        node
        for node in residual.model.graph.node
        if node.output[0] == residual.rewritten.stored["gemm"]
    )

    def change(model: onnx.ModelProto) -> None:
        tensor = initializer(model, maker.input[1])
        scale = numpy_helper.to_array(tensor) * np.float32(1.5)
        tensor.CopyFrom(numpy_helper.from_array(np.asarray(scale, np.float32), maker.input[1]))

    path = tampered(residual, change)
    after = exports.finish(verification(residual, path).run(lambda: False))
    rows = {row.tensor: row for row in after.tensors}
    assert after.outputs[0].sqnr < before.outputs[0].sqnr + 1
    inside = {row.tensor: row.in_network for row in before.tensors}["gemm"]
    assert rows["gemm"].in_network != pytest.approx(inside, abs=0.1)


# ---- warnings, notes and kinds of output -----------------------------------------------------


def test_that_random_data_is_marked(residual: Export) -> None:
    data = DataDescription(kind=SourceKind.RANDOM)
    marked = replace(residual, calibration=replace(residual.calibration, data=data))
    report = report_on(marked)
    assert report.random_data is True
    assert any("random data" in warning for warning in report.warnings)


def test_that_float_kernels_are_named(tmp_path: Path) -> None:
    report = report_on(exported(models.operators_net("ConvTranspose"), RUNTIME, tmp_path))
    kernel = next(kernel for kernel in report.kernels if kernel.layer == "operator")
    assert (kernel.kernel, kernel.integer) == ("ConvTranspose", False)
    assert report.integer_kernels == len(report.kernels) - 1
    assert any("operator" in warning for warning in report.warnings)


def test_that_16_bits_are_said_to_run_in_float(tmp_path: Path) -> None:
    settings = replace(RUNTIME, word_length=16)
    report = report_on(exported(models.conv_relu(), settings, tmp_path))
    assert report.integer_kernels == 0
    assert any("integer kernel" in warning for warning in report.warnings)
    assert report.opset == 21


def test_that_layers_in_float_are_listed_with_their_reasons(tmp_path: Path) -> None:
    chosen = replace(FIXED, float_layers=frozenset({"conv3"}))
    report = report_on(exported(models.residual_net(), chosen, tmp_path))
    reasons = dict(report.float_layers)
    assert reasons["conv3"] == "kept in float by hand"
    assert "conv3" in reasons["add"]
    assert "conv3" not in {kernel.layer for kernel in report.kernels}


def test_that_raised_scales_are_noted(tmp_path: Path) -> None:
    b = Builder(50)
    weight = b.constant("weight", b.random.standard_normal((4, 3, 1, 1)) * 1e-10)
    b.node("Conv", ["x", weight, b.constant("bias", [1.0, 2.0, 3.0, 4.0])], "conv")
    model = b.model({"x": (1, 3, 4, 4)}, {"conv": (1, 4, 4, 4)})
    report = report_on(exported(model, RUNTIME, tmp_path))
    assert any(note.startswith("conv: ") and "int32" in note for note in report.notes)


def test_that_a_pin_that_gave_way_is_a_warning(tmp_path: Path) -> None:
    settings = FIXED.pin(("conv1.bias",), FixedPoint(8, 30))
    report = report_on(exported(models.residual_net(), settings, tmp_path))
    assert any("conv1.bias" in warning for warning in report.warnings)


def rows_and_scores() -> onnx.ModelProto:
    """One output whose rows are no samples, one with scores, one of one column, one of integers."""
    b = Builder(51)
    y = b.conv("x", "conv", (3, 4))
    rows = b.node("Reshape", [y, b.constant("shape", [-1, 4], np.int64)], "turned")
    b.node("Gemm", [rows, b.weight("w1", (4, 5), 4)], "rows")
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [y], "average")], "flat")
    b.node("Gemm", [flat, b.weight("w2", (4, 5), 4)], "scores")
    b.node("Gemm", [flat, b.weight("w3", (4, 1), 4)], "single")
    shapes = {"rows": ("n", 5), "scores": ("batch", 5), "single": ("batch", 1)}
    return b.model({"x": ("batch", 3, 8, 8)}, shapes)


def test_that_agreement_is_given_for_scores_only_and_all_rows_are_compared(
    tmp_path: Path,
) -> None:
    export = exported(rows_and_scores(), FIXED, tmp_path, samples=5)
    found = {output.output: output for output in report_on(export).outputs}
    assert found["rows"].agreement is None
    assert found["single"].agreement is None
    assert found["scores"].agreement is not None
    assert 0.0 <= found["scores"].agreement <= 1.0
    exact = [exports.run(export.source, feed)["rows"] for feed in export.feeds]
    seen = [exports.run(export.path, feed)["rows"] for feed in export.feeds]
    assert found["rows"].sqnr == pytest.approx(decibels(exact, seen), abs=0.01)


def test_that_copies_in_a_fixed_batch_do_not_count(tmp_path: Path) -> None:
    b = Builder(52)
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [b.conv("x", "c", (3, 4))], "a")], "f")
    b.node("Gemm", [flat, b.weight("w", (4, 5), 4)], "scores")
    model = b.model({"x": (4, 3, 8, 8)}, {"scores": (4, 5)})
    export = exported(model, FIXED, tmp_path, samples=2)
    batches = [Batch(export.feeds[0], 4, 4), Batch(export.feeds[1], 1, 4)]
    check = replace(verification(export), batches=[lambda run=run: run for run in batches])
    report = exports.finish(check.run(lambda: False))
    assert report.samples == 5
    exact = [exports.run(model, feed)["scores"] for feed in export.feeds]
    seen = [exports.run(export.path, feed)["scores"] for feed in export.feeds]
    exact[1], seen[1] = exact[1][:1], seen[1][:1]
    assert report.outputs[0].sqnr == pytest.approx(decibels(exact, seen), abs=0.01)
    same = [
        a.argmax() == b.argmax()
        for e, s in zip(exact, seen, strict=True)
        for a, b in zip(e, s, strict=True)
    ]
    assert report.outputs[0].agreement == np.mean(same)


@pytest.mark.parametrize("settings", [FIXED, RUNTIME])
def test_that_a_float_tail_is_left_out_of_the_difference(
    settings: PlanSettings, tmp_path: Path
) -> None:
    """Softmax behind a Gemm: steps are counted where values were last rounded."""
    b = Builder(53)
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [b.conv("x", "c", (3, 4))], "a")], "f")
    b.node("Softmax", [b.node("Gemm", [flat, b.weight("w", (4, 5), 4)], "gemm")], "scores")
    model = b.model({"x": ("batch", 3, 8, 8)}, {"scores": ("batch", 5)})
    export = exported(model, settings, tmp_path)
    report = report_on(export)
    assert report.largest_difference in (0.0, 1.0)
    assert report.integer_kernels == len(report.kernels)
    assert report.outputs[0].sqnr == pytest.approx(export.sqnr()["scores"], abs=0.05)


def test_that_a_summary_is_one_line(residual: Export) -> None:
    summary = report_on(residual).summary()
    assert "layers in integer kernels" in summary
    assert "\n" not in summary
