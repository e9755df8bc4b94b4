"""Fields that stand for several rows at once: where those differ, they say so until changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSpinBox, QWidget

from quantscope.gui.translation import mark, tr

SEVERAL = mark("several")


class SeveralCombo(QComboBox):
    """A choice; ``chosen`` tells what a person picked. The wheel scrolls what it stands in."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(tr(SEVERAL))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self._values: list[object] = []
        self.currentIndexChanged.connect(self._tell)  # by a typed letter too

    def show_choices(self, texts: Mapping[object, str], current: Collection[object]) -> None:
        """Offer ``texts`` by what they stand for; ``current``: what the rows have."""
        blocker = QSignalBlocker(self)
        self.clear()
        self.addItems(list(texts.values()))
        self._values, held = list(texts), set(current)
        self.setCurrentIndex(self._values.index(held.pop()) if len(held) == 1 else -1)
        blocker.unblock()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    @Slot(int)
    def _tell(self, index: int) -> None:
        if index >= 0:
            self.chosen.emit(self._values[index])


class SeveralSpin(QSpinBox):
    """A whole number; where rows differ, a step moves each of them.

    ``entered``: all rows get that number. ``stepped``: each row's number grows by that much.
    """

    entered = Signal(int)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._differ = False
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        self.valueChanged.connect(self._tell)

    def show_numbers(self, numbers: Collection[int], lowest: int, highest: int) -> None:
        """Show what the rows have."""
        blocker = QSignalBlocker(self)
        self._differ = len(set(numbers)) > 1
        self.setSpecialValueText(tr(SEVERAL) if self._differ else "")
        self.setRange(lowest - self._differ, highest)
        self.setValue(lowest - 1 if self._differ else next(iter(numbers)))
        blocker.unblock()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # it is meant for what scrolls around it

    def stepBy(self, steps: int) -> None:
        if self._differ:
            self.stepped.emit(steps)
        else:
            super().stepBy(steps)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        both = QAbstractSpinBox.StepEnabledFlag
        return both.StepUpEnabled | both.StepDownEnabled if self._differ else super().stepEnabled()

    @Slot(int)
    def _tell(self, number: int) -> None:
        if not (self._differ and number == self.minimum()):
            self.entered.emit(number)
