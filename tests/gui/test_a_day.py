"""A day at the keyboard alone: from a model to an exported file, and all the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from quantscope.bundled import demo_folder
from quantscope.core.planning.schemes import Scheme
from quantscope.gui.controller import Controller
from quantscope.gui.main_window import MainWindow
from quantscope.session.document import Document
from quantscope.session.session_file import load_session
from tests.gui.conftest import DEMO
from tests.gui.keyboard import (
    ALT,
    CONTROL,
    SHIFT,
    Key,
    come_back,
    press,
    press_button,
    tab_to,
    write,
)
from tests.gui.pointing import at, band_middle, drag, select, weights

WAIT = 120_000
PICTURES = demo_folder() / "calibration"


@pytest.fixture
def awake(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window that has the keyboard."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    return window


def name_file(window: MainWindow, path: Path) -> None:
    """Answer the file dialog that has the focus."""
    assert isinstance(QApplication.activeWindow(), QFileDialog)
    write(str(path))
    press(Key.Key_Return)
    come_back(window)


def wait_idle(qtbot: QtBot, controller: Controller) -> None:
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)


def open_by_keys(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    press(Key.Key_O, CONTROL)
    name_file(window, path)
    qtbot.waitUntil(lambda: window.controller.session.network is not None, timeout=WAIT)
    wait_idle(qtbot, window.controller)


def choose_data_by_keys(qtbot: QtBot, window: MainWindow) -> None:
    press(Key.Key_D, CONTROL)
    dialog = window.data_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow, timeout=WAIT)
    press(Key.Key_A, ALT)  # Path
    write(str(PICTURES))
    press(Key.Key_G, ALT)  # Guess
    qtbot.waitUntil(dialog.preview.isVisible, timeout=WAIT)
    qtbot.waitUntil(dialog.guess.isEnabled, timeout=WAIT)
    press_button("OK")
    come_back(window)
    qtbot.waitUntil(lambda: window.controller.session.document.data is not None, timeout=WAIT)


def test_that_keys_alone_lead_from_a_model_to_an_exported_file(
    qtbot: QtBot, awake: MainWindow, tmp_path: Path
) -> None:
    window, controller = awake, awake.controller
    open_by_keys(qtbot, window, Path(DEMO))
    choose_data_by_keys(qtbot, window)
    press(Key.Key_F5)
    qtbot.waitUntil(lambda: controller.session.plan() is not None, timeout=WAIT)
    wait_idle(qtbot, controller)

    tab_to(window.choices.target.combo)
    press(Key.Key_Home)
    assert controller.session.document.settings.target == "fixed-point"
    tab_to(window.choices.scheme.combo)
    press(Key.Key_Down)
    assert controller.session.document.settings.scheme is Scheme.HISTOGRAM

    press(Key.Key_G, CONTROL)
    worst = controller.selection.tensor
    before = controller.readings.data_type(worst)
    press(Key.Key_Left, ALT)
    assert controller.readings.is_pinned(worst)
    assert controller.readings.data_type(worst) != before
    press(Key.Key_R, CONTROL)
    assert controller.readings.data_type(worst) == before

    tab_to(window.ranges.tree)
    press(Key.Key_Home)
    while controller.selection.layer != "stem/conv":
        press(Key.Key_Down)
    press(Key.Key_Space)
    assert not controller.readings.is_layer_wanted("stem/conv")
    press(Key.Key_Z, CONTROL)
    assert controller.readings.is_layer_wanted("stem/conv")

    target = tmp_path / "quantized.onnx"
    press(Key.Key_E, CONTROL)
    name_file(window, target)
    qtbot.waitUntil(lambda: controller.session.report is not None, timeout=WAIT)
    assert target.stat().st_size > 10_000
    assert "written and verified" in window.messages.sentence.text()

    press(Key.Key_S, CONTROL)
    name_file(window, tmp_path / "day.qscope")
    assert load_session(tmp_path / "day.qscope").document == controller.session.document
    press(Key.Key_Q, CONTROL)
    assert not window.isVisible()


def test_that_everything_can_be_undone_back_to_the_start_and_done_again(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    window, controller = calibrated, calibrated.controller
    window.activateWindow()
    start = controller.session.document
    select(window, weights(window, 1))
    window.ranges.tree.setFocus()
    documents: list[Document] = [start]

    def note() -> None:
        assert controller.session.document != documents[-1]
        documents.append(controller.session.document)

    window.choices.target.combo.setFocus()
    press(Key.Key_Home)
    note()
    window.choices.scheme.combo.setFocus()
    press(Key.Key_End)
    note()
    tensor = weights(window, 1)
    select(window, tensor)
    window.ranges.tree.setFocus()
    for key, modifiers in (
        (Key.Key_Left, ALT),
        (Key.Key_Right, ALT | SHIFT),
        (Key.Key_K, CONTROL),
        (Key.Key_K, CONTROL),
        (Key.Key_B, CONTROL),
    ):
        press(key, modifiers)
        note()
    here = at(window, tensor, band_middle(window, tensor))
    step = at(window, tensor, band_middle(window, tensor) + 2.0)
    drag(qtbot, window, here, step)
    note()
    for key in ("unsigned", "correct-bias", "compensate", "integer-ports", "reset-all"):
        window.actions_by_id[key].trigger()
        note()
    for document in reversed(documents[:-1]):
        title = controller.session.undo_title
        assert title and title in window.actions_by_id["undo"].text()
        press(Key.Key_Z, CONTROL)
        assert controller.session.document == document
    press(Key.Key_Z, CONTROL)  # the choice of data, with which the test began
    assert controller.session.document == Document(model=start.model, fingerprint=start.fingerprint)
    assert not window.actions_by_id["undo"].isEnabled()
    for document in documents:
        press(Key.Key_Z, CONTROL | SHIFT)
        assert controller.session.document == document
    assert not window.actions_by_id["redo"].isEnabled()


@pytest.fixture
def unsaved(calibrated: MainWindow, qtbot: QtBot) -> MainWindow:
    """Something to lose, and the keyboard."""
    calibrated.controller.choose_word_length(16)
    calibrated.activateWindow()
    qtbot.waitUntil(calibrated.isActiveWindow, timeout=WAIT)
    calibrated.ranges.tree.setFocus()
    return calibrated


def ask_to_close(qtbot: QtBot) -> None:
    press(Key.Key_Q, CONTROL)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QMessageBox), timeout=WAIT)


def test_that_closing_with_unsaved_work_can_be_called_off_by_esc(
    qtbot: QtBot, unsaved: MainWindow
) -> None:
    ask_to_close(qtbot)
    press(Key.Key_Escape)
    assert unsaved.isVisible()
    assert unsaved.controller.session.document.settings.word_length == 16


def test_that_closing_can_give_unsaved_work_up(qtbot: QtBot, unsaved: MainWindow) -> None:
    unsaved.autosave.keep()
    ask_to_close(qtbot)
    press_button("Discard")
    assert not unsaved.isVisible()


def test_that_closing_can_save_first(qtbot: QtBot, unsaved: MainWindow, tmp_path: Path) -> None:
    ask_to_close(qtbot)
    press_button("Save")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QFileDialog), timeout=WAIT)
    name_file(unsaved, tmp_path / "kept.qscope")
    assert not unsaved.isVisible()
    assert load_session(tmp_path / "kept.qscope").document.settings.word_length == 16


def test_that_the_menus_are_reached_by_their_letters(qtbot: QtBot, calibrated: MainWindow) -> None:
    calibrated.activateWindow()
    calibrated.ranges.tree.setFocus()
    press(Key.Key_V, ALT)
    press(Key.Key_E)
    press(Key.Key_T, ALT)
    press(Key.Key_W)
    assert calibrated.controller.selection.tensor
