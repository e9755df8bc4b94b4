"""Keeps unsaved work on disk a moment after each edit and each result, until it is saved."""

from __future__ import annotations

import logging
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Slot

from quantscope.core.counting.calibration import Calibration
from quantscope.core.errors import Problem
from quantscope.gui.controller import Controller
from quantscope.gui.files.run_folder import RunFolder
from quantscope.gui.work.long_work import LongWork
from quantscope.session.document import Document
from quantscope.session.draft import draft_of, writing_draft

log = logging.getLogger(__name__)

MOMENT_MS = 1_000


class Autosave(QObject):
    """Writes the draft of ``run`` where the session has unsaved work, and removes it where not.

    Only the document is written, in slices where thousands of types are set by hand: statistics
    are in the run's folder since they were counted.
    """

    def __init__(self, controller: Controller, run: RunFolder, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._run = run
        self._kept: tuple[Document | None, Calibration | None] = (None, None)
        self._writing = LongWork(self)
        self._writing.failed.connect(self._tell_failed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MOMENT_MS)
        self._timer.timeout.connect(self.keep)
        controller.changed.connect(self._note)
        controller.results_changed.connect(self._note)

    @property
    def kept_document(self) -> Document | None:
        """What is on disk; ``None`` where nothing is."""
        return self._kept[0]

    @Slot()
    def _note(self, *_: object) -> None:
        if not self._controller.has_unsaved_work:
            self._timer.stop()
            self._forget()
        elif not self._timer.isActive():  # a long row of edits is kept in its middle, too
            self._timer.start()

    @Slot()
    def keep(self) -> None:
        """Write what is unsaved now."""
        session = self._controller.session
        if not self._controller.has_unsaved_work:
            self._forget()
            return
        document, calibration = self._kept
        if session.calibration is calibration and session.document == document:
            return
        moment = datetime.now().astimezone().isoformat(timespec="seconds")
        kept = session.document, session.calibration
        steps = writing_draft(draft_of(session, moment), self._run.draft)
        self._writing.begin("", steps, lambda _: self._note_kept(*kept))

    def _note_kept(self, document: Document, calibration: Calibration | None) -> None:
        self._kept = document, calibration

    @Slot(object)
    def _tell_failed(self, problem: Problem) -> None:
        log.warning("unsaved work is not kept: %s", problem.sentence())

    def _forget(self) -> None:
        self._writing.abandon()
        self._kept = None, None
        self._run.draft.unlink(missing_ok=True)
