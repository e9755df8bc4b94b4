"""Compensated rounding of whole networks, measured on the written files by the runtime alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.events import Progress
from quantscope.engine.export.stored_parameters import stored_integers
from quantscope.engine.recovery.weight_rounding import layers
from quantscope.engine.recovery.weight_rounding.layers import round_weights
from tests.engine import models
from tests.engine.exports import (
    FIXED,
    RUNTIME,
    Feed,
    calibration_of,
    finish,
    prepared,
    with_outputs,
)
from tests.engine.models import Builder
from tests.engine.recovery.weight_rounding.cases import FOUR, keep_going, rounding, source_of, sqnr


def bias_free() -> onnx.ModelProto:
    """Convolutions of every kind and a Gemm, none with a bias."""
    b = Builder(21)
    x = b.node("Conv", ["x", b.weight("a.weight", (8, 3, 3, 3), 27)], "a", pads=[1] * 4)
    x = b.node("Relu", [x], "a.relu")
    x = b.node("Conv", [x, b.weight("b.weight", (8, 1, 3, 3), 9)], "b", group=8, strides=[2, 2])
    x = b.node("Relu", [x], "b.relu")
    x = b.node("ConvTranspose", [x, b.weight("c.weight", (8, 6, 2, 2), 32)], "c", strides=[2, 2])
    x = b.node("Relu", [x], "c.relu")
    x = b.node("Flatten", [b.node("GlobalAveragePool", [x], "pool")], "flatten")
    b.node("Gemm", [x, b.weight("d.weight", (6, 5), 6)], "d")
    return b.model({"x": ("batch", 3, 12, 12)}, {"d": ("batch", 5)})


def sharing() -> onnx.ModelProto:
    """Two products with the same weights, one behind the other."""
    b = Builder(22)
    weight = b.weight("weight", (16, 16), 16)
    first = b.node("Tanh", [b.node("MatMul", ["x", weight], "one")], "tanh")
    b.node("MatMul", [first, weight], "two")
    return b.model({"x": ("batch", 16)}, {"two": ("batch", 16)})


# ---- what it gains -------------------------------------------------------------------------------

NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "residual": models.residual_net,
    "transformer": models.transformer_block,
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", FOUR)
def test_that_four_bits_keep_clearly_more_of_the_output_on_samples_that_were_not_seen(
    network: str, target: str, tmp_path: Path
) -> None:
    model = NETWORKS[network]()
    case = rounding(model, FOUR[target], tmp_path, samples=64)
    held_out = models.samples(model, 20, seed=99)
    before, after = (
        sqnr(model, case.file(ready), held_out) for ready in (case.ready, case.rounded.prepared)
    )
    assert after > before + 2.0


def test_that_eight_bits_keep_more_too(tmp_path: Path) -> None:
    model = models.residual_net()
    case = rounding(model, FIXED, tmp_path, samples=64)
    held_out = models.samples(model, 20, seed=99)
    before, after = (
        sqnr(model, case.file(ready), held_out) for ready in (case.ready, case.rounded.prepared)
    )
    assert after > before


@pytest.mark.parametrize("target", FOUR)
def test_that_the_figures_are_those_of_the_layers_in_the_file(target: str, tmp_path: Path) -> None:
    case = rounding(bias_free(), FOUR[target], tmp_path)
    names = [told.layer for told in case.rounded.layers]
    assert names == ["a", "b", "c", "d"]
    exact = onnx.ModelProto.FromString(case.ready.serialized())
    for told in case.rounded.layers:
        assert told.sqnr_after > told.sqnr_before
        measured = []
        for weights in (case.ready, case.rounded.prepared):  # of this layer; rounded before it
            name = f"{told.layer}.weight"
            mixed = replace(
                case.rounded.prepared,
                parameters={**case.rounded.prepared.parameters, name: weights.parameters[name]},
            )
            shown = [only(model, told.layer) for model in (exact, case.file(mixed))]
            measured.append(sqnr(shown[0], shown[1], case.feeds, optimized=False))
        assert [told.sqnr_before, told.sqnr_after] == pytest.approx(measured, abs=0.02)


def only(model: onnx.ModelProto, layer: str) -> onnx.ModelProto:
    """``model`` with what the node called ``layer`` yields as its only output."""
    (node,) = (node for node in model.graph.node if node.name == layer)
    shown = with_outputs(model, [node.output[0]])
    kept = [each for each in shown.graph.output if each.name == node.output[0]]
    del shown.graph.output[:]
    shown.graph.output.extend(kept)
    return shown


# ---- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("target", FOUR)
def test_that_rounding_the_result_again_gives_the_same_integers(
    target: str, bits: int, tmp_path: Path
) -> None:
    settings = replace(FOUR[target], weight_word_length=bits)
    case = rounding(models.residual_net(), settings, tmp_path)
    changed = 0
    for layer in case.ready.network.layers:
        if layer.weights is None:
            continue
        values = case.rounded.prepared.parameters[layer.weights]
        data_type = case.plan.types[layer.weights]
        assert np.array_equal(data_type.cast(values).astype(np.float32), values)
        stored = stored_integers(case.rounded.prepared, case.plan, layer.weights)
        smallest, largest = data_type.limits
        assert smallest <= stored.min() <= stored.max() <= largest
        changed += int((stored != stored_integers(case.ready, case.plan, layer.weights)).sum())
    assert changed > 50


def test_that_the_network_that_came_is_left_as_it_was(tmp_path: Path) -> None:
    model = models.residual_net()
    before = prepared(model, tmp_path)
    case = rounding(model, FOUR["fixed-point"], tmp_path)
    assert case.ready.serialized() == before.serialized()
    for name, values in before.parameters.items():
        assert np.array_equal(case.ready.parameters[name], values)
    assert case.rounded.prepared.network == case.ready.network


def test_that_two_runs_round_alike_however_many_batches_run_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for workers in (1, 1, 3):
        monkeypatch.setattr(layers, "worker_count", lambda *_, count=workers: count)
        found.append(rounding(models.residual_net(), FOUR["onnxruntime"], tmp_path).rounded)
    for each in found[1:]:
        assert each.layers == found[0].layers
        for name, values in found[0].prepared.parameters.items():
            assert np.array_equal(each.prepared.parameters[name], values)


def test_that_layers_kept_in_float_keep_their_weights(tmp_path: Path) -> None:
    settings = FOUR["onnxruntime"].with_layer_quantized("conv3", False)
    case = rounding(models.residual_net(), settings, tmp_path)
    assert "conv3" not in {told.layer for told in case.rounded.layers}
    weights = case.ready.network.layer("conv3").weights
    assert weights is not None
    same = case.rounded.prepared.parameters[weights] == case.ready.parameters[weights]
    assert same.all()


def test_that_a_network_with_nothing_to_round_comes_back_as_it_is(tmp_path: Path) -> None:
    settings = RUNTIME.with_layer_quantized("conv", False)
    case = rounding(models.conv_relu(), settings, tmp_path)
    assert case.rounded.prepared is case.ready
    assert case.rounded.layers == ()


def test_that_weights_shared_in_the_model_are_rounded_for_each_reader(tmp_path: Path) -> None:
    case = rounding(sharing(), FOUR["onnxruntime"], tmp_path, samples=40)
    assert [told.layer for told in case.rounded.layers] == ["one", "two"]
    one, two = (
        case.rounded.prepared.parameters[case.ready.network.layer(name).weights or ""]
        for name in ("one", "two")
    )
    assert (one != two).any()


def test_that_weights_that_cannot_be_rounded_together_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MOST_INPUTS", 20)
    case = rounding(bias_free(), FOUR["onnxruntime"], tmp_path)
    assert [told.layer for told in case.rounded.layers] == ["b", "d"]
    assert case.rounded.notes == (
        "a: weights rounded to nearest, an output has more than 20",
        "c: weights rounded to nearest, an output has more than 20",
    )


def test_that_a_matrix_for_each_index_is_rounded_to_nearest_and_noted(tmp_path: Path) -> None:
    b = Builder(23)
    first = b.node("MatMul", ["x", b.weight("first.weight", (6, 8), 6)], "first")
    b.node("MatMul", [first, b.weight("second.weight", (3, 8, 4), 8)], "second")
    model = b.model({"x": ("batch", 3, 5, 6)}, {"second": ("batch", 3, 5, 4)})
    case = rounding(model, FOUR["fixed-point"], tmp_path)
    assert [told.layer for told in case.rounded.layers] == ["first"]
    note = "second: weights rounded to nearest, each index of a further axis has its own"
    assert case.rounded.notes == (note,)


def test_that_weights_that_are_not_finite_are_left_alone_and_noted(tmp_path: Path) -> None:
    model = models.residual_net()
    ready = prepared(model, tmp_path)
    values = ready.parameters["gemm.weight"].copy()
    values[0, 0] = np.inf
    broken = replace(ready, parameters={**ready.parameters, "gemm.weight": values})
    feeds = models.samples(model, 2)
    calibration = calibration_of(ready, feeds)
    found = finish(round_weights(broken, calibration, RUNTIME, source_of(ready, feeds), keep_going))
    assert found is not None
    assert "gemm" not in {told.layer for told in found.layers}
    assert found.notes == ("gemm: weights rounded to nearest, not all of them are finite",)


# ---- how it runs ---------------------------------------------------------------------------------


def test_that_progress_counts_every_batch_of_every_wave(tmp_path: Path) -> None:
    model = models.residual_net()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 2)
    steps = round_weights(
        ready, calibration_of(ready, feeds), RUNTIME, source_of(ready, feeds), keep_going
    )
    assert list(steps) == [Progress("weight rounding", done, 12) for done in range(1, 13)]


@pytest.mark.parametrize("asked", range(0, 12, 3))
def test_that_it_stops_when_asked_in_any_wave(asked: int, tmp_path: Path) -> None:
    model = models.residual_net()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 2)
    answers = iter([False] * asked)
    steps = round_weights(
        ready,
        calibration_of(ready, feeds),
        RUNTIME,
        source_of(ready, feeds),
        lambda: next(answers, True),
    )
    assert finish(steps) is None


def test_that_no_more_samples_are_read_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MOST_SAMPLES", 3)
    model = models.conv_relu()
    ready = prepared(model, tmp_path)
    feeds = models.samples(model, 9)
    read: list[int] = []

    def note(number: int) -> Feed:
        read.append(number)
        return feeds[number]

    source = replace(source_of(ready, feeds), read=note)
    finish(round_weights(ready, calibration_of(ready, feeds), RUNTIME, source, keep_going))
    assert set(read) == {0, 3, 6}
