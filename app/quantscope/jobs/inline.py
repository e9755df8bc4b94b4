"""The same job in this process: for the command line, scripts and tests."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from quantscope.core.errors import QuantscopeError
from quantscope.core.events import STOP, LiveCounts, Progress
from quantscope.core.findings.validation import OwnMetric
from quantscope.jobs.messages import (
    Calibrated,
    Cancelled,
    DataChecked,
    Described,
    Failed,
    Request,
    Result,
)
from quantscope.jobs.runner import run


def run_inline(
    request: Request,
    on_event: Callable[[Progress | LiveCounts], object] | None = None,
    metrics: Mapping[str, OwnMetric] | None = None,
) -> Result:
    """Execute ``request`` and return its result; ``on_event`` hears what comes before it.

    Ctrl+C cancels, and so does :data:`STOP` as what ``on_event`` returns: the result is then
    ``Cancelled``, with what was done so far; a second Ctrl+C raises ``KeyboardInterrupt``.
    ``metrics`` as for :func:`run`. Raises :class:`QuantscopeError` where the job failed, with
    the traceback as a note where the program is at fault.
    """
    result: Result = Cancelled()
    stop = threading.Event()
    with _interrupt_sets(stop):
        for event in run(request, stop.is_set, metrics):
            if not isinstance(event, Progress | LiveCounts):
                result = event
            elif on_event is not None and on_event(event) is STOP:
                stop.set()
    if isinstance(result, Failed):
        raise _error(result)
    return _cancelled(result) if stop.is_set() else result


def _cancelled(result: Result) -> Result:
    """What a job means that was done before it could stop: nothing that follows is wanted.

    A file that was exported in that moment is there, so that result stands.
    """
    if isinstance(result, Calibrated):
        return Cancelled(samples=result.samples, output=result.output)
    return Cancelled() if isinstance(result, Described | DataChecked) else result


def _error(failed: Failed) -> QuantscopeError:
    error = QuantscopeError.from_problem(failed.problem)
    if failed.details:
        error.add_note(failed.details)
    return error


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl+C set ``stop``. Only the main thread hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
