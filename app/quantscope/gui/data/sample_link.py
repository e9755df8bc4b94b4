"""The name of the sample that an extreme came from, as a link that shows the sample."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QStyle, QStyleOptionFocusRect, QWidget

from quantscope.gui.controller import Controller
from quantscope.gui.data.sample_dialog import SampleDialog
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.translation import tr

OPENS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class SampleLink(ElidedLabel):
    """Its text is the name of a sample of the statistics at hand; a click or Enter shows it."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.dialog: SampleDialog | None = None
        self.setAccessibleName(tr("Show the sample"))
        self.setForegroundRole(QPalette.ColorRole.Link)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        font = self.font()
        font.setUnderline(True)
        self.setFont(font)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setAccessibleName(tr("Show the sample {name}", name=text))

    def open(self) -> None:
        """Show the sample."""
        calibration = self._controller.session.calibration
        if calibration is None or self.text() not in calibration.sample_names:
            return
        self.dialog = SampleDialog(self._controller, calibration.data, self.text(), self.window())
        self.dialog.open()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_on_it = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and is_on_it:
            self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in OPENS:
            self.open()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            option = QStyleOptionFocusRect()
            option.initFrom(self)
            element = QStyle.PrimitiveElement.PE_FrameFocusRect
            self.style().drawPrimitive(element, option, QPainter(self), self)
