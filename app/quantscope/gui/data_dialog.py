"""Which data to calibrate with: where it is, how a picture becomes a tensor, and a dry run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.data import DataDescription, SourceCheck, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.preprocessing_form import PreprocessingForm
from quantscope.gui.sources import KINDS, look_for
from quantscope.jobs.messages import DataChecked, Failed

RANDOM_WARNING = "⚠ Random data says nothing about real accuracy: figures will be marked so."


class DataDialog(QDialog):
    """OK stores the description; calibrating is a step of its own."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setWindowTitle("Calibration data")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.kind = QComboBox(self)
        for kind, text in KINDS.items():
            self.kind.addItem(text, kind)
        self.path = QLineEdit(self)
        self.browse = QPushButton("Browse…", self)
        self.preprocessing = PreprocessingForm(self)
        self.samples = QSpinBox(self)
        self.samples.setRange(0, 10_000_000)
        self.samples.setSpecialValueText("all")
        self.seed = QSpinBox(self)
        self.seed.setRange(0, 2**31 - 1)
        for field in (self.samples, self.seed):
            field.setMinimumHeight(self.path.sizeHint().height())
        self.check = QPushButton("Check", self)
        self.check.setToolTip("Read the first sample and compare it with the network's inputs")
        self.guess = QPushButton("Guess", self)
        self.guess.setToolTip("Find out kind and preprocessing from the path and the network")
        self.answer = QLabel(self)
        self.buttons = QDialogButtonBox(self)
        self._is_guess = False
        self._lay_out()
        self._connect()
        self._show(controller.session.document.data or DataDescription(kind=SourceKind.IMAGES))
        self.setMinimumWidth(600)

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Source", self.kind)
        path_label = QLabel("&Path", self)
        path_label.setBuddy(self.path)
        form.addRow(path_label, where)
        self._where = where
        form.addRow("Sa&mples at most", self.samples)
        form.addRow("S&eed", self.seed)
        self.form = form
        self.answer.setWordWrap(True)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setMinimumHeight(56)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        checks = QHBoxLayout()
        checks.addWidget(self.check)
        checks.addWidget(self.guess)
        checks.addStretch()
        rule = QFrame(self)
        rule.setProperty("role", "rule")
        self.buttons.addButton(QDialogButtonBox.StandardButton.Ok)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(12)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)
        column.addLayout(form)
        column.addWidget(self.preprocessing)
        column.addLayout(checks)
        column.addWidget(self.answer)
        column.addWidget(rule)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.browse.clicked.connect(self._browse)
        self.check.clicked.connect(self._check)
        self.guess.clicked.connect(self._guess)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._controller.data_checked.connect(self._show_check)

    # ---- fields

    def _show(self, data: DataDescription) -> None:
        self.kind.setCurrentIndex(self.kind.findData(data.kind))
        self.path.setText(data.path)
        self.samples.setValue(data.samples or 0)
        self.seed.setValue(data.seed)
        self.preprocessing.show_chain(data.preprocessing)
        self._follow_kind()

    def description(self) -> DataDescription:
        """What the fields say; raises :class:`QuantscopeError` where they cannot be meant."""
        kind = SourceKind(self.kind.currentData())
        return DataDescription(
            kind=kind,
            path="" if kind is SourceKind.RANDOM else self.path.text().strip(),
            preprocessing=self.preprocessing.chain(),
            samples=self.samples.value() or None,
            seed=self.seed.value(),
        )

    @Slot()
    def _follow_kind(self, *_: object) -> None:
        kind = SourceKind(self.kind.currentData())
        is_random = kind is SourceKind.RANDOM
        self.form.setRowVisible(self._where, not is_random)
        self.form.setRowVisible(self.seed, is_random)
        self.guess.setEnabled(not is_random)
        self.samples.setSpecialValueText("32" if is_random else "all")
        self.preprocessing.setVisible(kind is SourceKind.IMAGES)
        self._say(RANDOM_WARNING if is_random else "", "warning")
        self.adjustSize()

    @Slot()
    def _browse(self) -> None:
        dialog = QFileDialog(self, "Calibration data", self.path.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look_for(dialog, SourceKind(self.kind.currentData()))
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()

    # ---- dry run

    @Slot()
    def _check(self) -> None:
        self._ask(guess=False)

    @Slot()
    def _guess(self) -> None:
        self._ask(guess=True)

    def _ask(self, guess: bool) -> None:
        try:
            data = self.description()
        except QuantscopeError as error:
            self._say(error.problem.sentence(), "warning")
            return
        self._is_guess = guess
        self.check.setEnabled(False)
        self.guess.setEnabled(False)
        self._say("Reading the first sample …", "dim")
        self._controller.check_data(data, guess)

    @Slot(object)
    def _show_check(self, result: object) -> None:
        self.check.setEnabled(True)
        self.guess.setEnabled(self.kind.currentData() != SourceKind.RANDOM)
        if isinstance(result, DataChecked):
            if self._is_guess:
                self._show(result.data)
            self._say(check_in_words(result.check), "")
        elif isinstance(result, Failed):
            self._say(result.problem.sentence(), "warning")

    def _say(self, text: str, role: str) -> None:
        self.answer.setProperty("role", role)
        self.answer.style().unpolish(self.answer)
        self.answer.style().polish(self.answer)
        self.answer.setText(text)

    @Slot()
    def accept(self) -> None:
        """Store the description, unless a field cannot be meant."""
        try:
            data = self.description()
        except QuantscopeError as error:
            self._say(error.problem.sentence(), "warning")
            return
        if not data.path and not data.is_random:
            self._say("Say where the data is: a path is missing.", "warning")
            self.path.setFocus()
            return
        self._controller.describe_data(data)
        super().accept()

    def hideEvent(self, event: QHideEvent) -> None:
        self._controller.stop_checking()
        super().hideEvent(event)


def check_in_words(check: SourceCheck) -> str:
    """What a dry run found: size, shapes, range."""
    shapes = "; ".join(
        f"{name or 'input'}: {wording.shape(dims)} {dtype}" for name, dims, dtype in check.shapes
    )
    low, high = wording.decimal(check.minimum), wording.decimal(check.maximum)
    return (
        f"✓ {wording.count(check.samples)} samples. The first, {check.first}, fits: {shapes},"
        f" values {low} … {high}"
    )
