"""The fields that describe calibration data: where it is, and how a file becomes a tensor."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.data.description import HOLDS_ARRAYS, DataDescription, SourceKind
from quantscope.gui.data.agreements import Agreements
from quantscope.gui.data.preprocessing_form import PreprocessingForm
from quantscope.gui.data.sound_form import SoundForm
from quantscope.gui.data.sources import KINDS, look_for
from quantscope.gui.translation import mark, tr

NOT_SHUFFLED = -1
TRUST = mark("I have read this file and agree to run it here")
TRUST_TIP = mark("A Python file can do whatever you can do on this computer")


class DataForm(QWidget):
    """Shows and reads one :class:`DataDescription`; fields without meaning for a kind are hidden.

    The agreement to run a Python file is not part of it: the box speaks to ``agreements`` at once.
    """

    kind_changed = Signal()
    browsed = Signal()  # a path was chosen by pointing
    edited = Signal()  # what was checked is not what the fields say
    trust_failed = Signal(str)  # why a file cannot be agreed to

    def __init__(self, agreements: Agreements, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._agreements = agreements
        self.kind = QComboBox(self)
        for kind, text in KINDS.items():
            self.kind.addItem(tr(text), kind)
        self.path = QLineEdit(self)
        self.browse = QPushButton(tr("Browse…"), self)
        self.trust = QCheckBox(tr(TRUST), self)
        self.trust.setToolTip(tr(TRUST_TIP))
        self.samples = _whole_number(self, 0, 10_000_000, tr("all"))
        self.seed = _whole_number(self, 0, 2**31 - 1, "")
        self.shuffle = _whole_number(self, NOT_SHUFFLED, 2**31 - 1, tr("as they are"))
        self.shuffle.setToolTip(tr("The seed of another order; a limit takes the first of it"))
        self.skip = _whole_number(self, 0, 10_000_000, tr("none: stop at the first"))
        self.skip.setToolTip(
            tr("How many samples that can't be read are left out before the run stops")
        )
        self.as_pictures = QCheckBox(
            tr("The arrays are pictures of 0 … 255: preprocess them"), self
        )
        self.preprocessing = PreprocessingForm(self)
        self.sound = SoundForm(self)
        for field in (self.samples, self.seed, self.shuffle, self.skip):
            field.setMinimumHeight(self.path.sizeHint().height())
            field.valueChanged.connect(self.edited)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.as_pictures.toggled.connect(self._follow_kind)
        self.browse.clicked.connect(self._browse)
        self.path.textChanged.connect(self._follow_path)
        self.path.textChanged.connect(self.edited)
        self.preprocessing.edited.connect(self.edited)
        self.sound.edited.connect(self.edited)
        self.trust.toggled.connect(self._note_trust)

    def _lay_out(self) -> None:
        self._where = QHBoxLayout()
        self._where.addWidget(self.path, 1)
        self._where.addWidget(self.browse)
        self.rows = QFormLayout()
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow(tr("&Source"), self.kind)
        path_label = QLabel(tr("P&ath"), self)
        path_label.setBuddy(self.path)
        self.rows.addRow(path_label, self._where)
        self.rows.addRow("", self.trust)
        self.rows.addRow(tr("Sa&mples at most"), self.samples)
        self.rows.addRow(tr("S&eed"), self.seed)
        self.rows.addRow(tr("S&huffle by seed"), self.shuffle)
        self.rows.addRow(tr("Unreada&ble, skip"), self.skip)
        self.rows.addRow("", self.as_pictures)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(self.rows)
        column.addWidget(self.preprocessing)
        column.addWidget(self.sound)
        column.addStretch()

    # ---- values

    def selected_kind(self) -> SourceKind:
        """The kind that is chosen."""
        return SourceKind(self.kind.currentData())

    def show_data(self, data: DataDescription, guessed: bool = False) -> None:
        """Fill the fields; ``guessed``: nobody has chosen kind and preprocessing."""
        self.kind.setCurrentIndex(self.kind.findData(data.kind))
        self.path.setText(data.path)
        self.samples.setValue(data.samples or 0)
        self.seed.setValue(data.seed)
        self.shuffle.setValue(NOT_SHUFFLED if data.shuffle is None else data.shuffle)
        self.skip.setValue(data.skip_unreadable)
        self.as_pictures.setChecked(data.as_pictures)
        self.preprocessing.show_chain(data.preprocessing)
        self.preprocessing.mark_guessed(guessed)
        self.sound.show_sound(data.sound)
        self._follow_kind()

    def description(self) -> DataDescription:
        """What the fields say; raises :class:`QuantscopeError` where they cannot be meant."""
        kind = self.selected_kind()
        is_random = kind is SourceKind.RANDOM
        is_shuffled = not is_random and self.shuffle.value() != NOT_SHUFFLED
        return DataDescription(
            kind=kind,
            path="" if is_random else self.path.text().strip(),
            preprocessing=self.preprocessing.chain(),
            sound=self.sound.sound(),
            samples=self.samples.value() or None,
            seed=self.seed.value(),
            shuffle=self.shuffle.value() if is_shuffled else None,
            skip_unreadable=0 if is_random else self.skip.value(),
            as_pictures=self.as_pictures.isChecked() and kind in HOLDS_ARRAYS,
        )

    # ---- what follows from what

    @Slot()
    def _follow_kind(self, *_: object) -> None:
        kind = self.selected_kind()
        is_random = kind is SourceKind.RANDOM
        visible: dict[QWidget | QLayout, bool] = {
            self._where: not is_random,
            self.trust: kind is SourceKind.PYTHON,
            self.seed: is_random,
            self.shuffle: not is_random,
            self.skip: not is_random,
            self.as_pictures: kind in HOLDS_ARRAYS,
        }
        for row, shown in visible.items():
            self.rows.setRowVisible(row, shown)
        self.samples.setSpecialValueText("32" if is_random else tr("all"))
        are_pictures = self.as_pictures.isChecked() and kind in HOLDS_ARRAYS
        self.preprocessing.setVisible(kind is SourceKind.IMAGES or are_pictures)
        self.sound.setVisible(kind is SourceKind.WAV)
        self.kind_changed.emit()

    @Slot()
    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Calibration data"), self.path.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look_for(dialog, self.selected_kind())
        dialog.fileSelected.connect(self._take)
        dialog.open()

    @Slot(str)
    def _take(self, path: str) -> None:
        self.path.setText(path)
        self.browsed.emit()

    # ---- the agreement

    @Slot()
    def _follow_path(self, *_: object) -> None:
        with QSignalBlocker(self.trust):
            self.trust.setChecked(self._agreements.stands(self.path.text().strip()))

    @Slot(bool)
    def _note_trust(self, agreed: bool) -> None:
        path = self.path.text().strip()
        if not agreed:
            self._agreements.revoke(path)
            return
        try:
            self._agreements.agree(path)
        except OSError as failure:
            with QSignalBlocker(self.trust):
                self.trust.setChecked(False)
            reason = failure.strerror or failure
            self.trust_failed.emit(tr("The file can't be read: {reason}", reason=reason))


def _whole_number(parent: QWidget, low: int, high: int, special: str) -> QSpinBox:
    field = QSpinBox(parent)
    field.setRange(low, high)
    field.setSpecialValueText(special)
    return field
