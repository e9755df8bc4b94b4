"""What could be done about the error, one card for each thing, each with a button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.diagnosis.fixes import Fix, FixKind
from quantscope.core.wording import decibel
from quantscope.gui.translation import mark, tr
from quantscope.session.document import Document

FOR_LAYER = mark("For {layer}")
NOTHING_FOR_LAYER = mark("For {layer}: nothing that gains 0.1 dB")
NOTHING = mark(
    "Nothing that was tried gains 0.1 dB here. Errors of several layers may cancel each"
    " other on few samples: measure on more, or set an accuracy goal."
)
NEED_JOB = {
    FixKind.EQUALIZE: mark("then calibrate again"),
    FixKind.CORRECT_BIAS: mark("done by the export"),
}


class FixesList(QScrollArea):
    """Cards in the order given; those of the selected layer on top."""

    asked = Signal(object)  # Fix: do it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Suggested fixes"))
        self.cards: list[FixCard] = []
        self._shown: tuple[tuple[Fix, ...], str, str] = ((), "", "")
        self._fill()

    def show_fixes(self, fixes: tuple[Fix, ...], layer: str, label: str) -> None:
        """Show ``fixes``, those of ``layer`` (which a person knows as ``label``) first."""
        if (fixes, layer, label) != self._shown:
            self._shown = (fixes, layer, label)
            self._fill()

    def _fill(self) -> None:
        fixes, layer, label = self._shown
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(8, 2, 8, 8)
        column.setSpacing(6)
        self.cards = []
        mine = [fix for fix in fixes if fix.layer == layer and layer]
        rest = [fix for fix in fixes if fix not in mine]
        if label and fixes:
            title = tr(FOR_LAYER if mine else NOTHING_FOR_LAYER, layer=label)
            self._add_part(column, title, mine)
        if rest:
            title = tr("Elsewhere") if label else tr("What would help")
            self._add_part(column, title, rest)
        if not fixes:
            column.addWidget(_wrapped(tr(NOTHING), "dim", self))
        column.addStretch(1)
        self.setWidget(content)  # the old content is deleted with its cards

    def _add_part(self, column: QVBoxLayout, title: str, fixes: list[Fix]) -> None:
        heading = QLabel(title, self)
        heading.setProperty("role", "heading")
        heading.setWordWrap(True)
        column.addWidget(heading)
        for fix in fixes:
            card = FixCard(fix, self)
            card.asked.connect(self.asked)
            self.cards.append(card)
            column.addWidget(card)

    def follow(self, document: Document, target: str, reason: str) -> None:
        """Say which fixes ``document`` has already, and why others cannot be applied.

        They are made for ``target``; ``reason`` stops all of them.
        """
        for card in self.cards:
            other = tr("Suggested for another target") if document.settings.target != target else ""
            card.follow(document, reason or other)


class FixCard(QFrame):
    """One fix: what, by how much, at which cost, why, and the button."""

    asked = Signal(object)

    def __init__(self, fix: Fix, parent: QWidget) -> None:
        super().__init__(parent)
        self.fix = fix
        self.setProperty("role", "card")
        title = _wrapped(fix.title, "heading", self)
        self.figures = _wrapped(figures_in_words(fix), "", self)
        reason = _wrapped(fix.reason[:1].upper() + fix.reason[1:], "dim", self)
        self.button = QPushButton(_verb(fix), self)
        self.button.setAccessibleName(f"{self.button.text()}: {fix.title}")
        self.button.clicked.connect(self._ask)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 8, 6)
        grid.setVerticalSpacing(2)
        grid.addWidget(title, 0, 0)
        grid.addWidget(self.button, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.figures, 1, 0, 1, 2)
        grid.addWidget(reason, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self.fix)

    def follow(self, document: Document, reason: str) -> None:
        """Say whether ``document`` has it, and why it cannot be applied."""
        done = is_applied(self.fix, document)
        self.button.setText(tr("✓ Applied") if done else _verb(self.fix))
        self.button.setEnabled(not done and not reason)
        self.button.setToolTip(reason or tr("One edit, which Undo takes back"))


def _verb(fix: Fix) -> str:
    return tr("Apply") if fix.is_of_plan else tr("Turn on")


def _wrapped(text: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label


def is_applied(fix: Fix, document: Document) -> bool:
    """Whether ``document`` is as ``fix`` would make it."""
    if fix.kind is FixKind.EQUALIZE:
        return document.preparation.equalize
    try:
        return fix.apply(document.settings) == document.settings
    except ValueError:  # the target takes no such thing
        return False


def figures_in_words(fix: Fix) -> str:
    """Gain and cost on one line."""
    gain = tr("{gain} predicted", gain=_gain(fix.predicted))
    if fix.measured is not None:
        gain = tr(
            "{measured} measured ({predicted} predicted)",
            measured=_gain(fix.measured),
            predicted=_gain(fix.predicted),
        )
    parts = [gain, fix.cost.in_words() if fix.cost is not None else ""]
    parts.append(tr(NEED_JOB[fix.kind]) if fix.kind in NEED_JOB else "")
    return " · ".join(filter(None, parts))


def _gain(value: float) -> str:
    return decibel(value) if value < 0.0 else f"+{decibel(value)}"
