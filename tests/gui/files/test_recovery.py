"""Work that was not saved outlives the process that did it, and is offered at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QDateTime, QSettings
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui import application
from quantscope.gui.application import make_window
from quantscope.gui.files.autosave import MOMENT_MS
from quantscope.gui.files.recovery import when
from quantscope.gui.files.run_folder import DATA_VARIABLE, RunFolder, left_behind
from quantscope.gui.main_window import MainWindow
from quantscope.gui.settings import Settings
from quantscope.session.draft import read_draft, write_draft
from tests.gui.conftest import DEMO
from tests.gui.pointing import weights

REPOSITORY = Path(__file__).parents[3]
WAIT = 60_000
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def another(root: Path, tmp_path: Path, qapp: QApplication) -> Iterator[MainWindow]:
    """A second window on the same data folder: the next start."""
    settings = Settings(QSettings(str(tmp_path / "next.ini"), QSettings.Format.IniFormat))
    window = make_window(settings, run=RunFolder(root))
    window.show()
    yield window
    window.controller.shut_down()
    window.hide()
    window.deleteLater()


def started(folder: Path, *command: str) -> subprocess.Popen[str]:
    """The program in a process of its own, with ``folder`` for its data."""
    places = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "app")))
    environment = os.environ | {
        DATA_VARIABLE: str(folder),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": places,
    }
    return subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, env=environment, text=True
    )


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a real process that was killed in the middle of its work."""
    folder = tmp_path_factory.mktemp("killed")
    process = started(folder, "-m", "tests.gui.driven")
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
    assert line == "kept\n"
    return folder


def unsaved(window: MainWindow) -> Path:
    """Make an edit, and wait until it is kept."""
    window.controller.choose_word_length(16)
    window.autosave.keep()
    return window.run.draft


def test_that_work_of_a_killed_process_is_offered_and_comes_back(
    qtbot: QtBot, killed: Path, tmp_path: Path
) -> None:
    settings = Settings(QSettings(str(tmp_path / "next.ini"), QSettings.Format.IniFormat))
    window = make_window(settings, run=RunFolder(killed / "runs"))
    qtbot.addWidget(window)
    window.show()
    window.recovery.look()
    text = window.messages.sentence.text()
    assert "did not close properly" in text and "demo.onnx" in text and "today at" in text
    assert [button.text() for button in window.messages.answers] == ["&Recover", "&Discard"]
    window.messages.answers[0].click()
    qtbot.waitUntil(lambda: window.controller.session.plan() is not None, timeout=WAIT)
    session = window.controller.session
    weight = weights(window)
    assert list(session.document.settings.pinned) == [weight]
    assert window.controller.readings.statistics(weight) is not None
    assert window.controller.readings.error(weight) is not None
    assert session.is_modified and session.path is None
    assert "demo.onnx is as it was today at" in window.messages.sentence.text()
    assert len(list((killed / "runs").iterdir())) == 1
    window.controller.save(str(tmp_path / "kept.qscope"))
    assert window.close()
    window.run.close()
    assert list((killed / "runs").iterdir()) == []


@posix_only
def test_that_a_native_crash_leaves_a_note_that_is_offered_with_a_copy(
    qtbot: QtBot, tmp_path: Path
) -> None:
    process = started(tmp_path, "-m", "quantscope", DEMO)
    runs = tmp_path / "runs"
    qtbot.waitUntil(lambda: any(runs.glob("*/crash.txt")), timeout=WAIT)
    process.send_signal(signal.SIGSEGV)
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()
    settings = Settings(QSettings(str(tmp_path / "next.ini"), QSettings.Format.IniFormat))
    window = make_window(settings, run=RunFolder(runs))
    qtbot.addWidget(window)
    window.show()
    window.recovery.look()
    assert "crashed when it last ran" in window.messages.sentence.text()
    assert "Segmentation fault" in window.messages.details.toPlainText()
    window.messages.copy_button.click()
    copied = QApplication.clipboard().text()
    assert "Segmentation fault" in copied and "onnxruntime 1." in copied
    window.run.close()
    assert left_behind(runs) == []


def test_that_an_edit_is_kept_a_moment_later_and_forgotten_once_saved(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    calibrated.controller.save(str(tmp_path / "a.qscope"))
    assert not calibrated.run.draft.exists()
    calibrated.controller.choose_word_length(16)
    qtbot.waitUntil(calibrated.run.draft.exists, timeout=MOMENT_MS + WAIT)
    assert read_draft(calibrated.run.draft).document.settings.word_length == 16
    calibrated.controller.save(str(tmp_path / "a.qscope"))
    assert not calibrated.run.draft.exists()


def test_that_undoing_to_what_is_saved_leaves_nothing_to_recover(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    calibrated.controller.save(str(tmp_path / "a.qscope"))
    assert unsaved(calibrated).exists()
    calibrated.controller.undo()
    assert not calibrated.run.draft.exists()


def test_that_a_draft_is_not_written_again_for_nothing(calibrated: MainWindow) -> None:
    draft = unsaved(calibrated)
    before = draft.stat().st_ino, draft.stat().st_mtime_ns
    calibrated.controller.results_changed.emit()
    calibrated.autosave.keep()
    assert (draft.stat().st_ino, draft.stat().st_mtime_ns) == before


def test_that_the_work_of_a_window_that_lives_is_not_offered(
    calibrated: MainWindow, another: MainWindow
) -> None:
    assert unsaved(calibrated).exists()
    another.recovery.look()
    assert not another.messages.isVisible()
    assert unsaved(calibrated).exists()


def left_by(window: MainWindow) -> Path:
    """The window's folder, as a crash leaves it."""
    draft = unsaved(window)
    window.run.abandon()
    return draft.parent


def test_that_discarded_work_is_gone(calibrated: MainWindow, another: MainWindow) -> None:
    folder = left_by(calibrated)
    another.recovery.look()
    another.messages.answers[1].click()
    assert not folder.exists() and not another.messages.isVisible()


def test_that_an_offer_outlives_other_messages_and_is_made_again_if_not_answered(
    calibrated: MainWindow, another: MainWindow, root: Path
) -> None:
    folder = left_by(calibrated)
    another.recovery.look()
    another.messages.show_message("Something else.", "warning")
    another.messages.dismiss()
    assert "Unsaved work" in another.messages.sentence.text()
    another.messages.close_button.click()
    assert not another.messages.isVisible()
    assert another.close() and folder.exists()
    assert [left.path for left in left_behind(root)] == [folder]


def test_that_recovering_asks_about_unsaved_work_first(
    qtbot: QtBot, calibrated: MainWindow, another: MainWindow, tmp_path: Path
) -> None:
    left_by(calibrated)
    another.controller.open_path(DEMO)
    qtbot.waitUntil(lambda: another.controller.session.network is not None, timeout=WAIT)
    another.controller.choose_word_length(16)
    another.recovery.look()
    another.messages.answers[0].click()
    box = another.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert "Unsaved work" in another.messages.sentence.text()
    assert another.controller.session.document.data is None


def test_that_work_on_a_model_that_has_moved_goes_on_once_it_is_located(
    qtbot: QtBot, calibrated: MainWindow, another: MainWindow, tmp_path: Path
) -> None:
    model = tmp_path / "moved.onnx"
    model.write_bytes(Path(DEMO).read_bytes())
    calibrated.controller.locate_model(str(model))
    qtbot.waitUntil(
        lambda: calibrated.controller.session.document.model == str(model), timeout=WAIT
    )
    left_by(calibrated)
    model.rename(tmp_path / "here.onnx")
    another.recovery.look()
    another.messages.answers[0].click()
    locate = "Locate &model…"
    qtbot.waitUntil(
        lambda: locate in [button.text() for button in another.messages.answers], timeout=WAIT
    )
    another.messages.answers[0].click()
    dialog = another.questions.dialog
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "here.onnx"))
    dialog.close()
    qtbot.waitUntil(lambda: another.controller.session.network is not None, timeout=WAIT)
    assert another.controller.session.document.settings.word_length == 16
    assert another.controller.session.document.model == str(tmp_path / "here.onnx")


def test_that_work_on_a_model_that_is_another_now_stays_kept(
    qtbot: QtBot, calibrated: MainWindow, another: MainWindow, tmp_path: Path
) -> None:
    folder = left_by(calibrated)
    draft = read_draft(folder / "draft.zip")
    other = Path(__file__).parents[2] / "resources" / "hard" / "hard.onnx"
    document = replace(draft.document, model=str(other))
    write_draft(replace(draft, document=document), folder / "draft.zip")
    another.recovery.look()
    another.messages.answers[0].click()
    qtbot.waitUntil(lambda: "another network now" in another.messages.sentence.text(), timeout=WAIT)
    assert another.controller.session.network is None
    assert another.close() and folder.exists()


def test_that_a_saved_session_goes_on_where_it_was(
    calibrated: MainWindow, another: MainWindow, tmp_path: Path
) -> None:
    file = tmp_path / "a.qscope"
    calibrated.controller.save(str(file))
    weight = weights(calibrated)
    calibrated.controller.pin(weight, FixedPoint(8, 3))
    left_by(calibrated)
    another.recovery.look()
    assert "a.qscope" in another.messages.sentence.text()
    another.messages.answers[0].click()
    session = another.controller.session
    assert session.path == file and session.is_modified
    assert session.document.settings.pinned == {weight: FixedPoint(8, 3)}
    assert session.plan() is not None
    assert "[*]" in another.windowTitle() and another.isWindowModified()


def test_that_a_folder_that_cannot_be_written_to_does_not_keep_the_window_from_opening(
    tmp_path: Path,
) -> None:
    (tmp_path / "runs").write_text("a file in its place")
    run = RunFolder(tmp_path / "runs")
    assert run.path.is_dir()
    note = application.start_crash_note(run.crash_note)
    assert note is not None
    application.close_crash_note(note)
    run.close()
    assert not run.path.exists()


def test_that_a_moment_reads_as_a_person_would_say_it() -> None:
    now = QDateTime.currentDateTime().toPython()
    assert when(now.astimezone().isoformat()).startswith("today at")  # type: ignore[attr-defined]
    assert when("2020-02-03T04:05:00").startswith("2020-02-03 at 04:05")
    assert when("nonsense") == "of an unknown time"
