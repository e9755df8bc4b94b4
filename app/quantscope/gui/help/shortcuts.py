"""The table of shortcuts, from the table of actions: the sheet in the window and the guide's page.

Keys that views take themselves, without an action, are in ``VIEW_KEYS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from quantscope.gui.menus.table import ACTIONS, MENUS, SEPARATOR
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable

HEADINGS = {
    "Where": "The menu that has it, or the view that has the focus",
    "Action": "What it is called there",
    "Keys": "Press them together",
    "What it does": "In a sentence",
}
WIDTHS = (150, 210, 150, 430)
VIEW_KEYS = (
    ("Rows", "Go through the rows", "Up, Down", "Select the row above or below"),
    ("Rows", "Open, close a layer", "Right, Left", "Show its tensors, or only the layer"),
    ("Rows", "In integers or in float", "Space", "Tick or clear the layer's box"),
    ("Rows", "Select more rows", "Shift+Up, Shift+Down", "Edits change all of them"),
    ("Rows", "Add or leave out a row", "Ctrl+Space", "Ctrl+Up and Ctrl+Down go there"),
    ("Heat map", "Give up a drag", "Esc", "Leave the type as it was before the drag"),
    ("Everywhere", "Next, previous control", "Tab, Shift+Tab", "Go from one control to the next"),
    ("Menus", "Guide on an entry", "F1", "What the guide says about the entry marked"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an action stands in the menus: ``View › Sort rows``."""

    key: str
    menus: tuple[str, ...]

    @property
    def path(self) -> str:
        """The menus in words."""
        return " › ".join(self.menus)


def plain(text: str) -> str:
    """A menu text as one reads it."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def places() -> list[Place]:
    """Every action of the menus, in their order."""
    return [place for title, entries in MENUS for place in _places((plain(title),), entries)]


def _places(menus: tuple[str, ...], entries: tuple[object, ...]) -> list[Place]:
    found: list[Place] = []
    keys = {row.key for row in ACTIONS}
    for entry in entries:
        if isinstance(entry, tuple):
            found += _places((*menus, plain(entry[0])), entry[1])
        elif entry != SEPARATOR and entry in keys:
            found.append(Place(str(entry), menus))
    return found


def shortcut_rows(native: bool = False) -> list[tuple[str, str, str, str]]:
    """Place, action, keys and meaning of everything that has keys."""
    rows = {row.key: row for row in ACTIONS}
    listed = [(place.path, rows[place.key]) for place in places()]
    return [
        (path, plain(row.text), _keys(row.shortcut, native), row.tip)
        for path, row in listed
        if row.shortcut
    ] + list(VIEW_KEYS)


def _keys(shortcut: str, native: bool) -> str:
    kind = QKeySequence.SequenceFormat.NativeText
    each = shortcut.split("|")
    shown = [QKeySequence(keys).toString(kind) for keys in each] if native else each
    return " or ".join(shown)


def shortcut_table() -> str:
    """The same as a table in Markdown."""
    lines = ["| where | action | keys | what it does |", "|---|---|---|---|"]
    lines += [
        f"| {where} | {name} | {keys} | {tip} |" for where, name, keys, tip in shortcut_rows()
    ]
    return "\n".join(lines)


class ShortcutSheet(QDialog):
    """All of them in a table, with a line to look for one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._rows = shortcut_rows(native=True)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Find an action or a key")
        self.line.setAccessibleName("Find an action or a key")
        self.line.setClearButtonEnabled(True)
        self.model = StringTable(HEADINGS, len(HEADINGS), self)
        self.table = QTreeView(self)
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setItemDelegate(RowDelegate(self.table))
        self.table.setAccessibleName("Keyboard shortcuts")
        for number, width in enumerate(WIDTHS):
            self.table.setColumnWidth(number, width)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.table, 1)
        column.addWidget(buttons)
        self.line.textChanged.connect(self._seek)
        self.resize(980, 620)
        self._seek("")

    @Slot(str)
    def _seek(self, text: str) -> None:
        words = text.casefold().split()
        texts = [" ".join(row).casefold() for row in self._rows]
        fits = [all(word in line for word in words) for line in texts]
        self.model.show_rows([row for row, fit in zip(self._rows, fits, strict=True) if fit])
