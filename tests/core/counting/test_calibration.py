"""Answers are kept, belong to the question, and the questions asked ahead are the right ones."""

from dataclasses import replace

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.planning.plan import activation_request, weight_request
from quantscope.core.planning.schemes import Scheme, choose
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from tests.core.small_networks import Sketch, conv_relu_conv, statistics_of


def calibration_of(network, **given) -> Calibration:
    data = DataDescription(kind=SourceKind.RANDOM)
    return Calibration(network.fingerprint, data, 1, ("a",), statistics_of(network, **given))


REQUEST = activation_request(PlanSettings())
WEIGHT_REQUEST = weight_request(PlanSettings(), "Conv")


def test_that_a_type_is_chosen_on_the_values_of_all_tensors_together():
    network = conv_relu_conv()
    calibration = calibration_of(network, x=np.arange(-5.0, 0), y=np.arange(100.0))
    together = np.concatenate([np.arange(-5.0, 0), np.arange(100.0)])
    expected = choose(TensorStatistics.from_values(together), REQUEST)
    assert calibration.choose(("x", "y"), REQUEST) == expected
    assert calibration.choose(("y", "x"), REQUEST) == expected


def test_that_an_answer_is_kept_under_its_question():
    calibration = calibration_of(conv_relu_conv())
    first = calibration.choose(("x",), REQUEST)
    assert calibration.derived == {(("x",), REQUEST): first}
    assert calibration.choose(("x",), REQUEST) is first
    assert calibration.choose(("y",), REQUEST) is not first
    assert calibration.choose(("x",), activation_request(PlanSettings(word_length=16))) is not first


def test_that_answers_of_one_calibration_are_not_those_of_another():
    one, two = (calibration_of(conv_relu_conv(), x=[size]) for size in (1.0, 8.0))
    assert one.choose(("x",), REQUEST) != two.choose(("x",), REQUEST)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scheme", Scheme)
def test_that_a_network_wide_choice_was_asked_ahead(target, scheme):
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Add", "r x", "s")
    network = sketch.network("s")
    calibration = calibration_of(network)
    for tensors, request in questions(network):
        calibration.choose(tensors, request)
    known = len(calibration.derived)
    for word_length in TARGETS[target].word_lengths:
        settings = PlanSettings(
            target=target,
            scheme=scheme,
            word_length=word_length,
            bias_word_length=min(TARGETS[target].bias_word_lengths, default=32),
        )
        calibration.plan(network, settings)
        calibration.plan(network, replace(settings, unsigned=TARGETS[target].either_sign))
    assert len(calibration.derived) == known


def test_that_no_question_is_asked_twice():
    every = list(questions(conv_relu_conv()))
    assert len(every) == len(set(every))
    activations, parameters = {("x",), ("r",), ("y",)}, {("a.w",), ("y.w",), ("a.b",), ("y.b",)}
    assert {tensors for tensors, _ in every} == activations | parameters
    assert (("a.w",), WEIGHT_REQUEST) in every
    assert (("a.w",), REQUEST) not in every


@pytest.mark.parametrize("scheme", [Scheme.PERCENTILE, Scheme.ENTROPY])
def test_that_parameters_are_searched_once_for_all_schemes_that_only_cut_activations(scheme):
    calibration = calibration_of(conv_relu_conv())
    (name,) = [n for n, s in calibration.statistics.items() if s.values is not None][:1]

    plain = calibration.choose((name,), WEIGHT_REQUEST)

    assert calibration.choose((name,), replace(WEIGHT_REQUEST, scheme=scheme)) is plain


def test_that_a_signed_grid_is_the_unsigned_one_moved():
    calibration = calibration_of(conv_relu_conv())
    unsigned = calibration.choose(("x",), REQUEST)
    asked = len(calibration.derived)
    signed = calibration.choose(("x",), replace(REQUEST, signed=True))
    assert len(calibration.derived) == asked
    assert signed.error == unsigned.error
    assert (signed.data_type.minimum, signed.data_type.maximum) == (
        unsigned.data_type.minimum,
        unsigned.data_type.maximum,
    )
    assert signed.data_type.limits == (-128, 127)


def test_that_what_was_chosen_before_is_known_and_nothing_else():
    calibration = calibration_of(conv_relu_conv())
    assert calibration.known(("x",), REQUEST) is None
    chosen = calibration.choose(("x",), replace(REQUEST, signed=True))
    assert calibration.known(("x",), replace(REQUEST, signed=True)) == chosen
    assert calibration.known(("y",), REQUEST) is None


def test_that_answers_from_statistics_that_were_replaced_are_forgotten():
    network = conv_relu_conv()
    statistics = statistics_of(network)
    data = DataDescription(kind=SourceKind.RANDOM)
    settings = PlanSettings(target="fixed-point", bias_word_length=8)
    before = Calibration("0123", data, 1, ("one",), statistics)
    plan = before.plan(network, settings)
    larger = TensorStatistics.of_parameter(np.full(4, 100.0, np.float32))
    after = before.with_statistics({"a.b": larger})
    fresh = Calibration("0123", data, 1, ("one",), {**statistics, "a.b": larger})
    assert after.plan(network, settings).types == fresh.plan(network, settings).types
    assert after.plan(network, settings).types["a.b"] != plan.types["a.b"]
    assert before.plan(network, settings).types == plan.types
    kept = [question for question in before.derived if "a.b" not in question[0]]
    assert kept
    assert set(kept) <= set(after.derived)
