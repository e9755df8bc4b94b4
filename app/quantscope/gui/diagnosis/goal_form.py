"""What must be kept of the accuracy, what words cost, and the button that searches."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from quantscope.core.diagnosis.mixing import CostFactors, Goal
from quantscope.core.diagnosis.sensitivity import Metric
from quantscope.gui.diagnosis.measuring import MIX_SAMPLES, MixSearch
from quantscope.gui.translation import mark, tr

METRICS = {
    Metric.AGREEMENT: mark("Same class as float"),
    Metric.COSINE: mark("Cosine to float"),
    Metric.SQNR: mark("SQNR of the output"),
}
LEAST = {Metric.AGREEMENT: 99.0, Metric.COSINE: 0.99, Metric.SQNR: 30.0}
HINTS = {
    Metric.COSINE: mark("Mean over samples of the cosine between the outputs and those of float."),
    Metric.SQNR: mark("Power of the float output by that of the error; 6 dB are one bit."),
}


class GoalForm(QWidget):
    """A small form; its values are those of a :class:`MixSearch`."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.metric_box = QComboBox(self)
        for metric, title in METRICS.items():
            self.metric_box.addItem(tr(title), metric.value)
        self.least = QDoubleSpinBox(self)
        self.hint = QLabel(self)
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "dim")
        factors = CostFactors()
        self.wide = _factor(factors.wide, tr("Cost of a product at 16 bits"), self)
        self.in_float = _factor(factors.in_float, tr("Cost of a product in float"), self)
        self.samples = QSpinBox(self)
        self.samples.setRange(1, 100_000)
        self.samples.setValue(MIX_SAMPLES)
        self.samples.setToolTip(tr("Samples of the calibration data that judge each mix"))
        self.search_button = QPushButton(tr("Find cheapest mix"), self)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 8, 0)
        form.setVerticalSpacing(4)
        form.addRow(tr("&Keep"), self.metric_box)
        form.addRow(tr("&At least"), self.least)
        form.addRow(self.hint)
        form.addRow(tr("&16 bits cost"), self.wide)
        form.addRow(tr("&Float costs"), self.in_float)
        form.addRow(tr("&Samples"), self.samples)
        form.addRow(self.search_button)
        self.metric_box.currentIndexChanged.connect(self._choose_metric)
        self.least.valueChanged.connect(self._explain)
        self.search_button.clicked.connect(self.asked)
        self._choose_metric()

    @property
    def chosen(self) -> Metric:
        """The metric of the goal."""
        return Metric(self.metric_box.currentData())

    def search(self, layer_samples: int) -> MixSearch:
        """What is asked, from layers measured on ``layer_samples`` samples."""
        least = self.least.value()
        is_share = self.chosen is Metric.AGREEMENT
        return MixSearch(
            goal=Goal(metric=self.chosen, at_least=least / 100.0 if is_share else least),
            factors=CostFactors(wide=self.wide.value(), in_float=self.in_float.value()),
            samples=self.samples.value(),
            layer_samples=layer_samples,
        )

    @Slot()
    def _choose_metric(self, *_: object) -> None:
        metric = self.chosen
        self.least.setDecimals({Metric.COSINE: 4}.get(metric, 1))
        self.least.setRange(0.0, {Metric.COSINE: 1.0, Metric.AGREEMENT: 100.0}.get(metric, 120.0))
        self.least.setSingleStep({Metric.COSINE: 0.001, Metric.AGREEMENT: 0.5}.get(metric, 1.0))
        self.least.setSuffix({Metric.AGREEMENT: " %", Metric.SQNR: " dB"}.get(metric, ""))
        self.least.setValue(LEAST[metric])
        self._explain()

    @Slot()
    def _explain(self, *_: object) -> None:
        drop = 100.0 - self.least.value()
        self.hint.setText(
            tr("So top-1 can drop by {drop} points at most on these samples.", drop=f"{drop:.1f}")
            if self.chosen is Metric.AGREEMENT
            else tr(HINTS[self.chosen])
        )


def _factor(value: float, name: str, parent: QWidget) -> QDoubleSpinBox:
    box = QDoubleSpinBox(parent)
    box.setRange(1.0, 100.0)
    box.setSingleStep(0.5)
    box.setDecimals(1)
    box.setPrefix("× ")
    box.setValue(value)
    box.setAccessibleName(name)
    box.setToolTip(tr("{name}; one at 8 bits costs 1", name=name))
    return box
