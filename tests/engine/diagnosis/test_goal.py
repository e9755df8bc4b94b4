"""The search finds the cheapest mix that meets a goal, and says what it tried."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.diagnosis.fixes import FixKind, suggest
from quantscope.core.diagnosis.mixing import (
    CostFactors,
    Level,
    Mix,
    MixFound,
    cost_of,
    levels_of,
    parse_goal,
)
from quantscope.core.diagnosis.sensitivity import decibels
from quantscope.core.errors import QuantscopeError
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import batches
from quantscope.engine.diagnosis import study as study_module
from quantscope.engine.diagnosis.goal import MOST_RUNS
from quantscope.engine.diagnosis.measuring import Question
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.writing import save_model
from tests.engine import models
from tests.engine.diagnosis.benches import Case, case_of, finish, noise, told
from tests.engine.exports import run

SETTINGS = PlanSettings()
FACTORS = CostFactors()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of(models.residual_net(), tmp_path_factory.mktemp("net"))


def chain(folder: Path) -> Case:
    """Three layers of different sizes, one after the other."""
    b = models.Builder(6)
    x = b.node("Relu", [b.conv("x", "first", (3, 8))], "relu1")
    x = b.node("Relu", [b.conv(x, "second", (8, 16))], "relu2")
    b.conv(x, "third", (16, 2), kernel=1)
    return case_of(b.model({"x": ("batch", 3, 8, 8)}, {"third": ("batch", 2, 8, 8)}), folder)


def search(case: Case, goal: str, settings: PlanSettings = SETTINGS) -> MixFound:
    study, known = case.study(settings), case.measured(settings)
    found = finish(study.mix(known, parse_goal(goal), FACTORS, 16))
    assert found is not None
    return found


def mix_of(levels: dict[str, Level]) -> Mix:
    return Mix(
        wide=frozenset(name for name, level in levels.items() if level is Level.WIDE),
        in_float=frozenset(name for name, level in levels.items() if level is Level.FLOAT),
    )


@pytest.mark.parametrize("goal", ["sqnr>=36", "sqnr>=39", "sqnr>=40", "sqnr>=42", "sqnr>=45"])
def test_that_of_all_mixes_of_a_small_network_the_cheapest_is_found(
    goal: str, tmp_path: Path
) -> None:
    case = chain(tmp_path)
    found, bench, fetch = search(case, goal), case.bench(SETTINGS), batches(case.source, 16)
    work = {"first": 216.0, "second": 1152.0, "third": 32.0}  # by element of an output channel
    costs = []
    for levels in itertools.product(Level, repeat=3):
        mix = mix_of(dict(zip(work, levels, strict=True)))
        plan = case.calibration.plan(case.ready.network, mix.apply(SETTINGS))
        (answer,) = finish(bench.ask([Question(bench.all_of(plan))], fetch))
        if found.goal.is_met(answer.outputs.deviation()):
            real = levels_of(case.ready.network, bench.plan, plan)
            costs.append(cost_of(real, work, FACTORS).relative)
    assert found.reached
    assert found.best.cost.relative == pytest.approx(min(costs))


@pytest.mark.parametrize("goal", ["sqnr>=48", "sqnr>=55"])
def test_that_the_file_of_the_mix_meets_the_goal(case: Case, goal: str, tmp_path: Path) -> None:
    """As it is written, up to values next to a tie."""
    found = search(case, goal)
    assert found.reached
    plan = case.calibration.plan(case.ready.network, found.best.mix.apply(SETTINGS))
    (path,) = save_model(rewrite(case.ready, plan).model, tmp_path / "mix.onnx")
    exact, other = (
        [run(model, feed, optimized=False)["gemm"] for feed in case.feeds]
        for model in (case.model, path)
    )
    assert decibels(noise(exact, other)) >= found.goal.at_least - 0.3
    assert found.best.raised.keys() == found.best.mix.wide | found.best.mix.in_float | {
        name
        for name, level in levels_of(case.ready.network, case.bench(SETTINGS).plan, plan).items()
        if level is not Level.NARROW
    }


def test_that_nothing_is_raised_where_the_plan_is_good_enough(case: Case) -> None:
    found = search(case, "sqnr>=20")
    assert found.reached
    assert found.best.mix == Mix()
    assert found.best.raised == {}
    assert found.best.cost.relative == 1.0


def test_that_a_goal_that_only_float_meets_is_not_reached(case: Case) -> None:
    found = search(case, "sqnr>=300")
    assert not found.reached
    assert found.best.cost.in_float == 1.0


def test_that_the_curve_gets_better_as_it_gets_dearer(case: Case) -> None:
    found = search(case, "sqnr>=55")
    costs = [each.cost.relative for each in found.curve]
    levels = [each.deviation.sqnr for each in found.curve]
    assert costs == sorted(costs)
    assert levels == sorted(levels)
    assert costs[0] == 1.0
    assert found.best in found.curve
    assert len(found.curve) >= 4


def test_that_the_same_search_finds_the_same(case: Case) -> None:
    assert search(case, "sqnr>=55") == search(case, "sqnr>=55")


def test_that_a_target_without_16_bits_mixes_8_bits_and_float(case: Case) -> None:
    found = search(case, "sqnr>=50", PlanSettings(target="tensorrt"))
    assert found.reached
    assert set(found.best.raised.values()) == {Level.FLOAT}


def test_that_a_mix_comes_on_top_of_what_was_chosen(case: Case) -> None:
    settings = replace(SETTINGS, float_layers=frozenset({"conv1"}))
    found = search(case, "sqnr>=55", settings)
    assert "conv1" not in found.best.raised
    assert "conv1" in found.best.mix.apply(settings).float_layers


def test_that_progress_stays_within_what_it_says(case: Case) -> None:
    study, known = case.study(SETTINGS), case.measured(SETTINGS)
    heard, _ = told(study.mix(known, parse_goal("sqnr>=55"), FACTORS, 16))
    assert all(each.done <= each.total == MOST_RUNS * len(case.feeds) for each in heard)


def test_that_a_stopped_search_finds_nothing(case: Case) -> None:
    known, asked = case.measured(SETTINGS), itertools.count()
    study = case.study(SETTINGS, lambda: next(asked) >= 9)
    assert finish(study.mix(known, parse_goal("sqnr>=55"), FACTORS, 16)) is None


def test_that_agreement_needs_an_output_with_scores(tmp_path: Path) -> None:
    case = case_of(models.transformer_block(), tmp_path)
    with pytest.raises(QuantscopeError, match="Set a goal for sqnr or cosine"):
        search(case, "agreement>=0.9")


# ---- fixes ---------------------------------------------------------------------------------------


def test_that_a_fix_is_measured_as_the_plan_with_it(case: Case) -> None:
    study, known = case.study(SETTINGS), case.measured(SETTINGS)
    fixes = finish(study.fixes(known, 20, equalized=False))
    of_plan = [each for each in fixes if each.is_of_plan]
    assert of_plan
    for fix in of_plan:
        again = case.measured(fix.apply(SETTINGS)).whole
        assert fix.measured == pytest.approx(again.sqnr - known.whole.sqnr)
    others = [each for each in fixes if not each.is_of_plan]
    assert [each.measured for each in others] == [None] * len(others)
    assert FixKind.CORRECT_BIAS in {each.kind for each in others}


def test_that_gains_are_about_as_predicted(tmp_path: Path) -> None:
    case = chain(tmp_path)
    study, known = case.study(SETTINGS), case.measured(SETTINGS)
    fixes = finish(study.fixes(known, 20, equalized=False))
    of_plan = [each for each in fixes if each.is_of_plan]
    assert len(of_plan) >= 6
    for fix in of_plan:
        assert fix.measured == pytest.approx(fix.predicted, abs=1.0), fix.title


def test_that_fixes_not_reached_before_a_stop_are_listed_unmeasured(case: Case) -> None:
    known, asked = case.measured(SETTINGS), itertools.count()
    study = case.study(SETTINGS, lambda: next(asked) >= len(case.feeds) + 1)
    fixes = finish(study.fixes(known, 20, equalized=False))
    measured = [each.measured is not None for each in fixes if each.is_of_plan]
    assert measured.count(True) == 1
    assert len(measured) > 1


def test_that_fixes_that_turn_out_useless_are_left_out(tmp_path: Path) -> None:
    case = chain(tmp_path)
    study, known = case.study(SETTINGS), case.measured(SETTINGS)
    every = suggest(
        study.bench.network, study.bench.plan, known, study.calibration, equalized=False
    )
    wide = next(each for each in every if each.kind is FixKind.WIDE)
    doubled = replace(wide, layer="", kind=FixKind.SCHEME, pins={})  # changes nothing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_module, "suggest", lambda *_, **__: (doubled, wide))
        fixes = finish(study.fixes(known, 20, equalized=False))
    assert [each.title for each in fixes] == [wide.title]
    gains = [each.gain for each in finish(study.fixes(known, 20, equalized=False))]
    assert gains == sorted(gains, reverse=True)
