"""Stands in for the worker: speaks its JSON lines, and misbehaves as its first argument says."""

import os
import signal
import sys
import time

from quantscope.core.events import Progress
from quantscope.jobs.messages import Cancelled, Envelope, from_line, to_line


def say(job: int, event: Progress | Cancelled) -> None:
    sys.stdout.write(to_line(Envelope(job=job, event=event)) + "\n")
    sys.stdout.flush()


def main() -> None:
    manner = sys.argv[1]
    for line in sys.stdin:
        envelope = from_line(line)
        if envelope.cancel:
            if manner == "polite":
                say(envelope.job, Cancelled(samples=0))
            continue
        sys.stdout.write("a native library greets\n")
        say(envelope.job, Progress("calibration", 3, 10, 2.0, 3.5))
        if manner == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif manner == "memory":
            sys.stderr.write("MemoryError: Unable to allocate 3 TiB\n")
            sys.exit(1)
        elif manner == "leave":
            sys.exit(0)
        elif manner == "once-stubborn":
            sys.argv[1] = "stubborn"
        elif manner == "exit":
            sys.stderr.write("the reason\n")
            sys.exit(7)
    time.sleep(0)


if __name__ == "__main__":
    main()
