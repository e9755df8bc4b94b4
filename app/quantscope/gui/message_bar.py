"""A sentence across the top of the window: what happened, where, what to do. Never modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.errors import Problem
from quantscope.gui.files.versions import versions_in_words
from quantscope.gui.translation import mark, tr

SYMBOLS = {"error": "✖", "warning": "⚠", "info": "ℹ"}
KINDS = {"error": mark("Error"), "warning": mark("Warning"), "info": mark("Note")}
MOST_LINES = 10  # of details in sight
Answer = tuple[str, Callable[[], object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A sentence with buttons for ``answers`` (text, what it does).

    ``page`` is the page of the guide that says more; ``stays``: it comes back once others in its
    place are closed, until it is answered or closed itself.
    """

    text: str
    severity: str = "info"
    details: str = ""
    answers: Sequence[Answer] = ()
    page: str = ""
    stays: bool = False


class MessageBar(QFrame):
    """Shows the latest message until it is closed or answered."""

    closed = Signal()
    guide_asked = Signal(str)  # page

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Message(text="")
        self._standing: Message | None = None
        self.setProperty("severity", "info")
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.symbol = QLabel(self)
        self.details = QPlainTextEdit(self)
        self.details.setReadOnly(True)
        self.details.setTabChangesFocus(True)
        self.details.setAccessibleName(tr("Details of the message"))
        self.details_button = self._button(
            tr("Detai&ls"), tr("Show what else is known"), self._unfold
        )
        self.copy_button = self._button(
            tr("Cop&y"), tr("Copy it for a report, with versions"), self._copy
        )
        self.guide_button = self._button(
            tr("&Guide"), tr("What the guide says about it"), self._ask_guide
        )
        self.close_button = self._button(tr("Cl&ose"), tr("Close this message"), self.dismiss)
        self._answers: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._row.addWidget(self.symbol)
        self._row.addWidget(self.sentence, 1)
        buttons = (self.details_button, self.copy_button, self.guide_button, self.close_button)
        for widget in buttons:
            self._row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addLayout(self._row)
        column.addWidget(self.details)
        self.hide()

    def _button(self, text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
        button.setFlat(True)
        button.clicked.connect(slot)
        return button

    def show_problem(self, problem: Problem, details: str = "", page: str = "") -> None:
        """Show an error: what happened, where, what to do."""
        text = problem.sentence()
        self.show_whole(Message(text=text, severity="error", details=details, page=page))

    def show_message(
        self,
        text: str,
        severity: str = "info",
        details: str = "",
        answers: Sequence[Answer] = (),
    ) -> None:
        """Show a sentence, with buttons for ``answers`` (text, what it does)."""
        self.show_whole(
            Message(text=text, severity=severity, details=details, answers=tuple(answers))
        )

    def show_whole(self, message: Message) -> None:
        """Show ``message`` in place of the one before."""
        if message.stays:
            self._standing = message
        self._shown = message
        self.setProperty("severity", message.severity)
        self.style().unpolish(self)
        self.style().polish(self)
        self.symbol.setText(SYMBOLS[message.severity])
        kind = tr(KINDS[message.severity])
        self.symbol.setAccessibleName(kind)
        self.sentence.setText(message.text)
        self.setAccessibleName(f"{kind}: {message.text}")
        self.details.setPlainText(message.details)
        lines = min(message.details.count("\n") + 2, MOST_LINES)
        self.details.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 12)
        self.details.hide()
        self.details_button.setVisible(bool(message.details))
        self.copy_button.setVisible(message.severity != "info")
        self.guide_button.setVisible(bool(message.page))
        self._replace_answers(message.answers)
        self.show()

    def _replace_answers(self, answers: Sequence[Answer]) -> None:
        for old in self._answers:
            self._row.removeWidget(old)
            old.deleteLater()
        self._answers = []
        for text, action in answers:
            button = QPushButton(text, self)
            button.clicked.connect(partial(self._answer, action))
            self._row.insertWidget(2 + len(self._answers), button)
            self._answers.append(button)
        order = (*self._answers, self.details_button, self.copy_button, self.guide_button)
        for one, next_one in zip(order, (*order[1:], self.close_button), strict=True):
            QWidget.setTabOrder(one, next_one)

    def _answer(self, action: Callable[[], object], *_: object) -> None:
        self.dismiss()
        action()

    @property
    def answers(self) -> list[QPushButton]:
        """The buttons that answer the message."""
        return self._answers

    @Slot()
    def _unfold(self) -> None:
        self.details.setVisible(not self.details.isVisible())

    @Slot()
    def _copy(self) -> None:
        parts = [self.sentence.text(), self.details.toPlainText(), versions_in_words()]
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))

    @Slot()
    def _ask_guide(self) -> None:
        self.guide_asked.emit(self._shown.page)

    @Slot()
    def dismiss_news(self) -> None:
        """Close the message where it is only news and asks for nothing."""
        if self._shown.severity == "info" and not self._answers:
            self.dismiss()

    @Slot()
    def dismiss(self) -> None:
        """Close the message; one that stays comes back from behind it."""
        if self._shown is self._standing:
            self._standing = None
        self.hide()
        self.closed.emit()
        if self._standing is not None:
            self.show_whole(self._standing)
