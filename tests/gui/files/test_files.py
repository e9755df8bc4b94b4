"""Opening, saving, exporting: by argument, drop and dialog, and what is asked on the way."""

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from quantscope.core.errors import Problem
from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui import application
from quantscope.gui.look.theme import ThemeChoice
from quantscope.gui.main_window import MainWindow
from tests.gui.conftest import DEMO, MakeWindow
from tests.gui.pointing import weights

COPY = Qt.DropAction.CopyAction
LEFT = Qt.MouseButton.LeftButton


def drop(window: MainWindow, path: str) -> bool:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path)])
    plain = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), COPY, mime, LEFT, plain)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), COPY, mime, LEFT, plain))
    return enter.isAccepted()


def wait_open(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.controller.session.network is not None, timeout=60_000)


def test_that_a_dropped_model_opens(qtbot: QtBot, window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert drop(window, DEMO)
    wait_open(qtbot, window)
    assert window.ranges.isVisible()
    assert window.windowTitle().startswith("demo.onnx")
    assert window.settings.recent == [DEMO]


def test_that_other_files_are_not_taken(window: MainWindow, tmp_path: Path) -> None:
    assert not drop(window, str(tmp_path / "notes.txt"))


def test_that_a_model_given_as_argument_opens(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, make: MakeWindow, tmp_path: Path
) -> None:
    window = make()
    monkeypatch.setattr(application, "make_window", lambda settings, run: window)
    monkeypatch.setattr(application.QApplication, "exec", lambda: wait_open(qtbot, window) or 0)
    monkeypatch.setattr(application, "start_crash_note", lambda path: None)
    monkeypatch.setenv("QUANTSCOPE_DATA", str(tmp_path))
    assert application.main([DEMO]) == 0
    assert window.controller.session.document.model == DEMO


def test_that_a_file_that_is_no_model_is_one_sentence(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    window.open_path(str(path))
    qtbot.waitUntil(window.messages.isVisible, timeout=60_000)
    assert "broken.onnx" in window.messages.sentence.text()
    assert window.welcome.isVisible()


def test_that_open_asks_with_a_dialog_that_does_not_block(window: MainWindow) -> None:
    window.questions.do_open()
    dialog = window.questions.dialog
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.reject()


def test_that_saving_and_reopening_gives_the_same_plan(
    calibrated: MainWindow, make: MakeWindow, tmp_path: Path
) -> None:
    controller, tensor = calibrated.controller, weights(calibrated)
    controller.choose_target("fixed-point")
    controller.pin(tensor, FixedPoint(8, 5))
    assert calibrated.isWindowModified()
    path = tmp_path / "work.qscope"
    assert controller.save(str(path))
    assert not calibrated.isWindowModified()
    other = make()
    other.open_path(str(path))
    plan, before = other.controller.session.plan(), controller.session.plan()
    assert plan is not None and before is not None
    assert plan.types == before.types
    assert other.ranges.heat.rows == calibrated.ranges.heat.rows
    assert other.controller.session.document == controller.session.document


def test_that_a_session_saved_over_itself_keeps_its_statistics(
    calibrated: MainWindow, make: MakeWindow, tmp_path: Path
) -> None:
    path = tmp_path / "work.qscope"
    assert calibrated.controller.save(str(path))
    other = make()
    other.open_path(str(path))
    other.controller.choose_target("fixed-point")
    assert other.controller.save(str(path))
    tensor = weights(other, 3)
    other.controller.pin(tensor, FixedPoint(8, 3))
    before = calibrated.controller.readings.statistics(tensor)
    after = other.controller.readings.statistics(tensor)
    assert before is not None and after is not None and after.values is not None
    assert before.values is not None and (before.values == after.values).all()
    assert other.controller.readings.error(tensor) is not None


def test_that_a_file_that_is_no_session_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "broken.qscope"
    path.write_bytes(b"nothing")
    window.open_path(str(path))
    assert "broken.qscope" in window.messages.sentence.text()


def test_that_unsaved_changes_are_asked_about_before_closing(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    assert not calibrated.close()
    box = calibrated.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert calibrated.isVisible()
    assert not calibrated.close()
    box = calibrated.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Discard).click()
    assert not calibrated.isVisible()


def test_that_saving_when_asked_goes_on_with_what_was_wanted(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "kept.qscope"
    calibrated.controller.save(str(path))
    calibrated.controller.choose_word_length(16)
    assert not calibrated.close()
    box = calibrated.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Save).click()
    assert not calibrated.isVisible()
    assert not calibrated.controller.session.is_modified


def test_that_cancelling_where_to_save_cancels_closing_too(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    assert not calibrated.close()
    box = calibrated.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Save).click()
    dialog = calibrated.questions.dialog
    assert isinstance(dialog, QFileDialog)
    dialog.reject()
    calibrated.questions._save_to(str(tmp_path / "later.qscope"))
    assert calibrated.isVisible()


def test_that_an_export_is_verified_and_shown_and_overwrites_only_when_told(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    window, controller = calibrated, calibrated.controller
    path = tmp_path / "quantized.onnx"
    controller.export(str(path))
    qtbot.waitUntil(lambda: controller.session.report is not None, timeout=120_000)
    assert path.stat().st_size > 10_000
    assert window.results_dock.isVisible()
    text = window.results.overview.toPlainText()
    assert str(path) in text and "integer kernels" in text
    assert window.results.tensors.rowCount() > 20
    assert window.results.kernels.rowCount() > 10
    controller.choose_word_length(16)
    assert "export again" in window.results.state.text()
    before = path.read_bytes()
    controller.export(str(path))
    box = window.questions.dialog
    assert isinstance(box, QMessageBox)
    assert path.read_bytes() == before
    replace = next(b for b in box.buttons() if b.text() == "Replace")
    with qtbot.waitSignal(controller.exported, timeout=120_000):
        replace.click()
    assert path.read_bytes() != before


def test_that_both_themes_are_drawn_in_their_own_colours(calibrated: MainWindow) -> None:
    calibrated.actions_by_id["theme-dark"].trigger()
    dark = calibrated.grab().toImage().pixelColor(700, 8)
    calibrated.actions_by_id["theme-light"].trigger()
    light = calibrated.grab().toImage().pixelColor(700, 8)
    assert dark.lightness() < 60 < 200 < light.lightness()
    assert calibrated.settings.theme is ThemeChoice.LIGHT


def test_that_messages_can_be_copied_and_closed(qtbot: QtBot, window: MainWindow) -> None:
    window.messages.show_problem(Problem("it broke", "here", "Mend it"), "the details")
    assert window.messages.sentence.text() == "here: it broke. Mend it."
    qtbot.mouseClick(window.messages.copy_button, LEFT)
    copied = QApplication.clipboard().text()
    assert copied.startswith("here: it broke. Mend it.\n\nthe details\n\nQuantscope ")
    assert "Python" in copied and "onnxruntime" in copied
    qtbot.mouseClick(window.messages.details_button, LEFT)
    assert window.messages.details.isVisible()
    qtbot.mouseClick(window.messages.close_button, LEFT)
    assert not window.messages.isVisible()


def test_that_a_fault_of_the_program_is_shown_and_survived(window: MainWindow) -> None:
    hook = application.ExceptionHook(window)
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        hook(*sys.exc_info())  # type: ignore[arg-type]
    assert "ZeroDivisionError: by nothing" in window.messages.sentence.text()
    assert "Traceback" in window.messages.details.toPlainText()


def test_that_recent_files_are_in_the_menu(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    menu = window._menus["recent"]
    menu.aboutToShow.emit()
    assert [(a.text(), a.isEnabled()) for a in menu.actions()] == [("Nothing yet", False)]
    window.settings.note_recent(DEMO)
    menu.aboutToShow.emit()
    assert [a.toolTip() for a in menu.actions()] == [DEMO]
    menu.actions()[0].trigger()
    wait_open(qtbot, window)


def test_that_news_goes_with_the_next_edit_and_a_question_stays(calibrated: MainWindow) -> None:
    messages = calibrated.messages
    messages.show_message("q.onnx is written and verified.")
    calibrated.controller.choose_word_length(16)
    assert not messages.isVisible()
    messages.show_message("Stopped.", answers=[("Keep", messages.dismiss)])
    calibrated.controller.undo()
    assert messages.isVisible()
