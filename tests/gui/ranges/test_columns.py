"""The columns of the table: readable in a narrow window, shown and hidden as one likes."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from quantscope.core.networks.network import Network
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.columns import fitted
from quantscope.gui.ranges.model import SHORTER_ROLE
from quantscope.gui.ranges.row_texts import COMPARED, RANGE, Column
from tests.gui.conftest import MakeWindow, _with_demo
from tests.gui.pointing import select, weights

LEAST = {Column.NAME: 80, Column.TYPE: 100, Column.SQNR: 60}
USUAL = {Column.NAME: 140, Column.TYPE: 150, Column.SQNR: 60}


def entry(menu: QMenu, text: str) -> QAction:
    return next(each for each in menu.actions() if each.text().replace("&", "") == text)


def cut_texts(window: MainWindow) -> list[str]:
    """What does not fit into its cell, beside names and types of channels, which may be long."""
    tree, model = window.ranges.tree, window.ranges.model
    found = []
    for place in model.shown_places():
        for column in Column:
            index = model.index_at(place).siblingAtColumn(column)
            text = str(index.data() or "")
            if column is Column.NAME or "ch)" in text or tree.isColumnHidden(column):
                continue
            shorter = index.data(SHORTER_ROLE) or text
            room = tree.columnWidth(column) - 8
            if min(map(tree.fontMetrics().horizontalAdvance, (text, shorter))) > room:
                found.append(f"{column.name}: {text}")
    return found


@pytest.mark.parametrize("target", ["onnxruntime", "fixed-point"])
def test_that_every_column_is_readable_in_a_narrow_window(
    qapp: QApplication, calibrated: MainWindow, target: str
) -> None:
    calibrated.controller.choose_target(target)
    calibrated.resize(1060, 700)
    qapp.processEvents()
    tree, header = calibrated.ranges.tree, calibrated.ranges.tree.header()
    assert calibrated.inspector_dock.isVisible()
    assert header.length() <= tree.viewport().width(), "nothing is out of sight"
    assert cut_texts(calibrated) == []
    headings = [
        calibrated.ranges.model.headerData(each, Qt.Orientation.Horizontal)
        for each in Column
        if each not in COMPARED
    ]
    for column, heading in enumerate(headings):
        room = header.fontMetrics().horizontalAdvance(str(heading)) + 9
        assert header.sectionSize(column) >= room, heading


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (350, (140, 150, 60)),
        (300, (90, 150, 60)),
        (260, (80, 120, 60)),
        (200, (80, 100, 60)),
        (380, (140, 180, 60)),
        (460, (200, 200, 60)),
    ],
)
def test_that_names_give_way_first_and_types_grow_first(room: int, widths: tuple[int, ...]) -> None:
    assert tuple(fitted(USUAL, LEAST, {}, room, widest=200).values()) == widths


def test_that_a_width_set_by_hand_stays() -> None:
    by_hand = {Column.NAME: 233, Column.SQNR: 44}
    widths = fitted(USUAL, LEAST, by_hand, 300, widest=200)
    assert widths == {**by_hand, Column.TYPE: 100}


def test_that_columns_are_hidden_and_shown_from_the_menu(calibrated: MainWindow) -> None:
    menu, tree = calibrated._menus["columns"], calibrated.ranges.tree
    entry(menu, "Overflow").trigger()
    assert tree.isColumnHidden(Column.OVERFLOW) and not entry(menu, "Overflow").isChecked()
    assert tree.header().length() == tree.viewport().width(), "others take the room"
    entry(menu, "Overflow").trigger()
    assert not tree.isColumnHidden(Column.OVERFLOW)
    entry(menu, "Type").trigger()
    entry(menu, "SQNR").trigger()
    tree.header().resizeSection(Column.NAME, 222)
    entry(menu, "Usual columns").trigger()
    assert [each for each in Column if tree.isColumnHidden(each)] == list(COMPARED)
    assert tree.columnWidth(Column.NAME) != 222


def test_that_a_right_click_on_the_heading_offers_the_same(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    header = calibrated.ranges.tree.header()
    where = QPoint(200, 10)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, where, header.viewport().mapToGlobal(where)
    )
    QApplication.sendEvent(header.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0] is entry(calibrated._menus["columns"], "Type")
    qtbot.keyClick(menu, Qt.Key.Key_O)
    assert calibrated.ranges.tree.isColumnHidden(Column.OVERFLOW)


def test_that_hidden_columns_stay_hidden_beside_those_of_a_comparison(
    calibrated: MainWindow,
) -> None:
    menu, tree = calibrated._menus["columns"], calibrated.ranges.tree
    entry(menu, "Min").trigger()
    entry(menu, "SQNR").trigger()
    calibrated.actions_by_id["new-variant"].trigger()
    calibrated.actions_by_id["compare-next"].trigger()
    hidden = [each for each in Column if tree.isColumnHidden(each)]
    assert hidden == [*RANGE, Column.SQNR]
    calibrated.actions_by_id["compare-next"].trigger()
    hidden = [each for each in Column if tree.isColumnHidden(each)]
    assert hidden == [Column.MINIMUM, Column.SQNR, *COMPARED]


def test_that_columns_that_come_and_go_are_as_wide_as_there_is_room(
    calibrated: MainWindow,
) -> None:
    tree = calibrated.ranges.tree
    before = [tree.columnWidth(each) for each in Column]
    calibrated.actions_by_id["new-variant"].trigger()
    calibrated.actions_by_id["compare-next"].trigger()
    assert tree.header().length() <= tree.viewport().width()
    calibrated.actions_by_id["compare-next"].trigger()
    entry(calibrated._menus["columns"], "SQNR").trigger()
    entry(calibrated._menus["columns"], "SQNR").trigger()
    assert [tree.columnWidth(each) for each in Column] == before
    assert b'"widths": {}' in tree.header().saveState().data(), "nobody has set a width"


def test_that_hidden_columns_and_widths_come_back_and_the_usual_layout_shows_all(
    qapp: QApplication, make: MakeWindow, demo_network: Network, tmp_path: Path
) -> None:
    first = _with_demo(make(), demo_network)
    qapp.processEvents()
    entry(first._menus["columns"], "Underflow").trigger()
    first.ranges.tree.header().resizeSection(Column.SQNR, 99)
    first.controller.save(str(tmp_path / "a.qscope"))
    assert first.close()
    again = _with_demo(make(), demo_network)
    qapp.processEvents()
    tree = again.ranges.tree
    assert tree.isColumnHidden(Column.UNDERFLOW) and tree.columnWidth(Column.SQNR) == 99
    again.actions_by_id["reset-layout"].trigger()
    assert not tree.isColumnHidden(Column.UNDERFLOW)
    assert tree.columnWidth(Column.SQNR) != 99


@pytest.mark.parametrize(
    "state", [b"", b"\x00\x00\x00\xff\x00", b"{}", b"[]", b'{"widths": {"AGE": 3}, "hidden": []}']
)
def test_that_columns_that_cannot_be_read_are_passed_over(
    calibrated: MainWindow, state: bytes
) -> None:
    header = calibrated.ranges.tree.header()
    before = header.saveState()
    assert not header.restoreState(QByteArray(state))
    assert header.saveState() == before


def test_that_the_name_of_an_open_layer_is_written_over_its_empty_columns(
    qapp: QApplication, calibrated: MainWindow
) -> None:
    tree = calibrated.ranges.tree
    select(calibrated, weights(calibrated))
    tree.header().resizeSection(Column.NAME, 60)
    qapp.processEvents()
    image = tree.viewport().grab().toImage()
    row = tree.visualRect(calibrated.ranges.model.index(1, 0))
    colors = {
        image.pixelColor(x, y).rgb()
        for x in range(64, 100)
        for y in range(row.top() + 4, row.bottom() - 4)
    }
    assert len(colors) > 4, "letters beyond the first column"
