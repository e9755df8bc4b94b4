"""From settings to types: transitions, biases, pins and what the target objects to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.plan import (
    Plan,
    accumulator_type,
    activation_request,
    product_fraction_length,
    weight_request,
)
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS, has_power_of_two_steps
from tests.core.small_networks import Sketch, conv_relu_conv, statistics_of

FIXED = PlanSettings(target="fixed-point", bias_word_length=8)
RUNTIME = PlanSettings(target="onnxruntime")


def plan_of(network: Network, settings: PlanSettings, **given: Any) -> Plan:
    statistics = statistics_of(network, **given)
    data = DataDescription(kind=SourceKind.RANDOM)
    return Calibration("0123", data, 1, ("first",), statistics).plan(network, settings)


def one_conv() -> Network:
    return Sketch("x").add("Conv", "x", "y").network("y")


def test_that_requests_are_those_of_the_target():
    settings = PlanSettings(target="fixed-point", scheme=Scheme.HISTOGRAM, word_length=16)
    target = TARGETS["fixed-point"]
    assert activation_request(settings) == target.activation_request(Scheme.HISTOGRAM, 16)
    assert weight_request(settings, "Conv") == target.weight_request(Scheme.HISTOGRAM, 16, "Conv")


def test_that_weights_may_have_a_word_length_of_their_own():
    settings = PlanSettings(word_length=16, weight_word_length=4)
    assert activation_request(settings).word_length == 16
    assert weight_request(settings, "Conv").word_length == 4


def test_that_tensors_without_negative_values_may_be_unsigned_where_the_target_allows_both():
    network = one_conv()
    values = {"x": np.linspace(0, 1, 99), "y": np.linspace(-1, 1, 99)}
    settings = replace(FIXED, unsigned=True)
    assert plan_of(network, settings, **values).types["x"] == FixedPoint(8, 7, signed=False)
    assert plan_of(network, settings, **values).types["y"].signed
    assert plan_of(network, FIXED, **values).types["x"].signed
    assert plan_of(network, replace(RUNTIME, unsigned=True), **values).types["y"].signed is False


# ---- what targets prescribe ----------------------------------------------------------------------


def test_that_a_target_prescribes_the_result_of_a_sigmoid_for_8_bits():
    sketch = Sketch("x").add("Conv", "x", "a").add("Sigmoid", "a", "s").add("MaxPool", "s", "y")
    settings = PlanSettings(target="tflite-micro")
    types = plan_of(sketch.network("y"), settings).types
    assert types["s"] == types["y"] == Scaled(1 / 256, -128)
    assert (
        plan_of(sketch.network("y"), replace(settings, word_length=16)).types["s"].step != 1 / 256
    )


def test_that_a_type_set_by_hand_comes_before_the_prescribed_one():
    sketch = Sketch("x").add("Conv", "x", "a").add("Sigmoid", "a", "s")
    settings = PlanSettings(target="tflite-micro").pin(("s",), Scaled(0.5, 0))
    assert plan_of(sketch.network("s"), settings).types["s"] == Scaled(0.5, 0)


def test_that_float_biases_have_no_type_and_raise_no_scale():
    plan = plan_of(one_conv(), PlanSettings(target="tensorrt"), y_b=np.full(4, 1e30))
    assert "y.b" not in plan.types
    assert plan.notes == {}


def test_that_channels_of_the_fixed_point_family_have_power_of_two_steps():
    weights = np.asarray([[1.0, -0.3], [0.01, 0.002], [100.0, 3.0], [0.0, 0.0]])
    settings = PlanSettings(target="fixed-point-channels", bias_word_length=32)
    plan = plan_of(one_conv(), settings, y_w=weights)
    # the top bit of a word of 8 is 2^6: 1.0 needs steps of 2^-6, 0.01 (2^-7) of 2^-13
    assert plan.types["y.w"].scales[:3] == (2.0**-6, 2.0**-13, 1.0)
    source = plan.types["x"].step
    assert plan.types["y.b"].scales[:3] == (source * 2.0**-6, source * 2.0**-13, source)


def test_that_raised_scales_of_the_fixed_point_family_are_still_powers_of_two():
    settings = PlanSettings(target="fixed-point-channels", bias_word_length=32)
    weights = np.asarray([[1.0, -0.3], [1e-12, 0.0], [1.0, 3.0], [1.0, 0.0]])
    plan = plan_of(one_conv(), settings, y_w=weights, y_b=np.full(4, 3.0))
    assert set(plan.notes) == {"Conv y"}
    assert has_power_of_two_steps(plan.types["y.w"])
    assert 3.0 / plan.types["y.b"].scales[1] < 2**31


# ---- wide layers and float results ---------------------------------------------------------------


def test_that_a_wide_layer_reads_16_bits_and_hands_them_to_the_outputs():
    sketch = Sketch("x").add("Conv", "x", "a").add("Conv", "a", "y")
    first = plan_of(sketch.network("y"), RUNTIME.with_layer_wide("Conv a", True)).types
    last = plan_of(sketch.network("y"), RUNTIME.with_layer_wide("Conv y", True)).types
    assert [first[name].word_length for name in ("x", "a", "y")] == [16, 8, 8]
    assert [last[name].word_length for name in ("x", "a", "y")] == [8, 16, 16]
    assert last["y.w"].word_length == 8


def test_that_what_is_tied_to_the_input_of_a_wide_layer_is_wide_too():
    sketch = Sketch("x").add("Conv", "x", "a").add("MaxPool", "a", "p").add("Conv", "p", "y")
    types = plan_of(sketch.network("y"), RUNTIME.with_layer_wide("Conv y", True)).types
    assert types["a"] == types["p"]
    assert types["a"].word_length == 16


# ---- types ---------------------------------------------------------------------------------------


def test_that_fixed_point_gives_every_tensor_a_power_of_two_type():
    plan = plan_of(
        conv_relu_conv(),
        FIXED,
        x=[-1.5, 0.3],
        a=[-70.0, 15.9],
        r=[0.0, 15.9],
        y=[365.247],
        a_w=np.full((4, 6), 0.3),
    )
    assert {name: plan.types[name] for name in ("x", "a", "r", "y", "a.w")} == {
        "x": FixedPoint(8, 6),
        "a": FixedPoint(8, 3),  # as its Relu: what that cuts off does not count
        "r": FixedPoint(8, 3),
        "y": FixedPoint(8, -2),
        "a.w": FixedPoint(8, 8),
    }
    assert set(plan.types) == {"x", "a.w", "a.b", "a", "r", "y.w", "y.b", "y"}
    assert (plan.conflicts, plan.notes, plan.pinned) == ({}, {}, frozenset())


def test_that_onnxruntime_gives_activations_a_zero_point_and_weights_a_scale_per_channel():
    weights = np.float32([[1.0, -2.0], [0.5, 0.1]])
    plan = plan_of(one_conv(), RUNTIME, x=[-1.0, 3.0], y_w=weights, y_b=np.zeros(2))
    assert plan.types["x"] == Scaled(4 / 255, 64, 8, signed=False)
    assert plan.types["y.w"] == ChannelScaled((2 / 127, 0.5 / 127), 0)
    scales = tuple(np.float32([2 / 127, 0.5 / 127]) * np.float64(np.float32(4 / 255)))
    assert plan.types["y.b"] == ChannelScaled(scales, 0, 32, True, False)


def test_that_a_layer_kept_in_float_leaves_no_types_of_its_own():
    plan = plan_of(conv_relu_conv(), RUNTIME.with_layer_quantized("Conv a", False))
    assert set(plan.types) == {"r", "y.w", "y.b", "y"}
    assert plan.placement.reasons["Conv a"] == "kept in float by hand"


def test_that_tied_tensors_take_one_type_chosen_on_all_their_values():
    sketch = Sketch("x").add("Conv", "x", "a").add("Conv", "x", "b").add("Concat", "a b", "c")
    plan = plan_of(sketch.network("c"), FIXED, a=[1.0], b=[100.0], c=[0.0])
    assert plan.types["a"] == plan.types["b"] == plan.types["c"] == FixedPoint(8, 0)


# ---- pins ----------------------------------------------------------------------------------------


def test_that_a_pinned_type_is_taken_for_all_that_share_it():
    settings = FIXED.pin(("r",), FixedPoint(8, 1)).pin(("y.w",), FixedPoint(16, 9))
    plan = plan_of(conv_relu_conv(), settings)
    assert plan.types["a"] == plan.types["r"] == FixedPoint(8, 1)
    assert plan.types["y.w"] == FixedPoint(16, 9)
    assert plan.pinned == {"r", "y.w"}
    assert plan.conflicts == {}


def test_that_a_pin_that_the_target_forbids_is_kept_and_flagged():
    settings = FIXED.pin(("x",), Scaled(0.1)).pin(("y.w",), FixedPoint(8, 3, signed=False))
    plan = plan_of(one_conv(), settings)
    assert plan.types["x"] == Scaled(0.1)
    assert plan.types["y.w"] == FixedPoint(8, 3, signed=False)
    assert set(plan.conflicts) == {"x", "y.w"}
    assert "power-of-two" in plan.conflicts["x"]


def test_that_a_pin_under_one_target_is_flagged_under_the_other():
    settings = FIXED.pin(("x",), FixedPoint(8, 3))
    assert plan_of(one_conv(), settings).conflicts == {}
    plan = plan_of(one_conv(), settings.with_target("onnxruntime"))
    assert plan.types["x"] == FixedPoint(8, 3)
    assert list(plan.conflicts) == ["x"]


def test_that_two_pins_in_one_group_are_flagged_where_they_differ():
    settings = FIXED.pin(("a",), FixedPoint(8, 1)).pin(("r",), FixedPoint(8, 2))
    plan = plan_of(conv_relu_conv(), settings)
    assert plan.types["r"] == FixedPoint(8, 1)
    assert plan.conflicts == {"r": "shares the type of a tensor that is pinned otherwise"}
    alike = settings.pin(("r",), FixedPoint(8, 1))
    assert plan_of(conv_relu_conv(), alike).conflicts == {}


def test_that_a_pin_on_what_is_not_quantized_waits():
    settings = FIXED.pin(("a", "nowhere"), Scaled(0.1)).with_layer_quantized("Conv a", False)
    plan = plan_of(conv_relu_conv(), settings)
    assert "a" not in plan.types
    assert (plan.conflicts, plan.pinned) == ({}, frozenset())


# ---- biases --------------------------------------------------------------------------------------


def test_that_an_accumulator_has_the_scale_of_the_products():
    assert accumulator_type(Scaled(0.5), 0.25) == Scaled(0.125, 0, 32)
    assert accumulator_type(ChannelScaled((0.5, 2.0), axis=1), 0.25) == ChannelScaled(
        (0.125, 0.5), 0, 32, True, False
    )
    assert product_fraction_length(FixedPoint(8, 7), FixedPoint(8, 3)) == 10


@pytest.mark.parametrize(("bias", "fraction"), [(0.9, 7), (15.0, 3), (1e-6, 13), (0.0, 13)])
def test_that_a_short_bias_is_never_finer_than_the_products(bias, fraction):
    plan = plan_of(
        one_conv(), FIXED, x=[1.0, -1.9], y_w=np.full((4, 6), 0.9), y_b=[bias, 0.0, 0.0, 0.0]
    )
    assert plan.types["x"] == FixedPoint(8, 6)
    assert plan.types["y.w"] == FixedPoint(8, 7)
    assert plan.types["y.b"] == FixedPoint(8, fraction)


def test_that_a_full_bias_has_the_fraction_length_of_the_products():
    plan = plan_of(one_conv(), FIXED.with_bias_word_length(32), x=[1.9], y_w=np.full((4, 6), 0.9))
    assert plan.types["y.b"] == FixedPoint(32, 13)


def test_that_a_short_bias_follows_the_scheme():
    bias = np.append(np.full(9_999, 0.99), 1.01)  # one more column for one value
    weights = np.full((10_000, 2), 0.5)
    kept = {"x": [1.0], "y_w": weights, "y_b": bias}
    assert plan_of(one_conv(), FIXED, **kept).types["y.b"] == FixedPoint(8, 6)
    histogram = FIXED.with_scheme(Scheme.HISTOGRAM)
    assert plan_of(one_conv(), histogram, **kept).types["y.b"] == FixedPoint(8, 7)


@pytest.mark.parametrize("bits", [8, 32])
def test_that_a_pinned_bias_is_kept_whatever_the_word_length_of_the_others(bits):
    settings = replace(FIXED, bias_word_length=bits).pin(("y.b",), FixedPoint(8, 2))
    for bias in (np.ones(4), np.zeros(4)):
        plan = plan_of(one_conv(), settings, y_b=bias)
        assert plan.types["y.b"] == FixedPoint(8, 2)
        assert plan.conflicts == {}
        assert plan.pinned == {"y.b"}


def test_that_a_bias_pinned_finer_than_the_products_stops_there_and_says_so():
    settings = FIXED.pin(("y.b",), FixedPoint(8, 20))
    plan = plan_of(one_conv(), settings, x=[1.0], y_w=np.full((4, 6), 0.9))
    assert plan.types["y.b"] == FixedPoint(8, 13)
    assert plan.conflicts == {"y.b": "no finer than the products of input and weights: 2^-13"}


@pytest.mark.parametrize(
    ("pinned", "words"),
    [
        (Scaled(0.1), "power-of-two steps"),
        (FixedPoint(8, 2, signed=False), "signed words"),
        (FixedPoint(16, 2), "8 or 32 bits"),
    ],
)
def test_that_a_bias_type_that_fixed_point_cannot_hold_gives_way_and_says_why(pinned, words):
    free = plan_of(one_conv(), FIXED)
    plan = plan_of(one_conv(), FIXED.pin(("y.b",), pinned))
    assert plan.types == free.types
    assert words in plan.conflicts["y.b"]


def test_that_a_pinned_bias_gives_way_to_the_accumulator_and_says_why():
    plan = plan_of(one_conv(), RUNTIME.pin(("y.b",), FixedPoint(8, 2)))
    assert plan.types["y.b"] == plan_of(one_conv(), RUNTIME).types["y.b"]
    assert "int32" in plan.conflicts["y.b"]


def test_that_layers_without_bias_and_biases_added_later_have_no_bias_type():
    network = one_conv()
    conv = replace(network.layers[1], bias=None)
    bare = replace(network, layers=(network.layers[0], conv))
    bias = replace(network.tensors["y.b"], reason="added in float after the product")
    later = replace(network, tensors=network.tensors | {"y.b": bias})
    for changed in (bare, later):
        for settings in (FIXED, RUNTIME):
            assert set(plan_of(changed, settings).types) == {"x", "y.w", "y"}


# ---- room for the bias in int32 ------------------------------------------------------------------

SMALL = np.float32([[0.5, -0.25], [1e-12, 2e-12]])  # the second channel is all but dead
LARGE = np.float32([0.1, 3.0])


def test_that_a_dead_channel_raises_its_weight_scale_until_the_bias_fits():
    plan = plan_of(one_conv(), RUNTIME, x=[0.0, 2.55], y_w=SMALL, y_b=LARGE)
    weights, bias = plan.types["y.w"], plan.types["y.b"]
    assert isinstance(weights, ChannelScaled)
    assert weights.scales[0] == float(np.float32(0.5 / 127))
    assert weights.scales[1] > 2e-12 / 127
    stored = bias.quantize(LARGE)
    assert np.abs(stored).max() < 2**31 - 1  # without it, the bias would saturate
    assert bias.cast(LARGE) == pytest.approx(LARGE, rel=1e-3)
    assert "Conv y" in plan.notes
    assert "int32" in plan.notes["Conv y"]
    without = accumulator_type(ChannelScaled((0.5 / 127, 2e-12 / 127)), plan.types["x"].step)
    assert without.quantize(LARGE)[1] == 2**31 - 1


def test_that_a_large_bias_of_a_living_channel_raises_nothing_in_a_dead_one():
    dead_too = np.float32([3.0, 1e-12])
    plan = plan_of(one_conv(), RUNTIME, x=[0.0, 2.55], y_w=SMALL, y_b=dead_too)
    weights = plan.types["y.w"]
    assert isinstance(weights, ChannelScaled)
    assert weights.scales[1] == float(np.float32(2e-12 / 127))
    assert plan.notes == {}


def test_that_one_scale_for_all_weights_is_raised_for_the_largest_bias():
    settings = FIXED.with_bias_word_length(32)
    plan = plan_of(one_conv(), settings, x=[1.0], y_w=np.full((2, 2), 1e-9), y_b=LARGE)
    weights, bias = plan.types["y.w"], plan.types["y.b"]
    assert isinstance(weights, FixedPoint)
    assert bias == FixedPoint(32, weights.fraction_length + 6)
    assert 2**28 <= np.abs(bias.quantize(LARGE)).max() < 2**31 - 1
    assert plan.notes == {"Conv y": "weight scales raised so that the bias fits int32"}
    scaled = RUNTIME.pin(("y.w",), Scaled(1e-11))
    plan = plan_of(one_conv(), scaled, x=[0.0, 2.55], y_w=np.full((2, 2), 1e-9), y_b=LARGE)
    weights, bias = plan.types["y.w"], plan.types["y.b"]
    assert isinstance(weights, Scaled)
    assert weights.scale > 1e-11
    assert 2**28 <= np.abs(bias.quantize(LARGE)).max() < 2**31 - 1


def test_that_room_is_made_for_the_largest_bias_where_channels_do_not_match():
    plan = plan_of(one_conv(), RUNTIME, x=[0.0, 2.55], y_w=SMALL, y_b=[3.0])
    weights = plan.types["y.w"]
    assert isinstance(weights, ChannelScaled)
    assert 3.0 / (weights.scales[1] * plan.types["x"].step) < 2**31


def test_that_values_which_are_not_finite_ask_for_no_room():
    plan = plan_of(one_conv(), RUNTIME, y_b=[np.inf, np.nan, -np.inf, 1.0])
    assert plan.notes == {}


def test_that_layers_that_share_weights_agree_on_one_scale_before_their_biases():
    sketch = Sketch("x", "z").add("Conv", "x", "a").add("Conv", "z", "b")
    network = sketch.network("a", "b")
    shared = tuple(
        replace(layer, weights="a.w") if layer.name == "Conv b" else layer
        for layer in network.layers
    )
    network = replace(network, layers=shared)
    given = {"x": [1.0], "z": [1.0], "a_w": np.full((2, 2), 1e-9)}
    for biases in ({"a_b": LARGE, "b_b": [0.0, 0.0]}, {"a_b": [0.0, 0.0], "b_b": LARGE}):
        plan = plan_of(network, FIXED.with_bias_word_length(32), **given, **biases)
        weights, source = plan.types["a.w"], plan.types["x"]
        assert isinstance(weights, FixedPoint)
        assert isinstance(source, FixedPoint)
        products = weights.fraction_length + source.fraction_length
        assert plan.types["a.b"] == plan.types["b.b"] == FixedPoint(32, products)
        assert np.abs(plan.types["a.b"].quantize(LARGE)).max() < 2**31 - 1
        assert len(plan.notes) == 1


@pytest.mark.parametrize("size", [1e-37, 1e-20, 1e20, 1e37])
@pytest.mark.parametrize("settings", [FIXED, FIXED.with_bias_word_length(32), RUNTIME])
def test_that_extreme_magnitudes_still_make_a_plan(settings, size):
    rng = np.random.default_rng(0)
    given = {"x": size * rng.normal(size=50), "y_w": size * rng.normal(size=(4, 6))}
    for bias in (1e-38, 1.0, 3e38):
        plan = plan_of(one_conv(), settings, **given, y_b=np.full(4, bias))
        assert all(np.isfinite(kind.maximum) for kind in plan.types.values())


# ---- a whole network -----------------------------------------------------------------------------


def whole() -> Network:
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("MaxPool", "r", "p")
    sketch.add("Conv", "p", "b").add("Add", "b p", "s").add("Softmax", "s", "f")
    return sketch.network("f")


@pytest.mark.parametrize("settings", [FIXED, RUNTIME, FIXED.with_scheme(Scheme.HISTOGRAM)])
def test_that_every_quantized_tensor_has_a_type_and_no_other(settings):
    network = whole()
    plan = plan_of(network, settings)
    parameters = {
        name
        for layer in network.layers
        if layer.kind is LayerKind.WEIGHTED
        for name in (layer.weights, layer.bias)
    }
    assert set(plan.types) == plan.placement.quantized | parameters
    assert set(plan.types) & set(plan.placement.reasons) == set()
    assert set(plan.types) | set(plan.placement.reasons) >= set(network.tensors)


def test_that_a_tensor_that_was_not_logged_is_flagged_and_stops_nothing():
    network = conv_relu_conv()
    statistics = statistics_of(network)
    missing = next(name for name, kept in statistics.items() if kept.values is None)
    del statistics[missing]
    data = DataDescription(kind=SourceKind.RANDOM)

    plan = Calibration(network.fingerprint, data, 1, ("a",), statistics).plan(
        network, PlanSettings()
    )

    assert missing in plan.types
    assert plan.conflicts == {
        missing: "its values were not logged: calibrate again, with all layers"
    }
