"""Work that needs this process and takes long: done in slices, between which the window answers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
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
        self._running: Steps[Any] | None = None
        self._has_failed = False
        self._then: Callable[[Any], object] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def is_active(self) -> bool:
        """Whether there is work that has not ended."""
        return self._steps is not None

    def begin(self, title: str, steps: Steps[T], then: Callable[[T], object]) -> bool:
        """Do ``steps`` and hand what comes of them to ``then``; ``title`` says it in words.

        Returns false where they failed at once.
        """
        self.abandon()
        self._has_failed = False
        self.title, self._steps, self._then = title, steps, then
        self._go_on()
        if self._steps is steps:
            self._timer.start()
            self.changed.emit()
        return not self._has_failed

    def abandon(self) -> None:
        """Nothing more comes of the work at hand."""
        steps = self._steps
        if steps is not None:
            self._end()
            if steps is not self._running:  # else it is a step of its own that wants no more
                steps.close()

    def complete(self) -> None:
        """Do all that is left at once."""
        self._do(math.inf)

    @Slot()
    def _go_on(self) -> None:
        self._do(SLICE)

    def _do(self, seconds: float) -> None:
        steps, then = self._steps, self._then
        if steps is None or then is None or steps is self._running:
            return
        outer, self._running = self._running, steps
        until = time.perf_counter() + seconds
        try:
            next(steps)
            while self._steps is steps and time.perf_counter() < until:
                next(steps)
            return
        except StopIteration as end:
            tell: Callable[[], object] = partial(then, end.value)
        except QuantscopeError as error:
            self._has_failed = True
            tell = partial(self.failed.emit, error.problem)
        except BaseException:
            self._end_of(steps)
            raise
        finally:
            self._running = outer
        if self._end_of(steps):
            tell()

    def _end_of(self, steps: Steps[Any]) -> bool:
        """Whether ``steps`` were the work at hand, which is none from now on."""
        was_at_hand = self._steps is steps
        if was_at_hand:
            self._end()
        return was_at_hand

    def _end(self) -> None:
        self._timer.stop()
        self.title, self._steps, self._then = "", None, None
        self.changed.emit()
