"""The line at the bottom: which model, which data, and what the job under way is doing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import sources_of, takes_same
from quantscope.core.events import Progress
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_add, why_not_edit
from quantscope.gui.translation import mark, plural, tr
from quantscope.jobs.messages import Calibrate

SAME_AS_TITLE = frozenset({"calibration", "export", "sensitivity", "goal"})
OTHER_DATA = mark("⚠ of other data: calibrate again")
OTHER_VALUES = mark("⚠ of other values: calibrate again")
MOST_NAMES = 20  # of skipped samples in a tool tip


class StatusLine(QStatusBar):
    """Follows the controller; its buttons trigger the window's actions."""

    def __init__(
        self, controller: Controller, pause: QAction, cancel: QAction, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self.model = QLabel(self)
        self.data = QLabel(self)
        self.random = QLabel(tr("⚠ random data: figures are about noise"), self)
        self.random.setProperty("role", "warning")
        self.look_only = QLabel(tr("Quantized already: to look at only"), self)
        self.look_only.setProperty("role", "warning")
        self.stage = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setFixedSize(180, 14)
        self.bar.setTextVisible(False)
        self.pause, self.stop = QToolButton(self), QToolButton(self)
        for button, action in ((self.pause, pause), (self.stop, cancel)):
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizeGripEnabled(False)
        for label in (self.model, self.look_only, self.data, self.random):
            self.addWidget(label)
        for widget in (self.stage, self.bar, self.pause, self.stop):
            self.addPermanentWidget(widget)
        controller.job_changed.connect(self.refresh)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the session and the job as they are now."""
        session, job = self._controller.session, self._controller.job
        document = session.document
        self.model.setText(Path(document.model).name or tr("No model"))
        self.model.setToolTip(document.model)
        self.data.setText(self._data_text() if document.model else "")
        self.data.setToolTip(self._data_tip())
        self.random.setVisible(self._is_random())
        self.look_only.setVisible(self._controller.readings.is_look_only)
        self.look_only.setToolTip(why_not_edit(session))
        for widget in (self.stage, self.bar, self.stop):
            widget.setVisible(self._controller.is_busy)
        self.pause.setVisible(job is not None and isinstance(job.request, Calibrate))
        if job is not None:
            self._show_progress(job.title, job.progress)
        elif self._controller.work.is_active:
            self._show_progress(self._controller.work.title, None)

    def _is_random(self) -> bool:
        session = self._controller.session
        calibration = session.calibration
        used = calibration.data if calibration else session.document.data
        return used is not None and used.is_random

    def _data_text(self) -> str:
        session = self._controller.session
        calibration = session.calibration
        text = describe_data(session.document.data)
        if calibration is None:
            return f"{text} · " + tr("not calibrated")
        state = plural("one sample", "{n} samples", calibration.samples)
        if calibration.left:
            of_all = wording.count(calibration.samples + calibration.left)
            counted = wording.count(calibration.samples)
            state = tr("{counted} of {all} samples", counted=counted, all=of_all)
        if calibration.skipped:
            skipped = len(calibration.skipped)
            state += ", " + plural("{n} unreadable skipped", "{n} unreadable skipped", skipped)
        if session.calibration_is_stale:
            state += f" · {self._why_stale(calibration)}"
        return f"{text} · {state}"

    def _why_stale(self, calibration: Calibration) -> str:
        session = self._controller.session
        data = session.document.data
        if not why_not_add(session):
            return tr("⚠ without samples that were added: resume")
        same_data = data is not None and takes_same(data, calibration.data)
        return tr(OTHER_VALUES if same_data else OTHER_DATA)

    def _data_tip(self) -> str:
        """Where the data is, and which samples of it were left out."""
        session = self._controller.session
        data, calibration = session.document.data, session.calibration
        sources = sources_of(data) if data is not None else ()
        lines = [each.path or describe_data(each) for each in sources]
        if calibration is not None and calibration.skipped:
            lines += [tr("Not readable, and skipped:"), *calibration.skipped[:MOST_NAMES]]
            lines += ["…"] * (len(calibration.skipped) > MOST_NAMES)
        return "\n".join(lines)

    def _show_progress(self, title: str, progress: Progress | None) -> None:
        if progress is None or progress.total <= 0:
            self.bar.setRange(0, 0)
            self.stage.setText(f"{title} …")
            return
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        is_news = progress.stage and progress.stage not in SAME_AS_TITLE
        parts = [f"{title}: {progress.stage}" if is_news else title]
        parts.append(tr("{done} of {total}", done=progress.done, total=progress.total))
        if progress.rate > 0:
            parts.append(f"{progress.rate:.3g}/s")
        if progress.remaining > 0:
            parts.append(tr("{time} left", time=wording.duration(progress.remaining)))
        self.stage.setText(" · ".join(parts))


def describe_data(data: DataDescription | None) -> str:
    """A data description in a few words."""
    if data is None:
        return tr("No data")
    return " + ".join(map(_source_in_words, sources_of(data)))


def _source_in_words(data: DataDescription) -> str:
    if data.is_random:
        return tr("Random data, seed {seed}", seed=data.seed)
    return Path(data.path).name or data.path
