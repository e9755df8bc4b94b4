"""A worker that starts no process: a benchmark says what it would have answered."""

from __future__ import annotations

from quantscope.gui.work.worker_process import WorkerProcess
from quantscope.jobs.messages import Envelope, Event, to_line


class SilentWorker(WorkerProcess):
    """Takes requests, and hears whatever line it is given as the answer to the latest."""

    def _write(self, envelope: Envelope) -> None:
        """Nobody is there to read it."""

    @property
    def is_reading(self) -> bool:
        """Whether an answer is not read to its end."""
        return self._reading.is_active

    def line_of(self, event: Event) -> str:
        """What the worker writes of ``event``, without the number of the job."""
        return to_line(Envelope(job=0, event=event))

    def hear(self, line: str) -> None:
        """The line that :meth:`line_of` made, for the latest job."""
        numbered = line.replace('"job":0', f'"job":{self._last_job}', 1)
        self._receive(numbered.encode() + b"\n")
