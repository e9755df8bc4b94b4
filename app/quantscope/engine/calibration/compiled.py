"""The counting loops, compiled by numba: machine code that runs without the interpreter's lock.

Importing this imports numba; `kernel` decides whether that is possible and where compiled code
is kept. Values come as the bits of float32, flat and contiguous (`values.view(np.uint32)`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint32]
Patterns = npt.NDArray[np.int32]
Counters = npt.NDArray[np.int64]
Lanes = npt.NDArray[np.uint32]  # 4 x 65,536: sets of counters that are added up later
Integer = Any  # int to whoever calls, a machine integer inside
Extremes = tuple[Integer, Integer, Integer, Integer]
"""Smallest key and how often it occurs, largest key and how often; counts are 0 where no value
is finite."""

CHUNK = 4_096  # 8 KiB: stays in the first-level cache between the passes over it
_INFINITY = 0x7F800000
_MAGNITUDE = 0x7FFFFFFF
_NEGATIVE_INFINITY = 0xFF800000
_SIGN = 0x80000000
_SMALLEST_KEY = -(2**31)
_LARGEST_KEY = 2**31 - 1
_SPREAD = 0x9E3779B1  # 2^32 / golden ratio: neighbouring keys go to distant slots
_SHIFT = np.uint32(16)
_NEGATIVE_ZERO = 0x8000  # its bucket
_ONE = np.uint32(1)
_BLOCK = 64  # counters merged at a time; blocks without counts are not written

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    try:
        made = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder to keep compiled code in can be written
        made = numba.njit(nogil=True)(function)
    return cast(Function, made)


@_compiled
def _key_of(pattern: Integer) -> Integer:
    """An integer that orders finite values as they are ordered; both zeros are 0.

    ``pattern`` is the value's bits as a signed integer.
    """
    if pattern >= 0:
        return pattern
    return -(pattern & _MAGNITUDE)


@_compiled
def _bounds_with_gaps(patterns: Patterns) -> tuple[Integer, Integer]:
    """Smallest and largest key of the finite values; smallest > largest where there are none."""
    low: Integer = np.int64(_LARGEST_KEY)
    high: Integer = np.int64(_SMALLEST_KEY)
    for pattern in patterns:
        if pattern & _INFINITY != _INFINITY:
            key = _key_of(np.int64(pattern))
            low = min(low, key)
            high = max(high, key)
    return low, high


@_compiled
def _bounds(patterns: Patterns, tops: Counters) -> tuple[Integer, Integer]:
    """As `_bounds_with_gaps`, fast where all values are finite; raises ``tops``.

    Three integer reductions, sixteen values an instruction, find the extremes: positive floats
    are ordered as their bits are, negative floats the other way round. (numba vectorizes loops
    over an index and not those over an array.)
    """
    least, most = np.int32(_LARGEST_KEY), np.int32(_SMALLEST_KEY)
    highest = np.uint32(0)
    for place in range(len(patterns)):
        pattern = patterns[place]
        least = min(least, pattern)
        most = max(most, pattern)
        highest = max(highest, np.uint32(pattern))
    tops[0] = max(tops[0], np.int64(most) >> _SHIFT)
    tops[1] = max(tops[1], np.int64(highest) >> _SHIFT)
    if most >= _INFINITY or highest >= _NEGATIVE_INFINITY:
        return _bounds_with_gaps(patterns)
    low = -(np.int64(highest) & _MAGNITUDE) if least < 0 else np.int64(least)
    high = np.int64(most) if most >= 0 else _key_of(np.int64(least))
    return low, high


@_compiled
def _occurrences(bits: Bits, wanted: Integer) -> Integer:
    """How many values have exactly these bits."""
    count = np.int32(0)
    for place in range(len(bits)):
        count += np.int32(bits[place] == wanted)
    return np.int64(count)


@_compiled
def _join(
    known: Integer, known_count: Integer, key: Integer, bits: Bits, tops: Counters
) -> tuple[Integer, Integer]:
    """The extreme ``key`` of ``bits``, which is not behind the known one, joined with it."""
    count = _occurrences(bits, np.uint32(key if key >= 0 else _SIGN - key))
    if key == 0 and tops[1] >= _NEGATIVE_ZERO:
        count += _occurrences(bits, np.uint32(_SIGN))
    return key, count + known_count if key == known else count


@_compiled
def _count_directly(bits: Bits, counters: Counters) -> None:
    for pattern in bits:
        counters[pattern >> _SHIFT] += 1


@_compiled
def _count_in_two(bits: Bits, one: Lanes, two: Lanes) -> None:
    """Counting one bucket again and again waits for the store before: two lanes wait half as
    often."""
    half = len(bits) // 2
    left, right = bits[:half], bits[half : 2 * half]
    for place in range(half):
        one[left[place] >> _SHIFT] += _ONE
        two[right[place] >> _SHIFT] += _ONE
    if 2 * half < len(bits):
        one[bits[-1] >> _SHIFT] += _ONE


@_compiled
def _count_in_four(bits: Bits, lanes: Lanes) -> None:
    """For what lies behind a ReLU, where half of the values are zeros. (Spread values are
    slower in four lanes: they crowd the cache.)"""
    one, two, three, four = lanes[0], lanes[1], lanes[2], lanes[3]
    part = len(bits) // 4
    a, b = bits[:part], bits[part : 2 * part]
    c, d = bits[2 * part : 3 * part], bits[3 * part : 4 * part]
    for place in range(part):
        one[a[place] >> _SHIFT] += _ONE
        two[b[place] >> _SHIFT] += _ONE
        three[c[place] >> _SHIFT] += _ONE
        four[d[place] >> _SHIFT] += _ONE
    for place in range(4 * part, len(bits)):
        one[bits[place] >> _SHIFT] += _ONE


@_compiled
def count(bits: Bits, counters: Counters, lanes: Lanes, tops: Counters, few: bool) -> Extremes:
    """Add one to the counter of each value's bucket and find the extremes, in one pass.

    ``few`` values are counted in ``counters`` itself, many in ``lanes``, for `merge_lanes`.
    ``tops`` are raised: the highest used bucket of either sign, and a flag that all four lanes
    are in use. Values that are not finite are counted and are no extremes.
    """
    low: Integer = np.int64(_LARGEST_KEY)
    high: Integer = np.int64(_SMALLEST_KEY)
    low_count: Integer = np.int64(0)
    high_count: Integer = np.int64(0)
    patterns = bits.view(np.int32)
    for start in range(0, len(bits), CHUNK):
        part = bits[start : start + CHUNK]
        least, most = _bounds(patterns[start : start + CHUNK], tops)
        if least <= most and least <= low:
            low, low_count = _join(low, low_count, least, part, tops)
        if least <= most and most >= high:
            high, high_count = _join(high, high_count, most, part, tops)
        if few:
            _count_directly(part, counters)
        elif least == 0:
            tops[2] = 1
            _count_in_four(part, lanes)
        else:
            _count_in_two(part, lanes[0], lanes[1])
    return low, low_count, high, high_count


@_compiled
def _merge(one: Lanes, two: Lanes, counters: Counters, first: Integer, top: Integer) -> None:
    """Add and clear the blocks from bucket ``first`` to bucket ``top``."""
    for start in range(first, top + 1, _BLOCK):
        left, right = one[start : start + _BLOCK], two[start : start + _BLOCK]
        seen = np.uint32(0)
        for place in range(_BLOCK):
            seen |= left[place] | right[place]
        if seen:
            sums = counters[start : start + _BLOCK]
            for place in range(_BLOCK):
                sums[place] += np.int64(left[place]) + np.int64(right[place])
            left[:] = 0
            right[:] = 0


@_compiled
def merge_lanes(lanes: Lanes, tops: Counters, counters: Counters) -> None:
    """Add the lanes to the counters, clear them and ``tops``; what is not used is not written."""
    for pair in range(0, 4 if tops[2] > 0 else 2, 2):
        _merge(lanes[pair], lanes[pair + 1], counters, 0, tops[0])
        _merge(lanes[pair], lanes[pair + 1], counters, _NEGATIVE_ZERO, tops[1])
    tops[:] = -1


@_compiled
def tally(bits: Bits, keys: Bits, counts: Counters, used: int, most: int) -> int:
    """Count distinct finite values in an open hash table; -1 where there are more than ``most``.

    ``keys`` and ``counts`` have one entry for each slot (a power of two, above ``most``),
    ``used`` says how many are taken; the new number is returned. A slot with count 0 is free.
    """
    mask = np.uint32(len(keys) - 1)
    for pattern in bits:
        if pattern & _INFINITY == _INFINITY:
            continue
        key = np.uint32(0) if pattern == _SIGN else pattern
        slot = (((key ^ (key >> _SHIFT)) * np.uint32(_SPREAD)) >> np.uint32(12)) & mask
        while counts[slot] != 0 and keys[slot] != key:
            slot = (slot + _ONE) & mask
        if counts[slot] == 0:
            if used == most:
                return -1
            used += 1
            keys[slot] = key
        counts[slot] += 1
    return used
