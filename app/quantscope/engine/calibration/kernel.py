"""Counting values into 65,536 buckets, with exact extremes: compiled where possible, else numpy.

A kernel takes the bits of float32 values (flat, contiguous, `values.view(np.uint32)`). The two
paths give equal results for every bit pattern; the numpy path is the reference and what remains
where numba is missing or broken.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.histogram import BUCKETS

Bits = npt.NDArray[np.uint32]
Counters = npt.NDArray[np.int64]
Extremes = tuple[int, int, int, int]
"""Smallest key and how often it occurs, largest key and how often; counts are 0 where no value
is finite. Keys are integers that order finite values as they are ordered; both zeros are 0."""

LANES_FROM = 20_480  # values; merging lanes costs some 8 microseconds
_MAGNITUDE = 0x7FFFFFFF
_INFINITY = 0x7F800000
_SIGN = 0x80000000
_CHUNK = 1 << 18  # numpy path: temporary arrays stay in the second-level cache
_BLOCK = 1 << 30  # compiled path: counters of a lane have 32 bits


@dataclass(frozen=True, slots=True)
class Kernel:
    """Two ways of counting.

    ``count(bits, counters, lock)`` adds to the 65,536 ``counters``, which it writes only while
    it holds ``lock``, and returns the extremes. ``tally(bits, keys, counts, used, most)`` counts
    distinct finite values in a table of ``len(keys)`` slots (a power of two, above ``most``; a
    slot with count 0 is free) of which ``used`` are taken, and returns how many are taken then,
    -1 where there are more than ``most``. A table belongs to one kernel.

    ``reason`` says why this is not the compiled kernel.
    """

    name: str
    count: Callable[[Bits, Counters, AbstractContextManager[object]], Extremes]
    tally: Callable[[Bits, Bits, Counters, int, int], int]
    reason: str = ""


def value_of_key(key: int) -> float:
    """The float32 value that a key stands for."""
    pattern = key if key >= 0 else _SIGN - key
    return float(np.uint32(pattern).view(np.float32))


# ---- numpy ----


def _chunk_extremes(bits: Bits) -> Extremes:
    """Positive floats are ordered as their bits are, negative floats the other way round."""
    finite = bits[(bits & np.uint32(_INFINITY)) != _INFINITY]
    if finite.size == 0:
        return 0, 0, 0, 0
    patterns = finite.view(np.int32)
    least, most, highest = int(patterns.min()), int(patterns.max()), int(finite.max())
    low = -(highest & _MAGNITUDE) if least < 0 else least
    high = most if most >= 0 else -(least & _MAGNITUDE)
    return low, _occurrences(finite, low), high, _occurrences(finite, high)


def _occurrences(bits: Bits, key: int) -> int:
    if key == 0:
        return int(np.count_nonzero((bits & np.uint32(_MAGNITUDE)) == 0))
    return int(np.count_nonzero(bits == np.uint32(key if key > 0 else _SIGN - key)))


def join_extremes(one: Extremes, two: Extremes) -> Extremes:
    """The extremes of both together."""
    if not one[1] or not two[1]:
        return one if one[1] else two
    low, high = min(one[0], two[0]), max(one[2], two[2])
    return (
        low,
        sum(part[1] for part in (one, two) if part[0] == low),
        high,
        sum(part[3] for part in (one, two) if part[2] == high),
    )


def _numpy_count(bits: Bits, counters: Counters, lock: AbstractContextManager[object]) -> Extremes:
    found: Extremes = (0, 0, 0, 0)
    for start in range(0, len(bits), _CHUNK):
        part = bits[start : start + _CHUNK]
        found = join_extremes(found, _chunk_extremes(part))
        counts = np.bincount(part >> np.uint32(16), minlength=BUCKETS)
        used = np.flatnonzero(counts)
        with lock:
            counters[used] += counts[used]
    return found


def _numpy_tally(bits: Bits, keys: Bits, counts: Counters, used: int, most: int) -> int:
    finite = bits[(bits & np.uint32(_INFINITY)) != _INFINITY]
    new, new_counts = np.unique(np.where(finite == _SIGN, 0, finite), return_counts=True)
    every = np.concatenate([keys[:used], new.astype(np.uint32)])
    together, place = np.unique(every, return_inverse=True)
    if len(together) > most:
        return -1
    sums = np.zeros(len(together), np.int64)
    np.add.at(sums, place, np.concatenate([counts[:used], new_counts]))
    keys[: len(together)] = together
    counts[: len(together)] = sums
    return len(together)


NUMPY_KERNEL = Kernel("numpy", _numpy_count, _numpy_tally)


# ---- numba ----


def cache_folder() -> Path:
    """Where this person's computer keeps what can be made again."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "quantscope"


def compiled_kernel() -> Kernel:
    """The compiled kernel; raises whatever a missing or broken numba raises.

    Compiled code is kept in the user's cache folder, unless NUMBA_CACHE_DIR names another, so
    that installations that cannot be written start as fast.
    """
    if "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / "kernels")
    from quantscope.engine.calibration import compiled  # which may be missing or broken

    scratch = threading.local()

    def lanes() -> tuple[Bits, Counters]:
        if not hasattr(scratch, "lanes"):
            scratch.lanes = np.zeros((4, BUCKETS), np.uint32), np.full(3, -1, np.int64)
        made: tuple[Bits, Counters] = scratch.lanes
        return made

    def count(bits: Bits, counters: Counters, lock: AbstractContextManager[object]) -> Extremes:
        own, tops = lanes()
        if len(bits) < LANES_FROM:
            with lock:
                return compiled.count(bits, counters, own, tops, True)
        found: Extremes = (0, 0, 0, 0)
        for start in range(0, len(bits), _BLOCK):
            part = bits[start : start + _BLOCK]
            found = join_extremes(found, compiled.count(part, counters, own, tops, False))
            with lock:
                compiled.merge_lanes(own, tops, counters)
        return found

    return Kernel("numba", count, compiled.tally)


@cache
def fastest_kernel() -> Kernel:
    """The compiled kernel where it can be had and counts as numpy does, else the numpy path."""
    try:
        kernel = compiled_kernel()
        trial = _trial(kernel)
    except Exception as error:  # noqa: BLE001  # a broken numba may raise anything
        return Kernel("numpy", _numpy_count, _numpy_tally, f"{type(error).__name__}: {error}")
    if trial != _trial(NUMPY_KERNEL):
        return Kernel("numpy", _numpy_count, _numpy_tally, "compiled code counts wrongly")
    return kernel


def _trial(kernel: Kernel) -> tuple[object, ...]:
    """Compile (or load) everything for the types in use, and see that it counts."""
    bits = np.arange(2 * LANES_FROM, dtype=np.uint32) << np.uint32(16)
    counters, keys = np.zeros(BUCKETS, np.int64), np.zeros(8, np.uint32)
    counts = np.zeros(8, np.int64)
    lock = threading.Lock()
    found = [kernel.count(part, counters, lock) for part in (bits, bits[:4])]
    used = kernel.tally(bits[:4], keys, counts, 0, 7)
    return (*found, counters.tobytes(), used, sorted(keys[counts > 0].tolist()))
