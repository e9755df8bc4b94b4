"""The selected tensor in detail: its bit positions as bars, its type to edit, its numbers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.statistics import Extreme
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.bit_bars import BitBars
from quantscope.gui.inspector.type_editor import TypeEditor
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.look.theme import Theme, tabular

FROM_MINIMUM, FROM_MAXIMUM = "minimum from", "maximum from"
FIGURES = {
    "Shape": "Shape",
    "Stored as": "Stored as",
    "Values": "Values",
    "Zeros": "Zeros",
    "NaN, infinite": "NaN, infinite",
    "Minimum": "Minimum",
    FROM_MINIMUM: "… in sample",
    "Maximum": "Maximum",
    FROM_MAXIMUM: "… in sample",
    "SQNR": "SQNR",
    "Overflow": "Overflow",
    "Underflow": "Underflow",
}
MAYBE_LONG = ("Shape", FROM_MINIMUM, FROM_MAXIMUM)


class Inspector(QScrollArea):
    """Follows the selection; every plotted number is in words below the plot."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setAccessibleName("Bits, type and figures of the selected tensor")
        self.name = QLabel(self)
        self.name.setProperty("role", "heading")
        self.name.setWordWrap(True)
        self.full_name = QLabel(self)
        self.full_name.setProperty("role", "dim")
        self.full_name.setWordWrap(True)
        self.full_name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bars = BitBars(self)
        self.editor = TypeEditor(controller, self)
        self.figures = {key: self._figure(key) for key in FIGURES}
        self.notes = QLabel(self)
        self.notes.setWordWrap(True)
        self.notes.setProperty("role", "dim")
        self._lay_out()
        controller.selection.moved.connect(self.refresh)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.previewed.connect(self.refresh)
        controller.live_counted.connect(self.refresh)
        self.refresh()

    def _figure(self, key: str) -> QLabel:
        """One line each, so that rows stand evenly and the panel never widens."""
        if key in MAYBE_LONG:
            return ElidedLabel(self)
        label = QLabel(self)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _lay_out(self) -> None:
        body = QWidget(self)
        self.form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for key, label in self.figures.items():
            label.setFont(tabular(label.font()))
            heading = QLabel(FIGURES[key], self)
            heading.setProperty("role", "dim")
            form.addRow(heading, label)
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.name)
        column.addWidget(self.full_name)
        column.addWidget(self.bars)
        column.addWidget(self.bars.legend)
        column.addWidget(self.editor)
        column.addLayout(form)
        column.addWidget(self.notes)
        column.addStretch()
        self.body = body
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(290)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.bars.set_theme(theme)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now."""
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        known = bool(tensor) and readings.network is not None and tensor in readings.network.tensors
        for widget in (self.full_name, self.bars, self.bars.legend, self.editor, self.notes):
            widget.setVisible(known)
        for label in self.figures.values():
            self.form.setRowVisible(label, known)
        if not known:
            self.name.setText("Select a tensor to see its bits.")
            return
        self.name.setText(readings.name_of(tensor))
        self.full_name.setText(tensor)
        row = readings.heat_row(tensor)
        for widget in (self.bars, self.bars.legend):
            widget.setVisible(row is not None)
        self.bars.show_row(row)
        self.editor.show_tensor(tensor)
        for title, text in self._texts(tensor).items():
            self.figures[title].setText(text)
            self.form.setRowVisible(self.figures[title], bool(text))
        self.notes.setText("\n".join(self._notes(tensor)))

    def _texts(self, tensor: str) -> dict[str, str]:
        readings = self._controller.readings
        network = readings.network
        assert network is not None
        described = network.tensors[tensor]
        texts = {"Shape": wording.shape(described.shape), "Stored as": described.dtype}
        statistics, error = readings.statistics(tensor), readings.error(tensor)
        if statistics is not None:
            histogram = statistics.histogram
            total = histogram.total
            texts["Values"] = wording.count(total)
            zeros = wording.share(histogram.zeros / max(total, 1))
            texts["Zeros"] = f"{wording.count(histogram.zeros)} ({zeros})"
            bad = f"{wording.count(histogram.not_a_number)}, {wording.count(histogram.infinities)}"
            texts["NaN, infinite"] = bad
            texts["Minimum"], texts[FROM_MINIMUM] = self._extreme(statistics.minimum)
            texts["Maximum"], texts[FROM_MAXIMUM] = self._extreme(statistics.maximum)
        if error is not None:
            texts["SQNR"] = wording.decibel(error.sqnr_db)
            texts["Overflow"] = wording.share(error.overflow_share)
            texts["Underflow"] = wording.share(error.underflow_share)
        return {key: texts.get(key, "") for key in FIGURES}

    def _extreme(self, end: Extreme | None) -> tuple[str, str]:
        calibration = self._controller.session.calibration
        if end is None or calibration is None:
            return "", ""
        times = f" ({wording.count(end.count)} times)" if end.count > 1 else ""
        return f"{wording.decimal(end.value)}{times}", wording.where_from(end, calibration)

    def _notes(self, tensor: str) -> list[str]:
        readings = self._controller.readings
        notes = []
        if readings.tied(tensor):
            others = ", ".join(readings.name_of(name) for name in readings.tied(tensor))
            notes.append(f"= Shares its type with {others}.")
        conflict, reason = readings.conflict(tensor), readings.reason(tensor)
        if conflict:
            notes.append(f"{wording.CONFLICT} {conflict}.")
        if reason and not self.editor.isVisibleTo(self):
            notes.append(f"Not quantized: {reason}.")
        calibration = self._controller.session.calibration
        if calibration is not None and calibration.data.is_random:
            notes.append(f"{wording.CONFLICT} Random data: these figures are about noise.")
        return notes
