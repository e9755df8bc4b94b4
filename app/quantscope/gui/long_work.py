"""Work that needs this process and takes long: done in slices, between which the window answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from quantscope.core.errors import QuantscopeError
from quantscope.session.steps import Steps, T

SLICE = 0.012  # seconds: less than a frame, so that what is dragged keeps moving


class LongWork(QObject):
    """One piece of work at a time; another takes its place.

    The first slice is done at once, so that nobody waits for what is small.
    """

    changed = Signal()  # begun, ended
    failed = Signal(object)  # Problem

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.title = ""
        self._steps: Steps[Any] | None = None
        self._then: Callable[[Any], object] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def is_active(self) -> bool:
        """Whether there is work that has not ended."""
        return self._steps is not None

    def begin(self, title: str, steps: Steps[T], then: Callable[[T], object]) -> None:
        """Do ``steps`` and hand what comes of them to ``then``; ``title`` says it in words."""
        self.abandon()
        self.title, self._steps, self._then = title, steps, then
        self._go_on()
        if self._steps is steps:
            self._timer.start()
            self.changed.emit()

    def abandon(self) -> None:
        """Nothing more comes of the work at hand."""
        if self._steps is not None:
            self._steps.close()
            self._end()

    @Slot()
    def _go_on(self) -> None:
        steps, then = self._steps, self._then
        if steps is None or then is None:
            return
        until = time.perf_counter() + SLICE
        try:
            next(steps)
            while time.perf_counter() < until:
                next(steps)
        except StopIteration as end:
            self._end()
            then(end.value)
        except QuantscopeError as error:
            self._end()
            self.failed.emit(error.problem)

    def _end(self) -> None:
        self._timer.stop()
        self.title, self._steps, self._then = "", None, None
        self.changed.emit()
