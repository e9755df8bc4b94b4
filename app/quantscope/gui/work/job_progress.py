"""How far a job of certain kinds has come, beside what it fills, with a button that stops it."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.translation import mark, tr

STAGES = {
    "sensitivity": mark("Layers"),
    "fixes": mark("Trying fixes"),
    "goal": mark("Trying mixes"),
}


class JobProgress(QWidget):
    """There while the job under way is a request of ``kind``."""

    def __init__(self, controller: Controller, kind: type, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._kind = kind
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(140, 12)
        self.text = QLabel(self)
        self.text.setProperty("role", "dim")
        self.stop = QPushButton(tr("Stop"), self)
        self.stop.setToolTip(tr("What was measured until then is kept"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.bar, self.text, self.stop):
            row.addWidget(widget)
        self.stop.clicked.connect(controller.cancel_job)
        controller.job_changed.connect(self.refresh)
        self.refresh()

    @property
    def is_running(self) -> bool:
        """Whether such a job is under way."""
        job = self._controller.job
        return job is not None and isinstance(job.request, self._kind)

    @Slot()
    def refresh(self) -> None:
        """Show the job as it is now."""
        self.setVisible(self.is_running)
        job = self._controller.job
        progress = job.progress if job is not None and self.is_running else None
        if progress is None or progress.total <= 0:
            self.bar.setRange(0, 0)
            self.text.setText("")
            return
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        stage = tr(STAGES.get(progress.stage, progress.stage))
        parts = [f"{stage} {100 * progress.done // progress.total} %"]
        if progress.remaining > 0:
            parts.append(tr("{time} left", time=wording.duration(progress.remaining)))
        self.text.setText(", ".join(parts))
