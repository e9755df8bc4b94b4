"""A worker process and its pipes, as the window has them: lines in, lines out, nobody sleeps."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from quantscope.core.events import LiveCounts, Progress
from quantscope.jobs.messages import Envelope, Event, Request, from_line, to_line

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds: only a worker that hangs needs them
STUB = (sys.executable, "-m", "tests.jobs.stub_engine")
REAL = (sys.executable, "-m", "quantscope", "--worker")


class WorkerPipes:
    """A running worker. On leaving, its input is closed; it must then end by itself, with 0."""

    def __init__(self, command: Sequence[str] = STUB) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.input: IO[bytes] = self.process.stdin
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._errors: list[bytes] = []
        self._threads = [
            threading.Thread(target=self._pass_on, args=(self.process.stdout, self._lines.put)),
            threading.Thread(target=self._pass_on, args=(self.process.stderr, self._errors.append)),
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _pass_on(stream: IO[bytes], put: object) -> None:
        assert callable(put)
        with stream:
            for line in stream:
                put(line)
        put(b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        try:
            assert self.close() == 0 or kind is not None
        finally:
            self.process.kill()
            self.process.wait()
            for thread in self._threads:
                thread.join()

    @property
    def errors(self) -> str:
        """Standard error, complete once the worker has ended."""
        self._threads[1].join(PATIENCE)
        return b"".join(self._errors).decode()

    def close(self) -> int:
        """Close the worker's input and wait for its end; returns the exit code."""
        self.input.close()
        return self.process.wait(PATIENCE)

    def write(self, line: str) -> None:
        self.input.write(line.encode() + b"\n")
        self.input.flush()

    def send(self, job: int, request: Request) -> None:
        self.write(to_line(Envelope(job=job, request=request)))

    def cancel(self, job: int) -> None:
        self.write(to_line(Envelope(job=job, cancel=True)))

    def next(self) -> tuple[int, Event]:
        """The next event, waited for, and its job."""
        envelope = from_line(self._lines.get(timeout=PATIENCE).decode())
        assert envelope.event is not None
        return envelope.job, envelope.event

    def result(self, job: int) -> Event:
        """The result of ``job``; what comes before it must belong to it too."""
        while True:
            number, event = self.next()
            assert number == job
            if not isinstance(event, Progress | LiveCounts):
                return event

    def has_more(self) -> bool:
        """Whether there is another line before the end of the output."""
        return self._lines.get(timeout=PATIENCE) != b""
