"""Which data to calibrate with, and a dry run that shows the first sample before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.data.description import DataDescription, SourceCheck, SourceKind
from quantscope.core.data.joined import runs_a_file, sources_of, with_source
from quantscope.core.errors import QuantscopeError
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.data.form import DataForm
from quantscope.gui.data.sample_preview import SamplePreview
from quantscope.gui.help.guide import offer_guide
from quantscope.gui.look.theme import set_role
from quantscope.gui.translation import mark, plural, tr
from quantscope.jobs.messages import DataChecked, Failed, Forecasted

FIRST_FITS = mark("The first, {sample}, fits: {shapes}, values {low} … {high}")
OTHER_FITS = mark("Number {number}, {sample}, fits: {shapes}, values {low} … {high}")
RANDOM_WARNING = mark("⚠ Random data says nothing about real accuracy: figures will be marked so.")
ADDING = mark(
    "The same path with a larger limit adds more of its samples; another path adds those found"
    " there. What is counted stays."
)
MOST_NAMES = 5  # of skipped samples in a sentence


class DataDialog(QDialog):
    """OK stores the description; calibrating is a step of its own.

    ``adds``: as one more source of the session's data, or with more samples of one that it has.
    """

    def __init__(self, controller: Controller, parent: QWidget, adds: bool = False) -> None:
        super().__init__(parent)
        self._controller = controller
        self._adds = adds
        self.setWindowTitle(tr("Add samples") if adds else tr("Calibration data"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = DataForm(controller.desk.agreements, self)
        self.preview = SamplePreview(self)
        self.check = QPushButton(tr("Chec&k"), self)
        self.check.setToolTip(
            tr(
                "Read the first sample, compare it with the network's inputs, and try how long"
                " calibrating takes"
            )
        )
        self.guess = QPushButton(tr("&Guess"), self)
        self.guess.setToolTip(tr("Find out kind and preprocessing from the path and the network"))
        self.note, self.answer, self.forecast = QLabel(self), QLabel(self), QLabel(self)
        self.buttons = QDialogButtonBox(self)
        self._is_guess = False
        self._lay_out()
        self._connect()
        self._known = controller.session.document.data
        data = self._known or DataDescription(kind=SourceKind.IMAGES)
        self.form.show_data(data)
        self.note.setText(note_on(self._known, adds))
        self.note.setVisible(bool(self.note.text()))

    def _lay_out(self) -> None:
        self.answer.setWordWrap(True)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setMinimumHeight(56)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.note, self.forecast):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", "dim")
        checks = QHBoxLayout()
        checks.addWidget(self.check)
        checks.addWidget(self.guess)
        checks.addStretch()
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.addStrut(460)
        left.setSpacing(12)
        left.addWidget(self.form, 1)
        left.addLayout(checks)
        sides = QHBoxLayout()
        sides.setSpacing(24)
        sides.addLayout(left, 1)
        right.addWidget(self.preview)
        sides.addLayout(right, 1)
        rule = QFrame(self)
        rule.setProperty("role", "rule")
        self.buttons.addButton(QDialogButtonBox.StandardButton.Ok)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        offer_guide(self, self.buttons, "data")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(12)
        column.addWidget(self.note)
        column.addLayout(sides, 1)
        column.addWidget(self.answer)
        column.addWidget(self.forecast)
        column.addWidget(rule)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self.form.kind_changed.connect(self._follow_kind)
        self.form.edited.connect(self.preview.mark_stale)
        self.form.trust_failed.connect(self._warn)
        self.check.clicked.connect(self._check)
        self.guess.clicked.connect(self._guess)
        self.form.browsed.connect(self._look_at_once)
        self.preview.sample_wanted.connect(self._check_other)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._controller.data_checked.connect(self._show_check)
        self._controller.desk.forecasted.connect(self._show_forecast)

    @Slot()
    def _follow_kind(self) -> None:
        is_random = self.form.selected_kind() is SourceKind.RANDOM
        self.guess.setEnabled(not is_random)
        self._say(tr(RANDOM_WARNING) if is_random else "", "warning")
        self.forecast.clear()
        self.preview.clear()

    # ---- dry run

    @Slot()
    def _check(self) -> None:
        self._ask(guess=False)

    @Slot()
    def _guess(self) -> None:
        self._ask(guess=True)

    @Slot()
    def _look_at_once(self) -> None:
        """Say whether data that was just chosen fits; guess what nobody has said."""
        if self.form.selected_kind() is SourceKind.PYTHON:  # an agreement comes first
            return
        self._ask(guess=self._known is None and not self.form.preprocessing.was_chosen)

    @Slot(int)
    def _check_other(self, number: int) -> None:
        self._ask(guess=False, sample=number)

    def _ask(self, guess: bool, sample: int = 0) -> None:
        try:
            data = self.form.description()
        except QuantscopeError as error:
            self._warn(error.problem.sentence())
            return
        self._is_guess = guess
        for button in (self.check, self.guess, self.preview.before, self.preview.after):
            button.setEnabled(False)
        self._say(tr("Reading the sample …") if sample else tr("Reading the first sample …"), "dim")
        self.forecast.clear()
        self._controller.check_data(data, guess, sample)

    @Slot(object)
    def _show_check(self, result: object) -> None:
        self.check.setEnabled(True)
        self.guess.setEnabled(self.form.selected_kind() is not SourceKind.RANDOM)
        if isinstance(result, DataChecked):
            if self._is_guess:
                self.form.show_data(result.data, guessed=True)
            self._say(check_in_words(result.check), "warning" if result.check.skipped else "")
            self.preview.show_check(result.check)
            self._ask_forecast(result.data)
        elif isinstance(result, Failed):
            self._warn(result.problem.sentence())
            self.preview.clear(tr("The sample does not get into the network."))

    def _ask_forecast(self, data: DataDescription) -> None:
        """Try how long calibrating takes; not where each try runs a person's file."""
        session = self._controller.session
        counted, whole = session.calibration, self._whole(data)
        if not runs_a_file(whole):
            known = counted.samples if self._adds and counted is not None else 0
            self.forecast.setText(tr("Trying how long calibrating takes …"))
            self._controller.desk.forecast(session.document, whole, known)

    @Slot(object)
    def _show_forecast(self, result: object) -> None:
        if isinstance(result, Forecasted):
            set_role(self.forecast, "warning" if result.forecast.is_tight else "dim")
            self.forecast.setText(result.forecast.sentence())
        else:
            self.forecast.clear()  # what is wrong with a sample is told when it is checked

    @Slot(str)
    def _warn(self, text: str) -> None:
        self._say(text, "warning")

    def _say(self, text: str, role: str) -> None:
        set_role(self.answer, role)
        self.answer.setText(text)

    @Slot()
    def accept(self) -> None:
        """Store the description, unless a field cannot be meant."""
        try:
            data = self.form.description()
        except QuantscopeError as error:
            self._warn(error.problem.sentence())
            return
        if not data.path and not data.is_random:
            self._warn(tr("Say where the data is: a path is missing."))
            self.form.path.setFocus()
            return
        if data.kind is SourceKind.PYTHON and not self.form.trust.isChecked():
            self._warn(tr("The file makes the samples when it is run: agree to that first."))
            self.form.trust.setFocus()
            return
        if self._adds:
            self._controller.describe_data(self._whole(data), tr("Add samples"))
        elif self._known is None or data != sources_of(self._known)[0]:
            stable_after = self._known.stable_after if self._known is not None else 0
            self._controller.describe_data(replace(data, stable_after=stable_after))
        super().accept()

    def _whole(self, data: DataDescription) -> DataDescription:
        """All that is calibrated with where ``data`` is chosen here."""
        return with_source(self._known, data) if self._adds and self._known is not None else data

    def hideEvent(self, event: QHideEvent) -> None:
        self._controller.stop_checking()
        super().hideEvent(event)


def note_on(known: DataDescription | None, adds: bool) -> str:
    """What choosing data means where there is some already; empty where that is plain."""
    if adds:
        return tr(ADDING)
    sources = sources_of(known) if known is not None else ()
    if len(sources) < 2:
        return ""
    return tr(
        "Sources: {names}. Below is the first; what is changed here is used alone.",
        names=", ".join(Path(each.path).name or tr("random data") for each in sources),
    )


def check_in_words(check: SourceCheck) -> str:
    """What a dry run found: size, shapes, range, and what could not be read."""
    unnamed = tr("input")
    shapes = "; ".join(
        f"{name or unnamed}: {wording.shape(dims)} {dtype}" for name, dims, dtype in check.shapes
    )
    fits = tr(
        FIRST_FITS if check.number == 0 else OTHER_FITS,
        number=wording.count(check.number + 1),
        sample=check.first,
        shapes=shapes,
        low=wording.decimal(check.minimum),
        high=wording.decimal(check.maximum),
    )
    text = "✓ " + plural("One sample.", "{n} samples.", check.samples) + " " + fits
    if not check.skipped:
        return text
    names = ", ".join(check.skipped[:MOST_NAMES]) + ", …" * (len(check.skipped) > MOST_NAMES)
    skipped = plural(
        "One can't be read and is skipped: {names}",
        "{n} can't be read and are skipped: {names}",
        len(check.skipped),
        names=names,
    )
    return f"{text}\n⚠ {skipped}"
