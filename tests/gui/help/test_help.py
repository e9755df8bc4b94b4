"""The guide is in the window, its links lead somewhere, and F1 knows where one is."""

import re

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextBlock
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from quantscope.core.errors import Problem
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.help.explanation import selection_in_words
from quantscope.gui.help.guide import GuideDialog
from quantscope.gui.help.guide_pages import (
    FIRST_PAGE,
    ORDER,
    PAGE_OF_ACTION,
    PAGE_OF_MENU,
    PAGE_OF_REQUEST,
    heading_name,
    page_of_action,
    pages,
    text_of,
)
from quantscope.gui.help.hints import HINTS
from quantscope.gui.help.shortcuts import places, plain
from quantscope.gui.main_window import MainWindow
from quantscope.gui.menus.table import ACTIONS
from tests.gui.pointing import select, weights

WAIT = 20_000


def headings(page: str) -> set[str]:
    found = re.findall(r"^#+ (.*)$", text_of(page), flags=re.MULTILINE)
    return {heading_name(heading) for heading in found}


def leads_somewhere(place: str) -> bool:
    page, _, heading = place.partition("#")
    return page in pages() and (not heading or heading in headings(page))


def test_that_the_guide_has_its_pages_in_reading_order() -> None:
    names = list(pages())
    assert names[0] == FIRST_PAGE
    assert [page for page in ORDER if page in names] == [page for page in names if page in ORDER]
    assert all(pages().values())


@pytest.mark.parametrize("page", pages())
def test_that_links_between_pages_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", text_of(page)):
        if not link.startswith("http"):
            name, _, heading = link.partition("#")
            assert leads_somewhere(f"{name.removesuffix('.md') or page}#{heading}"), link


def test_that_everything_that_links_to_the_guide_leads_somewhere() -> None:
    linked = [*PAGE_OF_ACTION.values(), *PAGE_OF_REQUEST.values(), *PAGE_OF_MENU.values()]
    linked += [page for _, page in HINTS.values()]
    linked += [page_of_action(row.key) for row in ACTIONS]
    assert [place for place in linked if not leads_somewhere(place)] == []
    assert PAGE_OF_ACTION.keys() <= {row.key for row in ACTIONS}


def test_that_menu_paths_in_the_guide_are_those_of_the_window() -> None:
    """`*File > Open*` in the guide is an entry of that menu."""
    known = set()
    texts = {row.key: plain(row.title) for row in ACTIONS}
    for place in places():
        first, *others = map(plain, place.menus)
        known.add(f"{first} > {texts[place.key]}")
        known |= {f"{first} > {menu}" for menu in others}
    known |= {"Network > Weight word length", "View > Sort rows", "View > Columns"}
    for page in pages():
        for path in re.findall(r"\*([A-Z]\w+ > [^*]+)\*", text_of(page).replace("\n", " ")):
            assert path in known, f"{page}: {path}"


def test_that_f1_opens_the_page_about_what_has_the_focus(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    guide = calibrated.help.guide
    calibrated.ranges.tree.setFocus()
    qtbot.keyClick(calibrated.ranges.tree, Qt.Key.Key_F1)
    assert guide.isVisible() and guide.page.page == "heat-map"
    calibrated.choices.scheme.combo.setFocus()
    qtbot.keyClick(calibrated.choices.scheme.combo, Qt.Key.Key_F1)
    assert guide.page.page == "types-and-targets"
    assert guide.choice.currentText() == "Types and targets"
    assert guide.page.verticalScrollBar().value() > 0


def test_that_f1_on_an_entry_of_a_menu_opens_its_page(qtbot: QtBot, opened: MainWindow) -> None:
    window = opened
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier)
    menu = next(m for a in window.menuBar().actions() if (m := a.menu()) and a.text() == "&Network")
    menu.setActiveAction(window.actions_by_id["equalize"])
    qtbot.keyClick(menu, Qt.Key.Key_F1)
    assert not menu.isVisible()
    assert window.help.guide.page.page == "accuracy-recovery"


def test_that_links_are_followed_and_the_way_back_is_there(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.help.show_page("first-steps")
    guide = window.help.guide
    guide.page.anchorClicked.emit(QUrl("data.md"))
    assert guide.page.page == "data" and guide.back.isEnabled()
    qtbot.mouseClick(guide.back, Qt.MouseButton.LeftButton)
    assert guide.page.page == "first-steps" and guide.forward.isEnabled()


def test_that_links_to_the_web_open_there(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", asked.append)
    window.help.show_page("data")
    window.help.guide.page.anchorClicked.emit(QUrl("https://onnx.ai"))
    assert asked == [QUrl("https://onnx.ai")] and window.help.guide.page.page == "data"


def test_that_words_are_found_on_other_pages(qtbot: QtBot, window: MainWindow) -> None:
    window.help.show_page("first-steps")
    guide = window.help.guide
    qtbot.keyClicks(guide.line, "Kullback")
    qtbot.keyClick(guide.line, Qt.Key.Key_Return)
    assert guide.page.page == "types-and-targets"
    assert guide.page.textCursor().selectedText() == "Kullback"
    guide.line.setText("no such words anywhere")
    qtbot.keyClick(guide.line, Qt.Key.Key_Return)
    assert "nowhere in the guide" in guide.found.text()


def test_that_a_page_that_is_not_there_opens_the_first(window: MainWindow) -> None:
    window.help.show_page("no-such-page")
    assert window.help.guide.page.page == FIRST_PAGE


def test_that_tables_and_code_have_the_colours_of_the_theme(window: MainWindow) -> None:
    window.help.show_page("diagnosis")
    page = window.help.guide.page

    def shade() -> str:
        block: QTextBlock = page.document().begin()
        while not block.blockFormat().nonBreakableLines():
            block = block.next()
        return block.blockFormat().background().color().name()

    light = shade()
    window.actions_by_id["theme-dark"].trigger()
    assert shade() != light


def test_that_a_dialog_has_the_guide_over_it(qtbot: QtBot, opened: MainWindow) -> None:
    opened.do_data()
    dialog = opened.data_dialog
    assert isinstance(dialog, DataDialog)
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Help)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    over = dialog.findChild(GuideDialog)
    assert over is not None and over.isVisible() and over.guide.page.page == "data"
    over.close()
    dialog.close()


def test_that_a_problem_leads_to_the_page_about_it(
    qtbot: QtBot, window: MainWindow, tmp_path: object
) -> None:
    window.messages.show_problem(Problem("broke", "a.onnx", "Mend it"), page="data")
    assert window.messages.guide_button.isVisible()
    qtbot.mouseClick(window.messages.guide_button, Qt.MouseButton.LeftButton)
    assert window.help.guide.page.page == "data"
    window.messages.show_problem(Problem("broke", "a.onnx", "Mend it"))
    assert not window.messages.guide_button.isVisible()


def test_that_a_failed_job_knows_its_page(qtbot: QtBot, window: MainWindow) -> None:
    window.open_path("/no/such/model.onnx")
    qtbot.waitUntil(window.messages.isVisible, timeout=60_000)
    assert window.messages.guide_button.isVisible()
    window.messages.guide_button.click()
    assert window.help.guide.page.page == "first-steps"


def test_that_the_explanation_says_what_the_selected_row_shows(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    qtbot.keyClick(calibrated, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    panel = calibrated.help.explanation
    assert panel.isVisible()
    calibrated.controller.selection.select("", "")
    assert "Select a row" in panel.selected.text()
    tensor = weights(calibrated)
    select(calibrated, tensor)
    assert calibrated.controller.readings.name_of(tensor) in panel.selected.text()
    assert "SQNR" in panel.selected.text()
    assert "calibrate" not in panel.selected.text().lower()


def test_that_the_explanation_has_the_colours_of_the_heat_map(calibrated: MainWindow) -> None:
    calibrated.help.do_explain()
    panel = calibrated.help.explanation
    many = calibrated.help.explanation.swatches[0].theme.heat.kept[1]
    image = panel.swatches[0].grab().toImage()
    color = image.pixelColor(image.width() - 4, image.height() // 2)
    assert (color.red(), color.green(), color.blue()) == many


def test_that_a_tensor_before_calibration_is_explained_too(opened: MainWindow) -> None:
    select(opened, weights(opened))
    assert "nothing is counted yet" in selection_in_words(opened.controller)
