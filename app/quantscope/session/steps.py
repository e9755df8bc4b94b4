"""Long work in short steps: a window answers between them, everyone else does all at once."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Yields after every few milliseconds of work, and returns what came of it."""


def finish(steps: Steps[T]) -> T:
    """What comes of ``steps``, with nothing in between."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
