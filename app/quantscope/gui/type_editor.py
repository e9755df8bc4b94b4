"""The type of one tensor as fields: word length, fraction length or scale and zero point."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.formats import DataType, FixedPoint, Scaled
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.type_edits import with_word_length


class TypeEditor(QGroupBox):
    """Pins what is entered; *Reset* lets the tensor follow the scheme again."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__("Data type", parent)
        self._controller = controller
        self._tensor = ""
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.word = QComboBox(self)
        self.fraction = QSpinBox(self)
        self.fraction.setRange(-126, 126)
        self.fraction.setKeyboardTracking(False)
        self.scale = QLineEdit(self)
        validator = QDoubleValidator(0.0, 3.4e38, 9, self.scale)
        validator.setNotation(QDoubleValidator.Notation.ScientificNotation)
        self.scale.setValidator(validator)
        self.zero_point = QSpinBox(self)
        self.zero_point.setKeyboardTracking(False)
        self.reset = QPushButton("Reset t&o scheme", self)
        tips = {
            self.word: "Bits of one value",
            self.fraction: "Bits after the binary point: the step is 2 to the minus this",
            self.scale: "The step between two values",
            self.zero_point: "The stored integer that means 0",
            self.reset: "Give up the pin and follow the scheme again",
        }
        for field, tip in tips.items():
            field.setToolTip(tip)
            field.setAccessibleDescription(tip)
        self._lay_out()
        self.word.activated.connect(self._take_word)
        self.fraction.valueChanged.connect(self._take_fraction)
        self.scale.editingFinished.connect(self._take_scale)
        self.zero_point.valueChanged.connect(self._take_zero_point)
        self.reset.clicked.connect(self._reset)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow("&Word length", self.word)
        self.form.addRow("F&raction length", self.fraction)
        self.form.addRow("&Scale", self.scale)
        self.form.addRow("&Zero point", self.zero_point)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.reset)
        column.addWidget(self.summary)
        column.addLayout(self.form)
        column.addLayout(row)

    def show_tensor(self, tensor: str) -> None:
        """Show the type of ``tensor`` as it is planned or dragged."""
        self._tensor = tensor
        readings = self._controller.readings
        data_type, locked = readings.data_type(tensor), readings.locked(tensor)
        self.setVisible(data_type is not None or readings.has_counts)
        kinds = {
            self.word: data_type is not None,
            self.fraction: isinstance(data_type, FixedPoint),
            self.scale: isinstance(data_type, Scaled),
            self.zero_point: isinstance(data_type, Scaled),
        }
        for field, shown in kinds.items():
            self.form.setRowVisible(field, shown)
            field.setEnabled(not locked)
        self.reset.setEnabled(readings.is_pinned(tensor))
        self.reset.setVisible(data_type is not None)
        self.summary.setText(self._summary(data_type, locked))
        if data_type is not None:
            self._fill(data_type)

    def _summary(self, data_type: DataType | None, locked: str) -> str:
        if self._controller.session.plan() is None:
            return "No type yet: calibrate first."
        if data_type is None:
            return f"Not quantized: {locked}." if locked else "Not quantized."
        parts = [wording.type_in_words(data_type)]
        if self._controller.readings.is_pinned(self._tensor):
            parts.append(f"{wording.PIN} Pinned: set by hand.")
        if locked:
            parts.append(f"Cannot be set: {locked}.")
        return "\n".join(parts)

    def _fill(self, data_type: DataType) -> None:
        target = self._controller.readings.target
        lengths = sorted({*target.word_lengths, data_type.word_length})
        fields = (self.word, self.fraction, self.scale, self.zero_point)
        blockers = [QSignalBlocker(field) for field in fields]
        self.word.clear()
        for length in lengths:
            self.word.addItem(f"{length} bits", length)
        self.word.setCurrentIndex(lengths.index(data_type.word_length))
        if isinstance(data_type, FixedPoint):
            self.fraction.setValue(data_type.fraction_length)
        if isinstance(data_type, Scaled):
            self.scale.setText(f"{data_type.scale:.9g}")
            self.zero_point.setRange(*data_type.limits)
            self.zero_point.setValue(data_type.zero_point)
        for blocker in blockers:
            blocker.unblock()

    # ---- edits

    def _pin(self, data_type: DataType | None) -> None:
        if data_type is not None and data_type != self._data_type():
            self._controller.pin(self._tensor, data_type)

    def _data_type(self) -> DataType | None:
        return self._controller.readings.data_type(self._tensor)

    @Slot(int)
    def _take_word(self, index: int) -> None:
        current = self._data_type()
        if current is not None:
            self._pin(with_word_length(current, int(self.word.itemData(index))))

    @Slot(int)
    def _take_fraction(self, length: int) -> None:
        current = self._data_type()
        if isinstance(current, FixedPoint):
            self._pin(replace(current, fraction_length=length))

    @Slot()
    def _take_scale(self) -> None:
        current = self._data_type()
        if not isinstance(current, Scaled) or self.scale.text() == f"{current.scale:.9g}":
            return
        scale = float(self.scale.text())
        if scale > 0.0:
            self._pin(replace(current, scale=scale))

    @Slot(int)
    def _take_zero_point(self, value: int) -> None:
        current = self._data_type()
        if isinstance(current, Scaled):
            self._pin(replace(current, zero_point=value))

    @Slot()
    def _reset(self) -> None:
        self._controller.reset(self._tensor)
