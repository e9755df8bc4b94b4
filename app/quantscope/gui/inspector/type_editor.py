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
from quantscope.core.network import Role
from quantscope.core.schemes import Scheme
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.alternatives import Alternatives
from quantscope.gui.ranges.type_edits import with_sign, with_word_length


class TypeEditor(QGroupBox):
    """Pins what is entered; *Reset* lets the tensor follow the scheme again."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__("Data type", parent)
        self._controller = controller
        self._tensor = ""
        self._alternatives = Alternatives(controller)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.scheme = QComboBox(self)
        self.word = QComboBox(self)
        self.sign = QComboBox(self)
        for text, signed in (("signed", True), ("unsigned", False)):
            self.sign.addItem(text, signed)
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
            self.scheme: "Set the type that another scheme would give this tensor",
            self.word: "Bits of one value",
            self.sign: "Signed or unsigned integers, where the target takes both",
            self.fraction: "Bits after the binary point: the step is 2 to the minus this",
            self.scale: "The step between two values",
            self.zero_point: "The stored integer that means 0",
            self.reset: "Give up the pin and follow the scheme again",
        }
        for field, tip in tips.items():
            field.setToolTip(tip)
            field.setAccessibleDescription(tip)
        self._lay_out()
        self.scheme.activated.connect(self._take_scheme)
        self.word.activated.connect(self._take_word)
        self.sign.activated.connect(self._take_sign)
        self.fraction.valueChanged.connect(self._take_fraction)
        self.scale.editingFinished.connect(self._take_scale)
        self.zero_point.valueChanged.connect(self._take_zero_point)
        self.reset.clicked.connect(self._reset)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow("As sche&me", self.scheme)
        self.form.addRow("&Word length", self.word)
        self.form.addRow("Si&gn", self.sign)
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
            self.scheme: data_type is not None,
            self.word: data_type is not None,
            self.sign: data_type is not None and self._takes_either_sign(data_type),
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
            parts.append(f"{wording.PIN} Pinned: set by hand. {self._before()}".rstrip())
        if locked:
            parts.append(f"Cannot be set: {locked}.")
        return "\n".join(parts)

    def _before(self) -> str:
        """What the scheme would give, with what it would cost."""
        before = self._alternatives.data_type(self._tensor)
        if before is None:
            return ""
        error = self._alternatives.error(self._tensor, before)
        cost = f", {wording.decibel(error.sqnr_db)}" if error is not None else ""
        return f"The scheme's: {before.label()}{cost}."

    def _takes_either_sign(self, data_type: DataType) -> bool:
        """Whether both signed and unsigned integers are possible here."""
        network, target = self._controller.readings.network, self._controller.readings.target
        if network is None or network.tensors[self._tensor].role is not Role.ACTIVATION:
            return False
        other = with_sign(data_type, not data_type.signed)
        return other is not None and not target.objection_to_activation(other)

    def _fill(self, data_type: DataType) -> None:
        target = self._controller.readings.target
        lengths = sorted({*target.word_lengths, data_type.word_length})
        self._fill_scheme()
        self.sign.setCurrentIndex(0 if data_type.signed else 1)
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

    def _fill_scheme(self) -> None:
        """By hand stands first, and only where it is so."""
        network_wide = self._controller.session.document.settings.scheme
        pinned = self._controller.readings.is_pinned(self._tensor)
        self.scheme.clear()
        if pinned:
            self.scheme.addItem("by hand", None)
        for each in Scheme:
            self.scheme.addItem(SCHEME_TITLES[each], each)
        self.scheme.setCurrentIndex(0 if pinned else list(Scheme).index(network_wide))

    # ---- edits

    def _pin(self, data_type: DataType | None) -> None:
        if data_type is not None and data_type != self._data_type():
            self._controller.pin(self._tensor, data_type)

    def _data_type(self) -> DataType | None:
        return self._controller.readings.data_type(self._tensor)

    @Slot(int)
    def _take_scheme(self, index: int) -> None:
        scheme = self.scheme.itemData(index)
        if scheme is not None:
            self._pin(self._alternatives.data_type(self._tensor, Scheme(scheme)))
            self.show_tensor(self._tensor)  # also where that was its type already

    @Slot(int)
    def _take_sign(self, index: int) -> None:
        current = self._data_type()
        if current is not None:
            self._pin(with_sign(current, bool(self.sign.itemData(index))))

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
