"""Every action of the window as a row of one table, and the menus as nested lists of ids.

To add an action: a row here, its id in a menu, and a method ``do_<id>`` (with ``_`` for ``-``)
on the window or on one of its features; what is on or off in the document is in ``switches``.
The table of shortcuts in the guide is written from this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from quantscope.core.preparation import CHOICES, Choice
from quantscope.gui.readiness import (
    data_is_missing,
    model_is_missing,
    why_not_calibrate,
    why_not_choose_data,
    why_not_export,
)
from quantscope.session.session import Session


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: its id, menu text with mnemonic, shortcuts (``|`` between), tip and icon."""

    key: str
    text: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False


def _preparation_row(choice: Choice) -> ActionRow:
    summary = choice.summary[0].upper() + choice.summary[1:]
    key, text = choice.key.replace("_", "-"), f"&{choice.title}"
    return ActionRow(key, text, tip=f"{summary}. Calibrate again afterwards", checkable=True)


PREPARATION = tuple(key.replace("_", "-") for key in CHOICES)
ACTIONS = (
    ActionRow("open", "&Open…", "Ctrl+O", "Open an ONNX model or a Quantscope session", "open"),
    ActionRow("demo", "Try the &demo", "", "Open the bundled network with its pictures"),
    ActionRow("save", "&Save session", "Ctrl+S", "Keep model, data, statistics and types", "save"),
    ActionRow("save-as", "Save session &as…", "Ctrl+Shift+S", "Keep the session in another file"),
    ActionRow(
        "export", "&Export…", "Ctrl+E", "Write the quantized ONNX model and verify it", "export"
    ),
    ActionRow(
        "types", "Export &types…", "Ctrl+Shift+T", "Write the types in another tool's format"
    ),
    ActionRow("locate-model", "Locate &model…", "", "Say where the session's model is now"),
    ActionRow("locate-data", "Locate da&ta…", "", "Say where the session's data is now"),
    ActionRow("quit", "&Quit", "Ctrl+Q", "Close the window"),
    ActionRow("undo", "&Undo", "Ctrl+Z", "Take back the last edit", "undo"),
    ActionRow("redo", "&Redo", "Ctrl+Shift+Z", "Do again what was taken back", "redo"),
    ActionRow("data", "&Data…", "Ctrl+D", "Choose what to calibrate with", "data"),
    ActionRow("calibrate", "&Calibrate", "F5", "Run the data through the network", "calibrate"),
    *(_preparation_row(choice) for choice in CHOICES.values()),
    ActionRow("cancel", "S&top", "Ctrl+.", "Stop the job under way", "cancel"),
    ActionRow(
        "correct-bias",
        "&Correct biases",
        tip="Let the export take the mean error of each layer out of its bias",
        checkable=True,
    ),
    ActionRow(
        "compensate",
        "Co&mpensate weight rounding",
        tip="Let the export round each weight so that it makes up for those before it",
        checkable=True,
    ),
    ActionRow(
        "unsigned",
        "&Unsigned where possible",
        tip="Give tensors without negative values one bit more, where the target allows it",
        checkable=True,
    ),
    ActionRow(
        "integer-ports",
        "&Integer inputs and outputs",
        tip="Let the exported network take and give integers instead of float",
        checkable=True,
    ),
    ActionRow("larger", "Move band to &larger values", "Alt+Left", "One bit to the left"),
    ActionRow("smaller", "Move band to &smaller values", "Alt+Right", "One bit to the right"),
    ActionRow("longer", "Lo&nger word", "Alt+Shift+Right", "More bits, same range"),
    ActionRow("shorter", "S&horter word", "Alt+Shift+Left", "Fewer bits, same range"),
    ActionRow(
        "worst",
        "Go to &worst SQNR",
        "Ctrl+G",
        "Select the tensor with the lowest SQNR; again: the next lowest",
    ),
    ActionRow("reset", "&Reset to scheme", "Ctrl+R|Del", "Follow the scheme again"),
    ActionRow("reset-all", "Reset &all to scheme", "", "Let every tensor follow the scheme"),
    ActionRow("toggle-layer", "&Quantize layer", "Ctrl+K", "Run the layer in integers or in float"),
    ActionRow(
        "wide",
        "16-&bit activations",
        "Ctrl+B",
        "Let the layer read activations of 16 bits",
        checkable=True,
    ),
    ActionRow(
        "check", "Chec&k target", "Ctrl+Shift+K", "List what the target will not take, and why"
    ),
    ActionRow("network", "&Network…", "Ctrl+I", "What was prepared, and what stays float"),
    ActionRow("expand", "&Expand all layers", "Ctrl+Shift+E", "Show every tensor"),
    ActionRow("collapse", "&Collapse all layers", "Ctrl+Shift+C", "Show one row for each layer"),
    ActionRow("find", "&Find rows…", "Ctrl+F", "Type what a tensor, layer or operator is called"),
    ActionRow(
        "only-problems",
        "Only &problems",
        "Ctrl+Shift+F",
        "Show tensors with a large error, with overflow or with a forbidden type",
        checkable=True,
    ),
    ActionRow(
        "by-layer", "&Group by layer", "Ctrl+Shift+L", "Tensors below their layer", checkable=True
    ),
    ActionRow("sort-network", "&Network order", "", "As data flows", checkable=True),
    ActionRow("sort-sqnr", "&Worst SQNR first", "", "Largest error on top", checkable=True),
    ActionRow("sort-overflow", "Most &overflow first", "", "What saturates on top", checkable=True),
    ActionRow("sort-name", "&By name", "", "Layers by their name", checkable=True),
    ActionRow("depth", "&Logarithmic depth", "Ctrl+L", "Make rare values visible", checkable=True),
    ActionRow("theme-system", "As the &system", "", "Follow the desktop", checkable=True),
    ActionRow("theme-light", "&Light", "", "Dark on light", checkable=True),
    ActionRow("theme-dark", "&Dark", "", "Light on dark", checkable=True),
    ActionRow("about", "&About Quantscope", "", "Version and licence"),
)

SEPARATOR = "-"
Menu = tuple[str, tuple[object, ...]]
MENUS: tuple[Menu, ...] = (
    (
        "&File",
        (
            "open",
            ("Open &recent", ("recent",)),
            "demo",
            SEPARATOR,
            "save",
            "save-as",
            SEPARATOR,
            "locate-model",
            "locate-data",
            SEPARATOR,
            "export",
            "types",
            SEPARATOR,
            "quit",
        ),
    ),
    ("&Edit", ("undo", "redo")),
    (
        "&Network",
        (
            "data",
            "calibrate",
            "cancel",
            SEPARATOR,
            *PREPARATION,
            SEPARATOR,
            ("&Target", ("choice:target",)),
            ("&Scheme", ("choice:scheme",)),
            ("&Word length", ("choice:word",)),
            ("Wei&ght word length", ("choice:weights",)),
            ("&Bias word length", ("choice:bias",)),
            ("&Quantize only", ("operators",)),
            "unsigned",
            "integer-ports",
            SEPARATOR,
            "compensate",
            "correct-bias",
            SEPARATOR,
            "reset-all",
            "check",
            "network",
        ),
    ),
    (
        "&Tensor",
        (
            "worst",
            SEPARATOR,
            "larger",
            "smaller",
            "longer",
            "shorter",
            SEPARATOR,
            "reset",
            SEPARATOR,
            "toggle-layer",
            "wide",
        ),
    ),
    (
        "&View",
        (
            "find",
            "only-problems",
            "by-layer",
            ("&Sort rows", ("sort-network", "sort-sqnr", "sort-overflow", "sort-name")),
            SEPARATOR,
            "expand",
            "collapse",
            "depth",
            SEPARATOR,
            ("&Theme", ("theme-system", "theme-light", "theme-dark")),
            SEPARATOR,
            "panels",
        ),
    ),
    ("&Help", ("about",)),
)
SWITCHED = frozenset({*PREPARATION, "compensate", "unsigned", "integer-ports", "correct-bias"})
"""Actions that :mod:`quantscope.gui.switches` follows, and not the window."""
TOOLS = ("open", "data", "calibrate", "choices", "export", SEPARATOR, "undo", "redo")


def make_actions(window: QWidget) -> dict[str, QAction]:
    """One QAction for each row."""
    made = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setCheckable(row.checkable)
        action.setObjectName(row.key)
        if row.shortcut:
            action.setShortcuts([QKeySequence(keys) for keys in row.shortcut.split("|")])
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{row.tip} ({shown})")
        else:
            action.setToolTip(row.tip)
        action.setWhatsThis(action.toolTip())
        action.setStatusTip(row.tip)
        made[row.key] = action
    return made


class Feature(Protocol):
    """An object with ``do_...`` methods that says which of its actions can be done now."""

    def enabled(self) -> dict[str, bool]: ...


def connect_actions(actions: dict[str, QAction], owners: Sequence[object]) -> None:
    """Let each action call its ``do_...`` method, which one of ``owners`` has."""
    for key in actions.keys() - SWITCHED:
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
    reasons = {"data": data, "calibrate": calibrate, "export": export}
    for key, reason in reasons.items():
        action = actions[key]
        action.setToolTip(f"{action.whatsThis()}\n{reason}." if reason else action.whatsThis())
        action.setStatusTip(reason or next(row.tip for row in ACTIONS if row.key == key))
    for key, title in (("undo", session.undo_title), ("redo", session.redo_title)):
        action = actions[key]
        action.setToolTip("\n".join(filter(None, (action.whatsThis(), title))))


def fill_menus(bar: QMenuBar, actions: dict[str, QAction], places: dict[str, QMenu]) -> None:
    """Build the menus; menus with entries of their own are put into ``places`` by their id."""
    for title, entries in MENUS:
        _fill(_menu(title, bar), entries, actions, places)


def _menu(title: str, parent: QMenuBar | QMenu) -> QMenu:
    menu = QMenu(title, parent)
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
