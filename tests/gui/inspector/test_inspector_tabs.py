"""The tabs of the inspector: words, channels and stored integers of the selected tensor."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from quantscope.core.counting.channels import ChannelBits, channel_bits
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint
from quantscope.core.numbers.stored import stored_integers
from quantscope.core.picture.heatmap import HeatRow
from quantscope.core.wording import decimal
from quantscope.gui.inspector.channel_map import AT_ONCE
from quantscope.gui.inspector.channels_view import COUNTING, NOT_CALIBRATED
from quantscope.gui.inspector.words_model import WordsModel
from quantscope.gui.look.theme import DARK, LIGHT
from quantscope.gui.main_window import MainWindow
from quantscope.gui.translation import plural
from quantscope.gui.work import long_work
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Export, Exported
from quantscope.session.calibration_file import write_calibration
from tests.gui.pointing import select, weights

HISTOGRAM, TYPE, WORDS, CHANNELS, INTEGERS = range(5)
DISPLAY = Qt.ItemDataRole.DisplayRole
NO_PARENT = QModelIndex()


def show_tab(qtbot: QtBot, window: MainWindow, tab: int) -> None:
    """Point at a tab with the mouse."""
    bar = window.inspector.tabs.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(tab).center())
    assert window.inspector.tabs.currentIndex() == tab


def integers(window: MainWindow) -> npt.NDArray[np.int64]:
    """All that the table holds."""
    model = window.inspector.integers.model
    rows, columns = model.rowCount(), model.columnCount()
    cells = [[int(model.index(r, c).data()) for c in range(columns)] for r in range(rows)]
    return np.array(cells, np.int64)


def texts(model: WordsModel, row: int) -> list[str]:
    return [str(model.index(row, c).data() or "") for c in range(model.columnCount())]


def background(model: WordsModel, row: int, column: int) -> str:
    brush = model.index(row, column).data(Qt.ItemDataRole.BackgroundRole)
    return "" if brush is None else QColor(brush.color()).name()


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    return calibrated


def test_that_the_words_of_the_published_example_are_shown_digit_by_digit(
    qtbot: QtBot, fixed: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 0.03125, 2.1 and 16.25 in an 8-bit type from 2^3 to 2^-3 become 0, 2.125 and 15.875.
    controller, tensor = fixed.controller, weights(fixed)
    values = TensorStatistics.of_parameter(np.array([0.03125, 2.1, 16.25], np.float32))
    row = HeatRow(values.histogram.most_significant_bits(), FixedPoint(8, 3))
    monkeypatch.setattr(controller.readings, "statistics", lambda _: values)
    monkeypatch.setattr(controller.readings, "heat_row", lambda _: row)
    select(fixed, tensor)
    show_tab(qtbot, fixed, WORDS)
    model = fixed.inspector.words.model
    last = model.columnCount() - 1
    names = [model.headerData(c, Qt.Orientation.Horizontal) for c in (0, last - 1, last)]
    assert names == ["Value", "Becomes", "Error"]
    assert [texts(model, row)[0] for row in range(3)] == ["16.25", "2.1", "0.03125"]
    assert [texts(model, row)[-2] for row in range(3)] == ["15.875", "2.125", "0"]
    assert [texts(model, row)[-1] for row in range(3)] == ["−0.375", "0.025", "−0.0312"]
    assert texts(model, 0)[1:11] == list("1000001000")  # 16.25 = 10000.01
    assert texts(model, 1)[1:11] == ["", "", "", *"1000011"]  # 2.1 = 10.00011...
    assert texts(model, 2)[1:11] == [""] * 9 + ["1"]
    bit_4 = 1  # the column of 2^4: to the left of the band 2^3 ... 2^-3
    dropped, first = QColor(LIGHT.hover).name(), QColor(LIGHT.first_bit).name()
    assert background(model, 0, bit_4) == first  # 16.25 has its first bit above the band
    assert background(model, 1, bit_4 + 3) == first
    assert [background(model, 1, bit_4 + c) for c in (8, 9)] == [dropped, dropped]
    assert [background(model, 1, bit_4 + c) for c in range(4, 8)] == [""] * 4
    assert [background(model, 2, bit_4), background(model, 2, bit_4 + 9)] == [dropped, first]
    assert texts(model, 3)[:11] == ["MSBs", "1", "", "", "1", *[""] * 5, "1"]
    assert model.rowCount(NO_PARENT) == 4


def test_that_words_follow_the_selection_and_the_type(qtbot: QtBot, fixed: MainWindow) -> None:
    view = fixed.inspector.words
    select(fixed, weights(fixed))
    assert view.model.rowCount() == 0  # nothing is done while out of sight
    show_tab(qtbot, fixed, WORDS)
    statistics = fixed.controller.readings.statistics(weights(fixed))
    assert statistics is not None and statistics.values is not None
    first = float(view.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert abs(first) == np.abs(statistics.values).max()
    rows, becomes = view.model.rowCount() - 1, view.model.columnCount() - 2
    before = [view.model.index(row, becomes).data() for row in range(rows)]
    fixed.controller.pin(weights(fixed), FixedPoint(8, 2))
    becomes = view.model.columnCount() - 2
    after = [
        view.model.index(row, becomes).data(Qt.ItemDataRole.ToolTipRole) for row in range(rows)
    ]
    assert [view.model.index(row, becomes).data() for row in range(rows)] != before
    assert all(float(text) * 4 == int(float(text) * 4) for text in after)


def test_that_counts_below_the_words_are_those_of_the_values(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor = weights(fixed)
    select(fixed, tensor)
    show_tab(qtbot, fixed, WORDS)
    model, statistics = fixed.inspector.words.model, fixed.controller.readings.statistics(tensor)
    assert statistics is not None and statistics.values is not None
    magnitudes = np.abs(statistics.values[statistics.values != 0])
    exponents = np.frexp(magnitudes)[1] - 1
    last = model.rowCount() - 1
    for column in range(1, model.columnCount() - 2):
        header = model.headerData(column, Qt.Orientation.Horizontal, model.POWER)
        tip = model.index(last, column).data(Qt.ItemDataRole.ToolTipRole)
        assert model.table is not None
        bit = model.table.axis.top - (column - 1)
        number = int((exponents == bit).sum())
        assert tip == plural("one value", "{n} values", number), header


def test_that_channels_are_sorted_and_those_that_stand_out_are_marked(
    qtbot: QtBot, fixed: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = weights(fixed)
    statistics = fixed.controller.readings.statistics(tensor)
    assert statistics is not None and statistics.values is not None
    values = statistics.values.copy()
    values[3] *= 64.0
    monkeypatch.setattr(
        fixed.controller.readings, "statistics", lambda _: replace(statistics, values=values)
    )
    select(fixed, tensor)
    show_tab(qtbot, fixed, CHANNELS)
    view = fixed.inspector.channels
    assert "▲ 1 reaches over 8 times the median" in view.summary.text()
    channels = len(values)
    assert view.map.order.tolist() == list(range(channels))
    view.order.setFocus()
    qtbot.keyClicks(view.order, "Wid")
    largest = np.abs(values).reshape(channels, -1).max(axis=1)
    assert view.map.order.tolist() == np.argsort(-largest, kind="stable").tolist()
    assert view.map.channel_at(QPoint(40, 24)) == 3
    assert "far above the median" in view.map.describe(3)


def test_that_the_channels_of_an_activation_are_counted_when_asked_for(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    network = fixed.controller.readings.network
    assert network is not None
    tensor, view = network.layers[1].outputs[0], fixed.inspector.channels
    select(fixed, tensor)
    show_tab(qtbot, fixed, CHANNELS)
    assert "once more for this tensor" in view.summary.text()
    assert not view.area.isVisible()
    qtbot.mouseClick(view.count, Qt.MouseButton.LeftButton)
    assert not view.count.isEnabled()
    qtbot.waitUntil(view.area.isVisible, timeout=60_000)
    assert not view.count.isVisible()
    assert view.summary.text().startswith(f"{network.tensors[tensor].shape[1]} channels")
    statistics, bits = fixed.controller.readings.statistics(tensor), view.map.bits
    assert statistics is not None
    assert bits is not None
    np.testing.assert_array_equal(
        bits.counts.sum(axis=0), statistics.histogram.most_significant_bits()
    )
    select(fixed, network.layers[-1].outputs[0])
    select(fixed, tensor)
    assert view.area.isVisible()  # kept
    session = fixed.controller.session
    assert session.calibration is not None
    session.attach_calibration(replace(session.calibration))
    view.refresh()
    assert not view.area.isVisible()  # of other statistics


def test_that_a_network_without_statistics_has_no_channels_to_count(
    qtbot: QtBot, opened: MainWindow
) -> None:
    network = opened.controller.readings.network
    assert network is not None
    select(opened, network.layers[1].outputs[0])
    show_tab(qtbot, opened, CHANNELS)
    view = opened.inspector.channels
    assert view.summary.text() == NOT_CALIBRATED
    assert not view.count.isVisible()


def test_that_an_activation_has_a_sentence_in_place_of_integers(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    network = fixed.controller.readings.network
    assert network is not None
    select(fixed, network.layers[0].outputs[0])
    show_tab(qtbot, fixed, INTEGERS)
    assert fixed.inspector.integers.summary.text().startswith("An activation has no integers")


def test_that_the_integers_are_those_of_the_exported_file(
    qtbot: QtBot, fixed: MainWindow, tmp_path: Path
) -> None:
    session, tensor = fixed.controller.session, weights(fixed)
    assert session.calibration is not None
    select(fixed, tensor)
    show_tab(qtbot, fixed, INTEGERS)
    shown = integers(fixed)
    statistics, output = tmp_path / "statistics.npz", tmp_path / "out.onnx"
    write_calibration(statistics, session.calibration)
    result = run_inline(
        Export(
            model=session.document.model,
            calibration=str(statistics),
            settings=session.document.settings,
            output=str(output),
        )
    )
    assert isinstance(result, Exported)
    stored = [numpy_helper.to_array(held) for held in onnx.load(output).graph.initializer]
    alike = [held for held in stored if held.dtype == np.int8 and held.size == shown.size]
    assert any(np.array_equal(held.reshape(shown.shape), shown) for held in alike)


def test_that_the_integers_say_what_an_export_changes(qtbot: QtBot, fixed: MainWindow) -> None:
    select(fixed, weights(fixed))
    show_tab(qtbot, fixed, INTEGERS)
    assert "Compensated" not in fixed.inspector.integers.summary.text()
    fixed.actions_by_id["compensate"].trigger()
    assert "Compensated rounding will move" in fixed.inspector.integers.summary.text()


def test_that_an_integer_says_where_it_stands_and_what_was_rounded(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    tensor = weights(fixed)
    select(fixed, tensor)
    show_tab(qtbot, fixed, INTEGERS)
    model, statistics = fixed.inspector.integers.model, fixed.controller.readings.statistics(tensor)
    assert statistics is not None and statistics.values is not None
    shape = statistics.values.shape
    last = tuple(size - 1 for size in shape)
    tip = model.index(shape[0] - 1, model.columnCount() - 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith(f"[{', '.join(map(str, last))}]: ")
    assert decimal(float(statistics.values[last]), digits=6) in tip
    assert model.headerData(0, Qt.Orientation.Vertical) == 0


def test_that_integers_of_scales_for_each_channel_are_those_of_all_rows_together(
    qtbot: QtBot, calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantscope.gui.inspector.integers_model.VALUES_AT_ONCE", 100)
    calibrated.controller.choose_target("onnxruntime")
    tensor = weights(calibrated)
    select(calibrated, tensor)
    show_tab(qtbot, calibrated, INTEGERS)
    session = calibrated.controller.session
    plan, statistics = session.plan(), calibrated.controller.readings.statistics(tensor)
    assert plan is not None and session.network is not None
    assert isinstance(plan.types[tensor], ChannelScaled)
    assert statistics is not None and statistics.values is not None
    wanted = stored_integers(session.network, plan, tensor, statistics.values)
    shown = integers(calibrated)
    np.testing.assert_array_equal(shown, wanted.reshape(shown.shape))


def test_that_channels_of_many_values_are_counted_in_slices_and_kept(
    qtbot: QtBot, fixed: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_work, "SLICE", 0.0)
    monkeypatch.setattr("quantscope.core.counting.channels.VALUES_AT_ONCE", 1)
    first, second = weights(fixed, 0), weights(fixed, 1)
    view = fixed.inspector.channels
    show_tab(qtbot, fixed, CHANNELS)
    select(fixed, first)
    assert view.summary.text() == COUNTING
    select(fixed, second)  # what was begun is given up
    qtbot.waitUntil(view.area.isVisible)
    statistics = fixed.controller.readings.statistics(second)
    assert statistics is not None and statistics.values is not None
    assert view.map.bits is not None
    wanted = channel_bits(statistics.values, 0)
    np.testing.assert_array_equal(view.map.bits.counts, wanted.counts)
    kept = view.map.bits
    fixed.controller.pin(second, FixedPoint(8, 3))
    assert view.map.bits is kept


def test_that_only_channels_in_sight_are_painted(qtbot: QtBot, fixed: MainWindow) -> None:
    view = fixed.inspector.channels.map
    select(fixed, weights(fixed))
    show_tab(qtbot, fixed, CHANNELS)
    bits = ChannelBits(np.ones((5000, 2, 261), np.int64), np.ones(5000))
    view.show_bits(bits, FixedPoint(8, 3), np.arange(5000))
    view.repaint()
    assert 0 < len(view._images) < 5000 / AT_ONCE / 4
    fixed.inspector.channels.area.verticalScrollBar().setValue(10**6)
    qtbot.waitUntil(lambda: max(view._images) == 5000 // AT_ONCE)


def test_that_words_are_drawn_in_the_colours_that_are_told(qtbot: QtBot, fixed: MainWindow) -> None:
    select(fixed, weights(fixed))
    show_tab(qtbot, fixed, WORDS)
    view = fixed.inspector.words
    first = next(c for c in range(1, 9) if background(view.model, 0, c))
    room = view.table.visualRect(view.model.index(0, first))
    drawn = view.table.viewport().grab(room).toImage().pixelColor(2, 2)
    assert drawn.name() == background(view.model, 0, first) == QColor(LIGHT.first_bit).name()
    fixed.actions_by_id["theme-dark"].trigger()
    assert background(view.model, 0, first) == QColor(DARK.first_bit).name()
