"""The sheet and the guide's page list every shortcut of the action table.

With the environment variable ``QUANTSCOPE_WRITE_GUIDE`` set to 1 the page is written anew.
"""

import os

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.bundled import resources_folder
from quantscope.gui.help.shortcuts import (
    VIEW_KEYS,
    ShortcutSheet,
    places,
    plain,
    shortcut_rows,
    shortcut_table,
)
from quantscope.gui.main_window import MainWindow
from quantscope.gui.menus.table import ACTIONS

PAGE = resources_folder() / "guide" / "keyboard.md"
INTRODUCTION = """# Keyboard

Everything can be done with the keyboard alone. Alt opens the menus, and the underlined letters
lead through them. *Help > Find an action* (Ctrl+Shift+P) runs any action by a few letters of its
name, and says of those that are off why they are. *Help > Keyboard shortcuts* (Ctrl+F1) has this
table in the window.

"""


def test_that_the_guide_has_the_table_of_shortcuts() -> None:
    wanted = f"{INTRODUCTION}{shortcut_table()}\n"
    if os.environ.get("QUANTSCOPE_WRITE_GUIDE") == "1":
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted, "set QUANTSCOPE_WRITE_GUIDE=1"


def test_that_every_shortcut_is_listed_once() -> None:
    listed = [row[2] for row in shortcut_rows() if row not in VIEW_KEYS]
    for row in ACTIONS:
        if row.shortcut:
            assert listed.count(row.shortcut.replace("|", " or ")) == 1


def test_that_every_action_has_a_place_in_the_menus() -> None:
    assert {place.key for place in places()} == {row.key for row in ACTIONS}
    assert {place.key: place.path for place in places()}["sort-name"] == "View › Sort rows"


def test_that_menu_texts_read_as_words() -> None:
    assert plain("Save session &as…") == "Save session as"
    assert plain("Black && white") == "Black & white"


def test_that_the_sheet_finds_what_is_typed(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ControlModifier)
    sheet = window.help.dialog
    assert isinstance(sheet, ShortcutSheet) and sheet.isVisible()
    assert sheet.model.rowCount() == len(shortcut_rows())
    qtbot.keyClicks(sheet.line, "worst")
    found = {sheet.model.index(row, 1).data() for row in range(sheet.model.rowCount())}
    assert found == {"Go to worst SQNR"}
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not window.isHidden()
