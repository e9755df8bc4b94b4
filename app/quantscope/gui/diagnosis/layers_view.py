"""Which layer costs the network its accuracy, and what would help, to be applied by pointing."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.diagnosis.fixes import Fix
from quantscope.core.diagnosis.sensitivity import Metric, Sensitivity
from quantscope.core.networks.network import Layer
from quantscope.gui.controller import Controller
from quantscope.gui.diagnosis.fixes_list import FixesList
from quantscope.gui.diagnosis.layers_model import CUMULATIVE, Column, LayersModel, rows_of
from quantscope.gui.diagnosis.measuring import SAMPLES, LayerEffort
from quantscope.gui.look.plain_table import make_table
from quantscope.gui.look.share_bar import ShareBar
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.readiness import why_not_edit, why_not_export
from quantscope.gui.translation import mark, plural, tr
from quantscope.gui.work.job_progress import JobProgress
from quantscope.jobs.messages import MeasureSensitivity
from quantscope.session import commands
from quantscope.session.diagnosis import LayersKnown, fits

BUDGETS = {
    mark("until done"): None,
    mark("for 30 s"): 30.0,
    mark("for 2 min"): 120.0,
    mark("for 10 min"): 600.0,
}
METRICS = {
    Metric.SQNR: mark("SQNR"),
    Metric.AGREEMENT: mark("Same class"),
    Metric.COSINE: mark("Cosine"),
}
WIDTHS = (138, 132, 74, 88, 102, 80, 104, 80, 130, 114, 124)
INVITATION = mark(
    "Which layer costs the network its accuracy? Measure layers rounds one layer after"
    " another, and compares the network's output with that of the float network. The"
    " worst come first, with what would help."
)
STALE = mark("⚠ Types have changed since this was measured ({then}): measure again.")


class LayersView(QWidget):
    """Follows session, job and selection; a row that is chosen selects its layer everywhere."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._shown: tuple[Sensitivity | None, Metric] = (None, Metric.SQNR)
        self._follows = False
        self.measure_button = QPushButton(tr("Measure layers"), self)
        self.samples = QSpinBox(self)
        self.samples.setRange(1, 10_000)
        self.samples.setValue(SAMPLES)
        self.samples.setAccessibleName(tr("Samples to measure on"))
        self.budget = QComboBox(self)
        for text, seconds in BUDGETS.items():
            self.budget.addItem(tr(text), seconds)
        self.budget.setAccessibleName(tr("Time to measure for"))
        self.cumulative = QCheckBox(tr("with all before it"), self)
        self.cumulative.setToolTip(
            tr("Measure each layer together with all layers before it too: how the error grows")
        )
        self.ranking = QComboBox(self)
        for metric, title in METRICS.items():
            self.ranking.addItem(tr(title), metric)
        self.ranking.setAccessibleName(tr("Figure to rank layers by"))
        self.progress = JobProgress(controller, MeasureSensitivity, self)
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.model = LayersModel(self)
        self.table = make_table(self.model, tr("Layers by what they cost"), WIDTHS, self)
        self.bar = ShareBar(self.table)
        self.fixes = FixesList(self)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.table.setItemDelegateForColumn(Column.SHARE, self.bar)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.SHARE, Qt.SortOrder.DescendingOrder)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.measure_button)
        before, _, after = tr("on {number} samples,").partition("{number}")
        top.addWidget(QLabel(before.strip(), self))
        top.addWidget(self.samples)
        top.addWidget(QLabel(after.strip(), self))
        top.addWidget(self.budget)
        top.addWidget(self.cumulative)
        top.addSpacing(8)
        top.addWidget(self.progress)
        top.addStretch(1)
        self.ranking_name = QLabel(tr("Figures:"), self)
        top.addWidget(self.ranking_name)
        top.addWidget(self.ranking)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.fixes)
        self.splitter.setSizes([660, 440])
        self.splitter.setChildrenCollapsible(False)
        self.fixes.setMinimumWidth(260)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addLayout(top)
        column.addWidget(self.state)
        column.addWidget(self.splitter, 1)
        column.addStretch()

    def _connect(self) -> None:
        controller = self._controller
        self.measure_button.clicked.connect(self.measure)
        self.ranking.currentIndexChanged.connect(self.refresh)
        self.cumulative.toggled.connect(self.refresh)
        self.samples.valueChanged.connect(self.refresh)
        self.fixes.asked.connect(self._apply)
        self.table.selectionModel().currentChanged.connect(self._go_to)
        self.model.modelReset.connect(self._follow_selection)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.job_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)
        controller.selection.moved.connect(self._follow_selection)

    def set_theme(self, theme: Theme) -> None:
        """The bars take their colour from ``theme``."""
        self.bar.theme = theme
        self.table.viewport().update()

    # ---- doing

    @property
    def effort(self) -> LayerEffort:
        """What the row on top asks for."""
        return LayerEffort(
            samples=self.samples.value(),
            budget=self.budget.currentData(),
            cumulative=self.cumulative.isChecked(),
        )

    @Slot()
    def measure(self) -> None:
        """Measure what is not known yet."""
        self._controller.measure_layers(self.effort)

    @Slot(object)
    def _apply(self, fix: Fix) -> None:
        self._controller.do(commands.apply_fix(fix))

    # ---- showing

    @property
    def known(self) -> LayersKnown | None:
        """What is shown: what fits the plan, or else what was measured last."""
        session = self._controller.session
        return session.diagnosis.layers_for(session.basis(self.samples.value()))

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show what is known, and what can be done now."""
        known, session = self.known, self._controller.session
        reason = why_not_export(session, self._controller.is_busy)
        self.measure_button.setEnabled(not reason)
        self.measure_button.setToolTip(reason or tr("Go on from what is known (F6)"))
        self.measure_button.setText(
            tr("Go on measuring") if self._is_begun(known) else tr("Measure layers")
        )
        self.progress.refresh()
        for widget in (self.splitter, self.ranking, self.ranking_name):
            widget.setVisible(known is not None)
        self._show_state(known, "" if self.progress.is_running else reason)
        if known is not None:
            self._show(known)

    def _fits(self, known: LayersKnown) -> bool:
        now = self._controller.session.basis()
        return now is not None and fits(known.basis, now)

    def _is_begun(self, known: LayersKnown | None) -> bool:
        if known is None or not self._fits(known) or known.basis.samples != self.samples.value():
            return False
        rest = known.sensitivity.without_layers_that_lack(self.cumulative.isChecked())
        return bool(rest.missing)

    def _show(self, known: LayersKnown) -> None:
        metric = Metric(self.ranking.currentData())  # Qt keeps only its text
        if self._shown != (known.sensitivity, metric):
            self._shown = (known.sensitivity, metric)
            network = self._controller.session.network
            self.model.show_rows(rows_of(known.sensitivity, metric, network))
        has_cumulative = any(each.cumulative for each in known.sensitivity.layers)
        for column in CUMULATIVE:
            self.table.setColumnHidden(column, not has_cumulative)
        self._show_fixes(known)

    def _show_fixes(self, known: LayersKnown) -> None:
        session = self._controller.session
        layer = self._layer()
        place = self.model.row_of(layer)
        label = self.model.index(place, Column.LAYER).data() if place >= 0 else ""
        self.fixes.setVisible(bool(known.fixes) or known.sensitivity.complete)
        self.fixes.show_fixes(known.fixes, layer, str(label))
        self.fixes.follow(session.document, known.basis.settings.target, why_not_edit(session))

    def _show_state(self, known: LayersKnown | None, reason: str) -> None:
        is_warning = known is not None and not self._fits(known)
        self.state.setProperty("role", "warning" if is_warning else "")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        if known is None:
            self.state.setText(tr(INVITATION) + (f"\n{reason}." if reason else ""))
            return
        then = known.sensitivity.whole.in_words()
        self.state.setText(tr(STALE, then=then) if is_warning else state_in_words(known))

    # ---- selection

    def _layer(self) -> str:
        """The selected layer as it is measured: a fused Relu belongs to what makes its input."""
        selected, plan = self._controller.selection.layer, self._controller.session.plan()
        return plan.placement.fused.get(selected, selected) if plan is not None else selected

    @Slot()
    def _follow_selection(self) -> None:
        place = self.model.row_of(self._layer())
        self._follows = True
        if place >= 0:
            index = self.model.index(place, Column.LAYER)
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)
        else:
            self.table.setCurrentIndex(QModelIndex())
        self._follows = False
        known = self.known
        if known is not None:
            self._show_fixes(known)

    @Slot(QModelIndex, QModelIndex)
    def _go_to(self, current: QModelIndex, _: QModelIndex) -> None:
        layer = self.model.layer_at(current.row()) if current.isValid() else ""
        network = self._controller.session.network
        found = [each for each in network.layers if each.name == layer] if network else []
        if found and not self._follows:
            self._controller.selection.select(layer, first_tensor(found[0]))


def first_tensor(layer: Layer) -> str:
    """The tensor of ``layer`` to look at first: its weights, or what it yields."""
    return next(iter(layer.tensors), "")


def state_in_words(known: LayersKnown) -> str:
    """How the network as a whole fares, and how much of it is measured."""
    found = known.sensitivity
    parts = [tr("All quantized: {figures}.", figures=found.whole.in_words())]
    if found.missing:
        done = len(found.layers)
        parts.append(
            tr(
                "{done} of {all} layers are measured: go on to see the rest.",
                done=done,
                all=done + len(found.missing),
            )
        )
    parts.append(
        plural(
            "Measured on one sample of the calibration data at most.",
            "Measured on {n} samples of the calibration data at most.",
            found.basis.samples,
        )
    )
    return " ".join(parts)
