"""How much slower this machine is just now than at rest, by work that is always the same.

Time of the processor is no measure of a program alone where threads share a core and its caches:
whoever runs beside takes up to half of its speed. The work reads text into some thousand objects,
which is slowed down as a window is, where a bare loop stays in the core.
"""

from __future__ import annotations

import json
import time
from statistics import median

ROWS, TRIES = 2_000, 300
_TEXT = json.dumps([{"name": f"tensor {n}", "bits": [n, n + 1, n / 3]} for n in range(ROWS)])


def _work() -> float:
    """Seconds that it takes this thread."""
    start = time.thread_time()
    json.loads(_TEXT)
    return time.thread_time() - start


QUICKEST = min(_work() for _ in range(TRIES))  # seconds


def slowdown() -> float:
    """How many times :data:`QUICKEST` the work takes now; at least 1."""
    return max(median(_work() for _ in range(3)) / QUICKEST, 1.0)
