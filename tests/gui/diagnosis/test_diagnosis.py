"""The Diagnosis dock: who finds the layer that costs accuracy can fix it by pointing."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from quantscope.core.diagnosis.fixes import FixKind
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.diagnosis.fixes_list import FixCard
from quantscope.gui.diagnosis.layers_model import NOT_YET, Column
from quantscope.gui.diagnosis.layers_view import LayersView
from quantscope.gui.main_window import MainWindow
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Cancelled, LayersMeasured, MeasureSensitivity
from quantscope.session.diagnosis import Diagnosis, LayersKnown
from quantscope.session.sensitivity_file import read_all, write_sensitivity
from quantscope.session.session_file import load_session, save_session
from tests.gui.conftest import DEMO

WAIT = 120_000
FIXED = PlanSettings().with_target("fixed-point")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="session")
def measured(demo_statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> LayersKnown:
    """The demo's layers for the fixed-point target, on four samples."""
    result = run_inline(
        MeasureSensitivity(
            model=DEMO,
            calibration=str(demo_statistics),
            settings=FIXED,
            output=str(tmp_path_factory.mktemp("measured") / "layers.json"),
            samples=4,
            fixes=8,
        )
    )
    assert isinstance(result, LayersMeasured)
    return LayersKnown(sensitivity=result.sensitivity, fixes=result.fixes)


@pytest.fixture
def diagnosed(calibrated: MainWindow, measured: LayersKnown) -> MainWindow:
    """The demo with its layers measured and the dock in front."""
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    controller.session.attach_diagnosis(Diagnosis().with_layers(measured))
    controller.results_changed.emit()
    calibrated.actions_by_id["diagnosis"].trigger()
    QApplication.processEvents()
    return calibrated


def view(window: MainWindow) -> LayersView:
    return window.diagnosis.layers


def column(window: MainWindow, number: Column) -> list[str]:
    model = view(window).model
    return [model.index(row, number).data() for row in range(model.rowCount())]


def click(qtbot: QtBot, window: MainWindow, row: int) -> None:
    table = view(window).table
    place = table.visualRect(view(window).model.index(row, Column.LAYER)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)


def card(window: MainWindow, kind: FixKind) -> FixCard:
    return next(each for each in view(window).fixes.cards if each.fix.kind is kind)


# ---- measuring ---------------------------------------------------------------------------------


def test_that_nothing_can_be_measured_before_calibration_and_why(opened: MainWindow) -> None:
    opened.actions_by_id["diagnosis"].trigger()
    assert view(opened).isVisible()
    assert not view(opened).measure_button.isEnabled()
    assert not opened.actions_by_id["measure"].isEnabled()
    assert "Calibrate first" in view(opened).state.text()
    assert not view(opened).table.isVisible()


def test_that_a_key_measures_and_the_worst_layer_comes_first(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    calibrated.controller.choose_target("fixed-point")
    view(calibrated).samples.setValue(2)
    qtbot.keyClick(calibrated.ranges.tree, Qt.Key.Key_F6)
    assert view(calibrated).progress.isVisible()
    qtbot.waitUntil(lambda: not calibrated.controller.is_busy, timeout=WAIT)
    assert not view(calibrated).progress.isVisible()
    assert column(calibrated, Column.LAYER)[0] == "block4/depthwise"
    shares = [row.keys[Column.SHARE] for row in view(calibrated).model._rows]
    assert shares == sorted(shares, reverse=True)
    assert view(calibrated).fixes.cards
    assert calibrated.controller.session.is_modified
    assert "All quantized: SQNR" in view(calibrated).state.text()


def test_that_stopping_keeps_layers_and_measuring_goes_on_from_there(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, session = calibrated.controller, calibrated.controller.session
    view(calibrated).samples.setValue(12)
    calibrated.actions_by_id["measure"].trigger()

    def some_are_done() -> bool:
        job = controller.job
        return job is not None and job.progress is not None and job.progress.done > 5 * 12

    qtbot.waitUntil(some_are_done, timeout=WAIT)
    qtbot.mouseClick(view(calibrated).progress.stop, LEFT)
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    (kept,) = session.diagnosis.layers
    assert kept.sensitivity.layers and kept.sensitivity.missing
    assert view(calibrated).measure_button.text() == "Go on measuring"
    assert column(calibrated, Column.SHARE)[-1] == "not measured yet"
    assert column(calibrated, Column.ONLY_IT)[-1] == NOT_YET
    assert "layers are measured: go on" in view(calibrated).state.text()
    qtbot.mouseClick(view(calibrated).measure_button, LEFT)
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    (whole,) = session.diagnosis.layers
    assert whole.sensitivity.complete
    for each in kept.sensitivity.layers:
        assert whole.sensitivity.layer(each.layer) == each
    assert view(calibrated).measure_button.text() == "Measure layers"


def test_that_a_stop_keeps_what_the_worker_wrote(
    calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch, measured: LayersKnown
) -> None:
    """Without a worker: the request goes on from what is known, and cancelled results are read."""
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    sent: list[MeasureSensitivity] = []
    monkeypatch.setattr(controller.desk.worker, "send", lambda request: sent.append(request) or 7)
    view(calibrated).budget.setCurrentText("for 30 s")
    view(calibrated).cumulative.setChecked(True)
    calibrated.actions_by_id["measure"].trigger()
    (request,) = sent
    assert (request.samples, request.budget, request.cumulative) == (16, 30.0, True)
    assert request.settings == FIXED
    some = replace(measured.sensitivity, layers=measured.sensitivity.layers[:3])
    write_sensitivity(request.output, some)
    controller.desk.worker.received.emit(7, Cancelled(output=request.output))
    assert [each.sensitivity for each in controller.session.diagnosis.layers] == [some]
    assert len(column(calibrated, Column.LAYER)) == 3
    calibrated.actions_by_id["measure"].trigger()
    assert read_all(sent[-1].output) == (some,)


def test_that_cumulative_columns_are_there_where_they_were_measured(
    diagnosed: MainWindow, measured: LayersKnown
) -> None:
    assert view(diagnosed).table.isColumnHidden(Column.UP_TO)
    layers = tuple(replace(each, cumulative=each.isolated) for each in measured.sensitivity.layers)
    found = replace(measured.sensitivity, layers=layers)
    session = diagnosed.controller.session
    session.attach_diagnosis(session.diagnosis.with_layers(LayersKnown(sensitivity=found)))
    diagnosed.controller.results_changed.emit()
    assert not view(diagnosed).table.isColumnHidden(Column.UP_TO)
    assert column(diagnosed, Column.UP_TO) == column(diagnosed, Column.ONLY_IT)


# ---- looking -----------------------------------------------------------------------------------


def test_that_a_row_selects_its_layer_in_the_heat_map_and_back(
    qtbot: QtBot, diagnosed: MainWindow
) -> None:
    selection = diagnosed.controller.selection
    click(qtbot, diagnosed, 1)
    network = diagnosed.controller.session.network
    assert network is not None
    layer = network.layer(selection.layer)
    assert layer.label == column(diagnosed, Column.LAYER)[1]
    assert selection.tensor == layer.weights
    tree = diagnosed.ranges.tree
    assert diagnosed.ranges.model.layer_at(tree.currentIndex()).name == layer.name
    assert f"For {layer.label}" in headings(diagnosed)[0]
    other = network.layer("block1/depthwise")
    tree.setCurrentIndex(diagnosed.ranges.model.index_of(other.name, other.outputs[0]))
    current = view(diagnosed).table.currentIndex()
    assert view(diagnosed).model.layer_at(current.row()) == other.name
    assert selection.tensor == other.outputs[0]  # the table did not take it over


def headings(window: MainWindow) -> list[str]:
    content = view(window).fixes.widget()
    labels = content.findChildren(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [label.text() for label in labels]


def test_that_a_fused_relu_belongs_to_the_layer_before_it(diagnosed: MainWindow) -> None:
    plan, network = diagnosed.controller.session.plan(), diagnosed.controller.session.network
    assert plan is not None and network is not None
    relu, maker = next(iter(plan.placement.fused.items()))
    diagnosed.controller.selection.select(relu, network.layer(relu).outputs[0])
    current = view(diagnosed).table.currentIndex()
    assert view(diagnosed).model.layer_at(current.row()) == maker


def test_that_layers_without_roundings_leave_no_row_selected(diagnosed: MainWindow) -> None:
    network = diagnosed.controller.session.network
    assert network is not None
    view(diagnosed).table.setCurrentIndex(view(diagnosed).model.index(0, 0))
    diagnosed.controller.selection.select(network.layers[0].name, network.layers[0].outputs[0])
    assert not view(diagnosed).table.currentIndex().isValid()


def test_that_columns_sort_by_their_figures(qtbot: QtBot, diagnosed: MainWindow) -> None:
    table = view(diagnosed).table
    table.sortByColumn(Column.LAYER, Qt.SortOrder.AscendingOrder)
    names = column(diagnosed, Column.LAYER)
    assert names == sorted(names, key=str.lower)
    table.sortByColumn(Column.WEIGHTS, Qt.SortOrder.DescendingOrder)
    figures = [row.keys[Column.WEIGHTS] for row in view(diagnosed).model._rows]
    assert figures == sorted(figures, reverse=True)


def test_that_figures_are_shown_by_the_metric_that_is_chosen(diagnosed: MainWindow) -> None:
    assert column(diagnosed, Column.ONLY_IT)[0].endswith("dB")
    view(diagnosed).ranking.setCurrentText("Cosine")
    assert all(0.5 < float(text) <= 1.0 for text in column(diagnosed, Column.ONLY_IT))
    view(diagnosed).ranking.setCurrentText("Same class")
    assert all(text.endswith("%") for text in column(diagnosed, Column.ONLY_IT))


# ---- staleness ---------------------------------------------------------------------------------


def test_that_other_types_make_it_stale_until_they_are_back(diagnosed: MainWindow) -> None:
    state = view(diagnosed).state
    assert state.property("role") != "warning"
    diagnosed.controller.switch("correct_bias", True)
    assert state.property("role") == "warning"
    assert state.text().startswith("⚠ Types have changed since this was measured (SQNR")
    diagnosed.do_undo()
    assert state.property("role") != "warning"


def test_that_results_of_an_earlier_plan_come_back_with_it(
    diagnosed: MainWindow, measured: LayersKnown
) -> None:
    session = diagnosed.controller.session
    other = measured.sensitivity
    basis = replace(other.basis, settings=replace(FIXED, correct_bias=True))
    newer: Sensitivity = replace(other, basis=basis, layers=other.layers[:2])
    session.attach_diagnosis(session.diagnosis.with_layers(LayersKnown(sensitivity=newer)))
    diagnosed.controller.results_changed.emit()
    assert len(column(diagnosed, Column.LAYER)) == len(other.layers)
    diagnosed.controller.switch("correct_bias", True)
    assert len(column(diagnosed, Column.LAYER)) == 2


def test_that_it_is_there_again_after_saving_and_opening(
    diagnosed: MainWindow, tmp_path: Path
) -> None:
    before = column(diagnosed, Column.SHARE)
    save_session(diagnosed.controller.session, tmp_path / "a.qscope")
    assert load_session(tmp_path / "a.qscope").diagnosis.layers
    diagnosed.controller.open_path(str(tmp_path / "a.qscope"))
    assert column(diagnosed, Column.SHARE) == before
    assert view(diagnosed).state.property("role") != "warning"


# ---- fixes -------------------------------------------------------------------------------------


def test_that_a_fix_is_applied_by_its_button_as_one_edit_with_its_name(
    qtbot: QtBot, diagnosed: MainWindow
) -> None:
    session, found = diagnosed.controller.session, card(diagnosed, FixKind.WIDE)
    view(diagnosed).fixes.ensureWidgetVisible(found)
    qtbot.mouseClick(found.button, LEFT)
    assert found.fix.layer in session.document.settings.wide_layers
    assert session.undo_title == found.fix.title
    assert found.button.text() == "✓ Applied"
    assert not found.button.isEnabled()
    diagnosed.do_undo()
    assert session.document.settings == FIXED
    assert found.button.text() == "Apply"
    assert found.button.isEnabled()


def test_that_it_is_told_where_nothing_helps(diagnosed: MainWindow, measured: LayersKnown) -> None:
    session = diagnosed.controller.session
    session.attach_diagnosis(Diagnosis().with_layers(replace(measured, fixes=())))
    diagnosed.controller.results_changed.emit()
    assert view(diagnosed).fixes.isVisible()
    assert headings(diagnosed)[0].startswith("Nothing that was tried gains")


def test_that_each_card_says_gain_cost_and_reason(diagnosed: MainWindow) -> None:
    wide = card(diagnosed, FixKind.WIDE)
    assert "dB measured (" in wide.figures.text()
    assert "moved a sample" in wide.figures.text()
    bias = card(diagnosed, FixKind.CORRECT_BIAS)
    assert "measured" not in bias.figures.text()
    assert "no memory" in bias.figures.text()
    assert bias.button.text() == "Turn on"


def test_that_switches_are_turned_on_where_they_are_suggested(
    qtbot: QtBot, diagnosed: MainWindow
) -> None:
    bias, equalize = (card(diagnosed, kind) for kind in (FixKind.CORRECT_BIAS, FixKind.EQUALIZE))
    view(diagnosed).fixes.ensureWidgetVisible(bias)
    qtbot.mouseClick(bias.button, LEFT)
    assert diagnosed.actions_by_id["correct-bias"].isChecked()
    view(diagnosed).fixes.ensureWidgetVisible(equalize)
    qtbot.mouseClick(equalize.button, LEFT)
    assert diagnosed.actions_by_id["equalize"].isChecked()
    assert equalize.button.text() == "✓ Applied"
    diagnosed.controller.desk.abandon()
    diagnosed.do_undo()
    assert not diagnosed.actions_by_id["equalize"].isChecked()


def test_that_a_fix_for_another_target_cannot_be_applied(diagnosed: MainWindow) -> None:
    found = card(diagnosed, FixKind.WIDE)
    diagnosed.controller.choose_target("tensorrt")
    assert not found.button.isEnabled()
    assert found.button.toolTip() == "Suggested for another target"
