"""Keys read the heat map out bit by bit, as the mouse does."""

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges import pointing
from tests.gui.keyboard import ALT, Key, press, tab_to
from tests.gui.pointing import at, move, select, weights


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What screen readers are told."""
    found: list[str] = []

    class Told:
        @staticmethod
        def updateAccessibility(event: QAccessibleAnnouncementEvent) -> None:
            assert event.type() is QAccessible.Event.Announcement
            found.append(event.message())

    monkeypatch.setattr(pointing, "QAccessible", Told)
    return found


@pytest.fixture
def chosen(calibrated: MainWindow) -> MainWindow:
    """The first weight selected, and the heat map reached by Tab."""
    calibrated.controller.choose_target("fixed-point")
    select(calibrated, weights(calibrated))
    calibrated.ranges.tree.setFocus()
    tab_to(calibrated.ranges.heat)
    return calibrated


def test_that_keys_say_of_each_bit_what_the_mouse_says(chosen: MainWindow, said: list[str]) -> None:
    ranges, tensor = chosen.ranges, weights(chosen)
    press(Key.Key_Right)
    first = ranges.heat.bit_cell
    assert first is not None and first.row == ranges.row_of_tensor(tensor)
    for key, step in ((Key.Key_Right, 1), (Key.Key_Left, 0), (Key.Key_Left, -1)):
        press(key)
        cell = ranges.heat.bit_cell
        assert cell is not None and cell.column == first.column + step
        by_key = ranges.read_out.text()
        assert said[-1] == by_key == ranges.heat.accessibleDescription()
        move(ranges.heat.viewport(), at(chosen, tensor, cell.column + 0.5))
        assert ranges.read_out.text() == by_key
    assert len(set(said)) == 3


def test_that_the_first_key_finds_the_fullest_cell(chosen: MainWindow) -> None:
    press(Key.Key_Left)
    scale = chosen.ranges.foot.scale
    assert f"{scale.most} values" in chosen.ranges.read_out.text()


def test_that_the_cursor_stays_within_the_row_and_follows_to_the_next(chosen: MainWindow) -> None:
    heat, readings = chosen.ranges.heat, chosen.controller.readings
    press(Key.Key_Right, times=60)
    cell = heat.bit_cell
    assert cell is not None and cell.column == heat.axis.columns - 1
    before = chosen.ranges.read_out.text()
    press(Key.Key_Down)
    below = chosen.controller.selection.tensor
    assert below != weights(chosen) and heat.hasFocus()
    text = chosen.ranges.read_out.text()
    assert text.startswith(readings.name_of(below)) and text != before
    press(Key.Key_Left, times=80)
    cell = heat.bit_cell
    assert cell is not None and cell.column == 0


def test_that_the_outline_shows_where_the_keys_are(qapp: QApplication, chosen: MainWindow) -> None:
    heat = chosen.ranges.heat
    before = heat.viewport().grab().toImage()
    press(Key.Key_Right)
    cell = heat.bit_cell
    assert cell is not None
    after = heat.viewport().grab().toImage()
    ratio = after.devicePixelRatio()
    y = round((heat.row_top(cell.row) + 13) * ratio)
    changed = [x for x in range(after.width()) if before.pixel(x, y) != after.pixel(x, y)]
    left, right = (heat.x_of(cell.column + end) * ratio for end in (0, 1))
    assert changed and left - 4 <= min(changed) and max(changed) <= right + 4
    press(Key.Key_Escape)
    assert heat.viewport().grab().toImage() == before
    assert heat.bit_cell is None


def test_that_keys_with_a_meaning_keep_it(qtbot: QtBot, chosen: MainWindow) -> None:
    tensor = weights(chosen)
    before = chosen.controller.readings.data_type(tensor)
    press(Key.Key_Right, ALT)
    assert chosen.controller.readings.data_type(tensor) != before
    assert chosen.ranges.heat.bit_cell is None
    tree, model = chosen.ranges.tree, chosen.ranges.model
    layer = model.index(1, 0)
    tree.setCurrentIndex(layer)
    press(Key.Key_Left)
    assert not tree.isExpanded(layer), "the heading of a layer has no bits"
    press(Key.Key_Right)  # closed, it shows its activations
    assert chosen.ranges.heat.bit_cell is not None


def test_that_the_tree_opens_and_closes_layers_by_the_same_keys(chosen: MainWindow) -> None:
    tree, model = chosen.ranges.tree, chosen.ranges.model
    tree.setFocus()
    tree.setCurrentIndex(model.index(1, 0))
    press(Key.Key_Left)
    assert not tree.isExpanded(model.index(1, 0))
    press(Key.Key_Right)
    assert tree.isExpanded(model.index(1, 0))
    assert chosen.ranges.heat.bit_cell is None


def test_that_the_read_out_is_of_the_row_while_the_focus_is_elsewhere(chosen: MainWindow) -> None:
    press(Key.Key_Right)
    assert "values (" in chosen.ranges.read_out.text()
    chosen.ranges.tree.setFocus()
    assert "values (" not in chosen.ranges.read_out.text()
    chosen.ranges.heat.setFocus()
    assert "values (" in chosen.ranges.read_out.text()
