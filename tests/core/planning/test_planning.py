"""Remembering changes no plan: after any edits it is the one that is resolved from scratch."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import merge_all
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import FixedPoint, Scaled
from quantscope.core.planning.plan import resolve
from quantscope.core.planning.schemes import Candidate, Scheme, TypeRequest, choose
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.shared import MOST_KEPT
from quantscope.core.planning.targets import TARGETS
from tests.core.small_networks import Sketch, statistics_of


def branched() -> Network:
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Conv", "r", "b")
    sketch.add("Add", "r b", "s").add("MaxPool", "s", "m").add("Conv", "m", "y")
    return sketch.add("Softmax", "y", "z").network("z")


NETWORK = branched()
OTHER = Sketch("x").add("Conv", "x", "y").network("y")
TYPES = (FixedPoint(8, 3), FixedPoint(16, 9, signed=False), Scaled(0.5), Scaled(1e-12))


def calibration_of(network: Network) -> Calibration:
    """Of values with and without a sign, and of a bias too large for its products."""
    generator = np.random.default_rng(0)
    values = {name: generator.normal(size=60) for name in network.tensors}
    values |= {"x": np.abs(values["x"]), "y.b": 1e9 * values["y.b"][:4]}
    data = DataDescription(kind=SourceKind.RANDOM)
    statistics = statistics_of(network, **values)
    return Calibration(network.fingerprint, data, 1, ("a",), statistics)


LAYERS = st.frozensets(st.sampled_from([layer.name for layer in NETWORK.layers]), max_size=2)
EDITS = st.one_of(
    st.fixed_dictionaries({"scheme": st.sampled_from(Scheme)}),
    st.fixed_dictionaries({"word_length": st.sampled_from([8, 16])}),
    st.fixed_dictionaries({"weight_word_length": st.sampled_from([None, 4, 8])}),
    st.fixed_dictionaries({"bias_word_length": st.sampled_from([8, 32])}),
    st.fixed_dictionaries({"unsigned": st.booleans()}),
    st.fixed_dictionaries({"target": st.sampled_from(sorted(TARGETS))}),
    st.fixed_dictionaries({"float_layers": LAYERS}),
    st.fixed_dictionaries({"wide_layers": LAYERS}),
    st.fixed_dictionaries(
        {
            "pinned": st.dictionaries(
                st.sampled_from(sorted(NETWORK.tensors)), st.sampled_from(TYPES), max_size=2
            )
        }
    ),
)


@given(edits=st.lists(EDITS, max_size=8))
def test_that_a_plan_after_edits_is_the_one_from_scratch(edits):
    calibration = calibration_of(NETWORK)

    def ask(tensors: Sequence[str], request: TypeRequest) -> Candidate:
        return choose(merge_all(calibration.statistics[name] for name in tensors), request)

    settings = PlanSettings()
    for edit in [{}, *edits]:
        settings = replace(settings, **edit)
        planned = calibration.plan(NETWORK, settings)
        assert planned == resolve(NETWORK, settings, ask, calibration.statistics)


def test_that_a_choice_made_before_is_looked_up():
    calibration = calibration_of(NETWORK)
    first = calibration.plan(NETWORK, PlanSettings())
    other = calibration.plan(NETWORK, PlanSettings(word_length=16))
    assert calibration.plan(NETWORK, PlanSettings()) is first
    assert calibration.plan(NETWORK, PlanSettings(word_length=16)) is other


def test_that_an_edit_of_types_asks_for_no_new_placement():
    calibration = calibration_of(NETWORK)
    first = calibration.plan(NETWORK, PlanSettings())
    second = calibration.plan(NETWORK, PlanSettings(scheme=Scheme.HISTOGRAM))
    assert second.placement is first.placement
    kept = frozenset({NETWORK.layers[1].name})
    assert calibration.plan(NETWORK, PlanSettings(float_layers=kept)).placement != first.placement


def test_that_another_network_has_plans_of_its_own():
    calibration = calibration_of(NETWORK)
    calibration.plan(NETWORK, PlanSettings())
    assert calibration.plan(OTHER, PlanSettings()).types.keys() < NETWORK.tensors.keys()


def test_that_only_the_latest_plans_are_kept():
    calibration = calibration_of(NETWORK)
    names = [layer.name for layer in NETWORK.layers]
    subsets = {frozenset(names[i:j]) for j in range(len(names)) for i in range(j)}
    assert len(subsets) > MOST_KEPT
    first = calibration.plan(NETWORK, PlanSettings())
    for kept in subsets:
        calibration.plan(NETWORK, PlanSettings(float_layers=kept))
    again = calibration.plan(NETWORK, PlanSettings())
    assert again == first
    assert again is not first
