"""What each target asks of a scheme, and what it refuses in words."""

import numpy as np
import pytest

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.schemes import Family, Scheme, TypeRequest, choose
from quantscope.core.planning.targets import EVERY_WEIGHTED, TARGETS, scaled_like

FIXED, RUNTIME = TARGETS["fixed-point"], TARGETS["onnxruntime"]
CHANNELS, TENSORRT = TARGETS["fixed-point-channels"], TARGETS["tensorrt"]
TFLITE, QNN = TARGETS["tflite-micro"], TARGETS["qnn"]


def test_that_targets_are_found_by_their_key():
    assert all(key == target.key for key, target in TARGETS.items())
    assert len({target.title for target in TARGETS.values()}) == len(TARGETS)


def test_that_fixed_point_asks_for_signed_power_of_two_types():
    expected = TypeRequest(family=Family.FIXED_POINT, scheme=Scheme.HISTOGRAM, word_length=16)
    assert FIXED.activation_request(Scheme.HISTOGRAM, 16) == expected
    assert FIXED.weight_request(Scheme.HISTOGRAM, 16, "Conv") == expected


def test_that_onnxruntime_asks_for_unsigned_activations_and_signed_weights_per_channel():
    assert RUNTIME.activation_request(Scheme.MINMAX, 8) == TypeRequest(
        family=Family.SCALED, scheme=Scheme.MINMAX, signed=False, asymmetric=True
    )
    assert RUNTIME.weight_request(Scheme.MINMAX, 8, "Gemm") == TypeRequest(
        family=Family.SCALED, scheme=Scheme.MINMAX, narrow_range=True, per_channel=True
    )


def test_that_16_bit_activations_of_tflite_have_no_zero_point():
    assert TFLITE.activation_request(Scheme.MINMAX, 8).asymmetric
    assert not TFLITE.activation_request(Scheme.MINMAX, 16).asymmetric


@pytest.mark.parametrize("target", [TFLITE, QNN], ids=lambda target: target.key)
def test_that_matrix_products_have_one_scale_where_only_convolutions_take_more(target):
    assert target.weight_request(Scheme.MINMAX, 8, "Conv").per_channel
    assert not target.weight_request(Scheme.MINMAX, 8, "Gemm").per_channel


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
@pytest.mark.parametrize("scheme", Scheme)
def test_that_a_target_takes_what_its_own_requests_give(target, scheme):
    values = np.random.default_rng(0).normal(size=(4, 50))
    for word_length in target.word_lengths:
        request = target.activation_request(scheme, word_length)
        activation = choose(TensorStatistics.from_values(values), request)
        assert target.objection_to_activation(activation.data_type) == ""
    for word_length in target.weight_word_lengths:
        for operator in EVERY_WEIGHTED:
            request = target.weight_request(scheme, word_length, operator)
            weights = choose(TensorStatistics.of_parameter(values, 0), request)
            assert target.objection_to_weights(weights.data_type, operator) == ""


@pytest.mark.parametrize(
    ("target", "data_type", "objection"),
    [
        (FIXED, Scaled(0.5), "power-of-two steps and zero point 0 only"),
        (FIXED, FixedPoint(4, 3), "words of 8 or 16 bits"),
        (FIXED, FixedPoint(8, 3, signed=False), ""),
        (RUNTIME, Scaled(0.5, 3), "unsigned integers here"),
        (RUNTIME, Scaled(0.5, 3, 32, signed=False), "words of 8 or 16 bits"),
        (RUNTIME, ChannelScaled((0.5,), signed=False), "one scale for the whole tensor"),
        (RUNTIME, FixedPoint(8, 3, signed=False), ""),
        (TENSORRT, Scaled(0.5, 3), "zero point 0 only"),
        (TENSORRT, Scaled(0.5), ""),
        (TENSORRT, Scaled(0.5, word_length=16), "words of 8 bits"),
        (TFLITE, Scaled(0.5, 3), ""),
        (TFLITE, Scaled(0.5, 3, 16), "zero point 0 only"),
        (TFLITE, Scaled(0.5, 3, signed=False), "signed integers here"),
    ],
)
def test_that_a_target_says_what_it_takes_for_activations(target, data_type, objection):
    check(target.objection_to_activation(data_type), target.title, objection)


@pytest.mark.parametrize(
    ("target", "data_type", "operator", "objection"),
    [
        (FIXED, FixedPoint(4, 3), "Conv", ""),
        (FIXED, FixedPoint(8, 3, signed=False), "Conv", "signed integers here"),
        (FIXED, FixedPoint(8, 3, narrow_range=True), "Conv", ""),
        (FIXED, ChannelScaled((0.5,)), "Conv", "one scale for all weights of a Conv"),
        (FIXED, ChannelScaled((0.3,)), "Conv", "power-of-two steps and zero point 0 only"),
        (CHANNELS, ChannelScaled((0.5, 0.25)), "Conv", ""),
        (CHANNELS, ChannelScaled((0.5, 0.3)), "Conv", "power-of-two steps"),
        (RUNTIME, Scaled(0.5, 3), "Conv", "weights with zero point 0 only"),
        (RUNTIME, Scaled(0.5, 0, signed=False), "Conv", "takes signed integers here"),
        (RUNTIME, Scaled(0.5, 0, 5), "Conv", "words of 4, 7, 8 or 16 bits"),
        (RUNTIME, FixedPoint(8, 3), "Conv", ""),
        (QNN, ChannelScaled((0.5,)), "MatMul", "one scale for all weights of a MatMul"),
        (QNN, ChannelScaled((0.5,)), "Conv", ""),
    ],
)
def test_that_a_target_says_what_it_takes_for_weights(target, data_type, operator, objection):
    check(target.objection_to_weights(data_type, operator), target.title, objection)


def check(text, title, objection):
    assert objection in text
    assert bool(text) == bool(objection)
    assert not text or text.startswith(title)


def test_that_a_power_of_two_type_is_written_as_the_same_grid():
    for data_type in (
        FixedPoint(8, 3),
        FixedPoint(16, -2, signed=False),
        FixedPoint(8, 0, True, True),
    ):
        written = scaled_like(data_type)
        assert isinstance(written, Scaled)
        assert (written.scale, written.zero_point) == (2.0**-data_type.fraction_length, 0)
        assert written.limits == data_type.limits
        values = np.linspace(-300, 300, 999)
        assert np.array_equal(written.cast(values), data_type.cast(values))


@pytest.mark.parametrize("data_type", [Scaled(0.3, 7), ChannelScaled((0.1, 0.2))])
def test_that_scaled_types_are_written_as_they_are(data_type):
    assert scaled_like(data_type) is data_type
