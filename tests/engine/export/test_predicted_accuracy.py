"""What statistics predict of a type lies within 0.1 dB of what rounding the values costs."""

from __future__ import annotations

from collections import Counter

import pytest

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.opening import open_source
from tests.engine import exports
from tests.engine.predicted import Comparison, compare, types_of_every_target
from tests.engine.recovery.test_hard_network import HARD
from tests.engine.uneven import EQUALIZED

NETWORKS = {"demo": demo_folder() / "demo.onnx", "hard": HARD}
SAMPLES = 16


def comparisons(network: str, choices: PreparationChoices) -> list[Comparison]:
    """Every type of every tensor, on photographs that the network was calibrated with."""
    path = str(NETWORKS[network])
    data = DataDescription(
        kind=SourceKind.IMAGES, path=str(demo_folder() / "calibration"), samples=SAMPLES
    )
    calibration, _ = exports.finish(tasks.calibrate(path, data, False, lambda: False, choices))
    ready = prepare(open_model(path), choices)
    types = types_of_every_target(ready.network, calibration)
    feeds = open_source(data, ready.network.inputs)
    return list(compare(ready, calibration, feeds, types))


@pytest.mark.parametrize("choices", [PreparationChoices(), EQUALIZED], ids=["plain", "equalized"])
@pytest.mark.parametrize("network", NETWORKS)
def test_that_predicted_and_measured_sqnr_differ_by_a_tenth_of_a_decibel_at_most(
    network: str, choices: PreparationChoices
) -> None:
    found = comparisons(network, choices)
    assert [each for each in found if not each.difference <= 0.1] == []
    roles = Counter(each.role for each in found)
    assert min(roles[role] for role in ("weights", "bias", "activations")) >= 20
    kinds = Counter(
        (type(each.data_type), each.data_type.signed, each.data_type.zero_point != 0)
        for each in found
        if each.role == "activations"
    )
    assert kinds[FixedPoint, True, False] and kinds[FixedPoint, False, False]
    assert kinds[Scaled, True, False] and kinds[Scaled, True, True] and kinds[Scaled, False, True]
    weights = {type(each.data_type) for each in found if each.role == "weights"}
    assert weights == {FixedPoint, Scaled, ChannelScaled}


def test_that_pixels_are_predicted_exactly() -> None:
    """The network's input holds no more than 256 values: an exact table, not a histogram."""
    pixels = [each for each in comparisons("demo", PreparationChoices()) if each.tensor == "image"]
    assert len(pixels) >= 4
    assert max(each.difference for each in pixels) < 1e-6
