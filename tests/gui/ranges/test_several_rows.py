"""Several rows at once: how they are selected, edited as one step, and what is left."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import DataType, FixedPoint
from quantscope.core.picture.heatmap import edge_positions
from quantscope.gui.main_window import MainWindow
from tests.gui.pointing import LEFT, at, band_middle, drag, move, select, weights

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    return calibrated


def data_type(window: MainWindow, tensor: str) -> DataType:
    found = window.controller.readings.data_type(tensor)
    assert found is not None
    return found


def click_row(
    qtbot: QtBot, window: MainWindow, tensor: str, modifier: Qt.KeyboardModifier = NONE
) -> None:
    """Click in the table."""
    tree, network = window.ranges.tree, window.controller.readings.network
    assert network is not None
    index = window.ranges.model.index_of(network.tensors[tensor].layer, tensor)
    tree.scrollTo(index)
    place = tree.visualRect(index.siblingAtColumn(1)).center()
    qtbot.mouseClick(tree.viewport(), LEFT, modifier, place)


def select_three(qtbot: QtBot, window: MainWindow) -> list[str]:
    chosen = [weights(window, place) for place in range(3)]
    click_row(qtbot, window, chosen[0])
    for tensor in chosen[1:]:
        click_row(qtbot, window, tensor, CONTROL)
    return chosen


def test_that_ctrl_click_adds_rows_and_leaves_them_out(qtbot: QtBot, fixed: MainWindow) -> None:
    chosen, selection = select_three(qtbot, fixed), fixed.controller.selection
    assert list(selection.tensors) == chosen
    assert fixed.ranges.heat._others == {fixed.ranges.row_of_tensor(n) for n in chosen}
    assert fixed.ranges.read_out.text().startswith("3 rows selected · 3 tensors · 3 layers")
    click_row(qtbot, fixed, chosen[2], CONTROL)
    assert list(selection.tensors) == chosen[:2]
    assert selection.tensor in chosen[:2]
    click_row(qtbot, fixed, chosen[1], CONTROL)
    assert selection.tensors == (chosen[0],)
    assert selection.tensor == chosen[0]


def test_that_keys_alone_select_and_move_several_bands_as_one_step(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor = weights(fixed)
    select(fixed, tensor)
    for _ in range(2):
        qtbot.keyClick(fixed.ranges.tree, Qt.Key.Key_Down, SHIFT)
    chosen = fixed.controller.selection.tensors
    assert len(chosen) == 3 and chosen[0] == tensor
    before = {name: data_type(fixed, name) for name in chosen}
    title = fixed.controller.session.undo_title
    qtbot.keyClick(fixed, Qt.Key.Key_Left, ALT)
    for name, old in before.items():
        assert isinstance(old, FixedPoint)
        assert data_type(fixed, name) == old.shifted(1)
    assert fixed.actions_by_id["undo"].text() == "&Undo Move 3 bands"
    assert fixed.controller.selection.tensors == chosen
    qtbot.keyClick(fixed, Qt.Key.Key_Z, CONTROL)
    assert {name: data_type(fixed, name) for name in chosen} == before
    assert fixed.controller.session.undo_title == title


def test_that_all_are_selected_and_what_cannot_be_edited_is_left_and_named(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    readings = calibrated.controller.readings
    assert readings.network is not None
    qtbot.keyClick(calibrated.ranges.tree, Qt.Key.Key_A, CONTROL)
    chosen = calibrated.controller.selection.tensors
    assert set(chosen) == {name for name in calibrated.ranges.heat.rows if name}
    roles = {name: readings.network.tensors[name].role for name in chosen}
    biases = {name: readings.data_type(name) for name in chosen if roles[name] is Role.BIAS}
    step = data_type(calibrated, weights(calibrated)).step
    qtbot.keyClick(calibrated, Qt.Key.Key_Right, ALT)
    assert data_type(calibrated, weights(calibrated)).step == pytest.approx(step * 2**-0.25)
    pinned = calibrated.controller.session.document.settings.pinned
    assert not set(pinned) & set(biases)
    text = calibrated.ranges.read_out.text()
    assert text.startswith("Move ") and "accumulator" in text
    assert f" · {len(biases)} left, such as " in text
    qtbot.keyClick(calibrated, Qt.Key.Key_R, CONTROL)
    assert calibrated.controller.session.undo_title.startswith("Reset ")
    assert calibrated.controller.session.document.settings.pinned == {}
    for _ in range(2):
        qtbot.keyClick(calibrated, Qt.Key.Key_Z, CONTROL)
    assert data_type(calibrated, weights(calibrated)).step == step


def test_that_words_follow_what_the_target_takes_for_each_role(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    network = fixed.controller.readings.network
    assert network is not None
    tensor, image = weights(fixed), network.layers[0].outputs[0]
    click_row(qtbot, fixed, image)
    click_row(qtbot, fixed, tensor, CONTROL)
    before = data_type(fixed, image)
    qtbot.keyClick(fixed, Qt.Key.Key_Left, ALT | SHIFT)
    assert data_type(fixed, tensor).word_length == 4
    assert data_type(fixed, image) == before
    assert " · left: image activations: no such type there" in fixed.ranges.read_out.text()
    qtbot.keyClick(fixed, Qt.Key.Key_Right, ALT | SHIFT)
    assert data_type(fixed, tensor).word_length == 8
    assert data_type(fixed, image).word_length == 16
    assert fixed.controller.session.undo_title == "Lengthen 2 words"


def test_that_several_layers_become_float_and_integer_again(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    select_three(qtbot, fixed)
    layers, readings = fixed.controller.selection.layers, fixed.controller.readings
    assert len(layers) == 3
    qtbot.keyClick(fixed.ranges.tree, Qt.Key.Key_Space)
    assert not any(map(readings.is_layer_quantized, layers))
    assert fixed.controller.session.undo_title == "Keep 3 layers in float"
    qtbot.keyClick(fixed, Qt.Key.Key_K, CONTROL)
    assert all(map(readings.is_layer_quantized, layers))
    assert fixed.controller.session.undo_title == "Quantize 3 layers"
    qtbot.keyClick(fixed, Qt.Key.Key_B, CONTROL)
    assert fixed.controller.session.document.settings.wide_layers == frozenset(layers)
    assert fixed.controller.session.undo_title == "16-bit activations for 3 layers"
    assert fixed.actions_by_id["wide"].isChecked()
    qtbot.keyClick(fixed, Qt.Key.Key_B, CONTROL)
    assert fixed.controller.session.undo_title == "Usual activations for 3 layers"


def test_that_layers_of_which_some_are_float_all_become_integer(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    select_three(qtbot, fixed)
    layers = fixed.controller.selection.layers
    fixed.controller.quantize_layer(layers[1], False)
    qtbot.keyClick(fixed, Qt.Key.Key_K, CONTROL)
    assert all(map(fixed.controller.readings.is_layer_quantized, layers))


def test_that_dragging_one_of_several_bands_drags_all(qtbot: QtBot, fixed: MainWindow) -> None:
    chosen = select_three(qtbot, fixed)
    fixed.ranges.tree.verticalScrollBar().setValue(0)
    before, middle = [data_type(fixed, n) for n in chosen], band_middle(fixed, chosen[1])
    start, end = at(fixed, chosen[1], middle), at(fixed, chosen[1], middle + 2)
    drag(qtbot, fixed, start, end, release=False)
    assert fixed.ranges.read_out.text().startswith("3 bands · ")
    assert fixed.controller.session.document.settings.pinned == {}
    qtbot.mouseRelease(fixed.ranges.heat.viewport(), LEFT, pos=end)
    for name, old in zip(chosen, before, strict=True):
        assert isinstance(old, FixedPoint)
        assert data_type(fixed, name) == old.shifted(-2)
    assert fixed.controller.session.undo_title == "Move 3 bands"
    assert list(fixed.controller.selection.tensors) == chosen
    fixed.do_undo()
    assert [data_type(fixed, n) for n in chosen] == before


def test_that_the_heat_map_selects_as_the_table_does(qtbot: QtBot, fixed: MainWindow) -> None:
    first, second = weights(fixed, 0), weights(fixed, 1)
    viewport, selection = fixed.ranges.heat.viewport(), fixed.controller.selection
    outside = fixed.ranges.heat.axis.columns - 0.5

    def click(tensor: str, modifier: Qt.KeyboardModifier = NONE, x: float = outside) -> None:
        qtbot.mouseClick(viewport, LEFT, modifier, at(fixed, tensor, x))

    click(first)
    assert selection.tensors == (first,)
    click(second, CONTROL)
    assert selection.tensors == (first, second)
    click(second, CONTROL)
    assert selection.tensors == (first,)
    click(second, SHIFT)
    rows = fixed.ranges.heat.rows
    between = rows[rows.index(first) : rows.index(second) + 1]
    assert list(selection.tensors) == [name for name in between if name]
    assert len(selection.rows) == len(between)
    click(first, x=band_middle(fixed, first))
    assert selection.tensors == (first,)
    assert fixed.controller.session.document.settings.pinned == {}


def test_that_what_a_closed_layer_hides_is_not_edited(qtbot: QtBot, fixed: MainWindow) -> None:
    qtbot.keyClick(fixed.ranges.tree, Qt.Key.Key_A, CONTROL)
    count = len(fixed.controller.selection.tensors)
    fixed.actions_by_id["collapse"].trigger()
    chosen = fixed.controller.selection.tensors
    assert len(chosen) < count
    assert set(chosen) <= set(fixed.ranges.heat.rows)
    assert weights(fixed) not in chosen  # its row is gone, and with it its place among them


def test_that_going_elsewhere_leaves_one_row(qtbot: QtBot, fixed: MainWindow) -> None:
    select_three(qtbot, fixed)
    fixed.actions_by_id["worst"].trigger()
    selection = fixed.controller.selection
    assert selection.tensors == (selection.tensor,)
    assert len(fixed.ranges.tree._chosen) == 1


def test_that_the_upper_edge_goes_by_key_as_by_mouse(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    before = data_type(fixed, tensor)
    select(fixed, tensor)
    qtbot.keyClick(fixed, Qt.Key.Key_Up, ALT | SHIFT)
    wider = data_type(fixed, tensor)
    assert wider.word_length == 16 and wider.step == before.step
    qtbot.keyClick(fixed, Qt.Key.Key_Down, ALT | SHIFT)
    assert data_type(fixed, tensor) == before
    left, _ = edge_positions(before, fixed.ranges.heat.axis)
    drag(qtbot, fixed, at(fixed, tensor, left), at(fixed, tensor, left + 3))
    cut = data_type(fixed, tensor)
    assert cut.word_length == 4 and cut.step == before.step


def test_that_the_upper_edge_of_a_scaled_type_goes_by_a_quarter_of_a_column(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    tensor = weights(calibrated)
    select(calibrated, tensor)
    before = data_type(calibrated, tensor)
    qtbot.keyClick(calibrated, Qt.Key.Key_Down, ALT | SHIFT)
    assert data_type(calibrated, tensor).maximum == pytest.approx(before.maximum * 2**-0.25)


def test_that_an_edge_tells_which_words_it_takes(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    _, right = edge_positions(data_type(fixed, tensor), fixed.ranges.heat.axis)
    start = at(fixed, tensor, right)
    drag(qtbot, fixed, start, start - QPoint(12, 0), release=False)
    assert "this edge takes 4, 8 or 16 bits" in fixed.ranges.read_out.text()
    qtbot.keyClick(fixed.ranges.heat, Qt.Key.Key_Escape)


def test_that_an_edge_is_not_held_where_the_target_takes_one_word(calibrated: MainWindow) -> None:
    calibrated.controller.choose_target("tensorrt")
    tensor = weights(calibrated)
    _, right = edge_positions(data_type(calibrated, tensor), calibrated.ranges.heat.axis)
    move(calibrated.ranges.heat.viewport(), at(calibrated, tensor, right - 0.1))
    assert calibrated.ranges.heat.cursor().shape() is Qt.CursorShape.OpenHandCursor
    assert not calibrated.actions_by_id["longer"].isEnabled()


def test_that_all_that_a_filter_leaves_is_selected_though_it_hides_the_row_before(
    fixed: MainWindow,
) -> None:
    ranges, selection = fixed.ranges, fixed.controller.selection
    ranges.tree.setCurrentIndex(ranges.model.index(0, 0))
    ranges.filter_bar.type_combo.setCurrentText("Add")
    before = selection.tensor
    assert before not in ranges.heat.rows
    fixed.actions_by_id["select-all"].trigger()
    assert selection.tensors == tuple(name for name in ranges.heat.rows if name)
    assert before not in selection.tensors
