"""What each layer costs to run: rows that follow types and selection, and sort by a click."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.networks.cost_wording import HEADINGS
from quantscope.gui.diagnosis.costs_view import BEFORE, CostsView
from quantscope.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
COLUMNS = list(HEADINGS)


def view(window: MainWindow) -> CostsView:
    return window.diagnosis.costs


def column(window: MainWindow, name: str) -> list[str]:
    model = view(window).model
    return [model.index(r, COLUMNS.index(name)).data() for r in range(model.rowCount())]


def cell(window: MainWindow, row: int, name: str) -> str:
    return column(window, name)[row]


@pytest.fixture
def shown(calibrated: MainWindow) -> MainWindow:
    calibrated.actions_by_id["costs"].trigger()
    QApplication.processEvents()
    return calibrated


def test_that_memory_follows_the_word_length_and_undo(shown: MainWindow) -> None:
    layers = column(shown, "Layer")
    place = next(row for row, each in enumerate(column(shown, "Operator")) if each == "Conv")
    eight = column(shown, "Memory")
    assert "in float" in view(shown).state.text()
    shown.controller.choose_word_length(16)
    sixteen = column(shown, "Memory")
    assert column(shown, "Layer") == layers
    assert sixteen[place] != eight[place]
    assert column(shown, "In float")[place] != sixteen[place]
    shown.do_undo()
    assert column(shown, "Memory") == eight


def test_that_everything_counts_as_float_before_a_calibration(opened: MainWindow) -> None:
    opened.actions_by_id["costs"].trigger()
    QApplication.processEvents()
    assert column(opened, "Memory") == column(opened, "In float")
    assert view(opened).state.text().endswith(BEFORE)
    assert "unknown" not in column(opened, "Multiplications")


def test_that_a_click_on_a_heading_sorts_by_numbers(qtbot: QtBot, shown: MainWindow) -> None:
    given = column(shown, "Layer")
    header = view(shown).table.header()
    place = COLUMNS.index("Multiplications")
    middle = header.sectionViewportPosition(place) + header.sectionSize(place) // 2
    spot = QPoint(middle, header.height() // 2)
    for _ in range(2):
        qtbot.mouseClick(header.viewport(), LEFT, pos=spot)
        numbers = [int(x.replace("\u202f", "") or 0) for x in column(shown, "Multiplications")]
        descends = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
        assert numbers == sorted(numbers, reverse=descends)
    assert sorted(column(shown, "Layer")) == sorted(given)
    assert max(numbers) > 1000


def test_that_a_row_selects_its_layer_and_follows_it(qtbot: QtBot, shown: MainWindow) -> None:
    table, model = view(shown).table, view(shown).model
    row = 3
    table.scrollTo(model.index(row, 0))
    spot = table.visualRect(model.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=spot)
    network = shown.controller.session.network
    assert network is not None
    chosen = shown.controller.selection.layer
    labels = {each.name: each.label for each in network.layers}
    assert labels[chosen] == cell(shown, row, "Layer")
    other = next(each for each in network.layers[5:] if each.weights)
    shown.controller.selection.select(other.name, other.weights or "")
    assert model.name_at(table.currentIndex().row()) == other.name
    source = network.layers[0]
    shown.controller.selection.select(source.name, source.outputs[0])
    assert not table.currentIndex().isValid()
    assert shown.controller.selection.layer == source.name


def test_that_without_a_network_there_is_only_an_invitation(window: MainWindow) -> None:
    costs = CostsView(window.controller, window)
    costs.show()
    assert costs.state.text().startswith("Open a model")
    assert not costs.table.isVisible()
