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

from quantscope.gui.menus.menu_bar import MENUS, SEPARATOR
from quantscope.gui.menus.table import ACTIONS
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, tr

HEADINGS = {
    mark("Where"): mark("The menu that has it, or the view that has the focus"),
    mark("Action"): mark("What it is called there"),
    mark("Keys"): mark("Press them together"),
    mark("What it does"): mark("In a sentence"),
}
WIDTHS = (150, 210, 150, 430)
VIEW_KEYS = (
    (
        mark("Rows"),
        mark("Go through the rows"),
        mark("Up, Down"),
        mark("Select the row above or below"),
    ),
    (
        mark("Rows"),
        mark("Open, close a layer"),
        mark("Right, Left"),
        mark("Show its tensors, or only the layer"),
    ),
    (
        mark("Rows"),
        mark("In integers or in float"),
        mark("Space"),
        mark("Tick or clear the layer's box"),
    ),
    (
        mark("Rows"),
        mark("Select more rows"),
        mark("Shift+Up, Shift+Down"),
        mark("Edits change all of them"),
    ),
    (
        mark("Rows"),
        mark("Add or leave out a row"),
        mark("Ctrl+Space"),
        mark("Ctrl+Up and Ctrl+Down go there"),
    ),
    (
        mark("Heat map"),
        mark("Give up a drag"),
        mark("Esc"),
        mark("Leave the type as it was before the drag"),
    ),
    (
        mark("Everywhere"),
        mark("Next, previous control"),
        mark("Tab, Shift+Tab"),
        mark("Go from one control to the next"),
    ),
    (
        mark("Menus"),
        mark("Guide on an entry"),
        "F1",
        mark("What the guide says about the entry marked"),
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an action stands in the menus, which are named as their table does."""

    key: str
    menus: tuple[str, ...]

    @property
    def path(self) -> str:
        """The menus in the person's language: ``View › Sort rows``."""
        return " › ".join(plain(tr(menu)) for menu in self.menus)


def plain(text: str) -> str:
    """A menu text as one reads it."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def places() -> list[Place]:
    """Every action of the menus, in their order."""
    return [place for title, entries in MENUS for place in _places((title,), entries)]


def _places(menus: tuple[str, ...], entries: tuple[object, ...]) -> list[Place]:
    found: list[Place] = []
    keys = {row.key for row in ACTIONS}
    for entry in entries:
        if isinstance(entry, tuple):
            found += _places((*menus, entry[0]), entry[1])
        elif entry != SEPARATOR and entry in keys:
            found.append(Place(str(entry), menus))
    return found


def shortcut_rows(native: bool = False) -> list[tuple[str, str, str, str]]:
    """Place, action, keys and meaning of everything that has keys."""
    rows = {row.key: row for row in ACTIONS}
    listed = [(place.path, rows[place.key]) for place in places()]
    of_actions = [
        (path, plain(row.title), _keys(row.shortcut, native), row.hint)
        for path, row in listed
        if row.shortcut
    ]
    of_views = [
        (tr(where), tr(action), tr(keys), tr(meaning)) for where, action, keys, meaning in VIEW_KEYS
    ]
    return of_actions + of_views


def _keys(shortcut: str, native: bool) -> str:
    kind = QKeySequence.SequenceFormat.NativeText
    each = shortcut.split("|")
    shown = [QKeySequence(keys).toString(kind) for keys in each] if native else each
    separator = tr("or")
    return f" {separator} ".join(shown)


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
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._rows = shortcut_rows(native=True)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(tr("Find an action or a key"))
        self.line.setAccessibleName(tr("Find an action or a key"))
        self.line.setClearButtonEnabled(True)
        self.model = StringTable(HEADINGS, len(HEADINGS), self)
        self.table = QTreeView(self)
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setItemDelegate(RowDelegate(self.table))
        self.table.setAccessibleName(tr("Keyboard shortcuts"))
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
