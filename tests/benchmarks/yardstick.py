"""How much slower this machine is just now than at rest, by a loop that always does the same.

Time of the processor is no measure of a program alone where two threads share a core: whoever runs
beside takes up to half of its speed.
"""

from __future__ import annotations

import time
from statistics import median

TURNS, TRIES = 30_000, 300


def _loop() -> float:
    """Seconds that the loop takes this thread."""
    start, total = time.thread_time(), 0
    for number in range(TURNS):
        total += number * number
    return time.thread_time() - start


QUICKEST = min(_loop() for _ in range(TRIES))  # seconds


def slowdown() -> float:
    """How many times :data:`QUICKEST` the loop takes now; at least 1."""
    return max(median(_loop() for _ in range(3)) / QUICKEST, 1.0)
