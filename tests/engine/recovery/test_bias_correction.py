"""Bias correction against mean errors by channel that numpy finds on the written file itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.events import Progress
from quantscope.core.findings.report import BiasCorrection
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.export.stored_parameters import stored_integers
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery import bias_correction
from quantscope.engine.recovery.bias_correction import Corrected, correct_biases, waves_of
from quantscope.engine.recovery.channel_means import channel_means
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.writing import save_model
from tests.engine import models
from tests.engine.exports import (
    FIXED,
    RUNTIME,
    Feed,
    calibration_of,
    finish,
    prepared,
    session,
    with_outputs,
)

Floats = npt.NDArray[np.float64]
WIDE = PlanSettings(target="fixed-point", bias_word_length=32)
NOISE = DataDescription(kind=SourceKind.RANDOM, samples=8)


def keep_going() -> bool:
    return False


def source_of(ready: Prepared, feeds: Sequence[Feed]) -> SampleSource:
    names = tuple(str(number) for number in range(len(feeds)))
    return SampleSource(inputs=ready.network.inputs, names=names, read=feeds.__getitem__)


@dataclass(frozen=True, eq=False)
class Case:
    """A network before and after its biases were corrected."""

    ready: Prepared
    calibration: Calibration
    settings: PlanSettings
    feeds: Sequence[Feed]
    corrected: Corrected

    @property
    def plan(self) -> Plan:
        return self.corrected.calibration.plan(self.corrected.prepared.network, self.settings)

    @property
    def corrections(self) -> dict[str, BiasCorrection]:
        return {each.layer: each for each in self.corrected.corrections}

    def bytes(self, folder: Path) -> bytes:
        """The file with the corrected biases."""
        model = rewrite(self.corrected.prepared, self.plan).model
        (path,) = save_model(model, folder / "corrected.onnx", overwrite=True)
        return path.read_bytes()

    def errors(self, layers: dict[str, str], *, corrected: bool) -> dict[str, Floats]:
        """E[file] - E[float] by channel at the nodes ``layers`` (node of each layer)."""
        if corrected:
            file = rewrite(self.corrected.prepared, self.plan).model
        else:
            plan = self.calibration.plan(self.ready.network, self.settings)
            file = rewrite(self.ready, plan).model
        seen = node_means(ir.to_proto(file), layers, self.feeds)
        true = node_means(onnx.ModelProto.FromString(self.ready.serialized()), layers, self.feeds)
        return {name: seen[name] - true[name] for name in layers}


def node_means(
    model: onnx.ModelProto, layers: dict[str, str], feeds: Sequence[Feed]
) -> dict[str, Floats]:
    """The mean by channel of what each node gives, from plain runs without optimizations."""
    nodes = {node.name: node for node in model.graph.node}
    taps = {layer: nodes[node].output[0] for layer, node in layers.items()}
    running = session(with_outputs(model, list(taps.values())), optimized=False)
    runs = [running.run(list(taps.values()), dict(feed)) for feed in feeds]
    means = {}
    for number, (layer, node) in enumerate(layers.items()):
        channels = 1 if nodes[node].op_type.startswith("Conv") else -1
        every = [np.moveaxis(values[number], channels, 0) for values in runs]
        flat = np.concatenate([values.reshape(len(values), -1) for values in every], axis=1)
        means[layer] = flat.astype(np.float64).mean(axis=1)
    return means


def correct(
    model: onnx.ModelProto, settings: PlanSettings, folder: Path, *, samples: int = 6
) -> Case:
    feeds = models.samples(model, samples)
    ready = prepared(model, folder)
    calibration = calibration_of(ready, feeds)
    source = source_of(ready, feeds)
    found = finish(correct_biases(ready, calibration, settings, source, keep_going))
    assert found is not None
    return Case(ready, calibration, settings, feeds, found)


def nodes_of(case: Case) -> dict[str, str]:
    return {name: name for name in case.corrections}


def bias_free(operator: str) -> onnx.ModelProto:
    """A Conv, and behind it a layer of ``operator``, both without a bias."""
    b = models.Builder(7)
    first = b.weight("first.weight", (4, 3, 3, 3), 27)
    x = b.node("Relu", [b.node("Conv", ["x", first], "first", pads=[1] * 4)], "relu")
    if operator == "ConvTranspose":
        weight = b.weight("last.weight", (4, 3, 2, 2), 8)
        b.node("ConvTranspose", [x, weight], "last", strides=[2, 2], group=2)
        return b.model({"x": ("batch", 3, 8, 8)}, {"last": ("batch", 6, 16, 16)})
    flat = b.node("Flatten", [x], "flatten")
    b.node(operator, [flat, b.weight("last.weight", (256, 5), 256)], "last")
    return b.model({"x": ("batch", 3, 8, 8)}, {"last": ("batch", 5)})


def with_shared_bias() -> onnx.ModelProto:
    """Two convolutions behind one another that add the same numbers."""
    b = models.Builder(8)
    bias = b.constant("shared", 0.1 * b.random.standard_normal(4))
    x = b.node("Conv", ["x", b.weight("w1", (4, 3, 3, 3), 27), bias], "one")
    b.node("Conv", [b.node("Relu", [x], "relu"), b.weight("w2", (4, 4, 3, 3), 36), bias], "two")
    return b.model({"x": ("batch", 3, 8, 8)}, {"two": ("batch", 4, 4, 4)})


def exact() -> tuple[onnx.ModelProto, list[Feed]]:
    """A Conv whose inputs, weights and bias are small multiples of powers of two."""
    b = models.Builder(9)
    draw = np.random.default_rng(9).integers
    weight = b.constant("w", draw(-64, 64, (4, 3, 3, 3)) / 64)
    bias = b.constant("b", draw(-64, 64, 4) / 64)
    b.node("Conv", ["x", weight, bias], "conv")
    model = b.model({"x": ("batch", 3, 8, 8)}, {"conv": ("batch", 4, 6, 6)})
    feeds = [{"x": (draw(-64, 64, (1, 3, 8, 8)) / 64).astype(np.float32)} for _ in range(4)]
    return model, feeds


# ---- what it achieves ----------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [WIDE, RUNTIME], ids=["fixed-point", "onnxruntime"])
def test_that_the_mean_error_of_every_layer_shrinks_to_less_than_a_fifth(
    settings: PlanSettings, tmp_path: Path
) -> None:
    case = correct(models.residual_net(), settings, tmp_path)
    before = case.errors(nodes_of(case), corrected=False)
    after = case.errors(nodes_of(case), corrected=True)
    assert len(before) == 7
    for name in before:
        step = case.plan.types[case.ready.network.layer(name).outputs[0]].step
        allowed = max(np.abs(before[name]).mean() / 5, 0.01 * step)  # int32 has a step as well
        assert np.abs(after[name]).mean() < allowed, name
    total = [sum(np.abs(each).sum() for each in errors.values()) for errors in (before, after)]
    assert total[1] < total[0] / 20


@pytest.mark.parametrize("settings", [FIXED, WIDE], ids=["8 bits", "32 bits"])
def test_that_what_remains_is_the_rounding_of_the_bias(
    settings: PlanSettings, tmp_path: Path
) -> None:
    case = correct(models.residual_net(), settings, tmp_path)
    for name, error in case.errors(nodes_of(case), corrected=True).items():
        layer = case.corrected.prepared.network.layer(name)
        assert layer.bias is not None
        bias = case.plan.types[layer.bias]
        values = case.corrected.prepared.parameters[layer.bias]
        rounding = bias.cast(values).astype(np.float64) - values
        assert np.allclose(error, rounding, rtol=0.0, atol=1e-5), name


def test_that_the_type_of_a_short_bias_follows_from_the_corrected_values(tmp_path: Path) -> None:
    case = correct(models.residual_net(), FIXED, tmp_path)
    for name in case.corrections:
        layer = case.corrected.prepared.network.layer(name)
        assert layer.bias is not None
        found = case.plan.types[layer.bias]
        assert isinstance(found, FixedPoint)
        assert found.word_length == 8
        largest = np.abs(case.corrected.prepared.parameters[layer.bias]).max()
        assert largest < 2.0 ** (7 - found.fraction_length)


@pytest.mark.parametrize("settings", [FIXED, RUNTIME], ids=["fixed-point", "onnxruntime"])
def test_that_the_report_says_what_numpy_finds(settings: PlanSettings, tmp_path: Path) -> None:
    case = correct(models.residual_net(), settings, tmp_path)
    before = case.errors(nodes_of(case), corrected=False)
    after = case.errors(nodes_of(case), corrected=True)
    for name, told in case.corrections.items():
        layer = case.ready.network.layer(name)
        step = case.plan.types[layer.outputs[0]].step
        assert told.label == layer.label
        assert told.error_before == pytest.approx(np.abs(before[name]).mean() / step, abs=1e-4)
        assert told.error_after == pytest.approx(np.abs(after[name]).mean() / step, abs=1e-4)
        assert layer.bias is not None
        new = case.corrected.prepared.parameters[layer.bias]
        change = np.abs(new - case.ready.parameters[layer.bias]).max()
        assert told.largest == pytest.approx(change / step, rel=1e-4)


def test_that_nothing_changes_where_input_and_weights_are_exact(tmp_path: Path) -> None:
    model, feeds = exact()
    ready = prepared(model, tmp_path)
    calibration = calibration_of(ready, feeds)
    source = source_of(ready, feeds)
    found = finish(correct_biases(ready, calibration, WIDE, source, keep_going))
    assert found is not None
    (correction,) = found.corrections
    assert correction.largest < 1e-5
    plans = calibration.plan(ready.network, WIDE), found.calibration.plan(ready.network, WIDE)
    integers = [
        stored_integers(each, plan, "b")
        for each, plan in zip((ready, found.prepared), plans, strict=True)
    ]
    assert np.array_equal(*integers)


def test_that_words_of_16_bits_are_corrected_too(tmp_path: Path) -> None:
    case = correct(models.residual_net(), WIDE.with_word_length(16), tmp_path)
    for told in case.corrections.values():
        assert told.error_after < max(told.error_before / 2, 0.05)


# ---- biases of every kind ------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [FIXED, RUNTIME], ids=["fixed-point", "onnxruntime"])
@pytest.mark.parametrize("operator", ["Gemm", "ConvTranspose"])
def test_that_layers_without_a_bias_get_one(
    operator: str, settings: PlanSettings, tmp_path: Path
) -> None:
    case = correct(bias_free(operator), settings, tmp_path)
    before = case.errors(nodes_of(case), corrected=False)
    after = case.errors(nodes_of(case), corrected=True)
    assert list(before) == ["first", "last"]
    for name in before:
        assert case.ready.network.layer(name).bias is None
        assert case.corrected.prepared.network.layer(name).bias == f"{name}_bias"
        assert np.abs(after[name]).mean() < np.abs(before[name]).mean()
    onnx.checker.check_model(case.bytes(tmp_path), full_check=True)


def test_that_a_product_without_a_bias_stays_and_is_noted(tmp_path: Path) -> None:
    case = correct(bias_free("MatMul"), RUNTIME, tmp_path)
    assert list(case.corrections) == ["first"]
    assert case.corrected.notes == ("last: bias not corrected, MatMul has none",)


def test_that_a_bias_added_in_float_is_corrected_there(tmp_path: Path) -> None:
    case = correct(models.transformer_block(), RUNTIME, tmp_path)
    adds = {name: name.removesuffix(".matmul") for name in case.corrections}
    assert set(adds.values()) == {"query", "key", "value", "out", "up", "down"}
    before, after = (case.errors(adds, corrected=flag) for flag in (False, True))
    for name in adds:
        assert np.abs(after[name]).mean() < np.abs(before[name]).mean() / 100
        layer = case.corrected.prepared.network.layer(name)
        assert layer.bias is not None
        assert layer.bias not in case.plan.types
    assert case.corrected.prepared.network.tensors.keys() == case.ready.network.tensors.keys()


def test_that_layers_that_shared_a_bias_are_corrected_each_by_its_own(tmp_path: Path) -> None:
    case = correct(with_shared_bias(), RUNTIME, tmp_path)
    network = case.corrected.prepared.network
    biases = [network.layer(name).bias for name in ("one", "two")]
    assert biases == [case.ready.network.layer(name).bias for name in ("one", "two")]
    assert len(set(biases)) == 2
    before, after = (case.errors(nodes_of(case), corrected=flag) for flag in (False, True))
    for name in before:
        assert np.abs(after[name]).mean() < np.abs(before[name]).mean() / 5


def test_that_a_new_bias_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    model = bias_free("Gemm")
    for node in model.graph.node:
        node.input[:] = ["first_bias" if name == "relu" else name for name in node.input]
        node.output[:] = ["first_bias" if name == "relu" else name for name in node.output]
    case = correct(model, RUNTIME, tmp_path)
    assert case.corrected.prepared.network.layer("first").bias == "first_bias_"
    onnx.checker.check_model(case.bytes(tmp_path), full_check=True)


def test_that_layers_kept_in_float_keep_their_biases(tmp_path: Path) -> None:
    settings = RUNTIME.with_layer_quantized("conv3", False)
    case = correct(models.residual_net(), settings, tmp_path)
    assert "conv3" not in case.corrections
    bias = case.ready.network.layer("conv3").bias
    assert bias is not None
    assert np.array_equal(case.corrected.prepared.parameters[bias], case.ready.parameters[bias])


def test_that_a_network_with_nothing_to_correct_comes_back_as_it_is(tmp_path: Path) -> None:
    settings = RUNTIME.with_layer_quantized("conv", False)
    case = correct(models.conv_relu(), settings, tmp_path)
    assert case.corrected.prepared is case.ready
    assert case.corrected.corrections == ()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")
def test_that_channels_without_a_finite_mean_are_left_alone_and_noted(tmp_path: Path) -> None:
    model = models.conv_relu()
    (weight,) = (each for each in model.graph.initializer if each.name == "conv.weight")
    values = onnx.numpy_helper.to_array(weight).copy()
    values[1] = 3e38
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    case = correct(model, RUNTIME, tmp_path)
    new = case.corrected.prepared.parameters["conv.bias"]
    old = case.ready.parameters["conv.bias"]
    assert (new != old).tolist() == [True, False, True, True]
    assert case.corrected.notes == ("conv: bias of 1 channels not corrected, no finite mean",)


# ---- how it runs ---------------------------------------------------------------------------------


def test_that_the_network_that_came_is_left_as_it_was(tmp_path: Path) -> None:
    model = models.residual_net()
    before = prepared(model, tmp_path)
    case = correct(model, RUNTIME, tmp_path)
    assert case.ready.serialized() == before.serialized()
    assert case.ready.network == before.network
    for name, values in before.parameters.items():
        assert np.array_equal(case.ready.parameters[name], values)


def test_that_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    files = [correct(models.residual_net(), FIXED, tmp_path).bytes(tmp_path) for _ in range(2)]
    assert files[0] == files[1]


def test_that_layers_beside_one_another_are_measured_together(tmp_path: Path) -> None:
    ready = prepared(models.residual_net(), tmp_path)
    names = [layer.name for layer in ready.network.layers if layer.weights is not None]
    waves = waves_of(ready.model, names)
    assert waves == [["conv1"], ["conv2"], ["conv3"], ["conv4", "conv5"], ["conv6"], ["gemm"]]


def test_that_a_layer_behind_a_branch_of_the_graph_comes_after_all_before_it() -> None:
    text = """<ir_version: 8, opset_import: ["" : 13]>
    net (float[2] x, bool c) => (float[2] y) {
        a = Relu(x)
        b = If(c) <then_branch = one () => (float[2] t) { t = Neg(a) },
                   else_branch = two () => (float[2] e) { e = Abs(a) }>
        y = Relu(b)
    }"""
    model = ir.from_proto(onnx.parser.parse_model(text))
    for node in model.graph:
        node.name = node.outputs[0].name
    assert waves_of(model, ["a", "y"]) == [["a"], ["y"]]


def test_that_progress_counts_every_batch_of_every_pass(tmp_path: Path) -> None:
    model = models.residual_net()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 2)
    steps = correct_biases(
        ready, calibration_of(ready, feeds), RUNTIME, source_of(ready, feeds), keep_going
    )
    heard = list(steps)
    assert heard == [Progress("bias correction", done, 18) for done in range(1, 19)]


def test_that_no_more_samples_are_read_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bias_correction, "MOST_SAMPLES", 3)
    model = models.conv_relu()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 9)
    read: list[int] = []

    def note(number: int) -> Feed:
        read.append(number)
        return feeds[number]

    source = replace(source_of(ready, feeds), read=note)
    finish(correct_biases(ready, calibration_of(ready, feeds), RUNTIME, source, keep_going))
    assert set(read) == {0, 3, 6}


def test_that_the_order_of_adding_does_not_depend_on_how_many_run_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = []
    for workers in (1, 3):
        monkeypatch.setattr(bias_correction, "worker_count", lambda *_, count=workers: count)
        corrected.append(correct(models.residual_net(), RUNTIME, tmp_path).corrected)
    one, three = (each.prepared.parameters for each in corrected)
    assert all(np.array_equal(one[name], three[name]) for name in one)


@pytest.mark.parametrize("asked", range(1, 12, 3))
def test_that_it_stops_when_asked_in_any_pass(asked: int, tmp_path: Path) -> None:
    model = models.conv_relu()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 3)
    answers = iter([False] * asked)
    steps = correct_biases(
        ready,
        calibration_of(ready, feeds),
        RUNTIME,
        source_of(ready, feeds),
        lambda: next(answers, True),
    )
    assert finish(steps) is None


def test_that_means_are_over_all_but_the_channels_and_leave_out_copies() -> None:
    given = [np.arange(24.0).reshape(2, 3, 4) + 100 * n for n in range(2)]
    batches = [
        lambda: bias_correction.Batch({"x": given[0].astype(np.float32)}, 2, 2),
        lambda: bias_correction.Batch({"x": given[1].astype(np.float32)}, 1, 2),
    ]
    b = models.Builder(1)
    b.node("Identity", ["x"], "y")
    model = ir.from_proto(b.model({"x": (2, 3, 4)}, {"y": (2, 3, 4)}))
    found = finish(channel_means(model, {"y": 1}, batches, "net"))
    every = np.concatenate([given[0], given[1][:1]])
    assert np.allclose(found["y"], every.mean(axis=(0, 2)))
    for workers in (2, 5):
        again = finish(channel_means(model, {"y": 1}, batches, "net", workers))
        assert np.array_equal(again["y"], found["y"])


# ---- the whole export ----------------------------------------------------------------------------


def exported(folder: Path, settings: PlanSettings, name: str, stop: tasks.Stop = keep_going):
    model = str(models.save(models.residual_net(), folder))
    calibration, _ = finish(tasks.calibrate(model, NOISE, False, keep_going))
    output = str(folder / name)
    return finish(tasks.export(model, calibration, settings, output, 2, True, stop))


def test_that_an_export_compares_with_the_network_as_it_came(tmp_path: Path) -> None:
    plain = exported(tmp_path, FIXED, "plain.onnx")
    report = exported(tmp_path, FIXED.with_switch("correct_bias", True), "corrected.onnx")
    assert plain.corrections == ()
    assert len(report.corrections) == 7
    assert report.outputs[0].sqnr > plain.outputs[0].sqnr
    assert report.integer_kernels == plain.integer_kernels
    biases = [each for each in report.tensors if each.tensor.endswith(".bias")]
    assert biases
    assert all(each.predicted == pytest.approx(each.measured, abs=0.1) for each in biases)


def test_that_a_stopped_correction_leaves_no_file(tmp_path: Path) -> None:
    answers = iter([False] * 20)
    with pytest.raises(tasks.Stopped):
        exported(
            tmp_path,
            RUNTIME.with_switch("correct_bias", True),
            "stopped.onnx",
            lambda: next(answers, True),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
