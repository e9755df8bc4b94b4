"""What to validate, with which data, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.joined import joined, sources_of
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.validation import ValidationRequest
from quantscope.gui.controller import Controller
from quantscope.gui.data.form import DataForm
from quantscope.gui.help.guide import offer_guide
from quantscope.gui.menus.readiness import why_not_export
from quantscope.gui.translation import mark, tr
from quantscope.gui.validation.detector_group import DetectorGroup
from quantscope.gui.validation.judging_group import JudgingGroup

HELD_OUT = ("validation", "val", "test")  # what folders beside `calibration` are called
PLAN = mark("The types as they are &now, exported for it")


class ValidationDialog(QDialog):
    """OK says what to run: a request, quantized files, and whether the plan is judged too."""

    wanted = Signal(object, object, bool)  # ValidationRequest, files, with the plan

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setWindowTitle(tr("Validate"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        session = controller.session
        assert session.network is not None
        outputs = tuple(port.name for port in session.network.outputs)
        self.data = DataForm(controller.desk.agreements, self)
        self.note = QLabel(self)
        self._offered = DataDescription(kind=SourceKind.IMAGES)
        self.judging = JudgingGroup(outputs, controller.desk.agreements, self)
        self.detector = DetectorGroup(outputs, self)
        self.plan = QCheckBox(tr(PLAN), self)
        self.files = QListWidget(self)
        self.answer = QLabel(self)
        self.buttons = QDialogButtonBox(self)
        self._lay_out()
        self._fill()

    # ---- assembly

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._titled(tr("Labelled data"), self.note, self.data))
        left.addWidget(self._compared())
        left.addStretch()
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.judging)
        right.addWidget(self.detector)
        right.addStretch()
        sides = QHBoxLayout()
        sides.setSpacing(20)
        sides.addLayout(left, 1)
        sides.addLayout(right, 1)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "dim")
        self.answer.setWordWrap(True)
        self.answer.setProperty("role", "warning")
        ok = self.buttons.addButton(tr("&Validate"), QDialogButtonBox.ButtonRole.AcceptRole)
        ok.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        offer_guide(self, self.buttons, "validation")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.data.trust_failed.connect(self.answer.setText)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(12)
        column.addLayout(sides, 1)
        column.addWidget(self.answer)
        column.addWidget(self.buttons)
        column.addStrut(944)

    def _titled(self, title: str, *widgets: QWidget) -> QGroupBox:
        group = QGroupBox(title, self)
        column = QVBoxLayout(group)
        for widget in widgets:
            column.addWidget(widget)
        return group

    def _compared(self) -> QGroupBox:
        group = QGroupBox(tr("Beside the float network"), self)
        add, remove = QPushButton(tr("Add &file…"), group), QPushButton(tr("Re&move"), group)
        add.clicked.connect(self._ask_file)
        remove.clicked.connect(self._remove_files)
        self.files.setAccessibleName(tr("Quantized files to judge"))
        self.files.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.files.setFixedHeight(64)
        buttons = QVBoxLayout()
        buttons.addWidget(add)
        buttons.addWidget(remove)
        buttons.addStretch()
        line = QHBoxLayout()
        line.addWidget(self.files, 1)
        line.addLayout(buttons)
        column = QVBoxLayout(group)
        column.addWidget(self.plan)
        column.addLayout(line)
        return group

    def _fill(self) -> None:
        """As the last validation of this session was, else with what the calibration says."""
        session = self._controller.session
        reason = why_not_export(session, self._controller.is_busy)
        self.plan.setEnabled(not reason)
        self.plan.setChecked(not reason)
        self.plan.setToolTip(f"{reason}." if reason else "")
        if not session.validations:
            self._offer(held_out(session.document.data))
            return
        request = session.validations[0].validation.request
        self._offer(request.data)
        self.judging.labels.setText(request.labels)
        self.judging.custom.setText(request.custom)
        self.judging.output.setCurrentIndex(max(self.judging.output.findData(request.output), 0))
        self.judging.all_metrics.setChecked(not request.metrics)
        for name in request.metrics:
            self.judging.metrics[name].setChecked(True)
        self.detector.show_form(request.detector)

    def _offer(self, data: DataDescription) -> None:
        """Show ``data``; of several sources the first, with a word on the others."""
        self._offered = data
        self.data.show_data(data)
        self.note.setText(_note_on(sources_of(data)))
        self.note.setVisible(bool(self.note.text()))

    def _chosen_data(self) -> DataDescription:
        """All that was offered where nothing of it was changed, else what the fields say."""
        chosen = self.data.description()
        return self._offered if chosen == sources_of(self._offered)[0] else chosen

    # ---- files

    @Slot()
    def _ask_file(self) -> None:
        dialog = QFileDialog(self, tr("Quantized model"), "", tr("ONNX models (*.onnx)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.add_files)
        dialog.open()

    @Slot(list)
    def add_files(self, paths: list[str]) -> None:
        """Judge these too."""
        known = self._paths()
        self.files.addItems([path for path in paths if path not in known])

    @Slot()
    def _remove_files(self) -> None:
        for item in self.files.selectedItems():
            self.files.takeItem(self.files.row(item))

    def _paths(self) -> tuple[str, ...]:
        return tuple(self.files.item(row).text() for row in range(self.files.count()))

    # ---- the answer

    @Slot()
    def accept(self) -> None:
        """Say what is wanted, unless a field cannot be meant."""
        try:
            data = self._chosen_data()
        except QuantscopeError as error:
            self.answer.setText(error.problem.sentence())
            return
        if problem := self._objection(data):
            self.answer.setText(problem)
            return
        request = ValidationRequest(
            data=data,
            labels=self.judging.labels.text().strip(),
            metrics=self.judging.chosen(),
            output=str(self.judging.output.currentData()),
            detector=self.detector.form(),
            custom=self.judging.custom.text().strip(),
        )
        self.wanted.emit(request, self._paths(), self.plan.isChecked())
        super().accept()

    def _objection(self, data: DataDescription) -> str:
        if not data.path and not data.is_random:
            return tr("Say where the labelled data is: a path is missing.")
        if data.kind is SourceKind.PYTHON and not self.data.trust.isChecked():
            return tr("The file makes the samples when it is run: agree to that first.")
        if self.judging.custom.text().strip() and not self.judging.trust.isChecked():
            return tr("The file with your metrics is run: agree to that first.")
        if not self.judging.all_metrics.isChecked() and not self.judging.chosen():
            return tr("Choose a metric, or all that the labels allow.")
        return ""


def _note_on(sources: Sequence[DataDescription]) -> str:
    """Which sources are judged together; empty for one."""
    if len(sources) < 2:
        return ""
    places = [str(Path(*Path(each.path).parts[-2:])) for each in sources]
    return tr(
        "Several sources: {places}. Below is the first; what is changed here is used alone.",
        places=", ".join(places),
    )


def held_out(data: DataDescription | None) -> DataDescription:
    """Calibration data as a start: the samples held out that stand beside each of its sources.

    Of several, Python files are left out: only the first can be agreed to in the form.
    """
    sources = [each for each in sources_of(data) if each.path] if data is not None else []
    if not sources:
        return DataDescription(kind=SourceKind.IMAGES)
    whole = [replace(each, samples=None, shuffle=None, trusted="") for each in sources]
    found = {path: replace(each, path=path) for each in whole if (path := _beside(each.path))}
    if not found:
        return replace(whole[0], path="")
    plain = [each for each in found.values() if each.kind is not SourceKind.PYTHON]
    together = plain or list(found.values())[:1]
    return joined(together, DataDescription(kind=SourceKind.IMAGES))


def _beside(path: str) -> str:
    """A folder beside a folder, or a file beside a file, that holds samples held out."""
    here = Path(path)
    for name in HELD_OUT:
        beside = here.with_name(name + here.suffix)
        if beside != here and (beside.is_file() if here.is_file() else beside.is_dir()):
            return str(beside)
    return ""
