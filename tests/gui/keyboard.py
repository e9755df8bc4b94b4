"""Keys alone: every one goes where the focus is, as on a real keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
MOST_TABS = 120


def focus() -> QWidget:
    """What takes the next key."""
    found = (
        QApplication.activePopupWidget()
        or QApplication.focusWidget()
        or QApplication.activeWindow()
    )
    assert found is not None, "nothing takes keys"
    return found


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, times: int = 1) -> None:
    """Press a key where the focus is."""
    for _ in range(times):
        QTest.keyClick(focus(), key, modifiers)
        QApplication.processEvents()


def come_back(window: QWidget) -> None:
    """Give the keyboard to ``window``, as a desktop does when what was over it closes."""
    window.activateWindow()
    QApplication.processEvents()


def write(text: str) -> None:
    """Type over what is there."""
    press(Key.Key_A, CONTROL)
    QTest.keyClicks(focus(), text)
    QApplication.processEvents()


def tab_to(wanted: QWidget | Callable[[QWidget], bool]) -> QWidget:
    """Tab until the focus is on ``wanted``."""
    for _ in range(MOST_TABS):
        here = focus()
        if here is wanted or (callable(wanted) and wanted(here)):
            return here
        press(Key.Key_Tab)
    raise AssertionError(f"Tab does not reach {wanted}")


def press_button(text: str) -> None:
    """Tab to the button of that text, and press it."""
    tab_to(lambda widget: text_of(widget) == text)
    press(Key.Key_Space)


def text_of(widget: QWidget) -> str:
    """The words on a button."""
    text = getattr(widget, "text", None)
    is_button = callable(text) and not isinstance(widget, QLabel)
    return str(text()).replace("&", "") if is_button and callable(text) else ""
