"""The minimap: all rows in one picture, where one is, and the mouse on it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.minimap import HIGHEST_ROW, compressed
from quantscope.gui.ranges.tree import ROW_HEIGHT
from quantscope.session.steps import finish
from tests.gui.large_network import large_session
from tests.gui.pointing import LEFT, move, weights


def complete(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.ranges.minimap.is_complete, timeout=30_000)


@pytest.fixture
def large(qtbot: QtBot, window: MainWindow) -> MainWindow:
    window.controller.session = large_session()
    finish(window.controller._replacing_session())
    complete(qtbot, window)
    return window


def test_that_lines_are_means_of_the_rows_that_were_counted() -> None:
    rows = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3)
    counted = np.array([True, False, True, True, False, False])
    lines = compressed(rows, counted, 3)
    means = [rows[0], rows[2:4].mean(axis=0), rows[4:6].mean(axis=0)]
    assert np.array_equal(lines, np.array(means).astype(np.uint8))


def test_that_few_rows_are_not_compressed() -> None:
    rows = np.zeros((3, 2, 3), np.uint8)
    assert compressed(rows, np.ones(3, bool), 3) is rows


def test_that_a_large_network_fits_in_one_picture(large: MainWindow) -> None:
    minimap = large.ranges.minimap
    assert minimap.row_height * len(large.ranges.heat.rows) == pytest.approx(minimap.height())
    assert minimap.frame.height() < 10


def test_that_a_click_brings_that_part_into_sight(qtbot: QtBot, large: MainWindow) -> None:
    minimap, ranges = large.ranges.minimap, large.ranges
    y = minimap.height() * 3 // 4
    qtbot.mouseClick(minimap, LEFT, pos=QPoint(20, y))
    middle = (ranges.bar.value() + ranges.heat.viewport().height() / 2) / ROW_HEIGHT
    assert middle == pytest.approx(len(ranges.heat.rows) * 0.75, rel=0.01)
    assert ranges.tree.verticalScrollBar().value() == ranges.bar.value() > 0
    assert minimap.frame.top() <= y <= minimap.frame.bottom()


def test_that_the_frame_is_dragged_with_the_mouse(qtbot: QtBot, calibrated: MainWindow) -> None:
    complete(qtbot, calibrated)
    minimap, bar = calibrated.ranges.minimap, calibrated.ranges.bar
    start = minimap.frame.center().toPoint()
    qtbot.mousePress(minimap, LEFT, pos=start)
    assert bar.value() == 0
    move(minimap, start + QPoint(0, 30), held=True)
    assert bar.value() == pytest.approx(30 * ROW_HEIGHT / HIGHEST_ROW, abs=ROW_HEIGHT)
    move(minimap, start + QPoint(0, 5000), held=True)
    assert bar.value() == bar.maximum()
    qtbot.mouseRelease(minimap, LEFT, pos=start)
    move(minimap, start)
    assert bar.value() == bar.maximum()


def test_that_keys_in_the_table_move_the_frame(qtbot: QtBot, calibrated: MainWindow) -> None:
    before = calibrated.ranges.minimap.frame.top()
    qtbot.keyClick(calibrated.ranges.tree, Qt.Key.Key_End)
    assert calibrated.ranges.minimap.frame.top() > before


def test_that_rows_with_overflow_are_marked(qtbot: QtBot, calibrated: MainWindow) -> None:
    controller, tensor = calibrated.controller, weights(calibrated, 2)
    controller.choose_target("fixed-point")
    complete(qtbot, calibrated)
    assert calibrated.ranges.row_of_tensor(tensor) not in calibrated.ranges.minimap.marked
    controller.pin(tensor, FixedPoint(8, 12))
    complete(qtbot, calibrated)
    minimap = calibrated.ranges.minimap
    row = calibrated.ranges.row_of_tensor(tensor)
    assert row in minimap.marked
    image = minimap.grab().toImage()
    color = image.pixelColor(QPoint(3, int((row + 0.5) * minimap.row_height)))
    assert color.name() == calibrated.ranges.heat.theme.error


def test_that_the_minimap_follows_the_filter(qtbot: QtBot, calibrated: MainWindow) -> None:
    complete(qtbot, calibrated)
    before = calibrated.ranges.minimap.grab().toImage()
    calibrated.actions_by_id["by-layer"].trigger()
    complete(qtbot, calibrated)
    assert calibrated.ranges.minimap.grab().toImage() != before
