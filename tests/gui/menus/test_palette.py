"""Every action is found by a few letters, run by Enter, and says why it is off."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.gui.main_window import MainWindow
from quantscope.gui.menus.matching import likeness
from quantscope.gui.menus.palette import CommandPalette
from quantscope.gui.menus.reasons import OTHERWISE, why_off
from tests.gui.pointing import select, weights

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def opened_palette(qtbot: QtBot, window: MainWindow, typed: str = "") -> CommandPalette:
    qtbot.keyClick(window, Qt.Key.Key_P, CONTROL_SHIFT)
    palette = window.help.dialog
    assert isinstance(palette, CommandPalette)
    qtbot.keyClicks(palette.line, typed)
    return palette


def names(palette: CommandPalette) -> list[str]:
    return [entry.name for entry in palette.found.shown]


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("undo", "Undo"),
        ("expo", "Export"),
        ("go worst", "Go to worst SQNR"),
        ("theme dark", "Dark"),
        ("svas", "Save session as"),
        ("mbl", "Move band to larger values"),
        ("key short", "Keyboard shortcuts"),
    ],
)
def test_that_a_few_letters_find_the_action(
    qtbot: QtBot, window: MainWindow, typed: str, best: str
) -> None:
    palette = opened_palette(qtbot, window, typed)
    assert names(palette)[0] == best


def test_that_it_lists_every_action_but_itself(qtbot: QtBot, window: MainWindow) -> None:
    palette = opened_palette(qtbot, window)
    assert len(names(palette)) == len(window.actions_by_id) - 1


def test_that_enter_runs_what_the_arrows_chose(qtbot: QtBot, calibrated: MainWindow) -> None:
    palette = opened_palette(qtbot, calibrated, "theme")
    wanted = next(i for i, entry in enumerate(palette.found.shown) if entry.name == "Dark")
    for _ in range(wanted):
        qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    qtbot.waitUntil(calibrated.actions_by_id["theme-dark"].isChecked, timeout=20_000)
    assert calibrated.isVisible()


def test_that_an_action_that_is_off_is_not_run_and_says_why(
    qtbot: QtBot, window: MainWindow
) -> None:
    palette = opened_palette(qtbot, window, "calibrate")
    entry = palette.current()
    assert entry is not None and entry.name == "Calibrate"
    assert entry.reason == "Open a model first."
    assert "Open a model first." in str(palette.found.index(0).data())
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible() and "Open a model first." in palette.note.text()


def test_that_words_that_fit_nothing_say_so(qtbot: QtBot, window: MainWindow) -> None:
    palette = opened_palette(qtbot, window, "qqqq")
    assert names(palette) == [] and palette.current() is None
    assert "No action fits" in palette.note.text()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_that_f1_opens_the_guide_at_the_action(qtbot: QtBot, calibrated: MainWindow) -> None:
    palette = opened_palette(qtbot, calibrated, "equalize")
    qtbot.keyClick(palette.line, Qt.Key.Key_F1)
    qtbot.waitUntil(calibrated.help.guide.isVisible, timeout=20_000)
    assert calibrated.help.guide.page.page == "accuracy-recovery"


def test_that_every_action_that_is_off_says_why_in_each_state(
    window: MainWindow, calibrated: MainWindow
) -> None:
    for each in (window, calibrated):
        for action in each.actions_by_id.values():
            reason = why_off(action, each.controller)
            assert bool(reason) is not action.isEnabled(), action.objectName()


def test_that_reasons_are_those_of_the_tensor(calibrated: MainWindow) -> None:
    actions, controller = calibrated.actions_by_id, calibrated.controller
    controller.selection.select("", "")
    assert why_off(actions["larger"], controller) == "Select a tensor first."
    select(calibrated, weights(calibrated))
    assert why_off(actions["larger"], controller) == ""
    assert why_off(actions["reset"], controller) == "Its type follows the scheme already."
    assert why_off(actions["cancel"], controller) == "No job is under way."
    controller.choose_target("tensorrt")
    assert why_off(actions["longer"], controller) == "TensorRT takes one word length only."
    assert why_off(actions["locate-model"], controller) == "The model is where it was."
    assert OTHERWISE not in why_off(actions["undo"], controller)


def test_that_letters_count_more_at_the_start_of_words() -> None:
    start, inside, apart = (
        likeness("ex", "Export"),
        likeness("po", "Export"),
        likeness("ept", "Export"),
    )
    assert start is not None and inside is not None and apart is not None
    assert start > inside > apart
    assert likeness("tr", "Export") is None
    assert likeness("", "Export") is not None
