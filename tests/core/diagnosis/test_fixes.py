"""What is suggested, why, and what it does to the settings."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quantscope.core.diagnosis.fixes import LEAST_GAIN, Fix, FixKind, suggest
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from tests.core.diagnosed import SETTINGS, branched, calibration_of, measured, sensitivity_of
from tests.core.small_networks import conv_relu_conv

FIXED = PlanSettings(target="fixed-point", bias_word_length=8)
NETWORK = branched()
WITHOUT_BIAS = replace(SETTINGS, correct_bias=True)


def fixes_of(
    network: Network,
    sensitivity: Sensitivity,
    settings: PlanSettings = WITHOUT_BIAS,
    *,
    equalized: bool = False,
    **given: Any,
) -> list[Fix]:
    calibration = calibration_of(network, **given)
    plan = calibration.plan(network, settings)
    return list(suggest(network, plan, sensitivity, calibration, equalized=equalized))


def of_kind(fixes: list[Fix], kind: FixKind, layer: str = "") -> Fix:
    (found,) = (each for each in fixes if each.kind is kind and each.layer == layer)
    return found


def test_that_16_bits_gain_what_all_readers_lose_by_what_is_read() -> None:
    noises = {"Conv b": (1e-3, 2e-3), "Conv c": (0.0, 4e-3), "Conv a": (1e-3,)}
    fix = of_kind(fixes_of(NETWORK, sensitivity_of(NETWORK, noises)), FixKind.WIDE, "Conv b")
    assert fix.predicted == pytest.approx(10 * math.log10(8 / 2))
    assert "75.0 %" in fix.reason
    assert fix.apply(SETTINGS).wide_layers == {"Conv b"}


def test_that_float_keeps_what_another_layer_reads_too() -> None:
    noises = {"Conv b": (3e-3, 1e-3), "Conv y": (1e-3, 1e-3, 2e-3)}
    fixes = fixes_of(NETWORK, sensitivity_of(NETWORK, noises))
    shared = of_kind(fixes, FixKind.FLOAT, "Conv b")
    assert shared.predicted == pytest.approx(10 * math.log10(8 / 5))
    assert "37.5 % of the output's error, 100.0 % of that by its weights" in shared.reason
    alone = of_kind(fixes, FixKind.FLOAT, "Conv y")
    assert alone.predicted == pytest.approx(10 * math.log10(8 / 5))  # the Add rounds what it reads
    assert "33.3 % of that by its weights" in alone.reason
    assert alone.apply(SETTINGS).float_layers == {"Conv y"}


def test_that_float_gains_what_nobody_else_rounds() -> None:
    noises = {"Conv a": (1e-3, 3e-3), "Conv y": (4e-3,)}
    fixes = fixes_of(NETWORK, sensitivity_of(NETWORK, noises))
    first = of_kind(fixes, FixKind.FLOAT, "Conv a")
    assert first.predicted == pytest.approx(10 * math.log10(8 / 4))  # the input is rounded for it


def test_that_a_measured_gain_stands_for_a_predicted_one() -> None:
    fix = Fix(kind=FixKind.FLOAT, title="", reason="", predicted=7.0)
    assert fix.gain == 7.0
    assert replace(fix, measured=-0.1).gain == -0.1


def test_that_16_bits_are_not_suggested_where_the_target_has_none() -> None:
    sensitivity = sensitivity_of(NETWORK, {"Conv y": (1e-3, 1e-3)})
    tensorrt = PlanSettings(target="tensorrt", correct_bias=True)
    kinds = {each.kind for each in fixes_of(NETWORK, sensitivity, tensorrt)}
    assert FixKind.FLOAT in kinds
    assert FixKind.WIDE not in kinds


# ---- another scheme ------------------------------------------------------------------------------

ODD = np.append(np.random.default_rng(5).uniform(-1.0, 1.0, 5000), 1.01)
"""For the one value above 1 MinMax takes a power of two more."""
NEW_BIAS = replace(FIXED, correct_bias=True)


def schemes_in(fixes: list[Fix], layer: str = "") -> list[Fix]:
    return [
        each
        for each in fixes
        if each.kind is FixKind.SCHEME and each.layer in (layer or each.layer)
    ]


def test_that_the_scheme_with_the_least_error_is_suggested() -> None:
    network = conv_relu_conv()
    sensitivity = sensitivity_of(network, {"Conv a": (0.0, 1e-2)}, NEW_BIAS)
    (fix,) = schemes_in(fixes_of(network, sensitivity, NEW_BIAS, x=ODD), "Conv a")
    left, kept = (np.square(ODD - FixedPoint(8, fraction).cast(ODD)).sum() for fraction in (7, 6))
    assert fix.pins == {"x": FixedPoint(8, 7)}
    assert fix.predicted == pytest.approx(10 * math.log10(kept / left), rel=0.05)
    assert fix.apply(FIXED).pinned == {"x": FixedPoint(8, 7)}


def test_that_a_type_for_what_two_layers_read_is_suggested_with_the_first() -> None:
    noises = {"Conv b": (0.0, 1e-2), "Conv c": (0.0, 1e-2)}
    sensitivity = sensitivity_of(NETWORK, noises, NEW_BIAS)
    (fix,) = schemes_in(fixes_of(NETWORK, sensitivity, NEW_BIAS, r=np.abs(ODD)))
    assert fix.layer == "Conv b"
    assert fix.pins.keys() == {"a", "r"}


def test_that_what_is_pinned_stays() -> None:
    network = conv_relu_conv()
    pinned = NEW_BIAS.pin(("x",), FixedPoint(8, -3))
    sensitivity = sensitivity_of(network, {"Conv a": (0.0, 1e-2)}, pinned)
    assert schemes_in(fixes_of(network, sensitivity, pinned, x=ODD), "Conv a") == []


def test_that_no_scheme_is_suggested_where_none_is_better() -> None:
    network = conv_relu_conv()
    settings = replace(NEW_BIAS, scheme=Scheme.HISTOGRAM)
    sensitivity = sensitivity_of(network, {"Conv a": (0.0, 1e-2)}, settings)
    assert schemes_in(fixes_of(network, sensitivity, settings, x=ODD), "Conv a") == []


def test_that_a_scheme_may_leave_no_error_at_all() -> None:
    """Percentile cuts off the one 100 that MinMax keeps."""
    network = conv_relu_conv()
    settings = replace(NEW_BIAS, scheme=Scheme.PERCENTILE)
    sensitivity = sensitivity_of(network, {"Conv a": (1e-3, 1e-2)}, settings)
    values = np.append(np.tile([-1.0, 1.0], 10_000), 100.0)
    (fix,) = schemes_in(fixes_of(network, sensitivity, settings, x=values), "Conv a")
    assert fix.pins == {"x": FixedPoint(8, 0)}
    assert fix.predicted == pytest.approx(10 * math.log10(11 / 1))
    assert "rounds it exactly" in fix.reason


# ---- the whole network ---------------------------------------------------------------------------


def test_that_bias_correction_gains_the_constant_part_of_the_errors() -> None:
    network = conv_relu_conv()
    layers = (
        measured("Conv a", 3e-3, mean_share=0.5),
        measured("Conv y", 1e-3, mean_share=0.1),
    )
    sensitivity = sensitivity_of(network, {}, layers=layers)
    fix = of_kind(fixes_of(network, sensitivity, SETTINGS), FixKind.CORRECT_BIAS)
    assert fix.predicted == pytest.approx(10 * math.log10(4 / 2.4))
    assert "50.0 % of the error of Conv a" in fix.reason
    assert fix.apply(SETTINGS).correct_bias
    assert not [
        each
        for each in fixes_of(network, sensitivity, WITHOUT_BIAS)
        if each.kind is FixKind.CORRECT_BIAS
    ]


def test_that_nothing_is_suggested_before_anything_is_measured() -> None:
    assert fixes_of(NETWORK, sensitivity_of(NETWORK, {}, layers=()), SETTINGS) == []


SPREAD = np.diag([100.0, 1.0, 1.0, 0.5]) @ np.ones((4, 6))


def test_that_equalization_is_suggested_where_channels_that_share_a_step_differ() -> None:
    network, noises = conv_relu_conv(), {"Conv a": (4e-3,), "Conv y": (1e-3,)}
    sensitivity = sensitivity_of(network, noises, FIXED)
    fix = of_kind(fixes_of(network, sensitivity, FIXED, a_w=SPREAD), FixKind.EQUALIZE)
    saved = 1 - np.mean(np.array([1.0, 0.01, 0.01, 0.005]) ** 2)
    assert fix.predicted == pytest.approx(10 * math.log10(5 / (5 - 4 * saved)))
    assert "the largest channel of Conv a has 100 times" in fix.reason
    assert fix.apply(FIXED) == FIXED


@pytest.mark.parametrize(
    ("settings", "equalized", "weights"),
    [
        (FIXED, True, SPREAD),  # it is equalized already
        (SETTINGS, False, SPREAD),  # a step for each channel
        (FIXED, False, np.zeros((4, 6))),
        (FIXED, False, np.diag([9.0, 0.0, 0.0, 0.0]) @ np.ones((4, 6))),  # channels of zeros
        (FIXED, False, np.ones((4, 6))),
    ],
)
def test_that_equalization_is_not_suggested_where_it_can_not_help(
    settings: PlanSettings, equalized: bool, weights: np.ndarray
) -> None:
    network = conv_relu_conv()
    sensitivity = sensitivity_of(network, {"Conv a": (4e-3,)}, settings)
    fixes = fixes_of(network, sensitivity, settings, equalized=equalized, a_w=weights)
    assert not [each for each in fixes if each.kind is FixKind.EQUALIZE]


def test_that_weights_without_channels_need_no_equalization() -> None:
    network = conv_relu_conv()
    weights = replace(network.tensors["a.w"], channel_axis=None)
    network = replace(network, tensors={**network.tensors, "a.w": weights})
    sensitivity = sensitivity_of(network, {"Conv a": (4e-3,)}, FIXED)
    fixes = fixes_of(network, sensitivity, FIXED, a_w=SPREAD)
    assert not [each for each in fixes if each.kind is FixKind.EQUALIZE]


def test_that_layers_that_are_not_measured_are_not_judged() -> None:
    network = conv_relu_conv()
    sensitivity = sensitivity_of(network, {}, FIXED, layers=(measured("Conv y", 1e-3),))
    fixes = fixes_of(network, sensitivity, FIXED, a_w=SPREAD)
    assert fixes
    assert "Conv a" not in " ".join(each.title + each.reason for each in fixes)


# ---- the list ------------------------------------------------------------------------------------


def test_that_the_best_come_first_and_small_gains_are_left_out() -> None:
    noises = {"Conv a": (1e-6, 1e-6), "Conv y": (1e-2, 1e-3), "Conv b": (1e-3, 1e-3)}
    fixes = fixes_of(NETWORK, sensitivity_of(NETWORK, noises))
    gains = [each.predicted for each in fixes]
    assert gains == sorted(gains, reverse=True)
    assert min(gains) >= LEAST_GAIN
    assert "Conv a" not in {each.layer for each in fixes}


@pytest.mark.parametrize("kind", FixKind)
def test_that_only_the_plans_own_can_be_measured_at_once(kind: FixKind) -> None:
    fix = Fix(kind=kind, title="", reason="", predicted=1.0, layer="Conv a")
    assert fix.is_of_plan is (kind in (FixKind.WIDE, FixKind.FLOAT, FixKind.SCHEME))
