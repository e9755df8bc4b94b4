"""Asks which rows a picture of the ranges has, how wide it is, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.picture.look import LEAST_WIDTH, MOST_WIDTH, WIDTH, size_of, size_problem
from quantscope.gui.ranges.picture_choice import PIXELS, PNG, SVG, PictureChoice, Rows
from quantscope.gui.translation import mark, plural, tr

TITLES = {
    Rows.ALL: (mark("All rows, one"), mark("All rows, {n}")),
    Rows.SHOWN: (mark("Rows that are shown, one"), mark("Rows that are shown, {n}")),
    Rows.SELECTED: (mark("Selected rows, one"), mark("Selected rows, {n}")),
}
STEP = 100  # pixels
NO_ROWS = mark("There are no such rows to draw.")


class PictureDialog(QDialog):
    """Stays open beside the window, and follows what is shown and selected there.

    ``counts`` says how many rows each choice has, ``blocked`` why nothing can be drawn now.
    """

    save_asked = Signal(object)  # PictureChoice
    copy_asked = Signal(object)  # PictureChoice
    chosen = Signal(object)  # PictureChoice, on each change

    def __init__(
        self,
        choice: PictureChoice,
        counts: Callable[[], Mapping[Rows, int]],
        blocked: Callable[[], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Picture of the dynamic ranges"))
        self.choice = choice
        self._counts = counts
        self._blocked = blocked
        self.rows = QComboBox(self)
        self.format = QComboBox(self)
        self.width_field = QSpinBox(self)
        self.scale_field = QDoubleSpinBox(self)
        self.usual_button = QPushButton(tr("&Usual"), self)
        self.size_text = QLabel(self)
        self.save_button = QPushButton(tr("&Save…"), self)
        self.copy_button = QPushButton(tr("&Copy"), self)
        self._set_up()
        self._lay_out()
        self._connect()
        self.refresh()

    def _set_up(self) -> None:
        for rows in Rows:
            self.rows.addItem("", rows)
        self.rows.setCurrentIndex(self.rows.findData(self.choice.rows))
        self.rows.setToolTip(tr("Shown rows are in the order of the table"))
        self.format.addItem(tr("PNG, pixels"), PNG)
        self.format.addItem(tr("SVG, lines and text"), SVG)
        self.format.setCurrentIndex(self.format.findData(self.choice.ending))
        self.width_field.setRange(LEAST_WIDTH, MOST_WIDTH)
        self.width_field.setSingleStep(STEP)
        self.width_field.setSuffix(tr(" pixels"))
        self.width_field.setToolTip(tr("The height follows from the rows"))
        self.scale_field.setRange(LEAST_WIDTH / WIDTH, MOST_WIDTH / WIDTH)
        self.scale_field.setDecimals(2)
        self.scale_field.setSingleStep(0.25)
        self.scale_field.setPrefix("× ")
        self.scale_field.setToolTip(tr("At × 1 text is as large as in the window"))
        self.scale_field.setAccessibleName(tr("Scale"))
        self.usual_button.setToolTip(tr("Twice the size of the window's text where that fits"))
        self.size_text.setWordWrap(True)
        self.size_text.setMinimumSize(340, 2 * self.size_text.fontMetrics().lineSpacing() + 4)
        self.size_text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.size_text.setAccessibleName(tr("Size of the picture"))
        self.save_button.setDefault(True)

    def _lay_out(self) -> None:
        width = QHBoxLayout()
        width.addWidget(self.width_field, 1)
        width.addWidget(self.scale_field)
        width.addWidget(self.usual_button)
        form = QFormLayout()
        form.addRow(tr("&Rows"), self.rows)
        form.addRow(tr("&Format"), self.format)
        form.addRow(tr("&Width"), width)
        form.addRow(tr("Size"), self.size_text)
        label = form.labelForField(width)
        if isinstance(label, QLabel):
            label.setBuddy(self.width_field)
        note = QLabel(tr("Theme and depth are those of the window."), self)
        note.setProperty("role", "dim")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(buttons)

    def _connect(self) -> None:
        self.rows.currentIndexChanged.connect(self._read)
        self.format.currentIndexChanged.connect(self._read)
        self.width_field.valueChanged.connect(self._take_width)
        self.scale_field.valueChanged.connect(self._take_scale)
        self.usual_button.clicked.connect(self._take_usual)
        self.save_button.clicked.connect(self._ask_to_save)
        self.copy_button.clicked.connect(self._ask_to_copy)

    # ---- what is chosen

    @Slot()
    def _read(self, *_: object) -> None:
        rows, ending = Rows(self.rows.currentData()), str(self.format.currentData())
        self._choose(replace(self.choice, rows=rows, ending=ending))

    @Slot(int)
    def _take_width(self, width: int) -> None:
        self._choose(replace(self.choice, width=width))

    @Slot(float)
    def _take_scale(self, scale: float) -> None:
        self._choose(replace(self.choice, width=round(scale * WIDTH)))

    @Slot()
    def _take_usual(self) -> None:
        self._choose(replace(self.choice, width=0))

    def _choose(self, choice: PictureChoice) -> None:
        self.choice = choice
        self.refresh()
        self.chosen.emit(choice)

    @Slot()
    def _ask_to_save(self) -> None:
        self.save_asked.emit(self.choice)

    @Slot()
    def _ask_to_copy(self) -> None:
        self.copy_asked.emit(self.choice)

    # ---- what it says

    @Slot()
    def refresh(self, *_: object) -> None:
        """Say how many rows there are now, and how large the picture will be."""
        counts = self._counts()
        for place, rows in enumerate(Rows):
            one, many = TITLES[rows]
            self.rows.setItemText(place, plural(one, many, counts[rows]))
        count = counts[self.choice.rows]
        width = self.choice.pixels(count)
        with QSignalBlocker(self.width_field), QSignalBlocker(self.scale_field):
            self.width_field.setValue(width)
            if round(self.scale_field.value() * WIDTH) != width:
                self.scale_field.setValue(width / WIDTH)
        self.usual_button.setEnabled(self.choice.width != 0)
        why_not_save = self._why_not(count, self.choice.ending)
        self.save_button.setEnabled(not why_not_save)
        self.copy_button.setEnabled(not self._why_not(count, PIXELS))
        self.size_text.setText(why_not_save or str(size_of(count, width)))

    def _why_not(self, rows: int, ending: str) -> str:
        if not rows:
            return tr(NO_ROWS)
        problem = size_problem(rows, self.choice.pixels(rows, ending), ending, "")
        if problem is not None:
            return f"{problem.what[0].upper()}{problem.what[1:]}. {problem.remedy}."
        return self._blocked()
