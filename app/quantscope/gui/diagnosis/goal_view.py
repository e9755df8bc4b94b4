"""The accuracy goal: asked for in a form, answered by a curve of mixes, applied as one edit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.diagnosis.mixing import Level, MeasuredMix
from quantscope.core.wording import decibel, share
from quantscope.gui.controller import Controller
from quantscope.gui.diagnosis.cost_curve import CostCurve
from quantscope.gui.diagnosis.cost_points import curve_of, goal_in_words
from quantscope.gui.diagnosis.goal_form import GoalForm
from quantscope.gui.diagnosis.layers_view import LayersView
from quantscope.gui.look.plain_table import make_table
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.readiness import why_not_edit, why_not_export
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, plural, tr
from quantscope.gui.work.job_progress import JobProgress
from quantscope.jobs.messages import FindMix
from quantscope.session import commands
from quantscope.session.diagnosis import MixKnown

HEADINGS = {
    "": mark("★ the cheapest that meets the goal, ● the one in use"),
    mark("Cost"): mark("Of all products, where those at 8 bits cost 1"),
    mark("8 bits"): mark("Share of the products at 8 bits"),
    mark("16 bits"): mark("Share of the products that read 16 bits"),
    mark("Float"): mark("Share of the products in float"),
    mark("SQNR"): mark("Of the network's output"),
    mark("Cosine"): mark("Mean over samples of the cosine to the float network's output"),
    mark("Same class"): mark("Samples with the same largest class as in float"),
}
WIDTHS = (42, 54, 66, 64, 64, 66, 62, 82)
INVITATION = mark(
    "How much accuracy must be kept? Say it at the left. The search finds the cheapest"
    " mix of 8-bit, 16-bit and float layers that keeps it, and runs each mix that it"
    " tries."
)
STALE = mark("⚠ Types have changed since this search: search again.")
BEST, IN_USE = "★", "●"

AT_16_BITS = mark("At 16 bits: {layers}.")
IN_FLOAT = mark("In float: {layers}.")


class GoalView(QWidget):
    """Form, curve and table; the curve and the table choose the same mix."""

    def __init__(
        self, controller: Controller, layers: LayersView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._layers = layers
        self._shown: tuple[MixKnown | None, MeasuredMix | None] = (None, None)
        self.form = GoalForm(self)
        self.form.setFixedWidth(max(240, self.form.minimumSizeHint().width()))
        self.progress = JobProgress(controller, FindMix, self)
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.curve = CostCurve(self)
        self.model = StringTable(HEADINGS, 1, self)
        self.table = make_table(self.model, tr("Mixes by cost"), WIDTHS, self)
        self.detail = QLabel(self)
        self.detail.setWordWrap(True)
        self.apply_button = QPushButton(tr("Apply this mix"), self)
        self._lay_out()
        self.form.asked.connect(self.search)
        self.curve.picked.connect(self._choose)
        self.apply_button.clicked.connect(self._apply)
        self.table.selectionModel().currentChanged.connect(self._note_current)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.job_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.addWidget(self.detail, 1)
        below.addWidget(self.apply_button, 0, Qt.AlignmentFlag.AlignTop)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.curve)
        self.splitter.addWidget(self.table)
        self.splitter.setSizes([340, 510])
        self.splitter.setChildrenCollapsible(False)
        right = QWidget(self)
        right.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.progress)
        column.addWidget(self.state)
        column.addWidget(self.splitter, 1)
        column.addLayout(below)
        column.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 4)
        left = QVBoxLayout()
        left.addWidget(self.form)
        left.addStretch(1)
        row.addLayout(left)
        row.addWidget(right, 1)

    def set_theme(self, theme: Theme) -> None:
        """The curve takes its colours from ``theme``."""
        self.curve.set_theme(theme)

    # ---- doing

    @Slot()
    def search(self) -> None:
        """Find the cheapest mix for what the form says."""
        if not why_not_export(self._controller.session, self._controller.is_busy):
            self._controller.find_mix(self.form.search(self._layers.samples.value()))

    @Slot()
    def _apply(self) -> None:
        known, chosen = self.known, self._chosen()
        if known is not None and chosen is not None:
            self._controller.do(commands.apply_mix(known, chosen))

    # ---- showing

    @property
    def known(self) -> MixKnown | None:
        """The search that is shown: one that fits the plan, or else the last."""
        session = self._controller.session
        return session.diagnosis.mix_for(session.basis())

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show what is known, and what can be done now."""
        session, known = self._controller.session, self.known
        reason = why_not_export(session, self._controller.is_busy)
        self.form.search_button.setEnabled(not reason)
        self.form.search_button.setToolTip(reason)
        self.progress.refresh()
        for widget in (self.splitter, self.detail, self.apply_button):
            widget.setVisible(known is not None)
        self._show_state(known, "" if self.progress.is_running else reason)
        if known is not None:
            self._show(known)

    def _show(self, known: MixKnown) -> None:
        in_use = known.in_use(self._controller.session.document.settings)
        if self._shown != (known, in_use):
            is_new = self._shown[0] != known
            row = self.table.currentIndex().row()
            self._shown = (known, in_use)
            self.model.show_rows([_row(known, each, in_use) for each in known.found.curve])
            self._choose(known.found.curve.index(known.found.best) if is_new else row)
        self._show_current()

    def _show_state(self, known: MixKnown | None, reason: str) -> None:
        now = self._controller.session.basis()
        is_stale = known is not None and (now is None or not known.fits(now))
        is_warning = known is not None and (is_stale or not known.found.reached)
        self.state.setProperty("role", "warning" if is_warning else "")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        if known is None:
            self.state.setText(tr(INVITATION) + (f"\n{reason}." if reason else ""))
        else:
            self.state.setText((tr(STALE) + " " if is_stale else "") + state_in_words(known))

    # ---- choosing a point

    def _chosen(self) -> MeasuredMix | None:
        known, row = self.known, self.table.currentIndex().row()
        return known.found.curve[row] if known and 0 <= row < len(known.found.curve) else None

    @Slot(int)
    def _choose(self, number: int) -> None:
        index = self.model.index(number, 0)
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)

    @Slot(QModelIndex, QModelIndex)
    def _note_current(self, *_: object) -> None:
        self._show_current()

    def _show_current(self) -> None:
        known, chosen = self.known, self._chosen()
        session = self._controller.session
        if known is None:
            return
        settings = session.document.settings
        self.curve.show_curve(curve_of(known, settings), self.table.currentIndex().row())
        is_used = chosen is not None and known.applied(chosen.mix, settings) == settings
        network = session.network
        labels = {each.name: each.label for each in network.layers} if network else {}
        self.detail.setText(raised_in_words(chosen, labels) if chosen is not None else "")
        reason = why_not_edit(session)
        if not reason and known.basis.settings.target != settings.target:
            reason = tr("Found for another target")
        self.apply_button.setText(tr("✓ In use") if is_used else tr("Apply this mix"))
        self.apply_button.setEnabled(chosen is not None and not is_used and not reason)
        self.apply_button.setToolTip(reason or tr("One edit, which Undo takes back"))


def _row(known: MixKnown, found: MeasuredMix, in_use: MeasuredMix | None) -> tuple[str, ...]:
    cost, deviation = found.cost, found.deviation
    is_best = known.found.reached and found == known.found.best
    marks = (BEST if is_best else "") + (IN_USE if found == in_use else "")
    agreement = deviation.agreement
    return (
        marks,
        f"{cost.relative:.3f}",
        *(_percent(each) for each in (cost.narrow, cost.wide, cost.in_float)),
        decibel(deviation.sqnr),
        f"{deviation.cosine:.4f}",
        "–" if agreement is None else share(agreement),
    )


def _percent(part: float) -> str:
    """A share with one decimal; a very small one stays visible."""
    if 0.0 < part < 0.001:
        return "<0.1 %"
    return f"{100.0 * part:.1f} %" if part else "0"


def state_in_words(known: MixKnown) -> str:
    """What the search found, in a sentence."""
    found = known.found
    goal = goal_in_words(found)
    if not found.reached:
        return plural(
            "⚠ Only the float network reaches {goal}, judged on one sample of the calibration"
            " data: ask for less.",
            "⚠ Only the float network reaches {goal}, judged on {n} samples of the calibration"
            " data: ask for less.",
            found.samples,
            goal=goal,
        )
    best = found.best
    return plural(
        "{sign} The cheapest mix that keeps {goal} costs {cost} and has {figure}, judged on one"
        " sample of the calibration data.",
        "{sign} The cheapest mix that keeps {goal} costs {cost} and has {figure}, judged on {n}"
        " samples of the calibration data.",
        found.samples,
        sign=BEST,
        goal=goal,
        cost=f"{best.cost.relative:.3f}",
        figure=best.deviation.figure(found.goal.metric),
    )


def raised_in_words(found: MeasuredMix, labels: Mapping[str, str]) -> str:
    """Which layers a mix raises, by their labels."""
    parts = []
    for level, words in ((Level.WIDE, AT_16_BITS), (Level.FLOAT, IN_FLOAT)):
        names = [labels.get(name, name) for name, each in found.raised.items() if each is level]
        if names:
            parts.append(tr(words, layers=", ".join(names)))
    return " ".join(parts) or tr("All layers at 8 bits, as the plan has them.")
