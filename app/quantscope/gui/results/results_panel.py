"""What the last export found out: summary, kernels, accuracy of every tensor, biases, notes."""

from __future__ import annotations

from math import isfinite

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import (
    QLabel,
    QPlainTextEdit,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    OperatorDifference,
    PreparedWeights,
    RoundedWeights,
    StepDifference,
)
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import Theme, tabular
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable

KERNEL_HEADINGS = {
    "Layer": "The layer of the network",
    "Kernel": "What the runtime made of it",
    "Runs in": "Whether it computes in integers or in float",
}
TENSOR_HEADINGS = {
    "Tensor": "The tensor that is rounded",
    "Type": "Its type in the file",
    "Predicted": "SQNR as predicted from the calibration's statistics",
    "Measured": "SQNR of rounding the float network's values, on the verification samples",
    "In the network": "SQNR with the errors of all layers before it, on the verification samples",
}
CORRECTION_HEADINGS = {
    "Layer": "The layer whose bias was corrected",
    "Largest correction": "The largest change of its bias, in steps of its output's type",
    "Mean error before": "Mean error of its output without any correction, averaged over channels",
    "Mean error after": "Mean error of its output with all corrections, averaged over channels",
}
SIMULATION_HEADINGS = {
    "Layer": "The operator that was computed in integers of our own as well",
    "Kernel": "What the runtime made of it",
    "Values": "How many values were compared",
    "As written": "Largest difference to the unoptimized file, and the share that differs",
    "As run": "Largest difference to the file as the runtime runs it, and the share that differs",
    "Ties away": "Share of values a step apart on hardware that rounds ties away from zero",
    "Ties up": "Share of values a step apart on hardware that rounds ties up",
}
PREPARATION_HEADINGS = {
    "Layer": "A layer whose weights the chosen preparation changed",
    "Widest before": "Range of its largest channel by that of the median one, as the network came",
    "Widest after": "The same as prepared",
    "SQNR before": "SQNR of its weights, rounded by the scheme, as the network came",
    "SQNR after": "The same as prepared",
    "Gain": "The difference",
}
ROUNDING_HEADINGS = {
    "Layer": "The layer whose weights were rounded so that they make up for each other",
    "To nearest": "SQNR of its product with each weight rounded to nearest",
    "Compensated": "SQNR of its product as written",
    "Gain": "The difference",
}


class ResultsPanel(QWidget):
    """Shows the session's report; says so where the plan has changed since."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.overview = QPlainTextEdit(self)
        self.overview.setReadOnly(True)
        self.overview.setTabChangesFocus(True)
        self.overview.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.kernels = StringTable(KERNEL_HEADINGS, 3, self)
        self.tensors = StringTable(TENSOR_HEADINGS, 2, self)
        self.corrections = StringTable(CORRECTION_HEADINGS, 1, self)
        self.simulation = StringTable(SIMULATION_HEADINGS, 2, self)
        self.preparation = StringTable(PREPARATION_HEADINGS, 1, self)
        self.rounding = StringTable(ROUNDING_HEADINGS, 1, self)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Results of the last export")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.overview, "Verification")
        self.tabs.addTab(self._table(self.tensors, (260, 220)), "SQNR of every tensor")
        self.tabs.addTab(self._table(self.kernels, (200, 220)), "Kernels")
        simulation = self._table(self.simulation, (200, 200))
        self._simulation_tab = self.tabs.addTab(simulation, "Integer simulation")
        preparation = self._table(self.preparation, (260, 120, 120, 110, 110))
        self._preparation_tab = self.tabs.addTab(preparation, "Preparation")
        rounding = self._table(self.rounding, (260, 120, 120))
        self._rounding_tab = self.tabs.addTab(rounding, "Weight rounding")
        corrections = self._table(self.corrections, (260, 150, 150, 150))
        self._correction_tab = self.tabs.addTab(corrections, "Bias correction")
        for number in range(self.tabs.count()):
            if page := self.tabs.widget(number):
                page.setAccessibleName(self.tabs.tabText(number))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addWidget(self.state)
        column.addWidget(self.tabs, 1)
        controller.results_changed.connect(self.refresh)
        controller.changed.connect(self.refresh)
        self.refresh()

    def _table(self, model: StringTable, widths: tuple[int, ...]) -> QTreeView:
        view = QTreeView(self)
        view.setModel(model)
        view.setRootIsDecorated(False)
        view.setItemDelegate(RowDelegate(view))
        view.setUniformRowHeights(True)
        view.setFont(tabular(view.font()))
        for column, width in enumerate(widths):
            view.setColumnWidth(column, width)
        view.header().setStretchLastSection(False)
        return view

    def set_theme(self, theme: Theme) -> None:
        """Nothing here has colours of its own."""

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(220)
        return hint

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the report as it is now."""
        report = self._controller.session.report
        stale = self._controller.session.report_is_stale
        self.state.setProperty("role", "warning" if stale else "heading")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        if report is None:
            self.state.setText("Export the quantized model to see how well it does.")
            self.tabs.hide()
            return
        self.tabs.show()
        note = "⚠ Types have changed since this export: export again. " if stale else ""
        self.state.setText(note + report.summary())
        self.overview.setPlainText(report_in_words(report))
        self.kernels.show_rows(
            [(k.label, k.kernel, "integers" if k.integer else "float") for k in report.kernels]
        )
        self.tensors.show_rows([self._accuracy_row(report, i) for i in range(len(report.tensors))])
        self.corrections.show_rows([_correction_row(item) for item in report.corrections])
        self.simulation.show_rows([_simulation_row(item) for item in report.simulation])
        self.preparation.show_rows([_prepared_row(item) for item in report.prepared_weights])
        self.rounding.show_rows([_rounding_row(item) for item in report.rounded_weights])
        for tab, rows in (
            (self._simulation_tab, report.simulation),
            (self._preparation_tab, report.prepared_weights),
            (self._rounding_tab, report.rounded_weights),
            (self._correction_tab, report.corrections),
        ):
            self.tabs.setTabVisible(tab, bool(rows))

    def _accuracy_row(self, report: ExportReport, index: int) -> tuple[str, ...]:
        item = report.tensors[index]
        readings = self._controller.readings
        known = readings.network is not None and item.tensor in readings.network.tensors
        in_network = item.in_network
        return (
            readings.name_of(item.tensor) if known else item.tensor,
            item.data_type,
            wording.decibel(item.predicted),
            wording.decibel(item.measured),
            wording.decibel(in_network) if in_network is not None else "–",
        )


def _correction_row(item: BiasCorrection) -> tuple[str, ...]:
    errors = (item.largest, item.error_before, item.error_after)
    return (item.label, *(_steps(value) for value in errors))


def _simulation_row(item: OperatorDifference) -> tuple[str, ...]:
    return (
        item.label,
        item.kernel,
        wording.count(item.values),
        _difference(item.as_written),
        _difference(item.as_run),
        wording.share(item.ties_away),
        wording.share(item.ties_up),
    )


def _difference(found: StepDifference) -> str:
    if not found.steps:
        return "none"
    steps = f"{found.steps} step{'' if found.steps == 1 else 's'}"
    return f"{steps}, {wording.share(found.share)}"


def _prepared_row(item: PreparedWeights) -> tuple[str, ...]:
    spreads = (item.spread_before, item.spread_after)
    widest = (f"{spread:.1f} ×" for spread in spreads)
    return (item.label, *widest, *_before_after(item.sqnr_before, item.sqnr_after))


def _rounding_row(item: RoundedWeights) -> tuple[str, ...]:
    return (item.label, *_before_after(item.sqnr_before, item.sqnr_after))


def _before_after(before: float, after: float) -> tuple[str, str, str]:
    """Both levels and what is gained; nothing to subtract where one is exact."""
    gain = wording.decibel(after - before) if isfinite(after - before) else "–"
    return (wording.decibel(before), wording.decibel(after), gain)


def _steps(value: float) -> str:
    """Three decimals for all, to be compared down a column."""
    return f"{value:.3f} steps"


def report_in_words(report: ExportReport) -> str:
    """Everything but the tables, as lines to read and to copy."""
    lines = [f"File  {report.path}"]
    size, before = wording.count(report.file_bytes), wording.count(report.source_bytes)
    lines.append(f"Size  {size} bytes (source {before}), opset {report.opset}, {report.target}")
    lines += [f"⚠ {text}" for text in report.warnings]
    if report.random_data:
        lines.append("⚠ Calibrated on random data: no figure here says anything about accuracy")
    for output in report.outputs:
        agreement = ""
        if output.agreement is not None:
            agreement = f", same largest class as float on {wording.share(output.agreement)}"
        lines.append(f"Output {output.output}: SQNR {wording.decibel(output.sqnr)}{agreement}")
    lines.append(f"Verified on {wording.count(report.samples)} samples")
    lines.append(
        "Largest difference between optimized and unoptimized run: "
        f"{report.largest_difference:g} step{'' if report.largest_difference == 1 else 's'}"
        " of the output's type"
    )
    if report.simulated():
        lines.append(f"Integer simulation: {report.simulated()}")
    lines += [f"  {label} is not simulated: {reason}" for label, reason in report.not_simulated]
    lines += [_port("Input", port) for port in report.integer_inputs]
    lines += [_port("Output", port) for port in report.integer_outputs]
    lines.append(f"{report.integer_kernels} of {len(report.kernels)} layers in integer kernels")
    floats = [k for k in report.kernels if not k.integer]
    lines += [f"  {k.label} runs in the float kernel {k.kernel}" for k in floats]
    lines += [f"  {label} stays float: {reason}" for label, reason in report.float_layers]
    lines += [f"• {text}" for text in report.notes]
    return "\n".join(lines)


def _port(side: str, port: IntegerPort) -> str:
    return (
        f"{side} {port.name} is {port.dtype}: its integer q stands for "
        f"{port.scale:.9g} × (q − {port.zero_point})".replace("− -", "+ ")
    )
