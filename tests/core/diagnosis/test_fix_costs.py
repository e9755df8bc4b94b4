"""What fixes cost in memory, counted by hand."""

from dataclasses import replace

from quantscope.core.diagnosis.fix_costs import FixCost, cost_between
from quantscope.core.networks.layer_costs import counts_from_shapes
from quantscope.core.networks.network import Network, Role
from quantscope.core.planning.settings import PlanSettings
from tests.core.diagnosed import SETTINGS, branched, plan_of

WEIGHTS, ACTIVATION = (2, 2, 3, 3), (1, 2, 5, 5)


def sized() -> Network:
    """:func:`branched`, with weights of 36 elements and activations of 50."""
    network = branched()
    tensors = {
        name: replace(each, shape=WEIGHTS if each.role is Role.WEIGHTS else ACTIVATION)
        for name, each in network.tensors.items()
    }
    return replace(network, tensors=tensors)


NETWORK = sized()


def cost(settings: PlanSettings) -> FixCost:
    before, after = plan_of(NETWORK), plan_of(NETWORK, settings)
    return cost_between(NETWORK, before, after, counts_from_shapes(NETWORK))


def test_that_a_layer_in_float_stores_four_bytes_for_each_of_its_weights() -> None:
    assert cost(SETTINGS.with_layer_quantized("Conv y", False)).stored == 3 * 36


def test_that_16_bits_move_a_byte_more_wherever_they_are_read_and_written() -> None:
    found = cost(SETTINGS.with_layer_wide("Conv y", True))
    assert found == FixCost(stored=0, moved=4 * 50)  # s: Add, Conv, Softmax; y


def test_that_activations_of_unknown_size_are_left_out() -> None:
    before, after = plan_of(NETWORK), plan_of(NETWORK, SETTINGS.with_layer_wide("Conv y", True))
    assert cost_between(NETWORK, before, after, {}) == FixCost()


def test_that_nothing_changed_costs_nothing() -> None:
    assert cost(SETTINGS) == FixCost()
    assert FixCost().in_words() == "no memory"


def test_that_costs_and_savings_are_told_in_words() -> None:
    assert FixCost(stored=27_000).in_words() == "+27 KB stored"
    assert FixCost(moved=-512).in_words() == "−512 B moved a sample"
    assert FixCost(stored=1, moved=2).in_words() == "+1 B stored, +2 B moved a sample"
