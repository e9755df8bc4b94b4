"""The data dialog: what is entered, what a check says, and the mark of random data."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from quantscope.core.data.description import PRESETS, Color, SourceKind
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(opened: MainWindow) -> DataDialog:
    opened.do_data()
    assert opened.data_dialog is not None
    return opened.data_dialog


def test_that_the_dialog_shows_and_stores_the_data_of_the_session(
    opened: MainWindow, dialog: DataDialog
) -> None:
    assert dialog.form.description() == demo_data()
    dialog.form.samples.setValue(50)
    dialog.accept()
    data = opened.controller.session.document.data
    assert data is not None and data.samples == 50
    assert opened.controller.session.undo_title == "Choose data"


def test_that_a_preset_fills_the_fields_and_an_edit_leaves_it(
    qtbot: QtBot, dialog: DataDialog
) -> None:
    form = dialog.form.preprocessing
    form.preset.setCurrentIndex(form.preset.findData("caffe"))
    assert form.chain() == PRESETS["caffe"]
    assert form.color.currentData() == Color.BGR
    form.mean.selectAll()
    qtbot.keyClicks(form.mean, "1, 2, 3")
    assert form.preset.currentText() == "Custom"
    assert form.chain().mean == (1.0, 2.0, 3.0)


def test_that_a_check_tells_shape_and_range(qtbot: QtBot, dialog: DataDialog) -> None:
    qtbot.mouseClick(dialog.check, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert "200 samples" in dialog.answer.text()
    assert "1 × 3 × 32 × 32 float32" in dialog.answer.text()


def test_that_a_check_of_a_wrong_folder_is_a_sentence(
    qtbot: QtBot, dialog: DataDialog, tmp_path: Path
) -> None:
    dialog.form.path.setText(str(tmp_path))
    qtbot.mouseClick(dialog.check, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert str(tmp_path) in dialog.answer.text()


def test_that_guessing_fills_the_fields(qtbot: QtBot, dialog: DataDialog) -> None:
    dialog.form.kind.setCurrentIndex(dialog.form.kind.findData(SourceKind.NPY))
    qtbot.mouseClick(dialog.guess, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert dialog.form.kind.currentData() == SourceKind.IMAGES
    assert "samples" in dialog.answer.text()


@pytest.mark.parametrize("kind", list(SourceKind))
def test_that_every_letter_that_leads_to_a_field_leads_to_one(
    dialog: DataDialog, kind: SourceKind
) -> None:
    dialog.form.kind.setCurrentIndex(dialog.form.kind.findData(kind))
    dialog.form.as_pictures.setChecked(True)
    dialog.form.preprocessing.resize_rule.setCurrentText("crop")
    labels = [label for label in dialog.findChildren(QLabel) if label.buddy() is not None]
    shown = [each.text() for each in labels if each.isVisible()]
    shown += [each.text() for each in dialog.findChildren(QPushButton) if each.isVisible()]
    letters = [text[text.index("&") + 1].lower() for text in shown if "&" in text]
    assert len(letters) >= 5
    assert len(set(letters)) == len(letters), sorted(letters)


@pytest.mark.parametrize("is_chosen", [False, True])
def test_that_data_chosen_by_pointing_is_looked_at_and_guessed_unless_settings_were_chosen(
    qtbot: QtBot, opened: MainWindow, is_chosen: bool
) -> None:
    data = demo_data()
    opened.controller.describe_data(None)
    opened.do_data()
    dialog = opened.data_dialog
    assert dialog is not None
    form = dialog.form
    if is_chosen:
        form.preprocessing.preset.setCurrentIndex(form.preprocessing.preset.findData("caffe"))
    qtbot.mouseClick(form.browse, LEFT)
    chooser = form.findChild(QFileDialog)
    assert chooser is not None
    chooser.selectFile(data.path)
    chooser.fileSelected.emit(data.path)
    chooser.reject()
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert "200 samples" in dialog.answer.text()
    assert bool(form.preprocessing.guessed.text()) != is_chosen
    assert (form.preprocessing.chain() == PRESETS["caffe"]) == is_chosen


def test_that_bad_fields_are_not_accepted(opened: MainWindow, dialog: DataDialog) -> None:
    dialog.form.preprocessing.std.setText("0")
    dialog.accept()
    assert dialog.isVisible()
    assert "above 0" in dialog.answer.text()
    dialog.form.preprocessing.std.setText("1")
    dialog.form.path.clear()
    dialog.accept()
    assert dialog.isVisible()
    assert "path is missing" in dialog.answer.text()


def test_that_random_data_is_marked_for_good(
    qtbot: QtBot, opened: MainWindow, dialog: DataDialog
) -> None:
    dialog.form.kind.setCurrentIndex(dialog.form.kind.findData(SourceKind.RANDOM))
    assert "Random data" in dialog.answer.text()
    dialog.form.samples.setValue(4)
    dialog.accept()
    with qtbot.waitSignal(opened.controller.job_changed, timeout=60_000):
        opened.do_calibrate()
    qtbot.waitUntil(lambda: not opened.controller.is_busy, timeout=60_000)
    assert opened.messages.sentence.text() == ""
    assert opened.status.random.isVisible()
    opened.controller.describe_data(demo_data())
    assert opened.status.random.isVisible()
    assert "calibrate again" in opened.status.data.text()
