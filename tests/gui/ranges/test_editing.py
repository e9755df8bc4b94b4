"""Types by combo box, key and mouse: what is pinned, what is one undo step, what is refused."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.picture.heatmap import edge_positions
from quantscope.core.planning.schemes import Scheme
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.row_texts import Column
from tests.gui.pointing import at, band_middle, drag, select, weights


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    """The demo for the fixed-point target."""
    calibrated.controller.choose_target("fixed-point")
    return calibrated


def type_text(window: MainWindow, tensor: str) -> str:
    network = window.controller.readings.network
    assert network is not None
    index = window.ranges.model.index_of(network.tensors[tensor].layer, tensor)
    return str(index.siblingAtColumn(Column.TYPE).data())


def data_type(window: MainWindow, tensor: str) -> FixedPoint:
    found = window.controller.readings.data_type(tensor)
    assert isinstance(found, FixedPoint)
    return found


def choose(qtbot: QtBot, window: MainWindow, name: str, text: str) -> None:
    combo = next(c.combo for c in window.choices.all if c.name == name)
    combo.setFocus()
    qtbot.keyClicks(combo, text)
    combo.activated.emit(combo.currentIndex())


def test_that_the_combo_boxes_change_the_types_in_the_table(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    tensor = weights(calibrated)
    assert " ch)" in type_text(calibrated, tensor)
    choose(qtbot, calibrated, "target", "Fixed")
    assert type_text(calibrated, tensor).startswith("s8 2^")
    choose(qtbot, calibrated, "word", "16")
    assert type_text(calibrated, tensor).startswith("s16 2^")
    choose(qtbot, calibrated, "scheme", "Hist")
    assert calibrated.controller.session.document.settings.scheme is Scheme.HISTOGRAM


def test_that_the_menus_offer_the_same_choices(fixed: MainWindow) -> None:
    menu = fixed._menus["choice:bias"]
    assert [action.text() for action in menu.actions()] == ["8 bits", "32 bits"]
    menu.actions()[1].trigger()
    assert fixed.controller.session.document.settings.bias_word_length == 32
    assert fixed.choices.bias.combo.currentText() == "32 bits"


def test_that_bias_correction_is_switched_in_the_menu_and_follows_undo(fixed: MainWindow) -> None:
    entry = fixed.actions_by_id["correct-bias"]
    assert entry.isEnabled()
    assert not entry.isChecked()
    entry.trigger()
    assert fixed.controller.session.document.settings.correct_bias
    assert fixed.controller.session.undo_title == "Bias correction on"
    fixed.do_undo()
    assert not fixed.controller.session.document.settings.correct_bias
    assert not entry.isChecked()


@pytest.mark.parametrize(
    ("key", "field", "title"),
    [
        ("compensate", "weight_rounding", "Round weights compensated"),
        ("unsigned", "unsigned", "Unsigned types on"),
        ("integer-ports", "integer_ports", "Integer inputs and outputs on"),
    ],
)
def test_that_switches_follow_the_document(
    fixed: MainWindow, key: str, field: str, title: str
) -> None:
    entry = fixed.actions_by_id[key]
    before = getattr(fixed.controller.session.document.settings, field)
    entry.trigger()
    assert entry.isChecked()
    assert getattr(fixed.controller.session.document.settings, field) != before
    assert fixed.controller.session.undo_title == title
    fixed.do_undo()
    assert not entry.isChecked()
    assert getattr(fixed.controller.session.document.settings, field) == before


def test_that_unsigned_types_are_offered_only_where_the_target_leaves_the_sign_open(
    fixed: MainWindow,
) -> None:
    assert fixed.actions_by_id["unsigned"].isEnabled()
    fixed.controller.choose_target("onnxruntime")
    assert not fixed.actions_by_id["unsigned"].isEnabled()


def test_that_a_layer_reads_16_bits_by_a_key_and_back(qtbot: QtBot, fixed: MainWindow) -> None:
    session = fixed.controller.session
    network, plan = session.network, session.plan()
    assert network is not None and plan is not None
    layer = next(each for each in network.layers if each.weights is not None)
    fixed.controller.selection.select(layer.name, "")
    source = layer.inputs[0]
    assert plan.types[source].word_length == 8
    qtbot.keyClick(fixed, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    wide = session.plan()
    assert wide is not None and wide.types[source].word_length == 16
    assert fixed.actions_by_id["wide"].isChecked()
    qtbot.keyClick(fixed, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert session.plan() == plan


def test_that_weights_get_a_word_length_of_their_own_in_the_menu(fixed: MainWindow) -> None:
    menu = fixed._menus["choice:weights"]
    assert [entry.text() for entry in menu.actions()] == [
        *("As activations", "4 bits", "8 bits", "16 bits"),
    ]
    menu.actions()[1].trigger()
    assert data_type(fixed, weights(fixed)).word_length == 4
    menu.actions()[0].trigger()
    assert data_type(fixed, weights(fixed)).word_length == 8


def test_that_only_the_operators_with_a_mark_are_quantized(fixed: MainWindow) -> None:
    menu = fixed._menus["operators"]
    entries = {entry.text(): entry for entry in menu.actions()}
    assert "Conv" in entries and "Softmax" not in entries
    entries["Conv"].trigger()
    plan = fixed.controller.session.plan()
    assert plan is not None
    network = fixed.controller.session.network
    assert network is not None
    operators = {network.layer(name).operator for name in plan.placement.layers}
    assert operators == {"Conv"}
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions() if entry.isChecked()] == ["Conv"]
    menu.actions()[0].trigger()
    assert fixed.controller.session.document.settings.only_operators == frozenset()


def test_that_dragging_a_band_moves_it_by_whole_columns_and_pins_it(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor = weights(fixed)
    before, middle = data_type(fixed, tensor), band_middle(fixed, tensor)
    steps = fixed.controller.session.undo_title
    drag(qtbot, fixed, at(fixed, tensor, middle), at(fixed, tensor, middle + 2.2))
    assert data_type(fixed, tensor) == before.shifted(-2)
    assert type_text(fixed, tensor).startswith("◆")
    assert fixed.controller.session.undo_title.startswith("Pin type of")
    fixed.do_undo()
    assert data_type(fixed, tensor) == before
    assert fixed.controller.session.undo_title == steps


def test_that_the_figures_follow_during_the_drag(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    network = fixed.controller.readings.network
    assert network is not None
    index = fixed.ranges.model.index_of(network.tensors[tensor].layer, tensor)
    before = index.siblingAtColumn(Column.UNDERFLOW).data()
    middle = band_middle(fixed, tensor)
    end = at(fixed, tensor, middle - 2)
    drag(qtbot, fixed, at(fixed, tensor, middle), end, release=False)
    assert index.siblingAtColumn(Column.UNDERFLOW).data() != before
    assert "SQNR" in fixed.ranges.read_out.text() and "underflow" in fixed.ranges.read_out.text()
    assert fixed.controller.session.document.settings.pinned == {}
    qtbot.mouseRelease(fixed.ranges.heat.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert tensor in fixed.controller.session.document.settings.pinned


def test_that_escape_gives_a_drag_up(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    before, middle = data_type(fixed, tensor), band_middle(fixed, tensor)
    end = at(fixed, tensor, middle + 3)
    drag(qtbot, fixed, at(fixed, tensor, middle), end, release=False)
    assert data_type(fixed, tensor) != before
    qtbot.keyClick(fixed.ranges.heat, Qt.Key.Key_Escape)
    qtbot.mouseRelease(fixed.ranges.heat.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert data_type(fixed, tensor) == before
    assert fixed.controller.session.undo_title == "Choose target Fixed point"


def test_that_dragging_the_lower_edge_changes_the_word_length(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor = weights(fixed)
    before = data_type(fixed, tensor)
    _, right = edge_positions(before, fixed.ranges.heat.axis)
    drag(qtbot, fixed, at(fixed, tensor, right), at(fixed, tensor, right + 7))
    after = data_type(fixed, tensor)
    assert after.word_length == 16
    assert after.band().top == before.band().top


def test_that_a_click_pins_nothing(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    point = at(fixed, tensor, band_middle(fixed, tensor))
    qtbot.mouseClick(fixed.ranges.heat.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert fixed.controller.selection.tensor == tensor
    assert fixed.controller.session.document.settings.pinned == {}


def activation_with_zero_point(window: MainWindow) -> str:
    readings = window.controller.readings
    assert readings.network is not None
    for name in window.ranges.heat.rows:
        found = readings.data_type(name) if name else None
        has_both_signs = isinstance(found, Scaled) and found.zero_point not in (0, 128)
        if has_both_signs and not readings.locked(name):
            return name
    raise AssertionError("no such activation")


def test_that_dragging_a_scaled_band_multiplies_its_scale(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    tensor = weights(calibrated)
    before = calibrated.controller.readings.data_type(tensor)
    assert isinstance(before, ChannelScaled)
    middle = band_middle(calibrated, tensor)
    start, end = at(calibrated, tensor, middle), at(calibrated, tensor, middle - 1)
    drag(qtbot, calibrated, start, end)
    after = calibrated.controller.readings.data_type(tensor)
    assert isinstance(after, ChannelScaled)
    assert after.scales[0] / before.scales[0] == pytest.approx(2.0, rel=0.1)


def test_that_dragging_the_upper_edge_of_a_scaled_type_clips_one_side(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    tensor = activation_with_zero_point(calibrated)
    select(calibrated, tensor)
    before = calibrated.controller.readings.data_type(tensor)
    assert isinstance(before, Scaled)
    left, _ = edge_positions(before, calibrated.ranges.heat.axis)
    drag(qtbot, calibrated, at(calibrated, tensor, left), at(calibrated, tensor, left + 0.6))
    after = calibrated.controller.readings.data_type(tensor)
    assert isinstance(after, Scaled)
    assert after.scale < before.scale
    assert max(after.maximum, -after.minimum) < max(before.maximum, -before.minimum)


def test_that_an_edit_of_a_tied_tensor_pins_all_of_its_group(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    readings = fixed.controller.readings
    tensor = next(name for name in fixed.ranges.heat.rows if name and readings.tied(name))
    select(fixed, tensor)
    qtbot.keyClick(fixed, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    pinned = fixed.controller.session.document.settings.pinned
    assert set(pinned) == set(readings.members(tensor))
    assert len(set(pinned.values())) == 1


def test_that_an_int32_bias_says_why_it_cannot_be_dragged(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    network = calibrated.controller.readings.network
    assert network is not None
    bias = next(name for name, t in network.tensors.items() if t.role is Role.BIAS)
    point = at(calibrated, bias, band_middle(calibrated, bias))
    drag(qtbot, calibrated, point, point + (point - point))
    assert "accumulator" in calibrated.ranges.read_out.text()
    assert calibrated.controller.session.document.settings.pinned == {}
    assert not calibrated.actions_by_id["larger"].isEnabled()


def test_that_keys_move_the_band_and_change_the_word(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor = weights(fixed)
    before = data_type(fixed, tensor)
    select(fixed, tensor)
    alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(fixed, Qt.Key.Key_Right, alt)
    assert data_type(fixed, tensor) == before.shifted(-1)
    qtbot.keyClick(fixed, Qt.Key.Key_Left, alt)
    assert data_type(fixed, tensor) == before
    qtbot.keyClick(fixed, Qt.Key.Key_Right, alt | shift)
    assert data_type(fixed, tensor).word_length == 16
    qtbot.keyClick(fixed, Qt.Key.Key_Left, alt | shift)
    assert data_type(fixed, tensor) == before
    qtbot.keyClick(fixed, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert fixed.controller.session.document.settings.pinned == {}


def test_that_pinned_types_survive_another_scheme_and_conflicts_are_flagged(
    fixed: MainWindow,
) -> None:
    tensor = weights(fixed)
    fixed.controller.pin(tensor, FixedPoint(12, 9))
    fixed.controller.choose_scheme(Scheme.HISTOGRAM)
    assert type_text(fixed, tensor) == "◆ ⚠ s12 2^-9"
    select(fixed, tensor)
    assert "takes words of 4, 8 or 16 bits" in fixed.ranges.read_out.text()


def test_that_undo_leads_back_to_the_start_and_redo_to_the_end(fixed: MainWindow) -> None:
    controller, tensor = fixed.controller, weights(fixed)
    controller.choose_word_length(16)
    select(fixed, tensor)
    fixed.keys.do_larger()
    fixed.keys.do_toggle_layer()
    end = controller.session.document
    while fixed.actions_by_id["undo"].isEnabled():
        assert fixed.actions_by_id["undo"].text() == f"&Undo {controller.session.undo_title}"
        fixed.do_undo()
    assert controller.session.document == controller.session.saved_document
    while fixed.actions_by_id["redo"].isEnabled():
        fixed.do_redo()
    assert controller.session.document == end
