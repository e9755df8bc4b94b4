"""Whoever cannot see the window or hold a mouse reaches all of it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabWidget,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from quantscope.core.errors import Problem
from quantscope.gui.main_window import MainWindow
from tests.gui.pointing import select, weights

CONTROLS = (
    QAbstractButton,
    QComboBox,
    QAbstractSpinBox,
    QLineEdit,
    QAbstractItemView,
    QTextEdit,
    QPlainTextEdit,
    QTabWidget,
)


COMPOSED = (QComboBox, QAbstractSpinBox, QLineEdit)


def parents(widget: QWidget) -> Iterator[QWidget]:
    each = widget.parentWidget()
    while each is not None:
        yield each
        each = each.parentWidget()


def controls(root: QWidget) -> Iterator[QWidget]:
    """All that takes keys below ``root``, without the parts that Qt makes for itself."""
    for widget in root.findChildren(QWidget):
        is_part = widget.objectName().startswith("qt_") or isinstance(
            widget, QHeaderView | QAbstractSlider | QMenu
        )
        inside = any(isinstance(each, COMPOSED) for each in parents(widget))
        takes_keys = isinstance(widget, CONTROLS) or (
            type(widget).__module__.startswith("quantscope")
            and widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
        )
        if takes_keys and not is_part and not inside and "PrivateContainer" not in str(widget):
            yield widget


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface else ""


def in_words(widget: QWidget) -> str:
    """Where a widget is, for whoever must name it."""
    return " < ".join(type(each).__name__ for each in (widget, *parents(widget)))


def nameless(root: QWidget) -> list[str]:
    return [in_words(widget) for widget in controls(root) if not name_of(widget)]


def show_everything(window: MainWindow) -> None:
    select(window, weights(window))
    for dock in window.findChildren(QDockWidget):
        dock.show()
    window.messages.show_problem(Problem("broke", "here", "Mend it"), "details", "data")
    window.hint_bar.give("drag")


def test_that_every_control_of_the_window_has_a_name(calibrated: MainWindow) -> None:
    show_everything(calibrated)
    assert len(list(controls(calibrated))) > 40
    assert nameless(calibrated) == []


def dialogs(window: MainWindow) -> dict[str, Callable[[], object]]:
    return {
        "data": window.do_data,
        "add samples": window.calibration.do_add_samples,
        "network": window.do_network,
        "picture": window.pictures.do_picture,
        "palette": window.help.do_palette,
        "shortcuts": window.help.do_shortcuts,
        "about": window.help.do_about,
    }


@pytest.mark.parametrize(
    "name", ["data", "add samples", "network", "picture", "palette", "shortcuts", "about"]
)
def test_that_every_control_of_a_dialog_has_a_name(calibrated: MainWindow, name: str) -> None:
    before = set(calibrated.findChildren(QDialog))
    dialogs(calibrated)[name]()
    (dialog,) = set(calibrated.findChildren(QDialog)) - before
    assert dialog.isVisible() and dialog.windowTitle()
    assert nameless(dialog) == []
    dialog.close()


def test_that_figures_without_words_say_in_words_what_they_are(calibrated: MainWindow) -> None:
    show_everything(calibrated)
    painted = [
        widget
        for widget in calibrated.findChildren(QWidget)
        if type(widget).__module__.startswith("quantscope")
        and "paintEvent" in vars(type(widget))
        and not isinstance(widget, (*CONTROLS, QLabel))
    ]
    assert [in_words(widget) for widget in painted if not name_of(widget)] == []


def test_that_tab_goes_through_the_window_and_comes_back(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    calibrated.ranges.tree.setFocus()
    seen: list[QWidget] = []
    for _ in range(200):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() in seen[:1]
    for widget in (
        calibrated.choices.target.combo,
        calibrated.choices.scheme.combo,
        calibrated.ranges.filter_bar.field,
        calibrated.ranges.foot.depth_combo,
    ):
        assert widget in seen


@pytest.mark.parametrize("tab", range(5))
def test_that_tab_comes_out_of_every_side_of_the_inspector(
    qtbot: QtBot, calibrated: MainWindow, tab: int
) -> None:
    network = calibrated.controller.readings.network
    assert network is not None
    of_a_sample = next(name for name in network.tensors if name != weights(calibrated))
    select(calibrated, of_a_sample if tab == 0 else weights(calibrated))
    calibrated.inspector.tabs.setCurrentIndex(tab)
    calibrated.ranges.tree.setFocus()
    seen: list[QWidget] = []
    for _ in range(60):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is calibrated.ranges.tree
    assert any(calibrated.inspector.isAncestorOf(each) for each in seen)


def menus_below(menu: QMenu) -> Iterator[QMenu]:
    yield menu
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from menus_below(below)


def test_that_every_entry_of_a_menu_has_a_letter_of_its_own(calibrated: MainWindow) -> None:
    tops = [action.menu() for action in calibrated.menuBar().actions()]
    for top in tops:
        assert isinstance(top, QMenu)
        for menu in menus_below(top):
            menu.aboutToShow.emit()
            texts = [a.text().replace("&&", "") for a in menu.actions() if not a.isSeparator()]
            letters = [text[text.index("&") + 1].casefold() for text in texts if "&" in text]
            assert len(letters) == len(set(letters)), f"{menu.title()}: {sorted(texts)}"
