"""What the simulation says of exported networks, and that it sees a fault in itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper

from quantscope.core.findings.report import ExportReport, OperatorDifference
from quantscope.core.numbers.rounding import Ties
from quantscope.engine.simulation import comparison, products, table
from quantscope.engine.simulation.alone import OperatorsAlone
from quantscope.engine.simulation.arithmetic import Grid, Reals, Steps, requantize
from quantscope.engine.simulation.call import Call
from quantscope.engine.simulation.comparison import Simulated, simulate
from quantscope.engine.simulation.reading import Operator, QuantizedFile, Values
from quantscope.engine.simulation.table import exact_results
from quantscope.engine.simulation.windows import padded
from tests.engine import exports, models
from tests.engine.export.test_verification import verification
from tests.engine.exports import FIXED, RUNTIME, Export, exported
from tests.engine.simulation import forms
from tests.engine.simulation.files import (
    POWERS_OF_TWO,
    SCALED,
    Activation,
    Bias,
    Form,
    Grids,
    Weights,
    Writer,
    difference_of,
    network_of,
    run_simulation,
)

Array = npt.NDArray[Any]


def simulated(export: Export) -> Simulated:
    layers = export.plan.placement.layers
    return simulate(export.path, export.ready.network, layers, export.feeds[0])


def by_layer(found: Simulated) -> dict[str, OperatorDifference]:
    return {each.layer: each for each in found.differences}


# ---- the kernel and ties ---------------------------------------------------------------------


def test_that_dimensions_left_open_are_left_open_for_the_kernel_too(tmp_path: Path) -> None:
    """For fixed ones the runtime makes a Gemm of the product and rounds its bias."""
    found = by_layer(simulated(exported(models.transformer_block(), FIXED, tmp_path)))
    assert found["value.matmul"].kernel == "MatMulIntegerToFloat"
    assert found["value.matmul"].as_run.share == 0.0


def test_that_values_on_ties_are_those_counted_by_hand(tmp_path: Path) -> None:
    export = exported(models.transformer_block(), FIXED, tmp_path)
    types, stored = export.plan.types, export.rewritten.stored
    operands = export.ready.network.layer("residual1").inputs
    tapped = exports.with_outputs(export.model, [stored[name] for name in operands])
    values = exports.run(tapped, export.feeds[0], optimized=False)
    total = sum(values[stored[name]] * np.float64(types[name].step) for name in operands)
    steps = total / types["residual1"].step
    even, up = np.rint(steps), np.floor(steps + 0.5)
    away = np.sign(steps) * np.floor(np.abs(steps) + 0.5)
    assert abs(away).max() <= 127  # nothing saturates
    row = by_layer(simulated(export))["residual1"]
    assert row.ties_away == np.mean(away != even) > 0.1
    assert row.ties_up == np.mean(up != even) > 0.1


# ---- what is said of the runtime -------------------------------------------------------------


def bias_writer(count: int, grids: Grids) -> Writer:
    """A convolution whose only sums will be its biases, one for each channel."""
    weights = Weights((count, 1, 1, 1))
    return Writer(Form("Conv", (Activation((1, 1, 2, 2)), weights, Bias(count))), grids)


def rounded_sums(
    sums: Array, scale: np.float32, grids: Grids, folder: Path
) -> tuple[Array, Array, int]:
    """What becomes of 32-bit ``sums`` by our integers and by the runtime's kernel on an output
    of ``scale``, and the zero point."""
    writer = bias_writer(sums.size, grids)
    model = writer.model()
    replaced: dict[str, Array] = {
        "x1": np.zeros((sums.size, 1, 1, 1), np.int8),
        "x2": sums.astype(np.int32),
        "y0.scale": np.asarray(scale),
    }
    for tensor in model.graph.initializer:
        if tensor.name in replaced:
            tensor.CopyFrom(numpy_helper.from_array(replaced[tensor.name], tensor.name))
    path = folder / "sums.onnx"
    onnx.save(model, path)
    file = QuantizedFile(path)
    operator = file.operator(network_of("Conv").layers[0])
    known = comparison.values_for(file, [operator], writer.feed)
    (exact,) = exact_results(file.call(operator, known))
    grid = file.grid(file.maker("y0.stored"), 4)
    ran, kernels = OperatorsAlone(file, [operator], known).run()
    assert kernels["it"] == "QLinearConv"
    ours, theirs = requantize(exact, grid), ran["y0.stored"]
    return ours[0, :, 0, 0], theirs[0, :, 0, 0], int(grid.zero_point)


def test_that_integer_kernels_multiply_by_a_float32_and_round_ties_to_even(tmp_path: Path) -> None:
    """On sums where that is not the exact result, which ours is: a step apart, as said."""
    writer = bias_writer(1, SCALED)
    writer.model()
    one, other = (np.float64(scale) for scale in writer.scales[:2])
    scale = np.float32(one * other / 3e-5)
    multiplier = np.float32(one * other) / scale
    sums = np.arange(-3_000_000, 3_000_000)
    exact = np.rint(sums * (one * other / np.float64(scale)))
    in_float32 = np.rint(sums.astype(np.float32) * multiplier)
    sums, in_float32 = (array[exact != in_float32] for array in (sums, in_float32))
    assert sums.size > 5
    ours, theirs, zero_point = rounded_sums(sums, scale, SCALED, tmp_path)
    assert theirs.tolist() == (in_float32 + zero_point).tolist()
    assert abs(ours - theirs).tolist() == [1] * sums.size


def test_that_a_kernel_rounds_every_tie_of_a_shift_to_even(tmp_path: Path) -> None:
    wholes = np.arange(-127, 127)
    writer = bias_writer(1, POWERS_OF_TWO)
    writer.model()
    scale = np.float32(32 * writer.scales[0] * writer.scales[1])
    ours, theirs, _ = rounded_sums(32 * wholes + 16, scale, POWERS_OF_TWO, tmp_path)
    assert theirs.tolist() == (wholes + wholes % 2).tolist()
    assert ours.tolist() == theirs.tolist()


def test_that_16_bit_activations_rounded_to_8_bits_by_the_runtime_are_seen(tmp_path: Path) -> None:
    """As ONNX Runtime 1.32 does before 8-bit weights, unless a session asks it not to."""
    words = Grids(powers_of_two=False, word=np.uint16)
    form = Form("MatMul", (Activation((2, 5, 32)), Weights((32, 7))), opset=21)
    found = difference_of(form, words, tmp_path)
    assert found.kernel == "MatMulNBits"
    assert found.as_written.steps <= 1
    assert found.as_run.steps > 10


# ---- faults ----------------------------------------------------------------------------------


def shifted_zero_point(grid: Grid, stored: Array) -> Steps:
    return Steps(stored.astype(np.int64) - grid.zero_point + 1, grid.scale)


def padded_with_the_lowest(values: Array, windows: Any, fill: float) -> Array:
    return padded(values, windows, fill - 128)


FAULTS: dict[str, tuple[Any, str, Any, str]] = {
    "padding": (products, "padded", padded_with_the_lowest, "Conv"),
    "zero point": (Grid, "steps", shifted_zero_point, "Add"),
    "bias": (products, "with_bias", lambda sums, bias, trailing: sums, "Gemm"),
    "tie": (
        comparison,
        "requantize",
        lambda exact, grid, ties=Ties.EVEN: requantize(exact, grid, Ties.AWAY),
        "Add",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_that_a_fault_in_the_simulation_is_seen(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, name, wrong, operator = FAULTS[fault]
    form = next(form for form in forms.EXACT if form.operator == operator)
    assert difference_of(form, POWERS_OF_TWO, tmp_path).as_written.steps == 0
    monkeypatch.setattr(room, name, wrong)
    found = difference_of(form, POWERS_OF_TWO, tmp_path)
    assert found.as_written.steps >= 1


def test_that_another_weight_in_the_runtimes_file_is_seen_in_that_operator_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each operator is judged on the runtime's own inputs: what one does wrong stays with it."""
    export = exported(models.residual_net(), FIXED, tmp_path)
    plain = QuantizedFile.call

    def call(file: QuantizedFile, operator: Operator, values: Values) -> Call:
        made = plain(file, operator, values)
        if operator.layer.name == "conv4":
            weights = made.steps(1)
            inputs = [made.inputs[0], Steps(weights.integers + 1, weights.step), made.inputs[2]]
            return replace(made, inputs=inputs)
        return made

    monkeypatch.setattr(QuantizedFile, "call", call)
    found = simulated(export)
    assert [each.layer for each in found.differences if each.as_written.steps] == ["conv4"]
    assert found.off() == ["conv4 (QLinearConv)"]


# ---- what is not simulated -------------------------------------------------------------------


def test_that_an_operator_without_simulation_is_listed_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(table.SIMULATIONS, "MaxPool")
    found = simulated(exported(models.residual_net(), RUNTIME, tmp_path))
    assert found.missing == (("pool", "it has no simulation"),)
    assert len(found.differences) == 11


def test_that_a_result_of_another_shape_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(table.SIMULATIONS, "Relu", lambda call: Reals(call.values(0)[:1, :1]))
    writer = Writer(Form("Relu", (Activation((2, 3)),)), SCALED)
    found = run_simulation(writer.model(), writer.feed, tmp_path)
    assert found == Simulated(missing=(("it", "its result has another shape here"),))


def test_that_work_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = exported(models.residual_net(), RUNTIME, tmp_path)
    monkeypatch.setattr(comparison, "MOST_WORK", 2_000_000)
    found = simulated(export)
    assert 0 < len(found.differences) < 12
    assert {reason for _, reason in found.missing} == {
        "left out, so that the export does not take long"
    }
    assert len(found.differences) + len(found.missing) == 12


IMAGE = Activation((1, 2, 4, 4))
SCALES = np.array([1, 1, 2, 2], np.float32)
NOT_SIMULATED = [
    (Form("Resize", (IMAGE, None, SCALES), {"mode": "cubic"}), "by cubic"),
    (Form("Resize", (IMAGE, None, SCALES), {"mode": "linear", "antialias": 1}), "antialias"),
    (
        Form(
            "Resize",
            (IMAGE, np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32), SCALES),
            {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"},
        ),
        "tf_crop_and_resize coordinates",
    ),
    (Form("Pad", (IMAGE, np.array([0, 0, -1, 0, 0, 0, 0, 1]))), "negative padding"),
    (Form("Add", (IMAGE, np.ones(4, np.float32))), "input 2 is not quantized"),
    (Form("Relu", (Weights((3, 4), 0),)), "input 1 has a step for each channel"),
    (Form("Tanh", (IMAGE,), in_float=True), "its result stays in float"),
]


@pytest.mark.parametrize(("form", "reason"), NOT_SIMULATED, ids=str)
def test_that_a_form_without_simulation_says_why(form: Form, reason: str, tmp_path: Path) -> None:
    writer = Writer(form, SCALED)
    found = run_simulation(writer.model(), writer.feed, tmp_path)
    assert found.differences == ()
    assert [label for label, _ in found.missing] == ["it"]
    assert reason in found.missing[0][1]


# ---- results in float, and results that nothing reads ----------------------------------------


@pytest.mark.parametrize("bias", [None, Bias(5), np.ones(5, np.float32)], ids=type)
def test_that_a_result_that_stays_in_float_is_compared_in_steps_of_its_sums(
    bias: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operands = (Activation((6, 12)), Weights((12, 5), 1), bias)
    form = Form("Gemm", operands[: 2 if bias is None else 3], in_float=True)
    exact = difference_of(form, SCALED, tmp_path)
    assert (exact.values, exact.as_written.steps, exact.ties_away) == (30, 0, 0.0)
    assert exact.as_run.steps <= 1
    plain = products._product
    monkeypatch.setattr(products, "_product", lambda a, b: plain(a, b) + 3)
    assert difference_of(form, SCALED, tmp_path).as_written.steps == 3


def test_that_outputs_that_nothing_reads_are_left_out(tmp_path: Path) -> None:
    writer = Writer(Form("Split", (IMAGE,), {"axis": 1, "num_outputs": 2}, outputs=2), SCALED)
    model = writer.model()
    nodes = [node for node in model.graph.node if not node.input[0].startswith("y1")]
    del model.graph.node[:], model.graph.output[1:]
    model.graph.node.extend(nodes)
    (found,) = run_simulation(model, writer.feed, tmp_path).differences
    assert (found.values, found.as_written.steps) == (16, 0)


def test_that_an_operator_whose_result_nothing_reads_is_listed(tmp_path: Path) -> None:
    writer = Writer(Form("Relu", (IMAGE,)), SCALED)
    model = writer.model()
    nodes = [node for node in model.graph.node if not node.input[0].startswith("y0")]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output[0].name = "x0.real"
    found = run_simulation(model, writer.feed, tmp_path)
    assert found == Simulated(missing=(("it", "nothing reads its result"),))


def test_that_a_shape_that_the_network_computes_is_taken_from_the_run(tmp_path: Path) -> None:
    writer = Writer(Form("Reshape", (Activation((2, 6)), np.array([3, 4]))), SCALED)
    model = writer.model()
    shape = next(tensor for tensor in model.graph.initializer if tensor.name == "x1")
    shape.name = "given"
    model.graph.node.insert(0, onnx.helper.make_node("Identity", ["given"], ["x1"]))
    (found,) = run_simulation(model, writer.feed, tmp_path).differences
    assert (found.values, found.as_written.steps, found.as_run.steps) == (12, 0, 0)


# ---- the export report -----------------------------------------------------------------------


def test_that_the_report_has_what_the_simulation_of_the_first_sample_finds(
    tmp_path: Path,
) -> None:
    export = exported(models.residual_net(), FIXED, tmp_path)
    report: ExportReport = exports.finish(verification(export).run(lambda: False))
    assert report.simulation == simulated(export).differences
    assert report.not_simulated == ()
    assert report.simulated().startswith("18 of 18 operators: at most 0 steps from the file")


def test_that_a_kernel_more_than_a_step_off_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exported(models.residual_net(), FIXED, tmp_path)
    plain = OperatorsAlone.run

    def saturating(alone: OperatorsAlone) -> Any:
        results, kernels = plain(alone)
        name = export.rewritten.stored["add"]
        return {**results, name: np.clip(results[name], -20, 20)}, kernels

    monkeypatch.setattr(OperatorsAlone, "run", saturating)
    report: ExportReport = exports.finish(verification(export).run(lambda: False))
    warning = "The result is more than a step from integer arithmetic in add (QLinearAdd)"
    assert warning in report.warnings


def test_that_a_verification_that_was_stopped_simulates_nothing(tmp_path: Path) -> None:
    export = exported(models.conv_relu(), FIXED, tmp_path)
    report: ExportReport = exports.finish(verification(export).run(lambda: True))
    assert (report.simulation, report.not_simulated, report.simulated()) == ((), (), "")
