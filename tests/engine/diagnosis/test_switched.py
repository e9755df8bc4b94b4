"""One graph answers for every rounding: as the exported file, as float, and all between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.diagnosis.noise_sources import Reading
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.diagnosis.switched import NOTHING, Roundings, SwitchedNetwork
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.writing import save_model
from tests.engine import models
from tests.engine.diagnosis.benches import Array, Case, case_of
from tests.engine.exports import run

NETS = {
    "residual": models.residual_net,
    "old style": models.old_style_net,
    "transformer": models.transformer_block,
}
SETTINGS = {
    "fixed point": PlanSettings(target="fixed-point", bias_word_length=8),
    "runtime": PlanSettings(),
    "16 bits": PlanSettings(word_length=16),
    "tensorrt": PlanSettings(target="tensorrt"),
}


def switched(case: Case) -> SwitchedNetwork:
    tensors = [name for name in case.calibration.statistics if name not in case.ready.parameters]
    return SwitchedNetwork(case.ready, tensors, ())


def outputs_of(network: SwitchedNetwork, case: Case, roundings: Roundings) -> list[Array]:
    (port, *_) = (each.name for each in case.ready.network.outputs)
    return [network.run(feed, roundings, [port])[port] for feed in case.feeds]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_that_with_all_roundings_it_yields_what_the_file_yields(
    net: Callable[[], onnx.ModelProto], settings: PlanSettings, tmp_path: Path
) -> None:
    """The file runs as it is written; a value next to a tie may be a step off."""
    case = case_of(net(), tmp_path)
    bench = case.bench(settings)
    (path,) = save_model(rewrite(case.ready, bench.plan).model, tmp_path / "file.onnx")
    (port,) = (each.name for each in case.ready.network.outputs)
    roundings = bench.all_of(bench.plan)
    for feed in case.feeds:
        ours = bench._switched.run(feed, roundings, [port])[port]
        theirs = run(path, feed, optimized=False)[port]
        step = bench.plan.types[port].step if port in bench.plan.types else 0.0
        spread = np.abs(theirs).max()
        assert np.abs(ours - theirs).max() <= step * 1.01 + 1e-2 * spread
        assert np.abs(ours - theirs).mean() <= 0.1 * step + 1e-3 * spread


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_that_with_none_it_is_the_float_network(
    net: Callable[[], onnx.ModelProto], tmp_path: Path
) -> None:
    case = case_of(net(), tmp_path)
    (port, *_) = (each.name for each in case.ready.network.outputs)
    found = outputs_of(switched(case), case, NOTHING)
    for feed, ours in zip(case.feeds, found, strict=True):
        np.testing.assert_allclose(ours, run(case.model, feed)[port], rtol=1e-4, atol=1e-5)


def test_that_a_rounded_input_is_the_float_network_on_rounded_samples(tmp_path: Path) -> None:
    case = case_of(models.residual_net(), tmp_path)
    kind = case.bench(PlanSettings()).plan.types["x"]
    found = outputs_of(switched(case), case, Roundings({Reading("x", "conv1"): kind}))
    for feed, ours in zip(case.feeds, found, strict=True):
        rounded = {"x": kind.cast(feed["x"]).astype(np.float32)}
        np.testing.assert_allclose(ours, run(case.model, rounded)["gemm"], rtol=1e-4, atol=1e-5)


def test_that_rounded_weights_are_those_of_the_float_network_with_them(tmp_path: Path) -> None:
    case = case_of(models.residual_net(), tmp_path)
    kind = case.bench(PlanSettings()).plan.types["gemm.weight"]
    found = outputs_of(switched(case), case, Roundings({}, {"gemm.weight": kind}))
    changed = onnx.ModelProto()
    changed.CopyFrom(case.model)
    (tensor,) = (each for each in changed.graph.initializer if each.name == "gemm.weight")
    left = kind.cast(case.ready.parameters["gemm.weight"]).astype(np.float32)
    tensor.CopyFrom(onnx.numpy_helper.from_array(left, tensor.name))
    for feed, ours in zip(case.feeds, found, strict=True):
        np.testing.assert_allclose(ours, run(changed, feed)["gemm"], rtol=1e-4, atol=1e-5)


def test_that_a_rounding_reaches_one_reader_and_not_the_others(tmp_path: Path) -> None:
    """Of relu1, which conv2 and add read, only the sum sees it."""
    case = case_of(models.residual_net(), tmp_path)
    bench = case.bench(PlanSettings())
    rounding = Roundings({Reading("relu1", "add"): bench.plan.types["relu1"]})
    network = SwitchedNetwork(case.ready, ["relu1"], ["relu6", "add"])
    exact, seen = (
        network.run(case.feeds[0], each, ["relu6", "add"]) for each in (NOTHING, rounding)
    )
    assert np.array_equal(exact["relu6"], seen["relu6"])
    error = np.abs(exact["add"] - seen["add"]).max()
    assert 0.0 < error <= 0.51 * bench.plan.types["relu1"].step


def test_that_types_of_any_plan_can_be_asked_for(tmp_path: Path) -> None:
    case = case_of(models.residual_net(), tmp_path)
    network = switched(case)
    plans = [
        case.calibration.plan(case.ready.network, settings)
        for settings in (PlanSettings(), PlanSettings(word_length=16))
    ]
    narrow, wide = (outputs_of(network, case, network.roundings(plan)) for plan in plans)
    exact = outputs_of(network, case, NOTHING)
    coarse, fine = (
        max(np.abs(one - two).max() for one, two in zip(exact, other, strict=True))
        for other in (narrow, wide)
    )
    assert fine < coarse / 20


def test_that_a_network_without_switches_runs(tmp_path: Path) -> None:
    case = case_of(models.conv_relu(), tmp_path)
    network = SwitchedNetwork(case.ready, [], [])
    assert outputs_of(network, case, NOTHING)[0].shape == (1, 4, 8, 8)


def test_that_only_what_a_plan_rounds_is_switched_on(tmp_path: Path) -> None:
    case = case_of(models.residual_net(), tmp_path)
    settings = replace(PlanSettings(), float_layers=frozenset({"gemm"}))
    bench = case.bench(PlanSettings())
    plan = case.calibration.plan(case.ready.network, settings)
    found = bench.all_of(plan)
    assert "gemm.weight" not in found.parameters
    assert {reading.tensor for reading in found.readings} <= plan.types.keys()
