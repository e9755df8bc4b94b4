"""Goals, costs, and the order in which layers are raised."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.diagnosis.mixing import (
    CostFactors,
    Goal,
    Level,
    Mix,
    Step,
    cost_of,
    greedy_steps,
    levels_of,
    may_widen,
    mix_after,
    parse_goal,
    smaller_mixes,
    work_of,
)
from quantscope.core.diagnosis.noise_budget import noise_budget
from quantscope.core.diagnosis.sensitivity import Metric
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.layer_costs import counts_from_shapes
from quantscope.core.planning.settings import PlanSettings
from tests.core.diagnosed import SETTINGS, branched, calibration_of, deviation, sensitivity_of
from tests.core.small_networks import conv_relu_conv

NETWORK = branched()
CALIBRATION = calibration_of(NETWORK)
PLAN = CALIBRATION.plan(NETWORK, SETTINGS)
FACTORS = CostFactors()
LAYERS = ["Conv a", "Conv b", "Conv c", "Add s", "Conv y"]
EVEN = dict.fromkeys(LAYERS, 1.0)
WIDE, FLOAT = Level.WIDE, Level.FLOAT
Noises = dict[str, tuple[float, ...]]


def steps_of(
    noises: Noises, work: dict[str, float] = EVEN, *, widen: bool = True
) -> tuple[Step, ...]:
    sensitivity = sensitivity_of(NETWORK, noises)
    budget = noise_budget(NETWORK, PLAN, sensitivity, CALIBRATION.statistics)
    return greedy_steps(NETWORK, PLAN, budget, work, FACTORS, widen=widen)


# ---- goals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("sqnr>=20", Goal(metric=Metric.SQNR, at_least=20.0)),
        (" sqnr >= 19.5 dB ", Goal(metric=Metric.SQNR, at_least=19.5)),
        ("sqnr>=-3", Goal(metric=Metric.SQNR, at_least=-3.0)),
        ("agreement>=0.99", Goal(metric=Metric.AGREEMENT, at_least=0.99)),
        ("agreement>=99%", Goal(metric=Metric.AGREEMENT, at_least=0.99)),
        ("cosine>=.5", Goal(metric=Metric.COSINE, at_least=0.5)),
    ],
)
def test_that_a_goal_is_read(text: str, goal: Goal) -> None:
    assert parse_goal(text) == goal


@pytest.mark.parametrize("text", ["", "accuracy>=1", "sqnr>20", "sqnr>=", "sqnr>=x", "20"])
def test_that_what_is_no_goal_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(QuantscopeError, match=r"not a goal.*agreement>=0\.99"):
        parse_goal(text)


@pytest.mark.parametrize("text", ["cosine>=2", "agreement>=-0.1", "agreement>=101%"])
def test_that_a_share_lies_between_0_and_1(text: str) -> None:
    with pytest.raises(QuantscopeError, match="between 0 and 1"):
        parse_goal(text)


def test_that_a_goal_reads_back_from_its_words() -> None:
    goal = Goal(metric=Metric.COSINE, at_least=0.995)
    assert parse_goal(str(goal)) == goal


def test_that_a_goal_is_met_from_its_least_on() -> None:
    goal = Goal(metric=Metric.COSINE, at_least=0.9)
    assert goal.is_met(deviation(0.1, cosine=0.9))
    assert not goal.is_met(deviation(0.1, cosine=0.89))


def test_that_a_metric_without_meaning_meets_no_goal() -> None:
    assert not Goal(metric=Metric.AGREEMENT, at_least=0.0).is_met(deviation(0.0))


# ---- mixes and costs -----------------------------------------------------------------------------


def test_that_a_mix_comes_on_top_of_the_settings() -> None:
    before = replace(SETTINGS, wide_layers=frozenset("a"), float_layers=frozenset("b"))
    mix = Mix(wide=frozenset("c"), in_float=frozenset("d"))
    after = mix.apply(before)
    assert (after.wide_layers, after.float_layers) == (frozenset("ac"), frozenset("bd"))
    assert Mix().apply(before) == before


@given(st.lists(st.builds(Step, st.sampled_from("abc"), st.sampled_from([WIDE, FLOAT]))))
def test_that_steps_are_taken_and_taken_back(steps: list[Step]) -> None:
    mix = mix_after(steps)
    assert mix.wide == {step.layer for step in steps if step.level is WIDE}
    assert mix.in_float == {step.layer for step in steps if step.level is FLOAT}
    for step in steps:
        mix = mix.without_step(step)
    assert mix == Mix()


def test_that_each_step_of_a_mix_can_be_taken_back_alone() -> None:
    mix = Mix(wide=frozenset("ab"), in_float=frozenset("bc"))
    smaller = dict(smaller_mixes(mix, widen=False))
    assert smaller == {
        Step("b", FLOAT): Mix(wide=frozenset("ab"), in_float=frozenset("c")),
        Step("c", FLOAT): Mix(wide=frozenset("ab"), in_float=frozenset("b")),
        Step("a", WIDE): Mix(wide=frozenset("b"), in_float=frozenset("bc")),
        Step("b", WIDE): Mix(wide=frozenset("a"), in_float=frozenset("bc")),
    }
    with_down = dict(smaller_mixes(mix, widen=True))
    assert with_down.pop(Step("c", Level.NARROW)) == Mix(
        wide=frozenset("abc"), in_float=frozenset("b")
    )
    assert with_down == smaller


def test_that_layers_are_known_by_what_they_read() -> None:
    mix = Mix(wide=frozenset({"Conv b"}), in_float=frozenset({"Conv y"}))
    plan = CALIBRATION.plan(NETWORK, mix.apply(SETTINGS))
    assert levels_of(NETWORK, PLAN, plan) == {
        "Conv a": Level.NARROW,
        "Conv b": WIDE,
        "Conv c": WIDE,  # reads what b reads
        "Add s": FLOAT,  # only layers in float read what it yields
        "Conv y": FLOAT,
    }


def test_that_costs_are_shares_of_the_work() -> None:
    levels = {"a": Level.NARROW, "b": WIDE, "c": FLOAT}
    cost = cost_of(levels, {"a": 6.0, "b": 3.0, "c": 1.0}, CostFactors(wide=2.0, in_float=4.0))
    assert (cost.narrow, cost.wide, cost.in_float) == pytest.approx((0.6, 0.3, 0.1))
    assert cost.relative == pytest.approx(0.6 + 2 * 0.3 + 4 * 0.1)


def test_that_the_plan_as_it_is_costs_one() -> None:
    cost = cost_of(levels_of(NETWORK, PLAN, PLAN), EVEN, FACTORS)
    assert (cost.relative, cost.narrow) == (1.0, 1.0)


def test_that_no_work_costs_nothing() -> None:
    assert cost_of({"a": Level.NARROW}, {"a": 0.0}, FACTORS).relative == 0.0


def test_that_layers_without_products_count_what_they_read() -> None:
    network = conv_relu_conv()
    work = work_of(network, ["Relu r"], counts_from_shapes(network))
    assert work == {"Relu r": 4.0}
    assert work_of(network, ["Relu r"], {}) == {"Relu r": 1.0}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (PlanSettings(), True),
        (PlanSettings(word_length=16), False),
        (PlanSettings(target="tensorrt", bias_word_length=32), False),
    ],
)
def test_that_layers_widen_where_the_target_has_longer_words(
    settings: PlanSettings, expected: bool
) -> None:
    assert may_widen(settings) is expected


# ---- the order -----------------------------------------------------------------------------------


def test_that_the_layer_that_takes_out_most_for_its_cost_comes_first() -> None:
    """Conv y: gain 5 for one more cost, to 16 bits; Conv a: 9 for three more, to float."""
    noises: Noises = {"Conv a": (9e-3,), "Conv y": (0.0, 5e-3)}
    first, second, *_ = steps_of(noises)
    assert (first, second) == (Step("Conv y", WIDE), Step("Conv a", FLOAT))
    cheap_float = replace(FACTORS, in_float=2.0)
    budget = noise_budget(NETWORK, PLAN, sensitivity_of(NETWORK, noises), CALIBRATION.statistics)
    steps = greedy_steps(NETWORK, PLAN, budget, EVEN, cheap_float, widen=True)
    assert steps[0] == Step("Conv a", FLOAT)


def test_that_a_small_layer_goes_before_a_large_one_of_the_same_noise() -> None:
    noises: Noises = {"Conv a": (1e-3,), "Conv y": (1e-3,)}
    assert steps_of(noises, {**EVEN, "Conv a": 100.0})[0] == Step("Conv y", FLOAT)
    assert steps_of(noises, {**EVEN, "Conv y": 100.0})[0] == Step("Conv a", FLOAT)


def test_that_widening_counts_for_all_who_read_the_same() -> None:
    """Together 4 for two more cost, where Conv y brings 3 for one."""
    noises: Noises = {"Conv b": (0.0, 2e-3), "Conv c": (0.0, 2e-3), "Conv y": (0.0, 3e-3)}
    steps = steps_of(noises)
    assert steps[:2] == (Step("Conv y", WIDE), Step("Conv b", WIDE))
    assert Step("Conv c", WIDE) not in steps


def test_that_what_another_layer_still_reads_stays_rounded() -> None:
    """In float Conv b takes nothing out of what Conv c reads too, until that is float as well."""
    noises: Noises = {"Conv b": (1e-6, 5e-3), "Conv y": (1e-4,)}
    steps = [step for step in steps_of(noises, widen=False) if step.layer in ("Conv b", "Conv y")]
    assert steps[0] == Step("Conv y", FLOAT)


def test_that_what_a_layer_in_integers_makes_stays_rounded_for_one_in_float() -> None:
    """The Add rounds what Conv y reads, whether that is in float or not; a MatMul would not."""
    noises: Noises = {"Conv y": (1e-6, 5e-3), "Conv b": (1e-4,)}
    steps = [step for step in steps_of(noises, widen=False) if step.layer in ("Conv b", "Conv y")]
    assert steps[0] == Step("Conv b", FLOAT)


def test_that_what_a_layer_hands_out_goes_with_it_to_float() -> None:
    assert steps_of({"Conv y": (0.0, 0.0, 1e-3)}, widen=False)[0] == Step("Conv y", FLOAT)


def test_that_steps_that_cost_nothing_and_gain_come_first() -> None:
    work = {**EVEN, "Add s": 0.0}
    noises: Noises = {"Conv a": (1.0,), "Add s": (1e-9,)}
    assert steps_of(noises, work, widen=False)[0] == Step("Add s", FLOAT)


noise = st.floats(0.0, 1.0)
budgets = st.fixed_dictionaries({name: st.tuples(noise, noise, noise) for name in LAYERS})
works = st.fixed_dictionaries({name: st.floats(0.0, 1e6) for name in LAYERS})


@given(budgets, works, st.booleans())
def test_that_the_last_step_leaves_every_layer_in_float(
    noises: Noises, work: dict[str, float], widen: bool
) -> None:
    steps = steps_of(noises, work, widen=widen)
    assert len(set(steps)) == len(steps)
    assert mix_after(steps).in_float == set(LAYERS)
    assert widen or not mix_after(steps).wide
