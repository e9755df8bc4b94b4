"""The type of the selected rows: fields to edit it, what it keeps, what it costs, and the bars."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import Depth
from quantscope.core.planning.prediction import largest_error
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.alternatives import Alternatives
from quantscope.gui.inspector.before_after import BeforeAfter, error_texts, range_texts
from quantscope.gui.inspector.bit_bars import SLIM, BitBars
from quantscope.gui.inspector.scrolled import Scrolled
from quantscope.gui.inspector.type_fields import TypeFields
from quantscope.gui.look.theme import Theme
from quantscope.gui.ranges import row_edits
from quantscope.gui.translation import tr


class TypeView(QWidget):
    """Follows the selection, and a band that is dragged, while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._alternatives = Alternatives(controller)
        self.bars = BitBars(self, SLIM)
        self.state = self._text()
        self.fields = TypeFields(controller, self)
        self.figures = BeforeAfter(self)
        self.notes = self._text()
        self.notes.setProperty("role", "dim")
        self.setFocusProxy(self.fields.scheme)
        self.scrolled = Scrolled(tr("Type of the selected tensors"), self)
        column = self.scrolled.column
        for widget in (self.bars, self.state, self.fields, self.figures, self.notes):
            column.addWidget(widget)
        column.setSpacing(10)
        column.addStretch()
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.scrolled)
        for signal in (
            controller.selection.moved,
            controller.changed,
            controller.results_changed,
            controller.previewed,
            controller.live_counted,
        ):
            signal.connect(self.refresh)

    def _text(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        return label

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.bars.set_theme(theme)

    def set_axis(self, depth: Depth) -> None:
        """The axis of the bars, as the histogram has it."""
        self.bars.set_depth(depth)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected rows as they are now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        known = bool(tensor) and readings.network is not None and tensor in readings.network.tensors
        row = readings.heat_row(tensor) if known else None
        data_type = readings.data_type(tensor) if known else None
        self.bars.setVisible(row is not None)
        self.bars.show_row(row)
        self.fields.refresh()
        self.state.setText(self._state(tensor, data_type) if known else "")
        self.figures.setVisible(data_type is not None)
        notes = self._notes(tensor) if known else []
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        if data_type is not None:
            self._show_figures(tensor, data_type)

    def _state(self, tensor: str, data_type: DataType | None) -> str:
        """Where the type comes from, or why there is none or none can be set."""
        readings, selection = self._controller.readings, self._controller.selection
        locked = readings.locked(tensor)
        if self._controller.session.plan() is None:
            return tr("No type yet: calibrate first.")
        if data_type is None:
            text = tr("Not quantized: {reason}.", reason=locked) if locked else tr("Not quantized.")
        elif locked:
            text = tr("Cannot be set: {reason}.", reason=locked)
        elif readings.is_pinned(tensor):
            text = " ".join((wording.PIN, tr("Set by hand.")))
        else:
            text = tr("Follows {scheme}.", scheme=self._scheme_title)
        count = len(selection.tensors)
        if count > 1:
            return tr(
                "The fields change {n} of {all} selected tensors. The figures are those of {name}."
                " {state}",
                n=wording.count(sum(1 for _ in row_edits.editable(self._controller))),
                all=wording.count(count),
                name=readings.name_of(tensor),
                state=text,
            )
        return text

    @property
    def _scheme_title(self) -> str:
        return SCHEME_TITLES[self._controller.session.document.settings.scheme]

    def _notes(self, tensor: str) -> list[str]:
        readings = self._controller.readings
        notes = []
        if readings.tied(tensor):
            others = ", ".join(readings.name_of(name) for name in readings.tied(tensor))
            notes.append(tr("= Shares its type with {others}.", others=others))
        if readings.data_type(tensor) is not None and readings.is_cut_off(tensor):
            there = ", ".join(readings.name_of(name) for name in readings.rounded_at(tensor))
            notes.append(
                tr("What follows cuts its values off; its errors are told at {place}.", place=there)
            )
        if conflict := readings.conflict(tensor):
            notes.append(f"{wording.CONFLICT} {conflict}.")
        calibration = self._controller.session.calibration
        if calibration is not None and calibration.data.is_random:
            notes.append(
                " ".join((wording.CONFLICT, tr("Random data: these figures are about noise.")))
            )
        return notes

    # ---- figures

    def _show_figures(self, tensor: str, now: DataType) -> None:
        heading, before = self._before(tensor)
        columns = [self._texts(tensor, kind) if kind else {} for kind in (before, now)]
        self.figures.show_texts((heading, tr("Now")), *columns)

    def _before(self, tensor: str) -> tuple[str, DataType | None]:
        """What stood before a drag; else what the scheme gives."""
        plan = self._controller.session.plan()
        if tensor in self._controller.readings.preview and plan is not None:
            return tr("Before"), plan.types.get(tensor)
        if self._controller.readings.is_pinned(tensor):
            before = self._alternatives.types([tensor]).get(tensor)
        else:
            before = self._controller.readings.data_type(tensor)
        return tr("By {scheme}", scheme=self._scheme_title), before

    def _texts(self, tensor: str, data_type: DataType) -> dict[str, str]:
        readings = self._controller.readings
        statistics = readings.statistics(tensor)
        error = readings.error_of(tensor, data_type)
        largest = None
        if statistics is not None and error is not None:
            largest = largest_error(statistics, data_type)
        return range_texts(data_type) | error_texts(error, largest)
