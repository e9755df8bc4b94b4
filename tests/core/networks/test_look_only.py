"""A network that is quantized already keeps the types of its file, whatever the settings say."""

from dataclasses import replace

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.look_only import file_notes
from quantscope.core.networks.network import FileTypes, Network
from quantscope.core.numbers.formats import FixedPoint, Scaled
from quantscope.core.planning.placement import TieGroup
from quantscope.core.planning.plan import placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from tests.core.small_networks import Sketch, statistics_of

TYPES = {
    "x": Scaled(0.5, 3, signed=False),
    "a": FixedPoint(8, 3),
    "r": FixedPoint(8, 3),
    "a.w": FixedPoint(8, 7),
    "a.b": FixedPoint(32, 8),
}


def quantized() -> Network:
    """A Conv and its Relu in integers, then a Conv that stays float."""
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r")
    network = sketch.add("Conv", "r", "y").network("y")
    layers = frozenset({"Conv a", "Relu r"})
    reasons = {"y.w": "quantized in the file, but in blocks"}
    found = FileTypes(
        types=TYPES, integer_layers=layers, fused={"Relu r": "Conv a"}, reasons=reasons
    )
    return replace(network, file_types=found)


def test_that_layers_and_reasons_are_those_of_the_file():
    placement = placement_for(quantized(), PlanSettings())
    assert placement.layers == {"Conv a", "Relu r"}
    assert placement.reasons == {
        "Conv y": "the file rounds not all that it reads and writes",
        "y": "float in the file",
        "y.b": "float in the file",
        "y.w": "quantized in the file, but in blocks",
    }


def test_that_only_what_stands_before_a_fused_relu_is_tied():
    placement = placement_for(quantized(), PlanSettings())
    assert placement.groups == (TieGroup(("x",), ("x",)), TieGroup(("a", "r"), ("r",)))
    assert placement.cut_off == {"a"}
    assert placement.fused == {"Relu r": "Conv a"}


def test_that_a_type_that_stands_for_a_relu_is_no_overflow_and_is_told():
    network = quantized()
    found = network.file_types
    assert found is not None
    network = replace(network, file_types=replace(found, rectified=frozenset({"y"})))
    assert placement_for(network, PlanSettings()).cut_off == {"a", "y"}
    assert list(file_notes(network)) == ["Conv y"]
    assert file_notes(replace(network, file_types=None)) == {}


@pytest.mark.parametrize("target", TARGETS)
def test_that_no_setting_changes_a_type(target):
    network = quantized()
    statistics = statistics_of(network, x=np.arange(9.0))
    calibration = Calibration("0", DataDescription(kind=SourceKind.RANDOM), 1, ("a",), statistics)
    settings = PlanSettings(target=target, word_length=8, pinned={"x": FixedPoint(8, 1)})
    plan = calibration.plan(network, settings)
    assert plan.types == TYPES
    assert (plan.conflicts, plan.notes) == ({}, {})
    assert list(questions(network)) == []
