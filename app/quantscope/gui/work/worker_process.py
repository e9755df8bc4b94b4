"""The worker process as the window sees it: requests in, typed events out, ends in words.

The one QProcess of the program. It starts when first needed, serves one job after the other,
and starts again after it died; whatever happens to it, the window only hears events.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections import deque
from collections.abc import Sequence
from typing import get_args

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from quantscope.core.errors import Problem
from quantscope.gui.translation import mark, tr
from quantscope.gui.work.long_work import LongWork
from quantscope.jobs.messages import (
    Cancelled,
    Envelope,
    Failed,
    Request,
    Result,
    reading_line,
    to_line,
)
from quantscope.session.steps import Steps

log = logging.getLogger(__name__)

PATIENCE_MS = 3_000  # between asking a job to stop and killing the worker
KEPT_ERROR_OUTPUT = 16_384
RESULTS = get_args(Result)
UNHARMED = mark("Your session is unharmed: start the job again; the worker starts anew with it")
SEE_DETAILS = mark(
    "Your session is unharmed: start the job again; the worker starts anew with it. See the details"
)
SPARE_MEMORY = mark(
    "Use fewer samples or close programs. Your session is unharmed: start the job again; the"
    " worker starts anew with it"
)
OUT_OF_MEMORY_SIGNS = ("MemoryError", "std::bad_alloc", "Cannot allocate memory")


def worker_command() -> list[str]:
    """This same program, as a worker."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    return [sys.executable, "-m", "quantscope", "--worker"]


class WorkerProcess(QObject):
    """Sends requests and emits their events; every job gets exactly one result event.

    ``received`` carries the number that :meth:`send` gave and an event of
    :mod:`quantscope.jobs.messages`.
    """

    received = Signal(int, object)

    def __init__(self, parent: QObject | None = None, command: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self.patience_ms = PATIENCE_MS
        self._command = list(command) or worker_command()
        self._process: QProcess | None = None
        self._errors = b""
        self._partial = b""
        self._lines: deque[bytes] = deque()
        self._reading = LongWork(self)
        self._last_job = 0
        self._pending: dict[int, Request] = {}
        self._cancelled: set[int] = set()
        self._lost_patience = False
        self._impatience = QTimer(self)
        self._impatience.setSingleShot(True)
        self._impatience.timeout.connect(self._kill_unwilling)

    @property
    def process_id(self) -> int:
        """Of the running worker; 0 where there is none."""
        return self._process.processId() if self._process is not None else 0

    def send(self, request: Request) -> int:
        """Hand over a request (starting the worker if needed); returns the job's number."""
        self._last_job += 1
        self._pending[self._last_job] = request
        self._write(Envelope(job=self._last_job, request=request))
        return self._last_job

    def cancel(self, job: int) -> None:
        """Ask a job to stop; the worker is killed where it does not within 3 s."""
        if job in self._pending and job not in self._cancelled:
            self._cancelled.add(job)
            self._write(Envelope(job=job, cancel=True))
            self._impatience.start(self.patience_ms)

    def stop(self) -> None:
        """End the worker because the program ends; nothing is emitted any more."""
        self._reading.abandon()
        self._pending.clear()
        process, self._process = self._process, None
        self._impatience.stop()
        if process is None:
            return
        process.blockSignals(True)
        if process.state() is not QProcess.ProcessState.NotRunning:
            process.closeWriteChannel()
            if not process.waitForFinished(300):
                process.kill()
                process.waitForFinished(2_000)
        process.deleteLater()

    def _write(self, envelope: Envelope) -> None:
        process = self._process or self._start()
        process.write(to_line(envelope).encode() + b"\n")

    def _start(self) -> QProcess:
        process = QProcess(self)
        process.setProgram(self._command[0])
        process.setArguments(self._command[1:])
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._note_end)
        process.errorOccurred.connect(self._note_error)
        self._process, self._errors, self._partial = process, b"", b""
        process.start()
        return process

    @Slot()
    def _read_output(self) -> None:
        if self._process is not None:
            self._receive(bytes(self._process.readAllStandardOutput().data()))

    def _receive(self, output: bytes) -> None:
        received = self._partial + output
        *lines, self._partial = received.split(b"\n")
        self._lines.extend(lines)
        if self._lines and not self._reading.is_active:
            self._reading.begin(tr("Reading"), self._taking(), _nothing)

    def _taking(self) -> Steps[None]:
        """One line after the other; that of a large network takes long to read."""
        while self._lines:
            yield from self._take(self._lines.popleft().decode(errors="replace"))
            yield

    def _take(self, line: str) -> Steps[None]:
        try:
            envelope = yield from reading_line(line)
        except ValueError as error:
            log.info("the worker wrote a line that is no message (%s): %.200s", error, line)
            return
        if envelope.event is not None and envelope.job in self._pending:
            self._deliver(envelope.job, envelope.event)

    def _deliver(self, job: int, event: object) -> None:
        if isinstance(event, RESULTS):
            del self._pending[job]
            self._cancelled.discard(job)
            if not self._cancelled:
                self._impatience.stop()
        self.received.emit(job, event)

    @Slot()
    def _read_errors(self) -> None:
        if self._process is not None:
            more = self._process.readAllStandardError().data()
            self._errors = (self._errors + more)[-KEPT_ERROR_OUTPUT:]

    @Slot()
    def _kill_unwilling(self) -> None:
        if self._process is not None and self._cancelled:
            self._lost_patience = True
            self._process.kill()

    @Slot(QProcess.ProcessError)
    def _note_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._bury(
                Problem(
                    what=tr("the worker process could not be started ({reason})", reason=reason),
                    where=self._command[0],
                    remedy=tr("Check that this installation of Quantscope is complete"),
                )
            )

    @Slot(int, QProcess.ExitStatus)
    def _note_end(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        self._reading.complete()
        self._read_errors()
        crashed = status is QProcess.ExitStatus.CrashExit
        self._bury(how_it_ended(code, crashed, self._errors.decode(errors="replace")))

    def _bury(self, problem: Problem) -> None:
        """Forget the dead process and give every waiting job its result."""
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._impatience.stop()
        pending, self._pending = self._pending, {}
        cancelled, self._cancelled = self._cancelled, set()
        innocent, self._lost_patience = self._lost_patience, False
        details = self._errors.decode(errors="replace").strip()
        for job, request in pending.items():
            if job in cancelled:
                self.received.emit(job, Cancelled())
            elif innocent:  # it only waited behind the job that did not stop
                self._pending[job] = request
                self._write(Envelope(job=job, request=request))
            else:
                self.received.emit(job, Failed(problem=problem, details=details))


def _nothing(_: None) -> None:
    """What comes of reading is told line by line."""


def how_it_ended(code: int, crashed: bool, errors: str) -> Problem:
    """Why a worker is gone, in words, from its exit code (or signal) and its last output."""
    where, remedy, with_details = tr("The worker process"), tr(UNHARMED), tr(SEE_DETAILS)
    if any(sign in errors for sign in OUT_OF_MEMORY_SIGNS):
        return Problem(tr("ran out of memory"), where, tr(SPARE_MEMORY))
    if crashed and code == getattr(signal, "SIGKILL", -1):
        what = tr("was killed from outside, as systems do when memory runs out")
        return Problem(what, where, remedy)
    if crashed and code == signal.SIGTERM:
        return Problem(tr("was asked to end by the system or another program"), where, remedy)
    if crashed:
        return Problem(tr("crashed ({code})", code=signal_name(code)), where, with_details)
    if code == 0:
        return Problem(tr("ended before its job was done"), where, remedy)
    return Problem(tr("ended with exit code {code}", code=code), where, with_details)


def signal_name(number: int) -> str:
    """``segmentation fault``; the number where the system knows no name."""
    try:
        return (signal.strsignal(number) or f"signal {number}").lower()
    except ValueError:
        return f"code 0x{number & 0xFFFFFFFF:08X}"
