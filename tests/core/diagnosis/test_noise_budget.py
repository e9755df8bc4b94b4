"""The error of the output, divided among what could be changed."""

import math

import pytest

from quantscope.core.diagnosis.noise_budget import (
    MOST,
    NoiseBudget,
    Portion,
    group_numbers,
    handed_over,
    noise_budget,
)
from quantscope.core.diagnosis.noise_sources import noise_of
from quantscope.core.diagnosis.sensitivity import Sensitivity
from tests.core.diagnosed import branched, calibration_of, plan_of, sensitivity_of
from tests.core.small_networks import Sketch, conv_relu_conv

NETWORK = branched()
PLAN, STATISTICS = plan_of(NETWORK), calibration_of(NETWORK).statistics
NUMBERS = group_numbers(PLAN)


def budget_of(sensitivity: Sensitivity) -> NoiseBudget:
    return noise_budget(NETWORK, PLAN, sensitivity, STATISTICS)


def test_that_parameters_reads_and_results_add_up_to_the_isolated_errors() -> None:
    sensitivity = sensitivity_of(
        NETWORK, {"Conv a": (1e-3, 2e-3), "Add s": (0.0, 4e-3, 5e-3), "Conv y": (6e-3,)}
    )
    budget = budget_of(sensitivity)
    assert budget.parameters["Conv a"] == 1e-3
    assert Portion("Conv a", NUMBERS["x"], True, 2e-3) in budget.portions
    assert Portion("Add s", NUMBERS["s"], False, 5e-3) in budget.portions
    assert budget.total == pytest.approx(sensitivity.noise)


def test_that_what_a_layer_reads_is_divided_by_what_the_statistics_predict() -> None:
    portions = {
        each.group: each.noise
        for each in budget_of(sensitivity_of(NETWORK, {"Add s": (0.0, 1e-3)})).portions
        if each.layer == "Add s" and each.reads
    }
    expected = {name: noise_of(PLAN, STATISTICS, name) for name in ("b", "c")}
    for name in expected:
        share = expected[name] / sum(expected.values())
        assert portions[NUMBERS[name]] == pytest.approx(1e-3 * share)


def test_that_it_is_divided_evenly_where_nothing_is_known() -> None:
    sensitivity = sensitivity_of(NETWORK, {"Add s": (0.0, 1e-3)})
    unknown = {name: known for name, known in STATISTICS.items() if name not in ("b", "c")}
    portions = noise_budget(NETWORK, PLAN, sensitivity, unknown).portions
    read = [each.noise for each in portions if each.layer == "Add s" and each.reads]
    assert read == [0.5e-3, 0.5e-3]


def test_that_layers_that_are_not_measured_have_no_part() -> None:
    sensitivity = sensitivity_of(NETWORK, {"Conv a": (1e-3,)}, layers=())
    assert budget_of(sensitivity) == NoiseBudget({}, ())


def test_that_a_layer_that_ruins_everything_leaves_the_sum_finite() -> None:
    ruined = (math.inf, math.inf, math.inf)
    budget = budget_of(sensitivity_of(NETWORK, {"Add s": ruined, "Conv a": (1.0,)}))
    assert budget.parameters["Add s"] == MOST
    assert math.isfinite(budget.total)


@pytest.mark.parametrize(("removed", "gain"), [(0.0, 0.0), (0.75, 6.0206), (1.5, math.inf)])
def test_that_taking_noise_out_is_a_gain_in_decibel(removed: float, gain: float) -> None:
    budget = NoiseBudget({"a": 0.25, "b": 0.75}, ())
    assert budget.gain(removed) == pytest.approx(gain, abs=1e-4)


def test_that_nothing_is_gained_where_there_is_no_noise() -> None:
    assert NoiseBudget({"a": 0.0}, ()).gain(0.0) == 0.0
    assert NoiseBudget({}, ()).gain(1.0) == 0.0


def test_that_groups_are_known_by_their_place() -> None:
    groups = PLAN.placement.groups
    assert all(name in groups[number].members for name, number in NUMBERS.items())
    assert set(NUMBERS) == PLAN.placement.quantized


def test_that_only_outputs_of_the_network_are_handed_over() -> None:
    network = conv_relu_conv()
    plan = plan_of(network)
    assert handed_over(plan, network, "Conv y") == {group_numbers(plan)["y"]}
    assert handed_over(plan, network, "Conv a") == set()
    in_float = Sketch("x").add("Conv", "x", "y").add("Softmax", "y", "p").network("p")
    assert handed_over(plan_of(in_float), in_float, "Softmax p") == set()
