"""A sentence across the top of the window: what happened, where, what to do. Never modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

SYMBOLS = {"error": "✖", "warning": "⚠", "info": "ℹ"}


class MessageBar(QFrame):
    """Shows the latest message until it is closed or answered."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.symbol = QLabel(self)
        self.details = QPlainTextEdit(self)
        self.details.setReadOnly(True)
        self.details.setFixedHeight(150)
        self.details_button = self._button("Details", self._toggle_details)
        self.copy_button = self._button("Copy", self._copy)
        self.close_button = self._button("Close", self.dismiss)
        self._answers: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._row.addWidget(self.symbol)
        self._row.addWidget(self.sentence, 1)
        for widget in (self.details_button, self.copy_button, self.close_button):
            self._row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addLayout(self._row)
        column.addWidget(self.details)
        self.hide()

    def _button(self, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setFlat(True)
        button.clicked.connect(slot)
        return button

    def show_problem(self, problem: Problem, details: str = "") -> None:
        """Show an error: what happened, where, what to do."""
        self.show_message(problem.sentence(), "error", details)

    def show_message(
        self,
        text: str,
        severity: str = "info",
        details: str = "",
        answers: Sequence[tuple[str, Callable[[], None]]] = (),
    ) -> None:
        """Show a sentence, with buttons for ``answers`` (text, what it does)."""
        self.setProperty("severity", severity)
        self.style().unpolish(self)
        self.style().polish(self)
        self.symbol.setText(SYMBOLS[severity])
        self.sentence.setText(text)
        self.setAccessibleName(text)
        self.details.setPlainText(details)
        self.details.hide()
        self.details_button.setVisible(bool(details))
        self.copy_button.setVisible(severity != "info")
        self._replace_answers(answers)
        self.show()

    def _replace_answers(self, answers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        for old in self._answers:
            self._row.removeWidget(old)
            old.deleteLater()
        self._answers = []
        for text, action in answers:
            button = QPushButton(text, self)
            button.clicked.connect(action)
            button.clicked.connect(self.dismiss)
            self._row.insertWidget(2 + len(self._answers), button)
            self._answers.append(button)

    @property
    def answers(self) -> list[QPushButton]:
        """The buttons that answer the message."""
        return self._answers

    @Slot()
    def _toggle_details(self) -> None:
        self.details.setVisible(not self.details.isVisible())

    @Slot()
    def _copy(self) -> None:
        parts = [self.sentence.text(), self.details.toPlainText()]
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))

    @Slot()
    def dismiss_news(self) -> None:
        """Close the message where it is only news and asks for nothing."""
        if self.property("severity") == "info" and not self._answers:
            self.dismiss()

    @Slot()
    def dismiss(self) -> None:
        """Close the message."""
        self.hide()
        self.closed.emit()
