"""A small form that says which outputs of a detector hold what."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QGroupBox, QWidget

from quantscope.core.metrics.detector import (
    NO_SUPPRESSION,
    BoxFormat,
    Coordinates,
    DetectorForm,
)
from quantscope.gui.translation import mark, tr

FORMATS = {
    BoxFormat.XYXY: mark("left, top, right, bottom"),
    BoxFormat.YXYX: mark("top, left, bottom, right"),
    BoxFormat.XYWH: mark("left, top, width, height"),
    BoxFormat.CXCYWH: mark("centre x and y, width, height"),
}
UNITS = {
    Coordinates.FRACTION: mark("fractions of the input picture"),
    Coordinates.PIXELS: mark("pixels of the input picture"),
}
NO_CLASSES = mark("– (a column of scores for each class)")


class DetectorGroup(QGroupBox):
    """Checked: the network is a detector, described by the fields."""

    def __init__(self, outputs: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(tr("The network is a &detector"), parent)
        self.setCheckable(True)
        self.setChecked(False)
        self.boxes, self.scores = _choice(self, outputs), _choice(self, outputs)
        self.scores.setCurrentIndex(min(1, len(outputs) - 1))
        self.classes = QComboBox(self)
        self.classes.addItem(tr(NO_CLASSES), "")
        for name in outputs:
            self.classes.addItem(name, name)
        self.box_format, self.coordinates = QComboBox(self), QComboBox(self)
        for form, text in FORMATS.items():
            self.box_format.addItem(tr(text), form)
        for unit, text in UNITS.items():
            self.coordinates.addItem(tr(text), unit)
        self.background = QCheckBox(tr("The first column of scores is no class"), self)
        self.least, self.suppress = _fraction(self, 0.0), _fraction(self, NO_SUPPRESSION)
        self.suppress.setToolTip(
            tr("Of two boxes of a class that overlap by more, the weaker goes")
        )
        rows = QFormLayout(self)
        rows.addRow(tr("Bo&xes"), self.boxes)
        rows.addRow(tr("Sco&res"), self.scores)
        rows.addRow(tr("C&lasses"), self.classes)
        rows.addRow(tr("A b&ox is"), self.box_format)
        rows.addRow(tr("Cou&nted in"), self.coordinates)
        rows.addRow("", self.background)
        rows.addRow(tr("Leave o&ut scores up to"), self.least)
        rows.addRow(tr("Su&ppress overlaps above"), self.suppress)

    def form(self) -> DetectorForm | None:
        """What the fields say; ``None`` where the network is no detector."""
        if not self.isChecked():
            return None
        return DetectorForm(
            boxes=self.boxes.currentText(),
            scores=self.scores.currentText(),
            classes=str(self.classes.currentData()),
            box_format=BoxFormat(self.box_format.currentData()),
            coordinates=Coordinates(self.coordinates.currentData()),
            background=self.background.isChecked(),
            least_score=self.least.value(),
            suppress=self.suppress.value(),
        )

    def show_form(self, form: DetectorForm | None) -> None:
        """Fill the fields with an earlier description."""
        self.setChecked(form is not None)
        if form is None:
            return
        self.boxes.setCurrentText(form.boxes)
        self.scores.setCurrentText(form.scores)
        self.classes.setCurrentIndex(max(self.classes.findData(form.classes), 0))
        self.box_format.setCurrentIndex(self.box_format.findData(form.box_format))
        self.coordinates.setCurrentIndex(self.coordinates.findData(form.coordinates))
        self.background.setChecked(form.background)
        self.least.setValue(form.least_score)
        self.suppress.setValue(form.suppress)


def _choice(parent: QWidget, names: tuple[str, ...]) -> QComboBox:
    combo = QComboBox(parent)
    combo.addItems(list(names))
    return combo


def _fraction(parent: QWidget, value: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox(parent)
    field.setRange(0.0, 1.0)
    field.setSingleStep(0.05)
    field.setDecimals(3)
    field.setValue(value)
    return field
