"""What the rows of the action table become: QActions, menus, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from quantscope.gui.menus.menu_bar import MENUS, SEPARATOR
from quantscope.gui.menus.readiness import (
    data_is_missing,
    model_is_missing,
    why_not_calibrate,
    why_not_choose_data,
    why_not_export,
    why_not_validate,
)
from quantscope.gui.menus.table import ACTIONS, HANDLED
from quantscope.gui.translation import mark, tr
from quantscope.session.session import Session

ROWS = {row.key: row for row in ACTIONS}


def make_actions(window: QWidget) -> dict[str, QAction]:
    """One QAction for each row."""
    made = {}
    for row in ACTIONS:
        action = QAction(row.title, window)
        action.setCheckable(row.checkable)
        action.setObjectName(row.key)
        if row.shortcut:
            action.setShortcuts([QKeySequence(keys) for keys in row.shortcut.split("|")])
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{row.hint} ({shown})")
        else:
            action.setToolTip(row.hint)
        action.setWhatsThis(action.toolTip())
        action.setStatusTip(row.hint)
        made[row.key] = action
    return made


class Feature(Protocol):
    """An object with ``do_...`` methods that says which of its actions can be done now."""

    def enabled(self) -> dict[str, bool]: ...


def connect_actions(actions: dict[str, QAction], owners: Sequence[object]) -> None:
    """Let each action call its ``do_...`` method, which one of ``owners`` has."""
    for key in actions.keys() - HANDLED:
        method = f"do_{key.replace('-', '_')}"
        owner = next(owner for owner in owners if hasattr(owner, method))
        actions[key].triggered.connect(getattr(owner, method))


def available(session: Session, busy: bool) -> dict[str, bool]:
    """Which actions on the network as a whole can be done now, by id."""
    is_open = session.network is not None
    return {
        "save": is_open,
        "save-as": is_open,
        "data": not why_not_choose_data(session, busy),
        "calibrate": not why_not_calibrate(session, busy),
        "cancel": busy,
        "export": not why_not_export(session, busy),
        "locate-model": model_is_missing(session) and not busy,
        "locate-data": data_is_missing(session) and not busy,
        "undo": session.can_undo,
        "redo": session.can_redo,
        "network": is_open,
        "check": is_open,
        "expand": is_open,
        "collapse": is_open,
        "reset-all": bool(session.document.settings.pinned),
    }


def explain(actions: dict[str, QAction], session: Session, busy: bool) -> None:
    """Say in tool tips why steps cannot be done now, and what undo would take back."""
    calibrate, export = why_not_calibrate(session, busy), why_not_export(session, busy)
    data = why_not_choose_data(session, busy)
    validate = why_not_validate(session, busy)
    reasons = {"data": data, "calibrate": calibrate, "export": export, "validate": validate}
    for key, reason in reasons.items():
        action = actions[key]
        action.setToolTip(f"{action.whatsThis()}\n{reason}." if reason else action.whatsThis())
        action.setStatusTip(reason or ROWS[key].hint)
    for key, text, title in (
        ("undo", mark("&Undo {edit}"), session.undo_title),
        ("redo", mark("&Redo {edit}"), session.redo_title),
    ):
        action = actions[key]
        action.setText(tr(text, edit=title) if title else ROWS[key].title)
        action.setToolTip("\n".join(filter(None, (action.whatsThis(), title))))


def fill_menus(bar: QMenuBar, actions: dict[str, QAction], places: dict[str, QMenu]) -> None:
    """Build the menus; menus with entries of their own are put into ``places`` by their id."""
    for title, entries in MENUS:
        _fill(_menu(title, bar), entries, actions, places)


def _menu(title: str, parent: QMenuBar | QMenu) -> QMenu:
    menu = QMenu(tr(title), parent)
    parent.addMenu(menu)
    return menu


def _fill(
    menu: QMenu,
    entries: tuple[object, ...],
    actions: dict[str, QAction],
    places: dict[str, QMenu],
) -> None:
    for entry in entries:
        if isinstance(entry, tuple):
            _fill(_menu(entry[0], menu), entry[1], actions, places)
        elif entry == SEPARATOR:
            menu.addSeparator()
        elif str(entry) in actions:
            menu.addAction(actions[str(entry)])
        else:
            places[str(entry)] = menu
