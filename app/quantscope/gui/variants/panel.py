"""The dock for variants: what each comes to, and what the open one does otherwise than another."""

from __future__ import annotations

from math import inf

from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, size
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.look.plain_table import make_table
from quantscope.gui.look.theme import Theme
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, plural, tr
from quantscope.gui.variants.compared import Compared
from quantscope.gui.variants.comparison import NO_STATISTICS, Comparison, Subject
from quantscope.gui.variants.differences import (
    AT_ONCE,
    Difference,
    Summary,
    finding_differences,
    summing_up,
)
from quantscope.gui.work.long_work import LongWork
from quantscope.session.document import Variant
from quantscope.session.steps import Steps

VARIANT_HEADINGS = {
    "": mark("● open, ◇ compared with"),
    mark("Variant"): mark("Choose a row to compare with it; Enter opens it"),
    mark("Target"): mark("What the variant is planned for"),
    mark("Scheme"): mark("How types are chosen where none is pinned"),
    mark("Words"): mark("Bits of weights / of activations, where none is pinned"),
    mark("Pinned"): mark("Tensors whose type was set by hand"),
    mark("Float"): mark("Layers kept in float by hand"),
    mark("Parameters"): mark("Weights, biases and constants as stored"),
    mark("Mean SQNR"): mark("Predicted, over the tensors that lose anything"),
    mark("Worst SQNR"): mark("Predicted, of the tensor that loses most"),
    mark("Prepared"): mark("What was chosen of the network's preparation"),
}
VARIANT_WIDTHS = (22, 56, 100, 74, 50, 54, 44, 82, 80, 82, 150)
DIFFERENCE_WIDTHS = (168, 72, 96, 96, 80, 80)
WORD_COLUMNS = 5
OPEN, COMPARED = "●", "◇"
UNKNOWN = "–"
WORKING = "…"


class VariantsPanel(QWidget):
    """Nothing is worked out while it is out of sight; what takes long is done in slices."""

    wanted = Signal()  # it should be seen
    opened = Signal(int)  # the place of a variant to go on with

    def __init__(self, controller: Controller, comparison: Comparison, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._comparison = comparison
        self._summaries: dict[str, Summary | None] = {}
        self.differences: tuple[Difference, ...] = ()
        self.work = LongWork(self)
        self.variants = StringTable(VARIANT_HEADINGS, WORD_COLUMNS, self)
        self.table = make_table(self.variants, tr("Variants"), VARIANT_WIDTHS, self)
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.tensors = StringTable({}, 1, self)
        self.list = make_table(self.tensors, tr("What differs"), (), self)
        self._lay_out()
        self.table.selectionModel().currentChanged.connect(self._compare)
        self.table.activated.connect(self._open)
        self.list.selectionModel().currentChanged.connect(self._go_to)
        for signal in (controller.changed, controller.results_changed, comparison.changed):
            signal.connect(self.refresh)
        controller.session_replaced.connect(self._forget)

    def _lay_out(self) -> None:
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 6, 0, 0)
        column.addWidget(self.state)
        column.addWidget(self.list, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setObjectName("variants")
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(right)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.setSizes([650, 440])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 4, 8, 4)
        outer.addWidget(self.splitter)

    def set_theme(self, theme: Theme) -> None:
        """Nothing here has colours of its own."""

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(240)
        return hint

    def enabled(self) -> dict[str, bool]:
        """Which of its actions can be done now."""
        return {"variants": self._controller.session.network is not None}

    @Slot()
    def do_variants(self) -> None:
        self.wanted.emit()
        self.table.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # ---- following

    @Slot()
    def _forget(self) -> None:
        self._summaries = {}

    @Slot()
    def refresh(self, *_: object) -> None:
        """Work out anew what is shown; what was is shown until then."""
        if not self.isVisible():
            return
        self._show_variants()
        self._show_state(None)
        self.work.begin(tr("Comparing variants"), self._working(), self._end)

    def _working(self) -> Steps[None]:
        """What differs comes first: it is what a person looks at."""
        mine, other = self._open_plan(), self._comparison.other
        if mine is not None and other is not None:
            found = yield from finding_differences(mine, other)
            rows = yield from self._wording(found)
            self._show_differences(found, rows)
        for variant in self._controller.session.document.variants:
            plan = self._comparison.plan_of(variant)
            yield
            summary = None if plan is None else (yield from summing_up(plan))
            self._summaries[variant.name] = summary
            self._show_variants()

    def _open_plan(self) -> Compared | None:
        document = self._controller.session.document
        return self._comparison.plan_of(document.variants[document.place])

    def _show_variants(self) -> None:
        document = self._controller.session.document
        names, subject = [each.name for each in document.variants], self._comparison.subject
        self._summaries = {name: each for name, each in self._summaries.items() if name in names}
        rows = [self._row(place, each) for place, each in enumerate(document.variants)]
        compared = subject.name if subject is not None else ""
        place = names.index(compared) if compared in names else document.place
        with QSignalBlocker(self.table.selectionModel()):
            self.variants.show_rows(rows)
            self.table.setCurrentIndex(self.variants.index(place, 0))
        self.table.viewport().update()

    def _row(self, place: int, variant: Variant) -> tuple[str, ...]:
        document, settings = self._controller.session.document, variant.settings
        is_other = self._comparison.subject == Subject(variant.name)
        prepared = [each.title for each in variant.preparation.chosen]
        return (
            OPEN if place == document.place else COMPARED if is_other else "",
            variant.name,
            TARGETS[settings.target].title,
            SCHEME_TITLES[settings.scheme],
            f"{settings.weight_words} / {settings.word_length}",
            wording.count(len(settings.pinned)),
            wording.count(len(settings.float_layers)),
            *self._figures(variant.name),
            ", ".join(prepared) or UNKNOWN,
        )

    def _figures(self, name: str) -> tuple[str, str, str]:
        if name not in self._summaries:
            return WORKING, WORKING, WORKING
        summary = self._summaries[name]
        if summary is None:
            return UNKNOWN, UNKNOWN, UNKNOWN
        mean, worst = summary.mean_sqnr, summary.worst_sqnr
        exact = wording.decibel(inf) if mean is None or worst is None else ""
        return (
            size(summary.parameter_bytes),
            exact or wording.decibel(mean or 0.0),
            exact or wording.decibel(worst or 0.0),
        )

    def _show_state(self, found: tuple[Difference, ...] | None) -> None:
        document, other = self._controller.session.document, self._comparison.other
        self.list.setVisible(other is not None)
        if other is None:
            self.state.setText(self._why_nothing())
            return
        against = tr("{name} against {other}", name=document.name, other=other.label)
        if found is None:
            self.state.setText(f"{against} {WORKING}")
            return
        self.state.setText(f"{against}: {_count(found)}.")

    def _why_nothing(self) -> str:
        offers = self._comparison.offers()
        if any(not each.reason for each in offers):
            return tr("Choose another variant at the left, or above the rows, to see what differs.")
        reasons = {each.reason for each in offers}
        if tr(NO_STATISTICS) in reasons:
            return tr("Calibrate to compare variants.")
        if reasons:
            return tr("Nothing to compare with: {reason}.", reason=reasons.pop())
        return tr(
            "A new variant (Ctrl+Shift+N) keeps this plan beside what you change from now on."
        )

    def _end(self, _: None) -> None:
        """All is on the screen already."""

    def _show_differences(self, found: tuple[Difference, ...], rows: list[tuple[str, ...]]) -> None:
        self.differences = found
        self._show_state(found)
        name, label = self._controller.session.document.name, self._comparison.label
        label += "\N{PRIME}" * (label == name)
        self.tensors.show_headings(
            {
                tr("Tensor"): tr("Choose a row to go to the tensor"),
                tr("SQNR"): tr(
                    "SQNR in {name} less SQNR in {other}; {sign}: one has no figure",
                    name=name,
                    other=label,
                    sign=UNKNOWN,
                ),
                tr("Type, {name}", name=name): tr("The type in {name}", name=name),
                tr("Type, {name}", name=label): tr("The type in {name}", name=label),
                tr("SQNR, {name}", name=name): tr(
                    "Predicted; {sign}: float, or rounded elsewhere", sign=UNKNOWN
                ),
                tr("SQNR, {name}", name=label): tr("Predicted SQNR in {name}", name=label),
            }
        )
        self.tensors.show_rows(rows)
        for number, width in enumerate(DIFFERENCE_WIDTHS):
            self.list.setColumnWidth(number, width)

    def _wording(self, found: tuple[Difference, ...]) -> Steps[list[tuple[str, ...]]]:
        rows = []
        for number, each in enumerate(found, 1):
            rows.append(self._difference_row(each))
            if number % AT_ONCE == 0:
                yield
        return rows

    def _difference_row(self, each: Difference) -> tuple[str, ...]:
        readings = self._controller.readings
        types = (each.mine, each.other)
        sqnr = (each.my_sqnr, each.other_sqnr)
        return (
            readings.name_of(each.tensor),
            UNKNOWN if each.gain is None else wording.gain(each.gain),
            *(tr("float") if kind is None else kind.label() for kind in types),
            *(UNKNOWN if value is None else wording.decibel(value) for value in sqnr),
        )

    # ---- what is chosen

    @Slot(QModelIndex, QModelIndex)
    def _compare(self, index: QModelIndex, _: QModelIndex) -> None:
        document = self._controller.session.document
        if index.isValid():
            variant = document.variants[index.row()]
            is_open = index.row() == document.place
            self._comparison.choose(None if is_open else Subject(variant.name))

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    @Slot(QModelIndex, QModelIndex)
    def _go_to(self, current: QModelIndex, _: QModelIndex) -> None:
        network = self._controller.readings.network
        if network is not None and current.isValid() and current.row() < len(self.differences):
            tensor = self.differences[current.row()].tensor
            self._controller.selection.select(network.tensors[tensor].layer, tensor)


def _count(found: tuple[Difference, ...]) -> str:
    """How many tensors differ, and how many of them in their type."""
    if not found:
        return tr("no tensor differs")
    types = sum(each.mine != each.other for each in found)
    number = len(found)
    if types == number:
        return plural("one tensor differs in type", "{n} tensors differ in type", number)
    if not types:
        return plural(
            "one tensor differs in SQNR alone", "{n} tensors differ in SQNR alone", number
        )
    return plural(
        "one tensor differs, {types} of them in type",
        "{n} tensors differ, {types} of them in type",
        number,
        types=wording.count(types),
    )
