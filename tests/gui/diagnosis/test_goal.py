"""The accuracy goal: what is asked for in a form is found, shown as a curve, and applied."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.diagnosis.mixing import CostFactors, Goal, Mix
from quantscope.core.diagnosis.sensitivity import Metric, basis_of
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.diagnosis.cost_points import curve_of
from quantscope.gui.diagnosis.goal_view import GoalView
from quantscope.gui.main_window import MainWindow
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import FindMix, MixSearched
from quantscope.session.calibration_file import read_calibration
from quantscope.session.diagnosis import Diagnosis, MixKnown
from tests.gui.conftest import DEMO

WAIT = 240_000
FIXED = PlanSettings().with_target("fixed-point")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="session")
def searched(demo_statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> MixKnown:
    """The cheapest mix of the demo, for the fixed-point target, with 15 dB."""
    result = run_inline(
        FindMix(
            model=DEMO,
            calibration=str(demo_statistics),
            settings=FIXED,
            output=str(tmp_path_factory.mktemp("searched") / "layers.json"),
            goal=Goal(metric=Metric.SQNR, at_least=15.0),
            samples=2,
            layer_samples=2,
        )
    )
    assert isinstance(result, MixSearched)
    basis = basis_of(read_calibration(demo_statistics), FIXED, 2)
    return MixKnown(basis=basis, found=result.found)


@pytest.fixture
def found(calibrated: MainWindow, searched: MixKnown) -> MainWindow:
    """The demo with a search behind it, and its page in front."""
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    controller.session.attach_diagnosis(Diagnosis().with_mix(searched))
    controller.results_changed.emit()
    calibrated.actions_by_id["goal"].trigger()
    QApplication.processEvents()
    return calibrated


def view(window: MainWindow) -> GoalView:
    return window.diagnosis.goal


def cells(window: MainWindow, column: int) -> list[str]:
    model = view(window).model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def current(window: MainWindow) -> int:
    return view(window).table.currentIndex().row()


def test_that_the_menu_leads_to_the_goal_and_says_why_not_before_calibration(
    opened: MainWindow,
) -> None:
    opened.actions_by_id["goal"].trigger()
    assert view(opened).isVisible()
    assert view(opened).form.metric_box.hasFocus()
    assert not view(opened).form.search_button.isEnabled()
    assert "Calibrate first" in view(opened).state.text()
    assert not view(opened).table.isVisible()


def test_that_the_form_asks_for_what_it_shows(
    calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[FindMix] = []
    worker = calibrated.controller.desk.worker
    monkeypatch.setattr(worker, "send", lambda request: sent.append(request) or 1)
    calibrated.actions_by_id["goal"].trigger()
    form = view(calibrated).form
    form.least.setValue(97.5)
    assert "2.5 points" in form.hint.text()
    form.wide.setValue(1.5)
    form.in_float.setValue(8.0)
    form.samples.setValue(5)
    calibrated.diagnosis.layers.samples.setValue(3)
    form.search_button.click()
    (request,) = sent
    assert request.goal == Goal(metric=Metric.AGREEMENT, at_least=0.975)
    assert request.factors == CostFactors(wide=1.5, in_float=8.0)
    assert (request.samples, request.layer_samples) == (5, 3)
    assert not form.search_button.isEnabled()
    assert view(calibrated).progress.isVisible()


@pytest.mark.parametrize(
    ("title", "goal"),
    [
        ("Cosine to float", Goal(metric=Metric.COSINE, at_least=0.99)),
        ("SQNR of the output", Goal(metric=Metric.SQNR, at_least=30.0)),
        ("Same class as float", Goal(metric=Metric.AGREEMENT, at_least=0.99)),
    ],
)
def test_that_each_metric_has_its_own_scale(opened: MainWindow, title: str, goal: Goal) -> None:
    form = view(opened).form
    form.metric_box.setCurrentIndex(1)
    form.metric_box.setCurrentText(title)
    assert form.search(16).goal == goal


def test_that_a_search_finds_a_mix_and_applies_it_as_one_edit(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, session = calibrated.controller, calibrated.controller.session
    controller.choose_target("fixed-point")
    calibrated.actions_by_id["goal"].trigger()
    form = view(calibrated).form
    form.metric_box.setCurrentText("SQNR of the output")
    form.least.setValue(15.0)
    form.samples.setValue(2)
    calibrated.diagnosis.layers.samples.setValue(2)
    qtbot.mouseClick(form.search_button, LEFT)
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    known = view(calibrated).known
    assert known is not None and known.found.reached
    assert session.diagnosis.layers[0].sensitivity.complete  # measured on the way
    assert cells(calibrated, 0)[current(calibrated)].startswith("★")
    assert "★ The cheapest mix that keeps SQNR 15.0 dB" in view(calibrated).state.text()
    before = session.document.settings
    qtbot.mouseClick(view(calibrated).apply_button, LEFT)
    assert session.document.settings == known.found.best.mix.apply(before)
    assert session.undo_title.startswith("Mix with SQNR")
    assert view(calibrated).apply_button.text() == "✓ In use"
    assert view(calibrated).state.property("role") != "warning"
    calibrated.do_undo()
    assert session.document.settings == before


def test_that_a_stopped_search_keeps_the_layers(qtbot: QtBot, calibrated: MainWindow) -> None:
    controller = calibrated.controller
    calibrated.actions_by_id["goal"].trigger()
    view(calibrated).form.search_button.click()

    def tries_mixes() -> bool:
        job = controller.job
        return job is not None and job.progress is not None and job.progress.stage == "goal"

    qtbot.waitUntil(tries_mixes, timeout=WAIT)
    qtbot.mouseClick(view(calibrated).progress.stop, LEFT)
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    assert controller.session.diagnosis.mixes == ()
    (layers,) = controller.session.diagnosis.layers
    assert layers.sensitivity.complete


def test_that_the_table_has_the_figures_of_the_curve(found: MainWindow, searched: MixKnown) -> None:
    curve = curve_of(searched, FIXED)
    assert cells(found, 1) == [f"{cost:.3f}" for cost in curve.costs]
    assert list(curve.costs) == sorted(curve.costs)
    assert curve.kinds.count("best") == 1
    assert curve.kinds[0] == "in use"
    assert curve.goal == 15.0
    assert len(curve.heights) == len(searched.found.curve)
    assert cells(found, 0)[0] == "●"


def test_that_a_click_on_the_curve_chooses_its_row_and_keys_go_on(
    qtbot: QtBot, found: MainWindow
) -> None:
    plot = view(found).curve.plot
    assert plot is not None
    last = len(cells(found, 1)) - 1
    qtbot.mouseClick(plot.viewport(), LEFT, pos=plot.point_of(last).toPoint())
    assert current(found) == last
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert current(found) == last - 1
    for _ in range(3):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert current(found) == last
    middle = (plot.point_of(0) + plot.point_of(last)) / 2
    middle.setX(middle.x() + 60)
    middle.setY(plot.height() - 50)
    qtbot.mouseClick(plot.viewport(), LEFT, pos=middle.toPoint())
    assert current(found) == last  # nothing is there


def test_that_any_point_can_be_applied_and_takes_the_place_of_another(
    qtbot: QtBot, found: MainWindow, searched: MixKnown
) -> None:
    session, table = found.controller.session, view(found).table
    for row in (len(searched.found.curve) - 1, 1):
        table.setCurrentIndex(view(found).model.index(row, 0))
        qtbot.mouseClick(view(found).apply_button, LEFT)
        mix = searched.found.curve[row].mix
        assert session.document.settings == searched.applied(mix, FIXED)
        assert current(found) == row
        assert "●" in cells(found, 0)[row]
    found.do_undo()
    found.do_undo()
    assert session.document.settings == FIXED
    assert searched.found.curve[0].mix == Mix()
    assert view(found).detail.text()


def test_that_another_plan_makes_it_stale(found: MainWindow) -> None:
    assert view(found).state.property("role") != "warning"
    found.controller.switch("correct_bias", True)
    assert view(found).state.text().startswith("⚠ Types have changed")
    found.controller.choose_target("tensorrt")
    assert not view(found).apply_button.isEnabled()


def test_that_a_goal_out_of_reach_is_told(found: MainWindow, searched: MixKnown) -> None:
    missed = replace(searched.found, reached=False, best=searched.found.curve[-1])
    session = found.controller.session
    session.attach_diagnosis(Diagnosis().with_mix(replace(searched, found=missed)))
    found.controller.results_changed.emit()
    assert "Only the float network reaches SQNR 15.0 dB" in view(found).state.text()
    assert view(found).state.property("role") == "warning"
    assert not any("★" in mark for mark in cells(found, 0))


def test_that_an_exact_output_is_drawn_above_all_others(searched: MixKnown) -> None:
    exact = replace(
        searched.found.curve[-1],
        deviation=replace(searched.found.curve[-1].deviation, noise=0.0),
    )
    curve = (*searched.found.curve[:-1], exact)
    points = curve_of(replace(searched, found=replace(searched.found, curve=curve)), FIXED)
    assert max(points.heights) == points.heights[-1]
    assert points.ticks is not None and points.ticks[-1] == (points.heights[-1], "exact")
