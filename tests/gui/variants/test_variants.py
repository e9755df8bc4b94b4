"""Variants in the window: tabs and keys, what differs, bands side by side, before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.heatmap import edge_positions
from quantscope.core.planning.schemes import Scheme
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.row_texts import COMPARED, RANGE, Column
from quantscope.gui.variants.comparison import NOT_COUNTED, Subject
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Calibrate, Calibrated, Describe, Described
from quantscope.session.calibration_file import read_calibration
from tests.gui.conftest import DEMO
from tests.gui.pointing import at, band_middle, drag, select, weights

Key, Keys = Qt.Key, Qt.KeyboardModifier
CONTROL, SHIFT = Keys.ControlModifier, Keys.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
WAIT = 30_000
EQUALIZED = PreparationChoices(equalize=True)


@pytest.fixture
def two(calibrated: MainWindow) -> MainWindow:
    """A by MinMax, B by Histogram with one pinned type; B is open."""
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    calibrated.actions_by_id["new-variant"].trigger()
    controller.choose_scheme(Scheme.HISTOGRAM)
    found = controller.readings.data_type(weights(calibrated))
    assert isinstance(found, FixedPoint)
    controller.pin(weights(calibrated), found.shifted(2))
    return calibrated


@pytest.fixture(scope="session")
def equalized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Described, Path]:
    """The demo with equalized channels, and its statistics."""
    path = tmp_path_factory.mktemp("equalized") / "demo.npz"
    described = run_inline(Describe(model=DEMO, preparation=EQUALIZED))
    request = Calibrate(model=DEMO, data=demo_data(), output=str(path), preparation=EQUALIZED)
    assert isinstance(run_inline(request), Calibrated)
    assert isinstance(described, Described)
    return described, path


@pytest.fixture
def prepared(calibrated: MainWindow, equalized: tuple[Described, Path]) -> MainWindow:
    """Calibrated as it is, and then with equalized channels."""
    controller, session = calibrated.controller, calibrated.controller.session
    controller.choose_target("fixed-point")
    controller.choose_preparation("equalize", True)
    controller.desk.abandon()
    session.locate_model(DEMO, equalized[0].network)
    session.attach_calibration(read_calibration(equalized[1]))
    controller.readings.refresh(session)
    controller.results_changed.emit()
    return calibrated


def names(window: MainWindow) -> list[str]:
    tabs = window.ranges.variant_bar.tabs
    return [tabs.tabText(place) for place in range(tabs.count())]


def scheme(window: MainWindow) -> Scheme:
    return window.controller.session.document.settings.scheme


def cell(window: MainWindow, tensor: str, column: Column) -> str:
    network = window.controller.readings.network
    assert network is not None
    index = window.ranges.model.index_of(network.tensors[tensor].layer, tensor)
    return str(index.siblingAtColumn(column).data() or "")


def click_tab(qtbot: QtBot, window: MainWindow, place: int) -> QPoint:
    tabs = window.ranges.variant_bar.tabs
    point = tabs.tabRect(place).center()
    qtbot.mouseClick(tabs, LEFT, pos=point)
    return point


def test_that_keys_make_a_variant_and_go_between_both(qtbot: QtBot, calibrated: MainWindow) -> None:
    before = scheme(calibrated)
    QTest.keyClick(calibrated, Key.Key_N, CONTROL | SHIFT)
    assert names(calibrated) == ["A", "B"]
    calibrated.controller.choose_scheme(Scheme.ENTROPY)
    QTest.keyClick(calibrated, Key.Key_1, CONTROL)
    assert scheme(calibrated) is before
    assert calibrated.choices.scheme.combo.currentText() == "MinMax"
    QTest.keyClick(calibrated, Key.Key_2, CONTROL)
    assert scheme(calibrated) is Scheme.ENTROPY
    QTest.keyClick(calibrated, Key.Key_PageDown, CONTROL)
    assert scheme(calibrated) is before
    assert "Switch to variant A" in calibrated.actions_by_id["undo"].text()
    for _ in range(5):
        calibrated.do_undo()
    assert names(calibrated) == ["A"]


def test_that_the_mouse_makes_and_opens_variants(qtbot: QtBot, calibrated: MainWindow) -> None:
    bar = calibrated.ranges.variant_bar
    qtbot.mouseClick(bar.add, LEFT)
    assert names(calibrated) == ["A", "B"] and bar.tabs.currentIndex() == 1
    click_tab(qtbot, calibrated, 0)
    assert calibrated.controller.session.document.name == "A"


def test_that_a_double_click_renames_a_variant(qtbot: QtBot, two: MainWindow) -> None:
    bar = two.ranges.variant_bar
    point = click_tab(qtbot, two, 0)
    qtbot.mouseDClick(bar.tabs, LEFT, pos=point)
    assert bar.field.isVisible()
    qtbot.keyClicks(bar.field, "int8 & fast")
    qtbot.keyClick(bar.field, Key.Key_Return)
    assert two.controller.session.document.name == "int8 & fast"
    assert names(two)[0] == "int8 && fast", "or the tab would underline a letter"
    assert two.controller.session.undo_title == "Rename variant A"


def test_that_a_name_that_is_taken_is_refused_in_the_message_bar(
    qtbot: QtBot, two: MainWindow
) -> None:
    bar = two.ranges.variant_bar
    two.actions_by_id["rename-variant"].trigger()
    qtbot.keyClicks(bar.field, "A")
    qtbot.keyClick(bar.field, Key.Key_Return)
    assert two.controller.session.document.name == "B"
    assert "there is a variant A already" in two.messages.sentence.text()


def test_that_escape_leaves_the_name(qtbot: QtBot, two: MainWindow) -> None:
    bar = two.ranges.variant_bar
    two.actions_by_id["rename-variant"].trigger()
    qtbot.keyClicks(bar.field, "other")
    qtbot.keyClick(bar.field, Key.Key_Escape)
    assert not bar.field.isVisible()
    assert names(two) == ["A", "B"]


def entry(menu: QMenu, text: str) -> None:
    action = next(each for each in menu.actions() if each.text().replace("&", "") == text)
    assert action.isEnabled()
    action.trigger()


def test_that_a_tab_s_menu_copies_overwrites_and_deletes(qtbot: QtBot, two: MainWindow) -> None:
    controller = two.controller
    entry(two.variants.menu_for(0), "Duplicate")
    assert names(two) == ["A", "C", "B"] and scheme(two) is Scheme.MINMAX
    entry(two.variants.menu_for(2), "Overwrite with C")
    assert controller.session.document.variants[2].settings.scheme is Scheme.MINMAX
    entry(two.variants.menu_for(0), "Delete")
    assert names(two) == ["C", "B"] and controller.session.document.name == "C"
    entry(two.variants.menu_for(1), "Compare with it")
    assert two.comparison.subject == Subject("B")
    entry(two.variants.menu_for(1), "Open")
    assert controller.session.document.name == "B"
    two.actions_by_id["delete-variant"].trigger()
    menu = two.variants.menu_for(0)
    assert not next(each for each in menu.actions() if "lete" in each.text()).isEnabled()


def test_that_the_table_shows_what_is_compared_with(qtbot: QtBot, two: MainWindow) -> None:
    tree, tensor = two.ranges.tree, weights(two)
    assert all(tree.isColumnHidden(column) for column in COMPARED)
    QTest.keyClick(two, Key.Key_F8)
    assert not any(tree.isColumnHidden(column) for column in COMPARED)
    assert all(tree.isColumnHidden(column) for column in RANGE)
    heading = two.ranges.model.headerData(Column.GAIN, Qt.Orientation.Horizontal)
    assert heading == "vs A"
    mine, other = two.controller.readings.data_type(tensor), two.comparison.data_type(tensor)
    assert mine is not None and other is not None and mine != other
    assert cell(two, tensor, Column.OTHER_TYPE) == other.label()
    sqnr = [float(cell(two, tensor, Column.SQNR).split()[0])]
    assert two.comparison.other is not None
    sqnr.append(two.comparison.other.sqnr(tensor) or 0.0)
    shown = cell(two, tensor, Column.GAIN).replace("\N{MINUS SIGN}", "-")
    assert float(shown.split()[0]) == pytest.approx(sqnr[0] - sqnr[1], abs=0.11)
    assert shown.startswith("-"), "two bits too high is worse"
    QTest.keyClick(two, Key.Key_F8)
    assert all(tree.isColumnHidden(column) for column in COMPARED)
    assert not any(tree.isColumnHidden(column) for column in RANGE)


def test_that_equal_types_stand_back(two: MainWindow) -> None:
    two.comparison.choose(Subject("A"))
    readings = two.controller.readings
    assert readings.network is not None
    same = [
        name
        for name in readings.network.tensors
        if two.comparison.data_type(name) == readings.data_type(name) is not None
    ]
    assert same
    assert {cell(two, name, Column.OTHER_TYPE) for name in same} == {"="}


def test_that_the_heat_map_marks_the_other_band_with_dashes(two: MainWindow) -> None:
    heat, tensor = two.ranges.heat, weights(two)
    select(two, tensor)
    heat.grab()
    assert not heat._marks.others
    two.comparison.choose(Subject("A"))
    heat.grab()
    row = two.ranges.row_of_tensor(tensor)
    inside = [
        line for line in heat._marks.others if heat.row_top(row) < line.y1() < heat.row_top(row + 1)
    ]
    assert len(inside) == 2
    other = two.comparison.data_type(tensor)
    assert other is not None
    edges = sorted(line.x1() for line in inside)
    assert edges == pytest.approx([heat.x_of(x) for x in edge_positions(other, heat.axis)])
    assert "A" in two.ranges.foot.legend.accessibleName()


def test_that_the_map_shows_the_other_one_and_does_not_edit_it(
    qtbot: QtBot, two: MainWindow
) -> None:
    tensor, heat = weights(two), two.ranges.heat
    select(two, tensor)
    two.comparison.choose(Subject("A"))
    qtbot.mouseClick(two.ranges.variant_bar.swap, LEFT)
    row = two.ranges.row_of_tensor(tensor)
    assert heat.type_in(row) == two.comparison.data_type(tensor)
    assert heat.is_framed and two.actions_by_id["swap"].isChecked()
    before = two.controller.session.document
    start = at(two, tensor, band_middle(two, tensor))
    drag(qtbot, two, start, start + QPoint(80, 0))
    assert two.controller.session.document == before
    assert "not of the open variant" in two.ranges.read_out.text()
    QTest.keyClick(two, Key.Key_F9)
    assert heat.type_in(row) == two.controller.readings.data_type(tensor)
    assert not heat.is_framed


def test_that_the_comparison_ends_with_its_variant(two: MainWindow) -> None:
    two.comparison.choose(Subject("A"))
    entry(two.variants.menu_for(0), "Delete")
    assert two.comparison.subject is None and two.comparison.other is None
    assert not two.ranges.variant_bar.combo.isVisibleTo(two)


def test_that_the_panel_lists_what_differs_and_goes_there(qtbot: QtBot, two: MainWindow) -> None:
    panel = two.what_differs
    two.actions_by_id["variants"].trigger()
    assert panel.isVisible()
    assert [panel.variants.index(row, 1).data() for row in range(2)] == ["A", "B"]
    assert panel.variants.index(1, 0).data() == "●"
    assert panel.variants.index(1, 5).data() == "1", "one tensor is pinned"
    assert panel.variants.index(0, 7).data().endswith("KB")
    qtbot.keyClick(panel.table, Key.Key_Up)
    assert two.comparison.subject == Subject("A")
    found = panel.differences
    assert found and panel.tensors.rowCount() == len(found)
    sizes = [abs(each.gain) for each in found if each.gain is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert f"{len(found)} tensors differ" in panel.state.text()
    place = [each.tensor for each in found].index(weights(two))
    qtbot.mouseClick(
        panel.list.viewport(),
        LEFT,
        pos=panel.list.visualRect(panel.tensors.index(place, 0)).center(),
    )
    assert two.controller.selection.tensor == weights(two)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Key.Key_Return)
    assert two.controller.session.document.name == "A"


def test_that_a_session_without_another_variant_says_how_to_get_one(
    calibrated: MainWindow,
) -> None:
    calibrated.actions_by_id["variants"].trigger()
    assert "Ctrl+Shift+N" in calibrated.what_differs.state.text()


def test_that_before_and_after_of_a_preparation_are_on_the_same_map(
    qtbot: QtBot, prepared: MainWindow
) -> None:
    comparison, readings = prepared.comparison, prepared.controller.readings
    combo = prepared.ranges.variant_bar.combo
    assert combo.itemText(1) == "Before: without equalized channels"
    combo.setFocus()
    qtbot.keyClick(combo, Key.Key_Down)
    assert comparison.subject == Subject() and comparison.label == "before"
    assert readings.network is not None
    changed = [
        layer.weights
        for layer in readings.network.layers
        if layer.weights is not None
        and (before := comparison.heat_row(layer.weights)) is not None
        and comparison.other is not None
        and (other := comparison.other.heat_row(layer.weights)) is not None
        and (before.counts != other.counts).any()
    ]
    assert changed, "equalization moves values"
    assert any(cell(prepared, name, Column.GAIN) not in ("", "=") for name in changed)
    after = comparison.heat_row(changed[0])
    comparison.swap(True)
    shown = comparison.heat_row(changed[0])
    assert after is not None and shown is not None
    assert (after.counts != shown.counts).any()


def test_that_taking_the_preparation_back_asks_for_no_calibration(prepared: MainWindow) -> None:
    prepared.comparison.choose(Subject())
    prepared.actions_by_id["equalize"].trigger()
    session = prepared.controller.session
    assert session.plan() is not None and not session.calibration_is_stale
    assert not prepared.controller.is_busy
    assert prepared.comparison.label == "after"
    assert prepared.actions_by_id["export"].isEnabled()


def test_that_a_variant_prepared_otherwise_is_compared_once_it_is_calibrated(
    prepared: MainWindow,
) -> None:
    prepared.actions_by_id["new-variant"].trigger()
    prepared.controller.choose_preparation("equalize", False)
    (offer, _) = prepared.comparison.offers()
    assert not offer.reason
    prepared.comparison.choose(offer.subject)
    assert prepared.comparison.other is not None
    prepared.controller.choose_preparation("absorb_biases", True)
    prepared.controller.desk.abandon()
    assert prepared.comparison.other is None
    prepared.controller.choose_preparation("absorb_biases", False)
    prepared.actions_by_id["new-variant"].trigger()
    prepared.controller.choose_preparation("absorb_biases", True)
    prepared.controller.desk.abandon()
    prepared.controller.undo()
    (first, second, _) = prepared.comparison.offers()
    assert not first.reason and not second.reason


def test_that_an_uncalibrated_preparation_is_offered_with_the_reason(
    calibrated: MainWindow,
) -> None:
    calibrated.actions_by_id["new-variant"].trigger()
    calibrated.controller.choose_preparation("equalize", True)
    calibrated.controller.desk.abandon()
    calibrated.variants.open(0)
    (offer,) = calibrated.comparison.offers()
    assert offer.reason == NOT_COUNTED
    bar = calibrated.ranges.variant_bar
    assert not bar.combo.model().flags(bar.combo.model().index(1, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert not calibrated.actions_by_id["compare-next"].isEnabled()


def test_that_nothing_of_it_is_there_before_a_model_is_open(window: MainWindow) -> None:
    assert not window.actions_by_id["new-variant"].isEnabled()
    assert not window.actions_by_id["variant-1"].isEnabled()
    assert not window.actions_by_id["variants"].isEnabled()
