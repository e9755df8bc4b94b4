"""Ctrl+C puts the selected rows on the clipboard, ready for a spreadsheet."""

import csv
import io

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui.main_window import MainWindow
from tests.gui.keyboard import CONTROL, SHIFT, Key, press
from tests.gui.pointing import select, weights


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    """The demo for the fixed-point target."""
    calibrated.controller.choose_target("fixed-point")
    calibrated.ranges.tree.setFocus()
    return calibrated


def pasted() -> list[dict[str, str]]:
    text = QApplication.clipboard().text()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", strict=True))


def test_that_selected_rows_are_copied_with_headings_and_plain_numbers(fixed: MainWindow) -> None:
    tensor = weights(fixed)
    select(fixed, tensor)
    press(Key.Key_Down, SHIFT, times=3)
    press(Key.Key_C, CONTROL)
    rows, readings = pasted(), fixed.controller.readings
    tensors = fixed.controller.selection.tensors
    assert len(rows) == len(tensors) >= 3
    for row, name in zip(rows, tensors, strict=True):
        assert f"{row['Layer']} {row['Tensor']}" == readings.name_of(name)
        statistics = readings.statistics(name)
        assert statistics is not None and statistics.minimum is not None
        assert float(row["Min"]) == pytest.approx(statistics.minimum.value, rel=1e-5)
    error, kind = readings.error(tensor), readings.data_type(tensor)
    assert error is not None and kind is not None
    assert rows[0]["Type"] == kind.label()
    assert float(rows[0]["SQNR in dB"]) == pytest.approx(error.sqnr_db, rel=1e-5)
    assert float(rows[0]["Underflow as share"]) == pytest.approx(error.underflow_share, rel=1e-5)
    assert "rows are on the clipboard" in fixed.ranges.read_out.text()


def test_that_what_the_table_says_by_signs_is_said_in_words(fixed: MainWindow) -> None:
    tensor = weights(fixed)
    kind = fixed.controller.readings.data_type(tensor)
    assert isinstance(kind, FixedPoint)
    fixed.controller.pin(tensor, kind.shifted(1))
    select(fixed, tensor)
    press(Key.Key_C, CONTROL)
    assert pasted()[0]["Note"] == "set by hand"


def test_that_the_other_variant_has_its_columns_while_they_are_compared(fixed: MainWindow) -> None:
    fixed.actions_by_id["new-variant"].trigger()
    fixed.actions_by_id["compare-next"].trigger()
    tensor = weights(fixed)
    select(fixed, tensor)
    press(Key.Key_C, CONTROL)
    (row,) = pasted()
    assert row["Type, A"] == row["Type"]
    assert float(row["SQNR less that of A, in dB"]) == 0.0


def test_that_ctrl_c_in_the_filter_copies_what_is_typed_there(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    field = fixed.ranges.filter_bar.field
    field.setFocus()
    qtbot.keyClicks(field, "conv")
    press(Key.Key_A, CONTROL)
    press(Key.Key_C, CONTROL)
    assert QApplication.clipboard().text() == "conv"


def test_that_nothing_is_copied_while_another_panel_has_the_focus(fixed: MainWindow) -> None:
    select(fixed, weights(fixed))
    QApplication.clipboard().setText("before")
    fixed.inspector.setFocus()
    press(Key.Key_C, CONTROL)
    assert QApplication.clipboard().text() == "before"


def test_that_the_heading_of_an_open_layer_has_nothing_to_copy(fixed: MainWindow) -> None:
    action = fixed.actions_by_id["copy-rows"]
    fixed.ranges.tree.setCurrentIndex(fixed.ranges.model.index(1, 0))
    assert not action.isEnabled()
    select(fixed, weights(fixed))
    assert action.isEnabled()
