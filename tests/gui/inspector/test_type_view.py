"""The type of the selected rows in the inspector: fields, what they change, figures beside."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from quantscope.core.networks.network import Network, Role
from quantscope.core.numbers.formats import DataType, FixedPoint, Scaled
from quantscope.core.picture.heatmap import edge_positions
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import SCHEME_TITLES, decibel, decimal
from quantscope.gui.inspector.before_after import UNKNOWN
from quantscope.gui.inspector.several import SEVERAL
from quantscope.gui.inspector.type_view import TypeView
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.type_edits import with_sign, with_word_length
from tests.gui.conftest import MakeWindow, _with_demo
from tests.gui.keyboard import press
from tests.gui.pointing import LEFT, at, band_middle, drag, select, weights

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    return type_tab(calibrated)


def type_tab(window: MainWindow) -> MainWindow:
    window.actions_by_id["inspect-type"].trigger()
    assert window.inspector.type.isVisible()
    return window


def data_type(window: MainWindow, tensor: str) -> DataType:
    found = window.controller.readings.data_type(tensor)
    assert found is not None
    return found


def fraction(window: MainWindow, tensor: str) -> int:
    found = data_type(window, tensor)
    assert isinstance(found, FixedPoint)
    return found.fraction_length


def image(window: MainWindow) -> str:
    """The network's input, an activation."""
    network = window.controller.readings.network
    assert network is not None
    return network.layers[0].outputs[0]


def choose(qtbot: QtBot, window: MainWindow, name: str, text: str) -> None:
    """Open a combo box, go to an entry and take it by Return."""
    combo = getattr(window.inspector.type.fields, name)
    combo.showPopup()
    row = next(row for row in range(combo.count()) if combo.itemText(row).startswith(text))
    combo.view().setCurrentIndex(combo.model().index(row, 0))
    qtbot.keyClick(combo.view(), Qt.Key.Key_Return)


def select_rows(qtbot: QtBot, window: MainWindow, *tensors: str) -> None:
    """Click on rows of the table, all but the first with Ctrl held."""
    tree, network = window.ranges.tree, window.controller.readings.network
    assert network is not None
    for tensor in tensors:
        index = window.ranges.model.index_of(network.tensors[tensor].layer, tensor)
        tree.scrollTo(index)
        place = tree.visualRect(index.siblingAtColumn(1)).center()
        held = NONE if tensor == tensors[0] else CONTROL
        qtbot.mouseClick(tree.viewport(), LEFT, held, place)
    assert set(window.controller.selection.tensors) == set(tensors)


def turn_wheel(widget: QWidget) -> None:
    """One notch of the mouse wheel over a widget."""
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def figures(view: TypeView, row: str) -> tuple[str, str]:
    before, now = view.figures.cells[row]
    return before.text(), now.text()


# ---- one row


def test_that_the_fields_edit_the_selected_type(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor, fields = weights(fixed), fixed.inspector.type.fields
    select(fixed, tensor)
    before = data_type(fixed, tensor)
    assert fields.fraction.value() == fraction(fixed, tensor)
    fields.fraction.setFocus()
    qtbot.keyClick(fields.fraction, Qt.Key.Key_Up)
    assert fraction(fixed, tensor) == fields.fraction.value()
    assert data_type(fixed, tensor) != before
    qtbot.mouseClick(fields.reset, Qt.MouseButton.LeftButton)
    assert data_type(fixed, tensor) == before


def test_that_a_scale_and_a_zero_point_are_entered(qtbot: QtBot, calibrated: MainWindow) -> None:
    type_tab(calibrated)
    tensor, fields = image(calibrated), calibrated.inspector.type.fields
    select(calibrated, tensor)
    assert isinstance(data_type(calibrated, tensor), Scaled)
    assert not fields.fraction.isVisible()
    fields.scale.setFocus()
    fields.scale.selectAll()
    qtbot.keyClicks(fields.scale, "0.25")
    qtbot.keyClick(fields.scale, Qt.Key.Key_Return)
    assert data_type(calibrated, tensor).step == 0.25
    zero_point = data_type(calibrated, tensor).zero_point
    fields.zero_point.setFocus()
    qtbot.keyClick(fields.zero_point, Qt.Key.Key_Up)
    assert data_type(calibrated, tensor).zero_point == zero_point + 1
    assert figures(calibrated.inspector.type, "Step")[1] == "0.25"


def test_that_scales_of_channels_are_told_and_not_entered(calibrated: MainWindow) -> None:
    type_tab(calibrated)
    select(calibrated, weights(calibrated))
    fields = calibrated.inspector.type.fields
    assert " … " in fields.scale.text()
    assert not fields.scale.isEnabled()
    assert "channels" in fields.scale.toolTip()


def test_that_figures_stand_before_and_after(fixed: MainWindow) -> None:
    tensor, controller, view = weights(fixed), fixed.controller, fixed.inspector.type
    select(fixed, tensor)
    before, statistics = data_type(fixed, tensor), controller.readings.statistics(tensor)
    assert statistics is not None
    assert view.state.text() == "Follows MinMax."
    now = FixedPoint(8, 3)
    controller.pin(tensor, now)
    assert [heading.text() for heading in view.figures.headings] == ["By MinMax", "Now"]
    assert figures(view, "Type") == (before.label(), now.label())
    sqnr = tuple(decibel(predict(statistics, kind).sqnr_db) for kind in (before, now))
    assert figures(view, "SQNR") == sqnr
    assert figures(view, "Largest") == (decimal(before.maximum), decimal(now.maximum))
    assert figures(view, "Step") == (decimal(before.step, digits=6), "0.125")
    assert "Set by hand" in view.state.text()
    controller.undo()
    assert figures(view, "Type") == (before.label(), before.label())


def test_that_figures_and_bars_follow_a_drag_and_say_what_was_before(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor, view = weights(fixed), fixed.inspector.type
    fixed.controller.pin(tensor, FixedPoint(8, 6))
    select(fixed, tensor)
    middle = band_middle(fixed, tensor)
    start, end = at(fixed, tensor, middle), at(fixed, tensor, middle + 2)
    drag(qtbot, fixed, start, end, release=False)
    assert [heading.text() for heading in view.figures.headings] == ["Before", "Now"]
    assert figures(view, "Type") == ("s8 2^-6", "s8 2^-8")
    assert view.fields.fraction.value() == 8
    assert view.bars.bars is not None
    assert view.bars.bars.edges == edge_positions(FixedPoint(8, 8), view.bars.bars.axis)
    qtbot.mouseRelease(fixed.ranges.heat.viewport(), LEFT, pos=end)
    assert [heading.text() for heading in view.figures.headings] == ["By MinMax", "Now"]
    assert fixed.controller.session.document.settings.pinned[tensor] == FixedPoint(8, 8)


def test_that_what_is_judged_elsewhere_says_where(fixed: MainWindow) -> None:
    readings = fixed.controller.readings
    assert readings.network is not None
    tensor = next(name for name in readings.network.tensors if readings.is_cut_off(name))
    select(fixed, tensor)
    view = fixed.inspector.type
    assert figures(view, "SQNR") == (UNKNOWN, UNKNOWN)
    assert readings.name_of(readings.rounded_at(tensor)[0]) in view.notes.text()


def test_that_a_tensor_without_a_type_says_why(opened: MainWindow) -> None:
    type_tab(opened)
    select(opened, weights(opened))
    view = opened.inspector.type
    assert view.state.text() == "No type yet: calibrate first."
    assert not view.fields.isVisible() and not view.figures.isVisible()


@pytest.mark.parametrize("target", ["fixed-point", "onnxruntime"])
def test_that_another_scheme_can_be_taken_for_one_tensor(
    qtbot: QtBot, calibrated: MainWindow, target: str
) -> None:
    controller = type_tab(calibrated).controller
    controller.choose_target(target)
    session = controller.session
    assert session.network is not None
    assert session.calibration is not None
    tensor = next(layer.outputs[0] for layer in session.network.layers if layer.operator == "Add")
    select(calibrated, tensor)
    wanted = PlanSettings(target=target, scheme=Scheme.PERCENTILE)
    expected = session.calibration.plan(session.network, wanted).types[tensor]
    choose(qtbot, calibrated, "scheme", SCHEME_TITLES[Scheme.PERCENTILE])
    assert controller.readings.data_type(tensor) == expected
    others = [n for n in session.network.tensors if n not in controller.readings.members(tensor)]
    plain = session.calibration.plan(session.network, PlanSettings(target=target))
    for name in others:
        if session.network.tensors[name].role is not Role.BIAS:
            assert controller.readings.data_type(name) == plain.types.get(name)
    fields = calibrated.inspector.type.fields
    if expected != plain.types[tensor]:
        assert fields.scheme.currentText() == "Percentile"
        choose(qtbot, calibrated, "scheme", "MinMax")
        assert session.document.settings.pinned == {}, "the network's scheme frees it"
    else:
        assert "same type" in calibrated.ranges.read_out.text()
    assert fields.scheme.currentText() == "MinMax (network)"


def test_that_a_type_that_no_scheme_gives_is_by_hand(fixed: MainWindow) -> None:
    tensor = weights(fixed)
    select(fixed, tensor)
    fixed.controller.pin(tensor, FixedPoint(8, -3))
    assert fixed.inspector.type.fields.scheme.currentText() == "by hand"


def test_that_a_sign_is_offered_where_the_target_takes_both(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, fields = type_tab(calibrated).controller, calibrated.inspector.type.fields
    tensor = image(calibrated)
    for target in ("fixed-point", "onnxruntime"):
        controller.choose_target(target)
        select(calibrated, tensor)
        current = data_type(calibrated, tensor)
        other = with_sign(current, not current.signed)
        takes = other is not None and not controller.readings.target.objection_to_activation(other)
        assert fields.sign.isEnabled() == takes
        if takes:
            choose(qtbot, calibrated, "sign", "unsigned" if current.signed else "signed")
            assert controller.readings.data_type(tensor) == other
    select(calibrated, weights(calibrated))
    assert not fields.sign.isEnabled()
    assert "takes one kind of integers" in fields.sign.toolTip()


@pytest.mark.parametrize("kind", [FixedPoint(8, 3), Scaled(0.5, 7, 8), Scaled(0.1, 0, 8)])
def test_that_the_other_sign_keeps_the_upper_edge_and_comes_back(kind: FixedPoint | Scaled) -> None:
    other = with_sign(kind, False)
    assert other is not None
    assert not other.signed
    assert other.maximum == pytest.approx(kind.maximum, abs=kind.step)
    if isinstance(kind, Scaled):
        assert (other.minimum, other.maximum) == (kind.minimum, kind.maximum)
    assert with_sign(other, True) == kind


def test_that_the_wheel_over_a_field_changes_no_type(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor, fields = weights(fixed), fixed.inspector.type.fields
    select(fixed, tensor)
    fixed.ranges.tree.setFocus()
    before = fixed.controller.session.document
    for field in (fields.scheme, fields.word, fields.fraction):
        turn_wheel(field)
    assert fixed.controller.session.document == before


def test_that_a_scale_is_entered_as_it_is_shown_whatever_the_language(
    qtbot: QtBot, make: MakeWindow, demo_network: Network, demo_statistics: Path
) -> None:
    usual = QLocale()
    QLocale.setDefault(QLocale("de_DE"))  # a comma between the digits
    try:
        window = type_tab(_with_demo(make(), demo_network))
        window.controller.attach_calibration(str(demo_statistics))
        window.controller.choose_target("onnxruntime")
        select(window, image(window))
        scale = window.inspector.type.fields.scale
        scale.setFocus()
        scale.selectAll()
        qtbot.keyClicks(scale, "0.25")
        qtbot.keyClick(scale, Qt.Key.Key_Return)
        assert data_type(window, image(window)).step == 0.25
    finally:
        QLocale.setDefault(usual)


# ---- several rows


def test_that_rows_that_differ_say_so_until_they_are_changed(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    chosen, fields = [weights(fixed, place) for place in range(3)], fixed.inspector.type.fields
    fixed.controller.pin(chosen[0], FixedPoint(16, 9))
    select_rows(qtbot, fixed, *chosen)
    assert fields.word.currentIndex() == -1 and fields.word.placeholderText() == SEVERAL
    assert fields.fraction.text() == SEVERAL
    assert fields.sign.currentText() == "signed"
    assert fields.scheme.currentIndex() == -1
    assert "change 3 of 3 selected tensors" in fixed.inspector.type.state.text()
    fields.fraction.setFocus()
    fields.fraction.selectAll()
    qtbot.keyClicks(fields.fraction, "5")
    qtbot.keyClick(fields.fraction, Qt.Key.Key_Return)
    assert [fraction(fixed, name) for name in chosen] == [5, 5, 5]
    assert fields.fraction.text() == "5"
    assert fixed.controller.session.undo_title == "Set 3 fraction lengths"
    fixed.do_undo()
    assert fields.fraction.text() == SEVERAL
    assert fixed.controller.session.document.settings.pinned == {chosen[0]: FixedPoint(16, 9)}


def test_that_a_step_moves_each_of_rows_that_differ(qtbot: QtBot, fixed: MainWindow) -> None:
    chosen = [weights(fixed, place) for place in range(3)]
    fixed.controller.pin(chosen[0], FixedPoint(8, 2))
    before = [fraction(fixed, name) for name in chosen]
    select_rows(qtbot, fixed, *chosen)
    spin = fixed.inspector.type.fields.fraction
    spin.setFocus()
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert [fraction(fixed, name) for name in chosen] == [length + 1 for length in before]
    assert fixed.controller.session.undo_title == "Set 3 fraction lengths"
    assert spin.text() == SEVERAL


def test_that_a_word_goes_to_the_rows_that_take_it_and_the_others_are_named(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor, activation = weights(fixed), image(fixed)
    select_rows(qtbot, fixed, tensor, activation)
    before = data_type(fixed, tensor), data_type(fixed, activation)
    choose(qtbot, fixed, "word", "4 bits")
    assert data_type(fixed, tensor) == with_word_length(before[0], 4)
    assert data_type(fixed, activation) == before[1]
    text = fixed.ranges.read_out.text()
    assert text.startswith("Set one word length · left: ")
    assert fixed.controller.readings.name_of(activation) in text
    assert "8 or 16 bits" in text
    choose(qtbot, fixed, "word", "16 bits")
    assert data_type(fixed, tensor).word_length == data_type(fixed, activation).word_length == 16
    assert fixed.controller.session.undo_title == "Set 2 word lengths"


def test_that_what_a_target_forbids_is_left_among_several_rows(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, fields = type_tab(calibrated).controller, calibrated.inspector.type.fields
    controller.choose_target("onnxruntime")
    network = controller.readings.network
    assert network is not None
    chosen = [network.layers[0].outputs[0], weights(calibrated)]
    select_rows(qtbot, calibrated, *chosen)
    before = data_type(calibrated, chosen[1])
    fields.scale.setFocus()
    fields.scale.selectAll()
    qtbot.keyClicks(fields.scale, "0.125")
    qtbot.keyClick(fields.scale, Qt.Key.Key_Return)
    assert data_type(calibrated, chosen[0]).step == 0.125
    assert data_type(calibrated, chosen[1]) == before
    assert "it has a scale for each channel" in calibrated.ranges.read_out.text()


def test_that_a_scheme_goes_to_all_selected_rows_as_one_step(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    session = fixed.controller.session
    assert session.network is not None and session.calibration is not None
    chosen = [name for name, each in session.network.tensors.items() if each.role is Role.WEIGHTS]
    select_rows(qtbot, fixed, *chosen)
    wanted = session.calibration.plan(
        session.network, replace(session.document.settings, scheme=Scheme.HISTOGRAM)
    ).types
    choose(qtbot, fixed, "scheme", "Histogram")
    assert {name: data_type(fixed, name) for name in chosen} == {n: wanted[n] for n in chosen}
    assert fixed.ranges.read_out.text().startswith("Take Histogram for ")
    fixed.do_undo()
    assert session.document.settings.pinned == {}


def test_that_reset_frees_all_selected_rows(qtbot: QtBot, fixed: MainWindow) -> None:
    chosen = [weights(fixed, place) for place in range(3)]
    for name in chosen[:2]:
        fixed.controller.pin(name, FixedPoint(8, 2))
    select_rows(qtbot, fixed, *chosen)
    qtbot.mouseClick(fixed.inspector.type.fields.reset, LEFT)
    assert fixed.controller.session.document.settings.pinned == {}
    assert fixed.controller.session.undo_title == "Reset 2 types to scheme"


# ---- keys


def test_that_keys_alone_go_to_a_tab_and_into_its_fields(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    window = calibrated
    window.controller.choose_target("fixed-point")
    tensor = weights(window)
    select(window, tensor)
    window.ranges.tree.setFocus()
    before = fraction(window, tensor)
    qtbot.keyClick(window, Qt.Key.Key_2, ALT)
    assert window.inspector.type.isVisible()
    assert window.ranges.tree.hasFocus(), "rows can still be gone through"
    qtbot.keyClick(window, Qt.Key.Key_2, ALT)
    assert window.inspector.type.fields.scheme.hasFocus()
    for _ in range(3):
        press(Qt.Key.Key_Tab)
        if window.inspector.type.fields.fraction.hasFocus():
            break
    press(Qt.Key.Key_Up)
    assert fraction(window, tensor) == before + 1


def test_that_every_field_can_be_reached_by_a_key_and_says_what_it_is(fixed: MainWindow) -> None:
    fields = fixed.inspector.type.fields
    menus = {a.text()[a.text().index("&") + 1].lower() for a in fixed.menuBar().actions()}
    each = (
        fields.scheme,
        fields.word,
        fields.sign,
        fields.fraction,
        fields.scale,
        fields.zero_point,
    )
    labels = [fields.form.labelForField(field) for field in each]
    texts = [label.text() for label in labels if isinstance(label, QLabel)]
    keys = [text[text.index("&") + 1].lower() for text in [*texts, fields.reset.text()]]
    assert len({*keys, *menus}) == 7 + len(menus)
    combos = [choice.combo for choice in fixed.choices.all]
    assert all(field.toolTip() for field in (*each, *combos))
