"""What each target asks of a scheme, and what it refuses in words."""

import numpy as np
import pytest

from quantscope.core.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.schemes import Family, Scheme, TypeRequest, choose
from quantscope.core.statistics import TensorStatistics
from quantscope.core.targets import TARGETS, scaled_like

FIXED, RUNTIME = TARGETS["fixed-point"], TARGETS["onnxruntime"]


def test_that_targets_are_found_by_their_key():
    assert {key: target.key for key, target in TARGETS.items()} == {
        "fixed-point": "fixed-point",
        "onnxruntime": "onnxruntime",
    }


def test_that_fixed_point_asks_for_signed_power_of_two_types():
    expected = TypeRequest(family=Family.FIXED_POINT, scheme=Scheme.HISTOGRAM, word_length=16)
    assert FIXED.activation_request(Scheme.HISTOGRAM, 16) == expected
    assert FIXED.weight_request(Scheme.HISTOGRAM, 16) == expected


def test_that_onnxruntime_asks_for_unsigned_activations_and_signed_weights_per_channel():
    assert RUNTIME.activation_request(Scheme.MINMAX, 8) == TypeRequest(
        family=Family.SCALED, scheme=Scheme.MINMAX, signed=False, asymmetric=True
    )
    assert RUNTIME.weight_request(Scheme.MINMAX, 8) == TypeRequest(
        family=Family.SCALED, scheme=Scheme.MINMAX, narrow_range=True, per_channel=True
    )


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
@pytest.mark.parametrize("scheme", Scheme)
def test_that_a_target_takes_what_its_own_requests_give(target, scheme):
    values = np.random.default_rng(0).normal(size=(4, 50))
    for word_length in target.word_lengths:
        activation = choose(
            TensorStatistics.from_values(values), target.activation_request(scheme, word_length)
        )
        weights = choose(
            TensorStatistics.of_parameter(values, 0), target.weight_request(scheme, word_length)
        )
        assert target.objection(activation.data_type, weights=False) == ""
        assert target.objection(weights.data_type, weights=True) == ""


@pytest.mark.parametrize(
    ("target", "data_type", "weights", "objection"),
    [
        (FIXED, Scaled(0.5), False, "power-of-two steps and zero point 0 only"),
        (FIXED, ChannelScaled((0.5,)), True, "power-of-two steps and zero point 0 only"),
        (FIXED, FixedPoint(4, 3), False, "words of 8 or 16 bits"),
        (FIXED, FixedPoint(4, 3), True, ""),
        (FIXED, FixedPoint(8, 3, signed=False), False, ""),
        (FIXED, FixedPoint(8, 3, signed=False), True, "signed integers here"),
        (FIXED, FixedPoint(8, 3, narrow_range=True), True, ""),
        (RUNTIME, Scaled(0.5, 3), True, "weights with zero point 0 only"),
        (RUNTIME, Scaled(0.5, 3), False, "unsigned integers here"),
        (RUNTIME, Scaled(0.5, 0, signed=False), True, "takes signed integers here"),
        (RUNTIME, Scaled(0.5, 3, 32, signed=False), False, "words of 8 or 16 bits"),
        (RUNTIME, ChannelScaled((0.5,), signed=False), False, "one scale for the whole tensor"),
        (RUNTIME, FixedPoint(8, 3, signed=False), False, ""),
        (RUNTIME, FixedPoint(8, 3), True, ""),
    ],
)
def test_that_a_target_says_what_it_takes_instead(target, data_type, weights, objection):
    text = target.objection(data_type, weights=weights)
    assert objection in text
    assert bool(text) == bool(objection)
    assert not text or text.startswith(target.title)


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
