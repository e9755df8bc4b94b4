"""What the target will not take of the network, before the export; follows every edit."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QTreeView, QVBoxLayout, QWidget

from quantscope.core.planning.checker import Finding, check
from quantscope.core.planning.targets import TARGETS, Target
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import Theme
from quantscope.gui.menus.readiness import why_not_edit
from quantscope.gui.ranges.tree import RowDelegate
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, plural, tr

HEADINGS = {
    "": mark("⚠ the target refuses the network for this, ○ the layer runs in float"),
    mark("Layer"): mark("Choose a row to go to the layer"),
    mark("Tensor"): mark("The tensor, where it is about one"),
    mark("What"): mark("What the target will not take"),
    mark("What to do"): mark("A remedy"),
}
WIDTHS = (28, 150, 130, 330, 330)
REFUSED, FLOAT = "⚠", "○"


class CheckPanel(QWidget):
    """One row for each finding of the checker, refused things first."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._findings: tuple[Finding, ...] = ()
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.model = StringTable(HEADINGS, len(HEADINGS), self)
        self.table = QTreeView(self)
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setItemDelegate(RowDelegate(self.table))
        self.table.setUniformRowHeights(True)
        self.table.setAccessibleName(tr("What the target will not take"))
        for number, width in enumerate(WIDTHS):
            self.table.setColumnWidth(number, width)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.table.selectionModel().currentChanged.connect(self._go_to)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Nothing here has colours of its own."""

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(220)
        return hint

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Check again; nothing is done while out of sight."""
        if not self.isVisible():
            return
        session = self._controller.session
        if session.network is None:
            self.state.setText(tr("Open a model to see what its target will not take."))
            self.table.hide()
            return
        if reason := why_not_edit(session):
            self.state.setText(f"{reason}.")
            self.table.hide()
            return
        settings = session.document.settings
        self._findings = check(session.network, settings, session.plan())
        self._show_state(TARGETS[settings.target])
        self.model.show_rows([_row(each, self._name(each.tensor)) for each in self._findings])
        self.table.setVisible(bool(self._findings))

    def _show_state(self, target: Target) -> None:
        refused = sum(each.refused for each in self._findings)
        self.state.setProperty("role", "warning" if refused else "heading")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self.state.setText(state_in_words(target, self._findings))

    def _name(self, tensor: str) -> str:
        return self._controller.readings.name_of(tensor) if tensor else ""

    @Slot(QModelIndex, QModelIndex)
    def _go_to(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid() and current.row() < len(self._findings):
            found = self._findings[current.row()]
            self._controller.selection.select(found.layer, found.tensor)


def state_in_words(target: Target, findings: tuple[Finding, ...]) -> str:
    """What the findings come to, in a sentence or two."""
    refused = sum(each.refused for each in findings)
    floats = len(findings) - refused
    if not findings:
        return tr("{target} takes all of the network in integers.", target=target.title)
    parts = []
    if refused:
        parts.append(
            plural(
                "{target} refuses the network for one thing.",
                "{target} refuses the network for {n} things.",
                refused,
                target=target.title,
            )
        )
    if floats:
        parts.append(plural("One layer stays in float.", "{n} layers stay in float.", floats))
    return " ".join(parts)


def _row(found: Finding, tensor: str) -> tuple[str, ...]:
    sign = REFUSED if found.refused else FLOAT
    return (sign, found.label, tensor, _sentence(found.text), _sentence(found.remedy))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
