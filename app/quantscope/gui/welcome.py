"""The page before a model is open: drop one, open one, go on with a recent one, or the demo."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from quantscope.gui.translation import tr


class WelcomePage(QWidget):
    """Asks for a file; dropping is handled by the window, for all pages alike."""

    open_asked = Signal()
    demo_asked = Signal()
    recent_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drop = QFrame(self)
        self.drop.setProperty("role", "drop")
        self.drop.setMinimumWidth(560)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._fill_drop()
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(self.drop, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(20)
        row = QHBoxLayout()
        row.addStretch()
        row.addLayout(self._recent)
        row.addStretch()
        column.addLayout(row)
        column.addStretch(3)

    def _fill_drop(self) -> None:
        title = QLabel(tr("See which bits your network uses"), self.drop)
        title.setProperty("role", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint = QLabel(
            tr(
                "Drop an ONNX model (.onnx) or a session (.qscope) here.\n"
                "Then choose data, calibrate, and set integer types by pointing."
            ),
            self.drop,
        )
        hint.setProperty("role", "dim")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton(tr("Open…"), self.drop)
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.open_asked)
        self.demo_button = QPushButton(tr("Try the demo"), self.drop)
        self.demo_button.clicked.connect(self.demo_asked)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for button in (self.open_button, self.demo_button):
            button.setMinimumSize(130, 34)
            buttons.addWidget(button)
        buttons.addStretch()
        column = QVBoxLayout(self.drop)
        column.setContentsMargins(32, 40, 32, 40)
        column.setSpacing(18)
        column.addWidget(title)
        column.addWidget(hint)
        column.addLayout(buttons)

    def show_recent(self, paths: list[str]) -> None:
        """List recent files."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if paths:
            heading = QLabel(tr("Recent"), self)
            heading.setProperty("role", "dim")
            self._recent.addWidget(heading)
        for path in paths:
            button = QPushButton(Path(path).name, self)
            button.setFlat(True)
            button.setToolTip(path)
            button.setProperty("path", path)
            button.setStyleSheet("text-align: left; padding: 4px 8px;")
            button.setMinimumWidth(400)
            button.clicked.connect(self._ask_recent)
            self._recent.addWidget(button)

    @Slot()
    def _ask_recent(self) -> None:
        self.recent_asked.emit(str(self.sender().property("path")))

    def show_drop(self, active: bool) -> None:
        """Light up while a file hovers over the window."""
        self.drop.setProperty("active", active)
        self.drop.style().unpolish(self.drop)
        self.drop.style().polish(self.drop)
