"""What layers cost: measured alone and together, within a budget, again from where it stopped."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.diagnosis.sensitivity import Sensitivity, decibels
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.diagnosis.sensitivity import AT_ONCE, Effort
from tests.engine import models
from tests.engine.diagnosis.benches import Case, case_of, finish, noise, told
from tests.engine.exports import Array, run

SETTINGS = PlanSettings()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of(models.residual_net(), tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def everything(case: Case) -> Sensitivity:
    return case.measured(SETTINGS)


@pytest.fixture(scope="module")
def cumulated(case: Case) -> Sensitivity:
    return case.measured(SETTINGS, Effort(cumulative=True))


def with_weights(case: Case, names: list[str], settings: PlanSettings) -> onnx.ModelProto:
    """The prepared float network with these parameters rounded to the plan's types."""
    model: onnx.ModelProto = onnx.ModelProto.FromString(case.ready.serialized())
    types = case.calibration.plan(case.ready.network, settings).types
    for tensor in model.graph.initializer:
        if tensor.name in names:
            left = np.asarray(types[tensor.name].cast(case.ready.parameters[tensor.name]))
            rounded = onnx.numpy_helper.from_array(left.astype(np.float32), tensor.name)
            tensor.CopyFrom(rounded)
    return model


def outputs(case: Case, model: onnx.ModelProto) -> list[Array]:
    return [run(model, feed)["gemm"] for feed in case.feeds]


def test_that_the_cost_of_weights_is_that_of_the_network_with_them_rounded(
    case: Case, everything: Sensitivity
) -> None:
    exact = outputs(case, case.model)
    for name in ("conv1", "conv6", "gemm"):
        layer = case.ready.network.layer(name)
        assert layer.weights is not None
        parameters = [layer.weights, *([layer.bias] if layer.bias else [])]
        rounded = outputs(case, with_weights(case, parameters, SETTINGS))
        measured = everything.layer(name)
        assert measured is not None
        expected = decibels(noise(exact, rounded))
        assert measured.isolated.weights.outputs.sqnr == pytest.approx(expected, abs=0.1)


def test_that_cosine_and_agreement_are_those_of_the_outputs(case: Case) -> None:
    settings = PlanSettings(weight_word_length=4)
    found = case.measured(settings).layer("conv6")
    assert found is not None
    layer = case.ready.network.layer("conv6")
    assert layer.weights is not None
    assert layer.bias is not None
    exact = np.concatenate(outputs(case, case.model)).astype(np.float64)
    rounded = with_weights(case, [layer.weights, layer.bias], settings)
    other = np.concatenate(outputs(case, rounded)).astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(other, axis=1)
    deviation = found.isolated.weights.outputs
    assert deviation.cosine == pytest.approx(((exact * other).sum(axis=1) / lengths).mean())
    assert deviation.agreement == (exact.argmax(axis=1) == other.argmax(axis=1)).mean()


def test_that_every_layer_that_rounds_is_measured(case: Case, everything: Sensitivity) -> None:
    assert everything.complete
    assert [each.layer for each in everything.layers] == list(case.bench(SETTINGS).sources)
    assert all(each.noise > 0.0 for each in everything.layers)


def test_that_all_layers_together_are_the_whole_plan(cumulated: Sensitivity) -> None:
    last = cumulated.layers[-1].cumulative
    assert last is not None
    assert last.everything.outputs == cumulated.whole
    first = cumulated.layers[0]
    assert first.cumulative is not None
    assert first.cumulative.everything == first.isolated.everything


def test_that_isolated_errors_add_up_to_about_the_whole(everything: Sensitivity) -> None:
    """They are nearly independent: within 4 dB here."""
    assert decibels(everything.noise) == pytest.approx(everything.whole.sqnr, abs=4.0)


def test_that_a_layer_in_float_is_the_plan_without_it(case: Case, everything: Sensitivity) -> None:
    found = everything.layer("gemm")
    assert found is not None
    plan = case.calibration.plan(case.ready.network, SETTINGS.with_layer_quantized("gemm", False))
    bench = case.bench(SETTINGS)
    seen = [bench._switched.run(feed, bench.all_of(plan), ["gemm"])["gemm"] for feed in case.feeds]
    assert found.in_float.noise == pytest.approx(noise(outputs(case, case.model), seen), rel=1e-3)


def test_that_a_constant_shift_is_told_from_noise(tmp_path: Path) -> None:
    """Behind rectified inputs coarse weights shift channels; 16-bit words hardly err at all."""
    case = case_of(models.residual_net(), tmp_path)
    found = case.measured(PlanSettings(weight_word_length=4))
    shares = {each.layer: each.mean_share for each in found.layers}
    assert all(0.0 <= share <= 1.0 for share in shares.values())
    assert shares["gemm"] > 0.5
    assert shares["add"] == 0.0  # no bias could take it away


# ---- budget, stop, again -------------------------------------------------------------------------


def ticking(seconds: float) -> Iterator[float]:
    return itertools.count(0.0, seconds)


def test_that_a_short_budget_goes_to_the_layers_predicted_worst(
    case: Case, everything: Sensitivity
) -> None:
    clock = ticking(10.0)
    effort = Effort(budget=5.0, now=lambda: next(clock))
    found = case.measured(SETTINGS, effort)
    worst = sorted(everything.layers, key=lambda each: -each.predicted)
    assert {each.layer for each in found.layers} == {each.layer for each in worst[:AT_ONCE]}
    assert found.missing == tuple(each.layer for each in worst[AT_ONCE:])


def test_that_it_goes_on_where_it_stopped_and_finds_the_same(
    case: Case, everything: Sensitivity
) -> None:
    study, found = case.study(SETTINGS), None
    clock = ticking(10.0)
    effort = Effort(budget=5.0, now=lambda: next(clock))
    for _ in range(10):
        found = finish(study.layers(case.basis(SETTINGS), found, effort))
        assert found is not None
        if found.complete:
            break
    assert found == everything


def test_that_the_cumulative_error_is_measured_later_where_it_is_asked_for_later(
    case: Case, everything: Sensitivity, cumulated: Sensitivity
) -> None:
    study, effort = case.study(SETTINGS), Effort(cumulative=True)
    assert finish(study.layers(case.basis(SETTINGS), everything, effort)) == cumulated


def test_that_nothing_runs_again_once_all_is_known(case: Case, everything: Sensitivity) -> None:
    study = case.study(SETTINGS)
    assert told(study.layers(case.basis(SETTINGS), everything, Effort())) == ([], everything)


def test_that_what_was_measured_before_a_stop_is_kept(case: Case, everything: Sensitivity) -> None:
    asked = itertools.count()
    per_pass = len(case.feeds) + 1
    stop_in_third_pass = 2 * per_pass + 2
    study = case.study(SETTINGS, lambda: next(asked) >= stop_in_third_pass)
    found = finish(study.layers(case.basis(SETTINGS), None, Effort()))
    assert found is not None
    assert len(found.layers) == AT_ONCE
    again = case.study(SETTINGS).layers(case.basis(SETTINGS), found, Effort())
    assert finish(again) == everything


def test_that_a_stop_before_anything_was_found_leaves_nothing(case: Case) -> None:
    study = case.study(SETTINGS, lambda: True)
    assert finish(study.layers(case.basis(SETTINGS), None, Effort())) is None


def test_that_progress_grows_to_its_total(case: Case) -> None:
    heard, _ = told(case.study(SETTINGS).layers(case.basis(SETTINGS), None, Effort()))
    done = [each.done for each in heard]
    assert done == sorted(done)
    assert {each.total for each in heard} == {heard[-1].done}
    assert {each.stage for each in heard} == {"sensitivity"}


def test_that_only_some_samples_are_run_where_few_are_asked_for(case: Case) -> None:
    one = finish(case.study(SETTINGS).layers(case.basis(SETTINGS, 1), None, Effort()))
    alone = replace(case, feeds=case.feeds[:1])
    assert one is not None
    first = one.layer("conv1")
    assert first is not None
    layer = case.ready.network.layer("conv1")
    assert layer.weights is not None
    assert layer.bias is not None
    rounded = with_weights(case, [layer.weights, layer.bias], SETTINGS)
    expected = decibels(noise(outputs(alone, case.model), outputs(alone, rounded)))
    assert first.isolated.weights.outputs.sqnr == pytest.approx(expected, abs=0.1)


def test_that_a_transformer_is_measured_too(tmp_path: Path) -> None:
    case = case_of(models.transformer_block(), tmp_path)
    found = case.measured(SETTINGS)
    assert {"query.matmul", "scores", "context"} <= {each.layer for each in found.layers}
    assert found.whole.agreement is None
