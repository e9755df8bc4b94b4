"""The bit positions of the selected tensor as bars, and what is known of its values."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from quantscope.core.counting.histogram import BitHistogram
from quantscope.core.counting.statistics import Extreme
from quantscope.core.picture.heatmap import Depth
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.data.sample_link import SampleLink
from quantscope.gui.inspector.bit_bars import BitBars
from quantscope.gui.inspector.scrolled import Scrolled
from quantscope.gui.look.elided_label import ElidedLabel
from quantscope.gui.look.theme import Theme, tabular
from quantscope.gui.translation import mark, tr

FROM_MINIMUM, FROM_MAXIMUM = "minimum from", "maximum from"
FIGURES = {
    "Shape": mark("Shape"),
    "Stored as": mark("Stored as"),
    "Values": mark("Values"),
    "Minimum": mark("Minimum"),
    FROM_MINIMUM: mark("… in sample"),
    "Maximum": mark("Maximum"),
    FROM_MAXIMUM: mark("… in sample"),
    "SQNR": mark("SQNR"),
    "Overflow": mark("Overflow"),
    "Underflow": mark("Underflow"),
}
AXES = {Depth.LOGARITHMIC: mark("Logarithmic"), Depth.LINEAR: mark("Linear")}
NOTHING_COUNTED = mark("Nothing is counted yet: calibrate to see which bits are used.")
NOT_LOGGED = mark(
    "Its values were not counted, since it stays in float: calibrate with all layers."
)


class HistogramView(QWidget):
    """Follows the selection while it is on the screen."""

    axis_chosen = Signal(object)  # Depth

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.bars = BitBars(self)
        self.axis = QComboBox(self)
        self.axis.setAccessibleName(tr("Axis of the bars"))
        self.axis.setToolTip(
            tr("On a logarithmic axis rare values can be seen beside frequent ones")
        )
        for depth, text in AXES.items():
            self.axis.addItem(tr(text), depth)
        self.beside = QLabel(self)
        self.beside.setWordWrap(True)
        self.figures = {key: self._figure(key) for key in FIGURES}
        self._lay_out()
        self.setFocusProxy(self.axis)
        self._order_focus()
        self.axis.currentIndexChanged.connect(self._choose_axis)
        for signal in (
            controller.selection.moved,
            controller.changed,
            controller.results_changed,
            controller.previewed,
            controller.live_counted,
        ):
            signal.connect(self.refresh)

    def _order_focus(self) -> None:
        """The links after the axis: where they would be reached by themselves, Tab led from the
        last of them back to the axis."""
        order = (self.scrolled, self.axis, self.figures[FROM_MINIMUM], self.figures[FROM_MAXIMUM])
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _figure(self, key: str) -> QLabel:
        """One line each, so that rows stand evenly and the panel never widens."""
        if key in (FROM_MINIMUM, FROM_MAXIMUM):
            label: QLabel = SampleLink(self._controller, self)
        else:
            label = ElidedLabel(self) if key == "Shape" else QLabel(self)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setFont(tabular(label.font()))
        return label

    def _lay_out(self) -> None:
        self.form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for key, label in self.figures.items():
            heading = QLabel(tr(FIGURES[key]), self)
            heading.setProperty("role", "dim")
            form.addRow(heading, label)
        under = QHBoxLayout()
        under.addWidget(self.bars.legend, 1)
        under.addWidget(self.axis, 0, Qt.AlignmentFlag.AlignTop)
        self.scrolled = Scrolled(tr("Histogram of the selected tensor"), self)
        column = self.scrolled.column
        column.addWidget(self.bars)
        column.addLayout(under)
        column.addWidget(self.beside)
        column.addLayout(form)
        column.addStretch()
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.scrolled)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.bars.set_theme(theme)

    def set_axis(self, depth: Depth) -> None:
        """A linear axis, or one on which rare values can be seen."""
        self.axis.setCurrentIndex(self.axis.findData(depth))
        self.bars.set_depth(depth)

    @Slot(int)
    def _choose_axis(self, index: int) -> None:
        depth = Depth(self.axis.itemData(index))
        self.bars.set_depth(depth)
        self.axis_chosen.emit(depth)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        known = bool(tensor) and readings.network is not None and tensor in readings.network.tensors
        row = readings.heat_row(tensor) if known else None
        for widget in (self.bars, self.bars.legend, self.axis):
            widget.setVisible(row is not None)
        self.bars.show_row(row)
        self.beside.setVisible(known)
        self.beside.setText(self._beside(tensor) if known else "")
        texts = self._texts(tensor) if known else {}
        for key, label in self.figures.items():
            label.setText(texts.get(key, ""))
            self.form.setRowVisible(label, bool(label.text()))

    def _beside(self, tensor: str) -> str:
        """What the bars cannot show, in words; why there are none."""
        readings = self._controller.readings
        statistics = readings.statistics(tensor)
        if statistics is not None:
            return not_in_bars(statistics.histogram)
        if readings.counts(tensor) is not None:
            return ""  # a calibration still runs
        return tr(NOT_LOGGED if readings.has_counts else NOTHING_COUNTED)

    def _texts(self, tensor: str) -> dict[str, str]:
        readings = self._controller.readings
        network = readings.network
        assert network is not None
        described = network.tensors[tensor]
        texts = {"Shape": wording.shape(described.shape), "Stored as": described.dtype}
        statistics, error = readings.statistics(tensor), readings.error(tensor)
        if statistics is not None:
            texts["Values"] = wording.count(statistics.histogram.total)
            texts["Minimum"], texts[FROM_MINIMUM] = self._extreme(statistics.minimum)
            texts["Maximum"], texts[FROM_MAXIMUM] = self._extreme(statistics.maximum)
        if error is not None:
            texts["SQNR"] = wording.decibel(error.sqnr_db)
            texts["Overflow"] = wording.share(error.overflow_share)
            texts["Underflow"] = wording.share(error.underflow_share)
        return texts

    def _extreme(self, end: Extreme | None) -> tuple[str, str]:
        calibration = self._controller.session.calibration
        if end is None or calibration is None:
            return "", ""
        value, source = wording.decimal(end.value), wording.where_from(end, calibration)
        if end.count > 1:
            times = wording.count(end.count)
            return tr("{value} ({n} times)", value=value, n=times), source
        return value, source


def not_in_bars(histogram: BitHistogram) -> str:
    """Zeros and values that are not finite: they have no most significant bit."""
    zeros, bad = tr("No value is zero."), tr("All are finite.")
    if histogram.zeros:
        part = wording.share(histogram.zeros / histogram.total)
        number = wording.count(histogram.zeros)
        zeros = tr("Zeros, which no bar counts: {n} ({share}).", n=number, share=part)
    found = {tr("NaN"): histogram.not_a_number, tr("infinite"): histogram.infinities}
    named = [f"{wording.count(number)} {name}" for name, number in found.items() if number]
    if named:
        text = tr("Not finite: {values}.", values=", ".join(named))
        bad = f"{wording.CONFLICT} {text}"
    return f"{zeros} {bad}"
