"""Pictures of the ranges from the window: any rows, any size, as a file and to paste."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.picture.look import WIDTH, height_of, size_of, usual_width
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.picture_choice import PictureChoice, Rows, as_text, from_text
from quantscope.gui.ranges.picture_dialog import PictureDialog
from tests.gui.keyboard import SHIFT, Key, press
from tests.gui.pointing import select, weights

SVG_TEXT = "{http://www.w3.org/2000/svg}text"
THIN = "\N{NARROW NO-BREAK SPACE}"


def opened(window: MainWindow) -> PictureDialog:
    window.actions_by_id["picture"].trigger()
    dialog = window.pictures.dialog
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    return dialog


def choose(dialog: PictureDialog, rows: Rows, ending: str = ".png") -> None:
    dialog.rows.setCurrentIndex(dialog.rows.findData(rows))
    dialog.format.setCurrentIndex(dialog.format.findData(ending))


def save(qtbot: QtBot, window: MainWindow, dialog: PictureDialog, path: Path) -> None:
    dialog.save_button.click()
    where = window.pictures.file_dialog
    assert where is not None and where.defaultSuffix() == path.suffix[1:]
    with qtbot.waitSignal(window.pictures.written, timeout=120_000) as told:
        where.fileSelected.emit(str(path))
    where.reject()
    assert path.name in told.args[0]


def test_that_a_png_is_as_large_as_the_dialog_says(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    dialog = opened(calibrated)
    rows = calibrated.ranges.model.tensor_count
    assert dialog.rows.currentText() == f"All rows, {rows}"
    assert dialog.width_field.value() == usual_width(rows)
    dialog.width_field.setValue(1234)
    size = size_of(rows, 1234)
    assert dialog.size_text.text() == f"1{THIN}234 × 1{THIN}{size.height - 1000} pixels"
    save(qtbot, calibrated, dialog, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (size.width, size.height)


def test_that_an_svg_has_the_rows_that_are_shown_in_their_order(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    bar = calibrated.ranges.filter_bar
    bar.type_combo.setCurrentText("Add")
    calibrated.actions_by_id["sort-sqnr"].trigger()
    shown = [name for name in calibrated.ranges.heat.rows if name]
    dialog = opened(calibrated)
    choose(dialog, Rows.SHOWN, ".svg")
    assert dialog.rows.currentText() == f"Rows that are shown, {len(shown)}"
    dialog.scale_field.setValue(0.5)
    save(qtbot, calibrated, dialog, tmp_path / "a.svg")
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert root.get("viewBox") == f"0 0 {WIDTH} {height_of(len(shown))}"
    assert root.get("width") == str(WIDTH // 2)
    texts = [element.text or "" for element in root.iter(SVG_TEXT)]
    labels = [calibrated.controller.readings.layer_label(name) for name in shown]
    assert [text for text in texts if text in labels] == labels


def test_that_the_dialog_follows_what_is_selected(calibrated: MainWindow) -> None:
    dialog = opened(calibrated)
    choose(dialog, Rows.SELECTED)
    select(calibrated, weights(calibrated))
    assert dialog.rows.currentText() == "Selected rows, one"
    one = dialog.size_text.text()
    calibrated.ranges.tree.setFocus()
    calibrated.activateWindow()
    press(Key.Key_Down, SHIFT, times=2)
    assert dialog.rows.currentText() == "Selected rows, 3"
    assert dialog.size_text.text() != one
    calibrated.ranges.tree.setCurrentIndex(calibrated.ranges.model.index(1, 0))
    assert dialog.size_text.text() == "There are no such rows to draw."
    assert not dialog.save_button.isEnabled() and not dialog.copy_button.isEnabled()


def test_that_a_picture_that_is_too_large_cannot_be_saved(
    calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantscope.core.picture.look.MOST_PIXELS", {".png": 10**6, ".ppm": 10**6})
    dialog = opened(calibrated)
    dialog.width_field.setValue(9_000)
    assert "too large. Choose a smaller width" in dialog.size_text.text()
    assert not dialog.save_button.isEnabled()
    choose(dialog, Rows.ALL, ".svg")
    assert dialog.save_button.isEnabled() and not dialog.copy_button.isEnabled()
    dialog.width_field.setValue(400)
    assert dialog.copy_button.isEnabled(), "what is pasted is a PNG"


def test_that_usual_brings_the_usual_width_back(calibrated: MainWindow) -> None:
    dialog = opened(calibrated)
    before = dialog.width_field.value()
    assert not dialog.usual_button.isEnabled()
    dialog.width_field.setValue(500)
    assert dialog.scale_field.value() == pytest.approx(500 / WIDTH, abs=0.01)
    dialog.usual_button.click()
    assert dialog.width_field.value() == before


def test_that_what_was_chosen_last_is_copied(qtbot: QtBot, calibrated: MainWindow) -> None:
    dialog = opened(calibrated)
    choose(dialog, Rows.SELECTED, ".svg")
    dialog.width_field.setValue(700)
    dialog.reject()
    select(calibrated, weights(calibrated))
    with qtbot.waitSignal(calibrated.pictures.written, timeout=120_000):
        calibrated.actions_by_id["copy-picture"].trigger()
    clipboard = QApplication.clipboard()
    size = size_of(1, 700)
    assert (clipboard.image().width(), clipboard.image().height()) == (size.width, size.height)
    assert clipboard.image().pixelColor(2, 2) == QColor(255, 255, 255)
    again = opened(calibrated)
    assert again.choice == PictureChoice(Rows.SELECTED, ".svg", 700)


def test_that_copying_no_rows_says_so(calibrated: MainWindow) -> None:
    calibrated.settings.picture = as_text(PictureChoice(Rows.SELECTED))
    calibrated.ranges.tree.setCurrentIndex(calibrated.ranges.model.index(1, 0))
    calibrated.actions_by_id["copy-picture"].trigger()
    assert not calibrated.controller.is_busy
    assert calibrated.ranges.read_out.text() == "There are no such rows to draw."


def test_that_nothing_can_be_drawn_before_there_are_statistics(opened: MainWindow) -> None:
    for key in ("picture", "copy-picture"):
        assert not opened.actions_by_id[key].isEnabled()


@pytest.mark.parametrize(
    "text", ["", "{}", "[3]", '{"rows": "half", "ending": ".png", "width": 1}']
)
def test_that_a_choice_that_cannot_be_read_is_the_usual_one(text: str) -> None:
    assert from_text(text) == PictureChoice()
