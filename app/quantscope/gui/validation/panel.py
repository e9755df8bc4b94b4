"""The validations of a session: all of them in a list, and one in detail."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.findings import verdicts
from quantscope.core.findings.validation import Variant
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import Theme, tabular
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, tr
from quantscope.gui.validation import tables
from quantscope.gui.validation.confusion import ConfusionView
from quantscope.gui.validation.samples import DisagreementView
from quantscope.session.validations import ValidationRun

NOTHING = mark(
    "Nothing was validated yet. Labelled data that the types have not seen says what"
    " they cost; before anything is quantized, it says whether the preprocessing is"
    " right."
)


class ValidationPanel(QWidget):
    """Follows the session; the run that is chosen stays chosen until a new one comes."""

    validate_asked = Signal()

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._runs: tuple[ValidationRun, ...] = ()
        self.state, self.warnings = QLabel(self), QLabel(self)
        for label in (self.state, self.warnings):
            label.setWordWrap(True)
        self.again = QPushButton(tr("&Validate…"), self)
        self.runs, self.run_table = self._table(tables.RUNS, 3, (132, 240, 220, 70, 24))
        self.figures, figures = self._table(verdicts.FIGURES, 2, (190, 150, 70, 80, 100, 165))
        self.costs, costs = self._table(verdicts.COSTS, 1, (200, 120, 90, 120, 170, 150))
        figures.header().moveSection(0, len(verdicts.FIGURES) - 1)  # cut off first
        self.run_table.setAccessibleName(tr("Validations"))
        figures.setAccessibleName(tr("Figures of the chosen validation"))
        costs.setAccessibleName(tr("Memory and time of the chosen validation"))
        self.variant = QComboBox(self)
        self.variant.setAccessibleName(tr("Which network the samples and the confusion are of"))
        self.samples = DisagreementView(controller, self)
        self.confusion = ConfusionView(self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(tr("Parts of the chosen validation"))
        self.tabs.addTab(figures, tr("Figures"))
        self.tabs.addTab(costs, tr("Memory and time"))
        self._samples_tab = self.tabs.addTab(self.samples, tr("Different answers"))
        self._confusion_tab = self.tabs.addTab(self.confusion, tr("Confusion"))
        self.tabs.setCornerWidget(self.variant)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.state, 1)
        top.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.run_table)
        self.splitter.addWidget(self.tabs)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([330, 750])
        self.state.setProperty("role", "heading")
        self.warnings.setProperty("role", "caution")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addLayout(top)
        column.addWidget(self.warnings)
        column.addWidget(self.splitter, 1)

    def _table(
        self, headings: dict[str, str], left: int, widths: tuple[int, ...]
    ) -> tuple[StringTable, QTreeView]:
        model, view = StringTable(headings, left, self), QTreeView(self)
        view.setModel(model)
        view.setRootIsDecorated(False)
        view.setItemDelegate(RowDelegate(view))
        view.setUniformRowHeights(True)
        view.setFont(tabular(view.font()))
        for column, width in enumerate(widths):
            view.setColumnWidth(column, width)
        view.header().setStretchLastSection(False)
        return model, view

    def _connect(self) -> None:
        self.again.clicked.connect(self.validate_asked)
        self.run_table.selectionModel().currentChanged.connect(self._show_run)
        self.variant.currentIndexChanged.connect(self._show_variant)
        self._controller.results_changed.connect(self.refresh)
        self._controller.changed.connect(self.refresh)
        self._controller.session_replaced.connect(self.refresh)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(260)
        return hint

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.confusion.set_theme(theme)

    # ---- what is shown

    @property
    def run(self) -> ValidationRun | None:
        """The validation in detail."""
        row = self.run_table.currentIndex().row()
        return self._runs[row] if 0 <= row < len(self._runs) else None

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the runs of the session; the latest in detail where there is a new one."""
        session = self._controller.session
        chosen, is_new = self.run, session.validations != self._runs
        self._runs = session.validations
        self.runs.show_rows([tables.run_row(each, session.document) for each in self._runs])
        self.splitter.setVisible(bool(self._runs))
        if not self._runs:
            self.warnings.hide()
            self._say(tr(NOTHING))
            return
        row = 0 if is_new or chosen not in self._runs else self._runs.index(chosen)
        self.run_table.setCurrentIndex(self.runs.index(row, 0))

    @Slot(QModelIndex, QModelIndex)
    def _show_run(self, *_: object) -> None:
        run = self.run
        if run is None:
            return
        self._say(f"{verdicts.named(run.names)}: {verdicts.result(run.validation)}")
        warnings = self._warnings_of(run)
        self.warnings.setText("\n".join(f"⚠ {text}" for text in warnings))
        self.warnings.setVisible(bool(warnings))
        self.figures.show_rows(verdicts.figure_rows(run.validation, run.names))
        self.costs.show_rows(verdicts.cost_rows(run.validation, run.names))
        self.variant.clear()
        self.variant.addItem(verdicts.FLOAT)
        self.variant.addItems(run.names)
        self.variant.setCurrentIndex(min(1, len(run.validation.variants)))
        self._show_variant()

    def _warnings_of(self, run: ValidationRun) -> list[str]:
        found = []
        if not run.fits(self._controller.session.document):
            found.append(tr("Types or network have changed since: validate again."))
        return found + [f"{text}." for text in verdicts.warnings_of(run.validation, run.names)]

    def _variant(self) -> Variant | None:
        run, place = self.run, self.variant.currentIndex() - 1
        if run is None or not 0 <= place < len(run.validation.variants):
            return None
        return run.validation.variants[place]

    @Slot()
    def _show_variant(self, *_: object) -> None:
        run, variant = self.run, self._variant()
        if run is None:
            return
        found = run.validation
        self.samples.show_samples(found, variant)
        confusion = found.confusion if variant is None else variant.confusion
        self.confusion.show_table(confusion, found.class_names)
        self.tabs.setTabVisible(self._samples_tab, variant is not None)
        self.tabs.setTabVisible(self._confusion_tab, bool(confusion))

    def _say(self, text: str) -> None:
        self.state.setText(text)
