"""Runs one request in this process, for a script that waits for its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from quantscope.core.events import LiveCounts, Progress
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Cancelled, Request

R = TypeVar("R")
Listener = Callable[[Progress], None]
"""Hears how far long work has come: its stage, and steps done of how many."""


def ask(request: Request, kind: type[R], listener: Listener | None = None) -> R:
    """The result of ``request``, which is a ``kind``.

    Raises :class:`QuantscopeError` where it cannot be had, and ``KeyboardInterrupt`` once the
    work has stopped in order after Ctrl+C.
    """

    def hear(event: Progress | LiveCounts) -> None:
        if listener is not None and isinstance(event, Progress):
            listener(event)

    result = run_inline(request, hear)
    if isinstance(result, Cancelled):
        raise KeyboardInterrupt
    assert isinstance(result, kind)
    return result
