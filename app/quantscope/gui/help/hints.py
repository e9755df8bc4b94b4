"""Hints for first use: one short sentence when it first helps, never twice, and none if not wanted.

To add one: a row here, and in :class:`Hints` the moment at which it is given.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, tr

DRAG = mark(
    "Drag the band between the two edge marks to keep larger or smaller values, or move"
    " it with Alt+Left and Alt+Right. Ctrl+Z takes it back."
)
PINNED = mark(
    "◆ marks a type that you set by hand. It stays when scheme or word length change;"
    " Ctrl+R gives it back to the scheme."
)
EXPORT = mark(
    "Results shows how well the exported file does, tensor by tensor. Ctrl+S keeps all"
    " of this in one file."
)
PALETTE = mark(
    "Ctrl+Shift+P finds every action by a few letters of its name, and F1 opens the guide."
)
FEW_SAMPLES = mark(
    "These are few samples. Ctrl+Shift+H shows whether more would still change types, and"
    " Ctrl+Shift+A adds some to those that are counted."
)
FEW = 32  # samples, fewer of which are few
HINTS = {  # what is said, and the page that says more
    "drag": (DRAG, "heat-map#move-the-band"),
    "pinned": (PINNED, "types-and-targets#set-by-hand"),
    "export": (EXPORT, "first-steps#export"),
    "few-samples": (FEW_SAMPLES, "data#how-many-samples"),
    "palette": (PALETTE, "keyboard"),
}


class HintBar(QFrame):
    """One line at the foot of the window."""

    guide_asked = Signal(str)  # page
    unwanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = ""
        self.setProperty("severity", "info")
        self.setAccessibleName(tr("Hint"))
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = QPushButton(tr("More"), self)
        self.done = QPushButton(tr("Got it"), self)
        self.none = QPushButton(tr("No more hints"), self)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        lead = QLabel(tr("Hint"), self)
        lead.setProperty("role", "heading")
        row.addWidget(lead)
        row.addWidget(self.text, 1)
        for button in (self.more, self.done, self.none):
            button.setFlat(True)
            row.addWidget(button)
        self.more.clicked.connect(self._ask_guide)
        self.done.clicked.connect(self.hide)
        self.none.clicked.connect(self.unwanted)
        self.hide()

    def give(self, key: str) -> None:
        """Show a hint of the table."""
        text, self._page = HINTS[key]
        self.text.setText(tr(text))
        self.setAccessibleDescription(tr(text))
        self.show()

    @Slot()
    def _ask_guide(self) -> None:
        self.guide_asked.emit(self._page)


class Hints(QObject):
    """Knows when each hint helps, and remembers which were given."""

    def __init__(
        self,
        controller: Controller,
        settings: Settings,
        bar: HintBar,
        action: QAction,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._settings = settings
        self._bar = bar
        self._action = action
        action.setChecked(settings.hints)
        bar.unwanted.connect(self._stop)
        controller.results_changed.connect(self._note_results)
        controller.changed.connect(self._note_edit)
        controller.exported.connect(self._note_export)
        controller.session_replaced.connect(self._note_session)

    def enabled(self) -> dict[str, bool]:
        """Hints can be turned on and off at any time."""
        return {"hints": True}

    @Slot()
    def do_hints(self) -> None:
        """On again, each is given once more; off, none is."""
        self._settings.hints = self._action.isChecked()
        self._settings.given_hints = frozenset()
        if not self._settings.hints:
            self._bar.hide()

    @Slot()
    def _stop(self) -> None:
        self._action.setChecked(False)
        self.do_hints()

    def _give(self, key: str) -> None:
        given = self._settings.given_hints
        if self._settings.hints and key not in given:
            self._settings.given_hints = given | {key}
            self._bar.give(key)

    @Slot()
    def _note_results(self) -> None:
        session = self._controller.session
        if session.plan() is None or not self._can_edit():
            return
        if "drag" not in self._settings.given_hints:
            self._give("drag")
        elif session.calibration is not None and session.calibration.samples < FEW:
            self._give("few-samples")

    @Slot()
    def _note_edit(self, *_: object) -> None:
        if self._controller.session.document.settings.pinned:
            self._give("pinned")

    @Slot()
    def _note_export(self, *_: object) -> None:
        self._give("export")

    @Slot()
    def _note_session(self) -> None:
        self._bar.hide()
        if "pinned" in self._settings.given_hints:
            self._give("palette")

    def _can_edit(self) -> bool:
        return not self._controller.readings.is_look_only
