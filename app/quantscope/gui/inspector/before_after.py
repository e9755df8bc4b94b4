"""What a type keeps of a tensor and what it costs, before an edit and now, in columns."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from quantscope.core.numbers.formats import ChannelScaled, DataType, Scaled
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.wording import MINUS
from quantscope.gui import wording
from quantscope.gui.look.theme import tabular
from quantscope.gui.translation import mark, tr

RANGE = (mark("Type"), mark("Smallest"), mark("Largest"), mark("Step"))
ERRORS = (mark("SQNR"), mark("Overflow"), mark("Underflow"), mark("Largest error"))
UNKNOWN = "–"
NARROWEST = 92  # pixels of a column of figures, so that they do not jump while a band is dragged


def range_texts(data_type: DataType) -> dict[str, str]:
    """The values that ``data_type`` can hold."""
    step, name = wording.decimal(data_type.step, digits=6), data_type.label()
    word = f"{'s' if data_type.signed else 'u'}{data_type.word_length}"
    if isinstance(data_type, Scaled):
        name = f"{word} zp {data_type.zero_point}".replace("-", MINUS)
    if isinstance(data_type, ChannelScaled):
        name, step = tr("{word} per channel", word=word), f"≥ {step}"
    ends = (data_type.minimum, data_type.maximum)
    low, high = (wording.decimal(end) for end in ends)
    return dict(zip(RANGE, (name, low, high, step), strict=True))


def error_texts(error: PredictedError | None, largest: float | None) -> dict[str, str]:
    """What a type costs; what cannot be told is a dash."""
    texts = dict.fromkeys(ERRORS, UNKNOWN)
    if error is not None:
        texts["SQNR"] = wording.decibel(error.sqnr_db)
        texts["Overflow"] = wording.share(error.overflow_share)
        texts["Underflow"] = wording.share(error.underflow_share)
    if largest is not None:
        texts["Largest error"] = wording.decimal(largest)
    return texts


class BeforeAfter(QWidget):
    """Two columns of figures, aligned at the right; rows keep their places."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("The type before and now"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self.headings = (self._figure("dim"), self._figure("dim"))
        self.cells = {name: (self._figure(), self._figure()) for name in (*RANGE, *ERRORS)}
        for column, heading in enumerate(self.headings):
            grid.addWidget(heading, 0, column + 1)
            grid.setColumnStretch(column + 1, 1)
            grid.setColumnMinimumWidth(column + 1, NARROWEST)
        for row, (name, cells) in enumerate(self.cells.items(), 1):
            label = QLabel(tr(name), self)
            label.setProperty("role", "dim")
            grid.addWidget(label, row, 0)
            for column, cell in enumerate(cells):
                grid.addWidget(cell, row, column + 1)

    def _figure(self, role: str = "") -> QLabel:
        label = QLabel(self)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setFont(tabular(label.font()))
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if role:
            label.setProperty("role", role)
        return label

    def show_texts(
        self, headings: tuple[str, str], before: Mapping[str, str], now: Mapping[str, str]
    ) -> None:
        """Fill both columns, by the names of the rows."""
        for heading, text in zip(self.headings, headings, strict=True):
            heading.setText(text)
        for name, (old, new) in self.cells.items():
            old.setText(before.get(name, UNKNOWN))
            new.setText(now.get(name, UNKNOWN))
