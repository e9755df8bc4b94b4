"""What each edit does to the settings, and which edits a target refuses."""

import pytest

from quantscope.core.numbers.formats import FixedPoint, Scaled
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import SWITCHES, PlanSettings, WeightRounding


def test_that_transitions_return_new_settings_and_leave_the_old_ones():
    old = PlanSettings()
    assert old.with_scheme(Scheme.HISTOGRAM) == PlanSettings(scheme=Scheme.HISTOGRAM)
    assert old.with_word_length(16) == PlanSettings(word_length=16)
    assert old.with_layer_quantized("a", False) == PlanSettings(float_layers=frozenset("a"))
    assert old.pin(("a", "b"), FixedPoint()).pinned == {"a": FixedPoint(), "b": FixedPoint()}
    assert old == PlanSettings()


@pytest.mark.parametrize("key", sorted(SWITCHES))
def test_that_switches_go_on_and_off(key):
    plain = PlanSettings(target="fixed-point")
    on = plain.with_switch(key, True)
    assert getattr(on, key)
    assert on.with_switch(key, False) == plain


def test_that_bias_correction_stays_with_another_target():
    assert PlanSettings(correct_bias=True).with_target("fixed-point").correct_bias


def test_that_a_target_of_one_sign_refuses_unsigned_types():
    with pytest.raises(ValueError, match="sign of activations"):
        PlanSettings().with_switch("unsigned", True)
    assert PlanSettings().with_switch("unsigned", False) == PlanSettings()


def test_that_weights_are_rounded_as_chosen_and_operators_limited():
    settings = PlanSettings().with_weight_rounding(WeightRounding.COMPENSATED)
    assert settings.weight_rounding is WeightRounding.COMPENSATED
    limited = settings.with_only_operators(frozenset({"MatMul"}))
    assert limited.placement_rules.only_operators == {"MatMul"}
    assert limited.with_only_operators(frozenset()) == settings


def test_that_a_layer_comes_back_from_float():
    there = PlanSettings().with_layer_quantized("a", False).with_layer_quantized("b", False)
    assert there.float_layers == {"a", "b"}
    assert there.with_layer_quantized("a", True).float_layers == {"b"}
    assert there.with_layer_quantized("c", True) == there


def test_that_resetting_frees_the_named_pins_only():
    pinned = PlanSettings().pin(("a",), FixedPoint()).pin(("b", "c"), Scaled(0.5))
    assert pinned.reset(("a", "c", "nowhere")).pinned == {"b": Scaled(0.5)}
    assert pinned.pin(("b",), FixedPoint()).pinned["b"] == FixedPoint()


def test_that_several_pins_and_layers_change_together():
    types = {"a": FixedPoint(8, 1), "b": FixedPoint(8, 2)}
    pinned = PlanSettings(pinned={"a": FixedPoint(), "c": FixedPoint()}).pin_each(types)
    assert pinned.pinned == {**types, "c": FixedPoint()}
    assert pinned.reset(["a", "c", "unknown"]).pinned == {"b": FixedPoint(8, 2)}
    float_too = PlanSettings(float_layers=frozenset("a")).with_layers_quantized("bc", False)
    assert float_too.float_layers == frozenset("abc")
    assert float_too.with_layers_quantized("ab", True).float_layers == frozenset("c")
    wide = PlanSettings(wide_layers=frozenset("a")).with_layers_wide("ab", True)
    assert wide.wide_layers == frozenset("ab")
    assert wide.with_layers_wide("a", False).wide_layers == frozenset("b")


def test_that_pins_survive_a_change_of_scheme_word_length_and_target():
    pinned = PlanSettings().pin(("a",), FixedPoint(8, 5))
    for changed in (
        pinned.with_scheme(Scheme.HISTOGRAM),
        pinned.with_word_length(16),
        pinned.with_target("fixed-point"),
        pinned.with_layer_quantized("b", False),
    ):
        assert changed.pinned == {"a": FixedPoint(8, 5)}


def test_that_another_target_brings_its_own_bias_words():
    assert PlanSettings().with_target("fixed-point").bias_word_length == 8
    there = PlanSettings().with_target("fixed-point").with_bias_word_length(32)
    assert there.bias_word_length == 32
    assert there.with_target("onnxruntime").bias_word_length == 32


def test_that_another_target_keeps_the_word_length_that_it_takes():
    assert PlanSettings(word_length=16).with_target("fixed-point").word_length == 16
    assert PlanSettings(word_length=4).with_target("fixed-point").word_length == 8


def test_that_word_lengths_that_the_target_does_not_take_are_refused():
    with pytest.raises(ValueError, match="does not take words of 4 bits"):
        PlanSettings().with_word_length(4)
    with pytest.raises(ValueError, match="does not take biases of 8 bits"):
        PlanSettings().with_bias_word_length(8)
    with pytest.raises(KeyError):
        PlanSettings().with_target("abacus")


def test_that_weights_follow_activations_until_they_have_a_word_length_of_their_own():
    assert PlanSettings(word_length=16).weight_words == 16
    four = PlanSettings(word_length=16).with_weight_word_length(4)
    assert four.weight_words == 4
    assert four.with_weight_word_length(None) == PlanSettings(word_length=16)
    with pytest.raises(ValueError, match="does not take weights of 5 bits"):
        four.with_weight_word_length(5)


def test_that_weights_are_as_long_as_the_target_takes_them():
    assert PlanSettings(target="qnn", word_length=16).weight_words == 8


def test_that_a_target_without_long_words_has_no_wide_layers():
    with pytest.raises(ValueError, match="does not take activations of 16 bits"):
        PlanSettings(target="tensorrt").with_layer_wide("a", True)
    wide = PlanSettings().with_layer_wide("a", True)
    assert wide.with_target("tensorrt").wide_layers == frozenset()


def test_that_another_target_keeps_the_weights_that_it_takes():
    assert PlanSettings(weight_word_length=4).with_target("fixed-point").weight_word_length == 4
    assert PlanSettings(weight_word_length=7).with_target("fixed-point").weight_word_length is None


def test_that_unsigned_types_leave_with_a_target_that_takes_one_sign_only():
    settings = PlanSettings(target="fixed-point", unsigned=True)
    assert settings.with_target("fixed-point").unsigned
    assert not settings.with_target("onnxruntime").unsigned


def test_that_layers_become_wide_and_narrow_again():
    wide = PlanSettings().with_layer_wide("a", True).with_layer_wide("b", True)
    assert wide.wide_layers == {"a", "b"}
    assert wide.with_layer_wide("a", False).wide_layers == {"b"}
    assert wide.with_target("fixed-point").wide_layers == {"a", "b"}
