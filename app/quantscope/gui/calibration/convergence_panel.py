"""The dock for convergence: how much ranges still move, and whether that ends a calibration."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.convergence import Checkpoint, Convergence, converging
from quantscope.core.wording import count
from quantscope.gui.calibration.convergence_curve import ConvergenceCurve
from quantscope.gui.calibration.convergence_points import points_of
from quantscope.gui.controller import Controller
from quantscope.gui.look.plain_table import make_table
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.results.report_model import StringTable
from quantscope.gui.translation import mark, tr
from quantscope.gui.work.long_work import LongWork

INVITATION = mark("Calibrate to see how much ranges still move with every sample.")
COLUMNS = {
    mark("Samples"): mark("Which samples were added; each row as many as all before it"),
    mark("Ranges moved"): mark("Tensors whose range grew by an eighth of a power of two or more"),
    mark("Exponents moved"): mark(
        "Tensors whose largest magnitude reached another power of two, so that a fixed-point type"
        " by MinMax needs another fraction length"
    ),
    mark("Bits a sample"): mark(
        "How much the largest magnitude of a tensor grew on average, for each sample"
    ),
}
WIDTHS = (130, 110, 130, 110)
USUAL = 32  # samples without a move, after which a run may end
OLDER = mark("⚠ Not of the data and the network as they are now.")
NOISE = mark("⚠ Random data: these figures are about noise.")


class ConvergencePanel(QWidget):
    """Follows the statistics of the session; nothing is worked out while out of sight."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._shown: Calibration | None = None
        self._work = LongWork(self)
        self._theme = LIGHT
        self.state, self.caution, self.legend = QLabel(self), QLabel(self), QLabel(self)
        for label in (self.state, self.caution):
            label.setWordWrap(True)
        self.state.setProperty("role", "heading")
        self.caution.setProperty("role", "caution")
        self.stops = QCheckBox(tr("&Stop when stable: once no exponent moved for"), self)
        self.stops.setToolTip(tr("A calibration ends there, and its other samples are left out"))
        self.after = QSpinBox(self)
        self.after.setRange(1, 1_000_000)
        self.after.setValue(USUAL)
        self.after.setSuffix(tr(" samples"))
        self.after.setKeyboardTracking(False)
        self.after.setAccessibleName(tr("Samples without a move after which a calibration ends"))
        self.curve = ConvergenceCurve(self)
        self.model = StringTable(COLUMNS, 0, self)
        self.table = make_table(self.model, tr("What moved while samples were added"), WIDTHS, self)
        self._lay_out()
        self.stops.clicked.connect(self._choose)
        self.after.valueChanged.connect(self._choose)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.state, 1)
        top.addWidget(self.stops, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.after, 0, Qt.AlignmentFlag.AlignTop)
        left = QWidget(self)
        beside = QVBoxLayout(left)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(2)
        beside.addWidget(self.legend)
        beside.addWidget(self.curve, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.table)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([520, 500])
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.addLayout(top)
        column.addWidget(self.caution)
        column.addWidget(self.splitter, 1)
        column.addStretch()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(280)
        return hint

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.curve.set_theme(theme)
        ranges, exponents = tr("ranges"), tr("exponents")
        self.legend.setText(
            f'<span style="color:{theme.kept}">●</span> {ranges} &nbsp; '
            f'<span style="color:{theme.edge}">■</span> {exponents}'
        )

    # ---- what is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the statistics at hand."""
        if not self.isVisible():
            return
        session = self._controller.session
        calibration = session.calibration
        self._show_choice()
        self.caution.setText(_caution(calibration, session.calibration_is_stale))
        self.caution.setVisible(bool(self.caution.text()))
        if calibration is None:
            self._shown = None
            self._work.abandon()
            self.splitter.hide()
            self.state.setText(tr(INVITATION))
        elif calibration is not self._shown:
            self._shown = calibration
            self._work.begin("", converging(calibration), self._show_convergence)

    def _show_convergence(self, found: Convergence) -> None:
        points = points_of(found)
        self.splitter.setVisible(points is not None)
        self.state.setText(found.sentence())
        self.curve.show_points(points)
        self.model.show_rows([_row(each) for each in found.checkpoints])

    # ---- stop when stable

    def _show_choice(self) -> None:
        data = self._controller.session.document.data
        stable_after = data.stable_after if data is not None else 0
        with QSignalBlocker(self.stops), QSignalBlocker(self.after):
            self.stops.setChecked(stable_after > 0)
            if stable_after:
                self.after.setValue(stable_after)
        self.stops.setEnabled(data is not None)
        self.after.setEnabled(stable_after > 0)

    @Slot()
    def _choose(self, *_: object) -> None:
        data = self._controller.session.document.data
        if data is not None:
            stable_after = self.after.value() if self.stops.isChecked() else 0
            changed = replace(data, stable_after=stable_after)
            self._controller.describe_data(changed, tr("Stop when stable"))


def _caution(calibration: Calibration | None, is_stale: bool) -> str:
    if calibration is None:
        return ""
    found = [tr(OLDER)] if is_stale else []
    return "\n".join([*found, tr(NOISE)] if calibration.data.is_random else found)


def _row(step: Checkpoint) -> tuple[str, ...]:
    first, last = count(step.since + 1), count(step.samples)
    return (
        first if first == last else tr("{first} to {last}", first=first, last=last),
        count(step.ranges),
        count(step.exponents),
        f"{step.bits_per_sample:.4f}",
    )
