"""The action table: every action can be reached, none takes another's key."""

from PySide6.QtGui import QKeySequence

from quantscope.gui.main_window import MainWindow
from quantscope.gui.menus.menu_bar import MENUS, SEPARATOR, TOOLS
from quantscope.gui.menus.table import ACTIONS
from quantscope.session.session import Results, Session

PLACES = {
    *("recent", "panels", "operators", "columns"),
    *(f"choice:{name}" for name in ("target", "scheme", "word", "weights", "bias")),
}


def entries(menu: tuple[object, ...]) -> list[str]:
    found: list[str] = []
    for entry in menu:
        if isinstance(entry, tuple):
            found += entries(entry[1])
        elif entry != SEPARATOR:
            found.append(str(entry))
    return found


def test_that_every_action_is_in_a_menu_once() -> None:
    listed = [key for _, menu in MENUS for key in entries(menu)]
    assert sorted(set(listed) - PLACES) == sorted(row.key for row in ACTIONS)
    assert len(listed) == len(set(listed))


def letters(menu: tuple[object, ...]) -> list[str]:
    """The mnemonics of the entries of one menu, in small letters."""
    texts = {row.key: row.title for row in ACTIONS}
    named = [entry[0] if isinstance(entry, tuple) else texts.get(str(entry)) for entry in menu]
    return [text[text.index("&") + 1].casefold() for text in named if text]


def all_menus(menu: tuple[object, ...]) -> list[tuple[object, ...]]:
    below = [entry[1] for entry in menu if isinstance(entry, tuple)]
    return [menu, *(found for each in below for found in all_menus(each))]


def test_that_every_entry_of_a_menu_has_a_letter_of_its_own() -> None:
    for title, top in (("menu bar", MENUS), *MENUS):
        for menu in all_menus(top):
            doubled = [letter for letter in letters(menu) if letters(menu).count(letter) > 1]
            assert doubled == [], title


def test_that_every_tool_is_an_action() -> None:
    assert set(TOOLS) - {SEPARATOR, "choices"} <= {row.key for row in ACTIONS}


def test_that_no_two_actions_share_a_shortcut() -> None:
    keys = [keys for row in ACTIONS if row.shortcut for keys in row.shortcut.split("|")]
    assert len(keys) == len({QKeySequence(k).toString() for k in keys})
    assert all(not QKeySequence(k).isEmpty() for k in keys)


def test_that_every_action_says_what_it_does(window: MainWindow) -> None:
    for row in ACTIONS:
        action = window.actions_by_id[row.key]
        assert row.hint in action.toolTip()
        assert "&" in row.title


def test_that_nothing_can_be_done_to_a_network_before_one_is_open(window: MainWindow) -> None:
    enabled = {key for key, action in window.actions_by_id.items() if action.isEnabled()}
    assert enabled >= {"open", "demo", "quit", "about"}
    assert not enabled & {"save", "export", "calibrate", "data", "undo", "larger", "reset"}
    assert not window.choices.target.combo.isEnabled()


def test_that_what_cannot_be_done_says_why(window: MainWindow) -> None:
    for key in ("data", "calibrate", "export"):
        assert "Open a model first" in window.actions_by_id[key].toolTip()


def test_that_export_waits_for_a_calibration_and_says_so(
    opened: MainWindow, calibrated: MainWindow
) -> None:
    export = calibrated.actions_by_id["export"]
    assert export.isEnabled() and "\n" not in export.toolTip()
    calibrated.controller.session = Session(
        calibrated.controller.session.document,
        Results(network=calibrated.controller.session.network),
    )
    calibrated.refresh()
    assert not export.isEnabled()
    assert export.toolTip().endswith("Calibrate first.")


def test_that_undo_names_what_it_takes_back(calibrated: MainWindow) -> None:
    calibrated.controller.choose_word_length(16)
    assert calibrated.actions_by_id["undo"].toolTip().endswith("Choose word length 16")
