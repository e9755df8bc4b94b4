"""Runs one request in this process, for a script that waits for its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from quantscope.core.errors import QuantscopeError
from quantscope.core.events import STOP, LiveCounts, Progress
from quantscope.core.findings.validation import OwnMetric
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Cancelled, Request

R = TypeVar("R")
Listener = Callable[[Progress], object]
"""Hears how far long work has come: its stage, and steps done of how many.

Where it returns ``quantscope.STOP`` the work ends in order; whatever else it returns is ignored.
"""


class Stopped(Exception):  # noqa: N818  it was asked for, nothing failed
    """The listener answered ``STOP``, and there is no result; no file was left half-written."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Work that ended without its result, and what is ``kept`` of it.

    It was stopped by the listener, or else by Ctrl+C.
    """

    kept: Cancelled
    by_listener: bool

    def error(self) -> BaseException:
        """What to raise where nothing can be made of what is kept."""
        return Stopped("stopped as asked") if self.by_listener else KeyboardInterrupt()


def ask(
    request: Request,
    kind: type[R],
    listener: Listener | None = None,
    metrics: Mapping[str, OwnMetric] | None = None,
) -> R:
    """The result of ``request``, which is a ``kind``; ``metrics`` as for ``jobs.runner.run``.

    Raises :class:`QuantscopeError` where it cannot be had, and once the work has stopped in order
    :class:`Stopped` or, after Ctrl+C, ``KeyboardInterrupt``.
    """
    found = attempt(request, kind, listener, metrics)
    if isinstance(found, Halt):
        raise found.error()
    return found


def attempt(
    request: Request,
    kind: type[R],
    listener: Listener | None = None,
    metrics: Mapping[str, OwnMetric] | None = None,
) -> R | Halt:
    """As :func:`ask`, but what is kept of work that was stopped is returned."""
    by_listener = False

    def hear(event: Progress | LiveCounts) -> object:
        nonlocal by_listener
        answer = listener(event) if listener is not None and isinstance(event, Progress) else None
        by_listener = by_listener or answer is STOP
        return answer

    result = run_inline(request, hear, metrics)
    if isinstance(result, Cancelled):
        return Halt(result, by_listener=by_listener)
    assert isinstance(result, kind)
    return result


@contextmanager
def called(place: str | Path, name: str) -> Iterator[None]:
    """Let errors call ``name`` what was written to ``place`` and came from a script."""
    try:
        yield
    except QuantscopeError as error:
        where = error.problem.where.replace(str(place), name)
        renamed = QuantscopeError.from_problem(replace(error.problem, where=where))
        for note in getattr(error, "__notes__", ()):
            renamed.add_note(note)
        raise renamed from None
