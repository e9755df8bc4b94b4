"""Samples on which float and quantized network differ, and the one that is chosen as a picture."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QLabel, QScrollArea, QSplitter, QTreeView, QVBoxLayout, QWidget

from quantscope.core.findings.validation import Validation, Variant
from quantscope.core.findings.verdicts import DISAGREEMENTS, disagreement_rows
from quantscope.core.wording import count
from quantscope.gui.controller import Controller
from quantscope.gui.data.sample_preview import SamplePreview
from quantscope.gui.look.theme import tabular
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, plural, tr
from quantscope.jobs.messages import DataChecked, Failed

WIDTHS = (140, 84, 84, 84, 70)
SAME = mark("Both give the same answer for every sample.")
CHOOSE = mark("Choose a sample to see it.")


class DisagreementView(QWidget):
    """A list, and beside it what goes into the network for the chosen sample."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._validation: Validation | None = None
        self._variant: Variant | None = None
        self._waits = False
        self.state = QLabel(self)
        self.model = StringTable(DISAGREEMENTS, len(DISAGREEMENTS), self)
        self.table = QTreeView(self)
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setItemDelegate(RowDelegate(self.table))
        self.table.setUniformRowHeights(True)
        self.table.setFont(tabular(self.table.font()))
        self.table.setAccessibleName(tr("Samples with different answers"))
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self.preview = SamplePreview(self)
        self.preview.clear(tr(CHOOSE))
        room = QScrollArea(self)
        room.setWidget(self.preview)
        room.setWidgetResizable(True)
        room.setFrameShape(QScrollArea.Shape.NoFrame)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(room)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([330, 400])
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 4, 0, 0)
        column_layout.addWidget(self.state)
        column_layout.addWidget(self.splitter, 1)
        self.table.selectionModel().currentChanged.connect(self._ask)
        self.preview.sample_wanted.connect(self._ask_number)
        controller.data_checked.connect(self._show_sample)

    def show_samples(self, validation: Validation, variant: Variant | None) -> None:
        """List the samples of ``variant``."""
        if variant is self._variant and validation is self._validation:
            return
        self._validation, self._variant = validation, variant
        rows = disagreement_rows(validation, variant) if variant is not None else []
        self.model.show_rows(rows)
        self.splitter.setVisible(bool(rows))
        share = plural(
            "{different} of one sample: different answers",
            "{different} of {n} samples: different answers",
            validation.samples,
            different=count(len(rows)),
        )
        self.state.setText(share if rows else tr(SAME))
        self.preview.clear(tr(CHOOSE))

    @Slot(QModelIndex, QModelIndex)
    def _ask(self, current: QModelIndex, *_: object) -> None:
        if self._variant is not None and current.isValid():
            self._ask_number(self._variant.disagreements[current.row()].number)

    @Slot(int)
    def _ask_number(self, number: int) -> None:
        if self._validation is not None:
            self._waits = True
            self.preview.clear(tr("Reading the sample …"))
            self._controller.check_data(self._validation.request.data, False, number)

    @Slot(object)
    def _show_sample(self, result: object) -> None:
        if not self._waits:
            return
        self._waits = False
        if isinstance(result, DataChecked):
            self.preview.show_check(result.check)
        elif isinstance(result, Failed):
            self.preview.clear(result.problem.sentence())
