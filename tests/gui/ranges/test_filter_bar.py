"""Filter, order and grouping of the rows: by keys and mouse, tree and map alike."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.arrangement import Arrangement, Order, arranged, is_problem, shown_error
from quantscope.gui.ranges.row_texts import Column
from quantscope.gui.work import long_work
from quantscope.session.steps import finish
from tests.gui.large_network import LAYERS, large_session
from tests.gui.pointing import select, weights

KEY = Qt.Key


def type_text(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Ctrl+F, the text, and the rows have followed."""
    qtbot.keyClick(window, KEY.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(window.ranges.filter_bar.field, text)
    qtbot.waitUntil(lambda: window.ranges.filter_bar.arrangement.text == text)


def click(qtbot: QtBot, box: QCheckBox) -> None:
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def shown(window: MainWindow) -> list[str]:
    """Tensors in the rows; map and tree must agree."""
    ranges = window.ranges
    places = [ranges.model.index_at(place) for place in ranges.model.shown_places()]
    assert [ranges.model.tensor_at(index) for index in places] == ranges.heat.rows
    return [name for name in ranges.heat.rows if name]


def test_that_words_filter_the_rows_and_esc_brings_all_back(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    readings, before = calibrated.controller.readings, shown(calibrated)
    type_text(qtbot, calibrated, "BLOCK1 weights")
    found = shown(calibrated)
    expected = [n for n in before if "block1" in readings.name_of(n) and n.endswith("weight")]
    assert found == expected and 0 < len(found) < len(before)
    assert calibrated.ranges.filter_bar.count.text() == f"{len(found)} of {len(before)} tensors"
    qtbot.keyClick(calibrated.ranges.filter_bar.field, KEY.Key_Escape)
    qtbot.waitUntil(lambda: shown(calibrated) == before)
    qtbot.keyClick(calibrated.ranges.filter_bar.field, KEY.Key_Escape)
    assert QApplication.focusWidget() is calibrated.ranges.tree


def test_that_a_tensor_without_its_layer_is_called_by_its_full_name(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    type_text(qtbot, calibrated, "weights block1")
    readings, model = calibrated.controller.readings, calibrated.ranges.model
    names = [str(model.index(row, Column.NAME).data()) for row in range(model.rowCount())]
    assert names == [readings.name_of(tensor) for tensor in shown(calibrated)]


def test_that_nothing_found_says_so(qtbot: QtBot, calibrated: MainWindow) -> None:
    type_text(qtbot, calibrated, "nothing is called so")
    assert shown(calibrated) == []
    assert "No tensor fits" in calibrated.ranges.filter_bar.count.text()


def test_that_down_goes_from_the_field_to_the_rows(qtbot: QtBot, calibrated: MainWindow) -> None:
    qtbot.keyClick(calibrated, KEY.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(calibrated.ranges.filter_bar.field, KEY.Key_Down)
    assert QApplication.focusWidget() is calibrated.ranges.tree


def test_that_a_layer_type_leaves_only_its_layers(calibrated: MainWindow) -> None:
    combo = calibrated.ranges.filter_bar.type_combo
    combo.setCurrentIndex(combo.findData("Conv"))
    network = calibrated.controller.readings.network
    assert network is not None
    assert {network.layer_of(name).operator for name in shown(calibrated)} == {"Conv"}


def test_that_the_selected_tensor_stays_selected(qtbot: QtBot, calibrated: MainWindow) -> None:
    tensor = weights(calibrated, 3)
    select(calibrated, tensor)
    calibrated.actions_by_id["sort-sqnr"].trigger()
    ranges = calibrated.ranges
    assert calibrated.controller.selection.tensor == tensor
    assert ranges.model.tensor_at(ranges.tree.currentIndex()) == tensor


@pytest.mark.parametrize("by_layer", [True, False])
def test_that_the_worst_comes_first(qtbot: QtBot, calibrated: MainWindow, by_layer: bool) -> None:
    if not by_layer:
        click(qtbot, calibrated.ranges.filter_bar.layer_box)
    calibrated.actions_by_id["sort-sqnr"].trigger()
    readings, everything = calibrated.controller.readings, shown(calibrated)
    errors = {name: shown_error(readings, name) for name in everything}
    figures = {name: error.sqnr_db for name, error in errors.items() if error is not None}
    worst = min(figures, key=lambda name: figures[name])
    assert readings.network is not None
    first = everything[0]
    if by_layer:
        assert readings.network.layer_of(first) == readings.network.layer_of(worst)
    else:
        assert first == worst
        in_order = [figures[name] for name in everything if name in figures]
        assert in_order == sorted(in_order)
    assert calibrated.ranges.bar.value() == 0


def test_that_figures_for_an_order_are_worked_out_in_turns_and_another_network_ends_that(
    qtbot: QtBot, calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, before = calibrated, shown(calibrated)
    monkeypatch.setattr(long_work, "SLICE", 0.0)
    window.actions_by_id["sort-sqnr"].trigger()
    assert shown(window) == before
    qtbot.waitUntil(lambda: shown(window) != before)
    worst = shown(window)
    window.actions_by_id["sort-network"].trigger()
    qtbot.waitUntil(lambda: shown(window) == before)
    window.actions_by_id["sort-overflow"].trigger()
    finish(window.controller._replacing_session())
    assert shown(window) == before, "figures of all tensors would keep the first picture waiting"
    window.actions_by_id["sort-sqnr"].trigger()
    qtbot.waitUntil(lambda: shown(window) == worst)


def test_that_names_are_sorted_as_people_count(window: MainWindow) -> None:
    window.controller.session = large_session()
    finish(window.controller._replacing_session())
    groups = arranged(window.controller.readings, Arrangement(order=Order.NAME))
    labels = [group.layer.label for group in groups]
    assert labels[:3] == ["conv0", "conv1", "conv2"] and labels[LAYERS] == "relu0"


def test_that_only_problems_are_left_and_overflow_comes_first(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, tensor = calibrated.controller, weights(calibrated, 2)
    controller.choose_target("fixed-point")
    controller.pin(tensor, FixedPoint(8, 12))  # far too small for the values
    click(qtbot, calibrated.ranges.filter_bar.problems_box)
    assert calibrated.actions_by_id["only-problems"].isChecked()
    found = shown(calibrated)
    assert tensor in found
    assert all(is_problem(controller.readings, name) for name in found)
    calibrated.actions_by_id["sort-overflow"].trigger()
    assert shown(calibrated)[0] == tensor
    calibrated.actions_by_id["only-problems"].trigger()
    assert len(shown(calibrated)) > len(found)


def test_that_another_network_starts_with_all_its_rows(calibrated: MainWindow) -> None:
    bar = calibrated.ranges.filter_bar
    bar.field.setText("conv")
    bar.problems_box.setChecked(True)
    finish(calibrated.controller._replacing_session())
    assert bar.arrangement.shows_all and bar.field.text() == ""
    assert bar.count.text() == f"{bar.total} tensors"
