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

from quantscope.core.findings.report import (
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
from quantscope.gui.translation import mark, plural, tr

KERNEL_HEADINGS = {
    mark("Layer"): mark("The layer of the network"),
    mark("Kernel"): mark("What the runtime made of it"),
    mark("Runs in"): mark("Whether it computes in integers or in float"),
}
TENSOR_HEADINGS = {
    mark("Tensor"): mark("The tensor that is rounded"),
    mark("Type"): mark("Its type in the file"),
    mark("Predicted"): mark("SQNR as predicted from the calibration's statistics"),
    mark("Measured"): mark(
        "SQNR of rounding the float network's values, on the verification samples"
    ),
    mark("In the network"): mark(
        "SQNR with the errors of all layers before it, on the verification samples"
    ),
}
CORRECTION_HEADINGS = {
    mark("Layer"): mark("The layer whose bias was corrected"),
    mark("Largest correction"): mark(
        "The largest change of its bias, in steps of its output's type"
    ),
    mark("Mean error before"): mark(
        "Mean error of its output without any correction, averaged over channels"
    ),
    mark("Mean error after"): mark(
        "Mean error of its output with all corrections, averaged over channels"
    ),
}
SIMULATION_HEADINGS = {
    mark("Layer"): mark("The operator that was computed in integers of our own as well"),
    mark("Kernel"): mark("What the runtime made of it"),
    mark("Values"): mark("How many values were compared"),
    mark("As written"): mark(
        "Largest difference to the unoptimized file, and the share that differs"
    ),
    mark("As run"): mark(
        "Largest difference to the file as the runtime runs it, and the share that differs"
    ),
    mark("Ties away"): mark(
        "Share of values a step apart on hardware that rounds ties away from zero"
    ),
    mark("Ties up"): mark("Share of values a step apart on hardware that rounds ties up"),
}
PREPARATION_HEADINGS = {
    mark("Layer"): mark("A layer whose weights the chosen preparation changed"),
    mark("Widest before"): mark(
        "Range of its largest channel by that of the median one, as the network came"
    ),
    mark("Widest after"): mark("The same as prepared"),
    mark("SQNR before"): mark("SQNR of its weights, rounded by the scheme, as the network came"),
    mark("SQNR after"): mark("The same as prepared"),
    mark("Gain"): mark("The difference"),
}
ROUNDING_HEADINGS = {
    mark("Layer"): mark("The layer whose weights were rounded so that they make up for each other"),
    mark("To nearest"): mark("SQNR of its product with each weight rounded to nearest"),
    mark("Compensated"): mark("SQNR of its product as written"),
    mark("Gain"): mark("The difference"),
}

INPUT = mark("Input {name} is {type}: its integer q stands for {formula}")
OUTPUT = mark("Output {name} is {type}: its integer q stands for {formula}")


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
        self.tabs.setAccessibleName(tr("Results of the last export"))
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.overview, tr("Verification"))
        self.tabs.addTab(self._table(self.tensors, (260, 220)), tr("SQNR of every tensor"))
        self.tabs.addTab(self._table(self.kernels, (200, 220)), tr("Kernels"))
        simulation = self._table(self.simulation, (200, 200))
        self._simulation_tab = self.tabs.addTab(simulation, tr("Integer simulation"))
        preparation = self._table(self.preparation, (260, 120, 120, 110, 110))
        self._preparation_tab = self.tabs.addTab(preparation, tr("Preparation"))
        rounding = self._table(self.rounding, (260, 120, 120))
        self._rounding_tab = self.tabs.addTab(rounding, tr("Weight rounding"))
        corrections = self._table(self.corrections, (260, 150, 150, 150))
        self._correction_tab = self.tabs.addTab(corrections, tr("Bias correction"))
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
            self.state.setText(tr("Export the quantized model to see how well it does."))
            self.tabs.hide()
            return
        self.tabs.show()
        note = tr("⚠ Types have changed since this export: export again.") + " " if stale else ""
        self.state.setText(note + report.summary())
        self.overview.setPlainText(report_in_words(report))
        integers, in_float = tr("integers"), tr("float")
        self.kernels.show_rows(
            [(k.label, k.kernel, integers if k.integer else in_float) for k in report.kernels]
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
        return tr("none")
    return f"{_in_steps(found.steps)}, {wording.share(found.share)}"


def _in_steps(value: float) -> str:
    """``1 step``, ``0.5 steps``."""
    number = int(value) if value == int(value) else 2
    return plural("{steps} step", "{steps} steps", number, steps=f"{value:g}")


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
    return tr("{value} steps", value=f"{value:.3f}")


def report_in_words(report: ExportReport) -> str:
    """Everything but the tables, as lines to read and to copy."""
    lines = [tr("File") + f"  {report.path}"]
    size, before = wording.count(report.file_bytes), wording.count(report.source_bytes)
    lines.append(
        tr("Size")
        + "  "
        + tr(
            "{size} bytes (source {before}), opset {opset}, {target}",
            size=size,
            before=before,
            opset=report.opset,
            target=report.target,
        )
    )
    lines += [f"⚠ {text}" for text in report.warnings]
    if report.random_data:
        lines.append(tr("⚠ Calibrated on random data: no figure here says anything about accuracy"))
    for output in report.outputs:
        facts = [tr("SQNR {sqnr}", sqnr=wording.decibel(output.sqnr))]
        if output.agreement is not None:
            agreement = wording.share(output.agreement)
            facts.append(tr("same largest class as float on {share}", share=agreement))
        lines.append(tr("Output {name}", name=output.output) + ": " + ", ".join(facts))
    lines.append(plural("Verified on one sample", "Verified on {n} samples", report.samples))
    lines.append(
        tr(
            "Largest difference between optimized and unoptimized run: {steps} of the output's"
            " type",
            steps=_in_steps(report.largest_difference),
        )
    )
    if report.simulated():
        lines.append(tr("Integer simulation: {findings}", findings=report.simulated()))
    lines += [
        "  " + tr("{layer} is not simulated: {reason}", layer=label, reason=reason)
        for label, reason in report.not_simulated
    ]
    lines += [_port(INPUT, port) for port in report.integer_inputs]
    lines += [_port(OUTPUT, port) for port in report.integer_outputs]
    lines.append(
        tr(
            "{integer} of {all} layers in integer kernels",
            integer=report.integer_kernels,
            all=len(report.kernels),
        )
    )
    floats = [k for k in report.kernels if not k.integer]
    lines += [
        "  " + tr("{layer} runs in the float kernel {kernel}", layer=k.label, kernel=k.kernel)
        for k in floats
    ]
    lines += [
        "  " + tr("{layer} stays float: {reason}", layer=label, reason=reason)
        for label, reason in report.float_layers
    ]
    lines += [f"• {text}" for text in report.notes]
    return "\n".join(lines)


def _port(text: str, port: IntegerPort) -> str:
    formula = f"{port.scale:.9g} × (q − {port.zero_point})".replace("− -", "+ ")
    return tr(text, name=port.name, type=port.dtype, formula=formula)
