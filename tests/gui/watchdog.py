"""An application that times every call on the UI thread, for tests and benchmarks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

SLOW = 0.05  # seconds: shorter calls are not kept


@dataclass(frozen=True, slots=True)
class Call:
    """One event that was handled: for whom, and how long that took.

    ``seconds`` is by the clock; ``own_seconds`` is what this thread was busy with, so that other
    programs on the machine do not count.
    """

    receiver: str
    event: str
    seconds: float
    own_seconds: float


class Watchdog(QApplication):
    """Keeps the calls of more than ``least`` seconds in ``calls``.

    Only what Qt delivers is timed, and a call inside another belongs to that.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self.calls: list[Call] = []
        self.least = SLOW
        self._is_inside = False

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self._is_inside:
            return super().notify(receiver, event)
        names = type(receiver).__name__, event.type().name
        self._is_inside = True
        start, own_start = time.perf_counter(), time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            self._is_inside = False
            seconds, own = time.perf_counter() - start, time.thread_time() - own_start
            if seconds > self.least:
                self.calls.append(Call(*names, seconds, own))
