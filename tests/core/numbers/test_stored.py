"""The integers in the file say what the plan's types say."""

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.numbers.stored import stored_integers, written_type
from quantscope.core.planning.settings import PlanSettings
from tests.core.small_networks import conv_relu_conv, statistics_of

NETWORK = conv_relu_conv()


@pytest.mark.parametrize("target", ["fixed-point", "fixed-point-channels", "onnxruntime"])
def test_that_integers_times_steps_are_what_the_type_leaves(target):
    settings = PlanSettings().with_target(target)
    statistics = statistics_of(NETWORK)
    data = DataDescription(kind=SourceKind.RANDOM)
    plan = Calibration("0123", data, 1, ("one",), statistics).plan(NETWORK, settings)
    for name in ("a.w", "a.b", "y.w", "y.b"):
        values = statistics[name].values
        integers = stored_integers(NETWORK, plan, name, values)
        written = written_type(NETWORK, plan, name)
        steps = getattr(written, "scales", (written.step,))
        reals = integers * np.asarray(steps).reshape(-1, *[1] * (integers.ndim - 1))
        np.testing.assert_array_equal(reals, plan.types[name].cast(values))


def test_that_a_short_bias_is_shifted_up_to_the_products():
    settings = PlanSettings(target="fixed-point", bias_word_length=8)
    statistics = statistics_of(NETWORK)
    data = DataDescription(kind=SourceKind.RANDOM)
    plan = Calibration("0123", data, 1, ("one",), statistics).plan(NETWORK, settings)
    assert plan.types["a.b"].word_length == 8
    written = written_type(NETWORK, plan, "a.b")
    assert (written.word_length, written.step) == (
        32,
        plan.types["a.w"].step * plan.types["x"].step,
    )
