"""Every rounding of a plan belongs to one layer."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from quantscope.core.diagnosis.noise_sources import (
    OUTPUT,
    NoiseSources,
    Reading,
    noise_of,
    noise_sources,
    plan_source,
    predicted_noise,
)
from quantscope.core.networks.network import Network
from quantscope.core.planning.settings import PlanSettings
from tests.core.diagnosed import SETTINGS, branched, calibration_of, plan_of
from tests.core.small_networks import Sketch, conv_relu_conv


def sources_of(network: Network, settings: PlanSettings = SETTINGS) -> dict[str, NoiseSources]:
    found = noise_sources(network, plan_of(network, settings))
    return {each.layer: each for each in found}


def concatenated() -> Network:
    """Conv a and Conv b through MaxPool into Concat k, which Softmax p reads."""
    sketch = Sketch("x").add("Conv", "x", "a").add("Conv", "x", "b").add("MaxPool", "b", "m")
    return sketch.add("Concat", "a m", "k").add("Softmax", "k", "p").network("p")


def test_that_a_layer_owns_its_parameters_what_it_reads_and_what_it_hands_out() -> None:
    found = sources_of(conv_relu_conv())
    assert found == {
        "Conv a": NoiseSources("Conv a", ("a.w", "a.b"), (Reading("x", "Conv a"),), ()),
        "Conv y": NoiseSources(
            "Conv y", ("y.w", "y.b"), (Reading("r", "Conv y"),), (Reading("y", OUTPUT),)
        ),
    }


@pytest.mark.parametrize("network", [conv_relu_conv(), branched(), concatenated()])
def test_that_every_reading_has_one_owner(network: Network) -> None:
    plan = plan_of(network)
    found = noise_sources(network, plan)
    owned = Counter(reading for each in found for reading in (*each.reads, *each.results))
    computing = {each.layer for each in found}
    readers = [(layer.name, name) for layer in network.layers for name in layer.inputs]
    readers += [(OUTPUT, port.name) for port in network.outputs]
    in_integers = plan.placement.layers
    expected = {
        Reading(name, reader)
        for reader, name in readers
        if name in plan.placement.quantized and (reader in computing or reader not in in_integers)
    }
    assert owned == dict.fromkeys(expected, 1)
    parameters = [name for each in found for name in each.parameters]
    roles = {"weights", "bias"}
    assert sorted(parameters) == sorted(
        name for name in plan.types if network.tensors[name].role in roles
    )


def test_that_a_reading_in_float_belongs_to_the_layer_that_makes_it() -> None:
    assert sources_of(branched())["Add s"].results == (Reading("s", "Softmax p"),)


def test_that_behind_a_concat_it_belongs_to_the_layer_that_makes_its_last_input() -> None:
    found = sources_of(concatenated(), PlanSettings(target="fixed-point"))
    assert found["Conv b"].results == (Reading("k", "Softmax p"),)
    assert found["Conv a"].results == ()


def test_that_what_no_layer_in_integers_makes_belongs_to_the_first_that_reads_it() -> None:
    sketch = Sketch("x").add("Softmax", "x", "p").add("Conv", "x", "y").add("Conv", "x", "z")
    found = sources_of(sketch.network("p", "y", "z"))
    assert Reading("x", "Softmax p") in found["Conv y"].results
    assert Reading("x", "Softmax p") not in found["Conv z"].results


def test_that_layers_in_float_own_nothing() -> None:
    found = sources_of(conv_relu_conv(), replace(SETTINGS, float_layers=frozenset({"Conv a"})))
    assert list(found) == ["Conv y"]


def test_that_noise_is_predicted_from_statistics_alone() -> None:
    network = conv_relu_conv()
    x = np.random.default_rng(1).normal(size=5000).astype(np.float32)
    plan, statistics = plan_of(network, x=x), calibration_of(network, x=x).statistics
    exact, left = x.astype(np.float64), plan.types["x"].cast(x)
    expected = np.square(exact - left).sum() / np.square(exact).sum()
    assert noise_of(plan, statistics, "x") == pytest.approx(expected, rel=0.02)


def test_that_a_layers_prediction_is_the_sum_over_its_tensors() -> None:
    network = conv_relu_conv()
    statistics, plan = calibration_of(network).statistics, plan_of(network)
    (_, last) = noise_sources(network, plan)
    parts = [noise_of(plan, statistics, name) for name in ("y.w", "y.b", "r", "y")]
    assert predicted_noise(last, plan, statistics) == pytest.approx(sum(parts))
    without = {name: known for name, known in statistics.items() if name != "r"}
    assert predicted_noise(last, plan, without) == pytest.approx(sum(parts) - parts[2])


def test_that_a_tensor_of_zeros_makes_no_noise() -> None:
    network = conv_relu_conv()
    x = np.zeros(9)
    plan, statistics = plan_of(network, x=x), calibration_of(network, x=x).statistics
    assert noise_of(plan, statistics, "x") == 0.0


def test_that_what_was_only_moved_is_known_by_where_it_was_made() -> None:
    plan = plan_of(concatenated(), PlanSettings(target="fixed-point"))
    assert plan_source(plan, "k") == "a"
    assert plan_source(plan, "b") == "b"
    assert plan_source(plan, "a.w") == "a.w"
