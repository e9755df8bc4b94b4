"""The worker process: requests come as JSON lines on standard input, events go out as such.

Native libraries print to standard output. So descriptor 1 is duplicated for the events and
then made to lead to standard error, before anything heavy is loaded. Descriptors are used, and
not ``sys.stdin`` and ``sys.stdout``: in a frozen program with a window these are ``None``.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import math
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from quantscope.core.errors import Problem
from quantscope.core.events import LiveCounts, Progress
from quantscope.jobs.messages import Envelope, Event, Failed, Request, from_line, to_line
from quantscope.jobs.runner import failure, run

STDIN, STDOUT, STDERR = 0, 1, 2
MOST_UPDATES = 10  # events a second, of each kind, that are not results
GRACE = 10.0  # seconds that a job has to stop in once nobody listens any more

_log = logging.getLogger(__name__)


def main() -> int:
    """Serve requests until standard input closes; returns the exit code."""
    faulthandler.enable(file=STDERR)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches the window too
    lines = take_over_standard_output()
    inbox = Inbox()
    reader = threading.Thread(
        target=_read, args=(os.fdopen(STDIN, "rb", closefd=False), inbox), daemon=True
    )
    reader.start()
    try:
        _serve_all(inbox, lambda envelope: _write(lines, envelope))
    except OSError:  # EPIPE, on Windows EINVAL
        _log.warning("nobody reads the worker's events any more")
    inbox.done.set()
    return 0


def take_over_standard_output() -> BinaryIO:
    """A stream to where standard output led; whatever is printed goes to standard error now."""
    lines = os.fdopen(os.dup(STDOUT), "wb")
    os.dup2(STDERR, STDOUT)
    return lines


class Inbox:
    """What was asked, in order, and which jobs were cancelled.

    Shared by the thread that reads and the one that works. ``done`` is set by the latter when
    it has ended.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Envelope | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._closed = threading.Event()
        self.done = threading.Event()

    def put(self, envelope: Envelope) -> None:
        """Take a request to its place in the queue, and a cancel at once."""
        if envelope.cancel:
            self._cancelled.add(envelope.job)
        else:
            self._waiting.put(envelope)

    def close(self) -> None:
        """Nothing more will come, and nobody waits for what is being done."""
        self._closed.set()
        self._waiting.put(None)

    def next(self) -> Envelope | None:
        """The next envelope, waited for; ``None`` when the inbox is closed."""
        envelope = self._waiting.get()
        return None if self._closed.is_set() else envelope

    def is_cancelled(self, job: int) -> bool:
        """Whether ``job`` should stop."""
        return job in self._cancelled or self._closed.is_set()


def _read(stream: BinaryIO, inbox: Inbox) -> None:
    """Take lines until the stream ends; then end the process, by force where a job hangs."""
    for line in stream:
        if line.strip():
            inbox.put(_parse(line))
    inbox.close()
    if not inbox.done.wait(GRACE):
        os._exit(1)


def _parse(line: bytes) -> Envelope:
    """The envelope on ``line``; where there is none, a ``Failed`` event to send back."""
    try:
        envelope = from_line(line.decode())
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        return Envelope(job=_job_on(line), event=_not_understood(str(error)))
    if envelope.cancel or envelope.request is not None:
        return envelope
    return Envelope(job=envelope.job, event=_not_understood("neither a request nor a cancel"))


def _job_on(line: bytes) -> int:
    """The job number on a line that is otherwise not understood; 0 where there is none."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return 0
    job = data.get("job") if isinstance(data, dict) else None
    return job if isinstance(job, int) else 0


def _not_understood(why: str) -> Failed:
    problem = Problem(
        what="a line was not understood",
        where="worker",
        remedy="Please report this with the details; your session is intact",
    )
    return Failed(problem=problem, details=why)


Send = Callable[[Envelope], None]


def _serve_all(inbox: Inbox, send: Send) -> None:
    while envelope := inbox.next():
        if envelope.request is None:
            send(envelope)
        else:
            _serve(envelope.job, envelope.request, inbox, send)


def _serve(job: int, request: Request, inbox: Inbox, send: Send) -> None:
    """Execute one request and send its events."""
    passes = Throttle()
    for event in run(request, lambda: inbox.is_cancelled(job)):
        if not passes(event):
            continue
        try:
            send(Envelope(job=job, event=event))
        except (ValueError, TypeError) as error:  # an event that JSON cannot hold
            send(Envelope(job=job, event=failure(request, error)))
            return


class Throttle:
    """Lets results pass, and of the rest at most :data:`MOST_UPDATES` a second of each kind.

    The first and the last step of a stage pass always, so that a bar never stops short.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def __call__(self, event: Event) -> bool:
        """Whether ``event`` may be sent now."""
        if not isinstance(event, Progress | LiveCounts):
            return True
        kind = event.stage if isinstance(event, Progress) else ""
        is_last = isinstance(event, Progress) and 0 < event.total <= event.done
        now = self._clock()
        if not is_last and now - self._last.get(kind, -math.inf) < 1.0 / MOST_UPDATES:
            return False
        self._last[kind] = now
        return True


def _write(lines: BinaryIO, envelope: Envelope) -> None:
    lines.write(to_line(envelope).encode() + b"\n")
    lines.flush()
