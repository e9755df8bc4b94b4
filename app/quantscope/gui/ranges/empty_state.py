"""What stands where the heat map will be, until there is something to show: what to do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_calibrate
from quantscope.gui.translation import tr


class EmptyState(QFrame):
    """A card in the middle of its parent, shown while nothing is calibrated or running."""

    data_asked = Signal()
    calibrate_asked = Signal()

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._host = parent
        self.setProperty("role", "card")
        self.text = QLabel(self)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.data_button = QPushButton(tr("Data…"), self)
        self.calibrate_button = QPushButton(tr("Calibrate"), self)
        self.data_button.clicked.connect(self.data_asked)
        self.calibrate_button.clicked.connect(self.calibrate_asked)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.data_button)
        buttons.addWidget(self.calibrate_button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 22, 28, 22)
        column.setSpacing(14)
        column.addWidget(self.text)
        column.addLayout(buttons)
        parent.installEventFilter(self)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.job_changed.connect(self.refresh)
        controller.live_counted.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show what is missing, if anything is."""
        has_data = self._controller.session.document.data is not None
        self.text.setText(
            tr("Calibrate to see which bits are used.")
            if has_data
            else tr("Choose data, then calibrate,\nto see which bits are used.")
        )
        reason = why_not_calibrate(self._controller.session)
        self.calibrate_button.setVisible(has_data)
        self.calibrate_button.setEnabled(not reason)
        self.calibrate_button.setToolTip(reason)
        idle = not self._controller.is_busy
        self.setVisible(idle and not self._controller.readings.has_counts)
        self._center()

    def _center(self) -> None:
        self.adjustSize()
        room = self._host.size() - self.size()
        self.move(room.width() // 2, room.height() // 3)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._center()
        return super().eventFilter(watched, event)
