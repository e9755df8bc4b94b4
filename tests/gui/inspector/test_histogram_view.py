"""The bars of the selected tensor, their axis, and what is said of the values beside them."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.counting.histogram import BitHistogram
from quantscope.core.networks.network import Network
from quantscope.core.picture.heatmap import Depth
from quantscope.gui.inspector.bit_bars import LEFT, TICK, TITLE
from quantscope.gui.inspector.histogram_view import NOTHING_COUNTED, not_in_bars
from quantscope.gui.inspector.tabs import NOTHING_SELECTED, TITLES
from quantscope.gui.main_window import MainWindow
from tests.gui.conftest import MakeWindow, _with_demo
from tests.gui.pointing import select, weights


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    return calibrated


def choose_axis(qtbot: QtBot, window: MainWindow, text: str) -> None:
    axis = window.inspector.histogram.axis
    axis.setFocus()
    qtbot.keyClicks(axis, text[:2])


def test_that_logarithmic_bars_make_rare_values_visible(qtbot: QtBot, fixed: MainWindow) -> None:
    tensor, inspector = weights(fixed), fixed.inspector
    select(fixed, tensor)
    bars = inspector.histogram.bars

    def tops() -> np.ndarray:
        assert bars.bars is not None
        return bars.bars.ends[-1]

    rare = tops()
    choose_axis(qtbot, fixed, "Linear")
    linear = tops()
    used = linear > 0
    expected = np.log10(np.maximum(linear[used], 1e-4) / 1e-4)
    np.testing.assert_allclose(rare[used], expected, rtol=1e-9)
    assert fixed.settings.bars_axis is Depth.LINEAR
    inspector.tabs.setCurrentWidget(inspector.type)
    assert inspector.type.bars._depth is Depth.LINEAR, "the strip above the fields too"


def test_that_the_colours_of_the_heat_map_are_another_choice(fixed: MainWindow) -> None:
    fixed.ranges.foot.set_depth(Depth.LOGARITHMIC)
    assert fixed.inspector.channels.map._depth is Depth.LOGARITHMIC
    fixed.ranges.foot.set_depth(Depth.LINEAR)
    assert fixed.inspector.histogram.bars._depth is Depth.LOGARITHMIC


def test_that_the_numbers_are_told(calibrated: MainWindow) -> None:
    network = calibrated.controller.readings.network
    assert network is not None
    select(calibrated, network.layers[0].outputs[0])
    figures = calibrated.inspector.histogram.figures
    assert figures["Maximum"].text().startswith("1 (")
    assert figures["Maximum"].text().endswith(" times)")
    assert ".png" in figures["maximum from"].text()
    assert figures["Values"].text().replace("\N{NARROW NO-BREAK SPACE}", "") == "614400"


def test_that_zeros_and_what_is_not_finite_are_told_in_words(fixed: MainWindow) -> None:
    values = np.array([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, np.inf, 2.0], np.float32)
    text = not_in_bars(BitHistogram.from_values(values))
    assert "Zeros, which no bar counts: 2 (25.0 %)." in text
    assert "Not finite: 1 NaN, 3 infinite." in text
    assert not_in_bars(BitHistogram.from_values(values[2:3])) == "No value is zero. All are finite."
    network, readings = fixed.controller.readings.network, fixed.controller.readings
    assert network is not None
    tensor = next(layer.outputs[0] for layer in network.layers if "Relu" in layer.operator)
    select(fixed, tensor)
    statistics = readings.statistics(tensor)
    assert statistics is not None and statistics.histogram.zeros > 0
    beside = fixed.inspector.histogram.beside
    assert beside.isVisible()
    assert beside.text() == not_in_bars(statistics.histogram)


def test_that_a_network_without_statistics_says_what_to_do(opened: MainWindow) -> None:
    select(opened, weights(opened))
    view = opened.inspector.histogram
    assert view.beside.text() == NOTHING_COUNTED
    assert not view.bars.isVisible()
    opened.controller.selection.select("", "")
    assert opened.inspector.name.text() == NOTHING_SELECTED
    assert not view.beside.text()


def test_that_nothing_is_clipped_and_figures_are_spaced_evenly(
    calibrated: MainWindow, qapp: QApplication
) -> None:
    inspector, controller = calibrated.inspector, calibrated.controller
    view, network = inspector.histogram, controller.readings.network
    assert network is not None
    calibrated.resizeDocks([calibrated.inspector_dock], [10], Qt.Orientation.Horizontal)
    for target in ("fixed-point", "onnxruntime"):
        controller.choose_target(target)
        for tensor in list(network.tensors)[:6]:
            inspector.tabs.setCurrentWidget(view)
            select(calibrated, tensor)
            for _ in range(3):
                qapp.processEvents()
            shown = [label for label in view.figures.values() if label.isVisible()]
            steps = {after.y() - before.y() for before, after in pairwise(shown)}
            assert len(steps) == 1
            for each in (view, inspector.type):
                inspector.tabs.setCurrentWidget(each)
                qapp.processEvents()
                assert each.scrolled.body.width() <= each.scrolled.viewport().width()
            state = inspector.type.state
            assert state.height() >= state.heightForWidth(state.width())
            for cells in inspector.type.figures.cells.values():
                assert all(cell.width() >= cell.sizeHint().width() for cell in cells)


def test_that_all_five_tabs_stand_side_by_side_where_the_inspector_is_narrowest(
    calibrated: MainWindow, qapp: QApplication
) -> None:
    calibrated.resizeDocks([calibrated.inspector_dock], [10], Qt.Orientation.Horizontal)
    qapp.processEvents()
    bar = calibrated.inspector.tabs.tabBar()
    assert [bar.tabText(tab) for tab in range(bar.count())] == list(TITLES)
    for tab, title in enumerate(TITLES):
        assert bar.tabRect(tab).width() > bar.fontMetrics().horizontalAdvance(title) + 8
        assert bar.tabRect(tab).right() < calibrated.inspector.width()


def test_that_the_tab_and_the_axis_come_back(
    qtbot: QtBot, make: MakeWindow, demo_network: Network
) -> None:
    first = _with_demo(make(), demo_network)
    qtbot.waitUntil(first.inspector.histogram.isVisible)
    first.settings.bars_axis = Depth.LINEAR
    first.actions_by_id["inspect-channels"].trigger()
    assert first.inspector.channels.isVisible()
    again = make()
    assert again.inspector.tabs.currentWidget() is again.inspector.channels
    assert again.inspector.histogram.axis.currentText() == "Linear"
    again.settings._store.setValue("inspector/tab", "gone")
    assert make().inspector.tabs.currentIndex() == 0


def test_that_nothing_beside_the_bars_is_cut_off(fixed: MainWindow) -> None:
    select(fixed, weights(fixed))
    bars = fixed.inspector.histogram.bars
    assert bars.bars is not None
    widest = max(bars.fontMetrics().horizontalAdvance(text) for _, text in bars.bars.ticks)
    assert widest <= LEFT - 2 * TICK - TITLE
