"""Standard output and standard error: aligned lines, one-line errors, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from quantscope.core.errors import visible
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.findings.plain_data import as_json

STAGES = {
    "scale migration": "Migrating scales",
    "calibration": "Calibrating",
    "types": "Deriving types",
    "weight rounding": "Rounding weights",
    "bias correction": "Correcting biases",
    "verification": "Verifying",
    "validation": "Validating",
    "channels": "Counting channels",
    "sensitivity": "Measuring layers",
    "fixes": "Measuring fixes",
    "goal": "Searching the mix",
}
RANDOM_WARNING = "RANDOM DATA: every figure below is about noise and not about real data."


def say(line: str = "") -> None:
    """A line for the person."""
    print(line)


def say_error(sentence: str, details: Iterable[str] = ()) -> None:
    """The one line that says what is wrong; details only where the program is at fault."""
    print(f"quantscope: {sentence}", file=sys.stderr)
    for text in details:
        print(text, file=sys.stderr)


def say_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Pairs of a name and what there is to say, aligned."""
    pairs = list(facts)
    room = max((len(name) for name, _ in pairs), default=0)
    for name, text in pairs:
        print(f"  {name:<{room}}  {visible(text)}")


def say_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of text, aligned to the left."""
    lines = [[visible(text) for text in line] for line in (headings, *rows)]
    rooms = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        cells = (f"{text:<{room}}" for text, room in zip(line, rooms, strict=True))
        print("  " + "  ".join(cells).rstrip())


def say_json(value: Any) -> None:
    """``value`` as JSON, indented, keys in the order that it has."""
    print(as_json(value))


class ProgressBars:
    """One bar after the other on standard error, only where that is a terminal.

    Invariant: at most one bar is open, that of the stage heard of last.
    """

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def hear(self, event: Progress | LiveCounts) -> None:
        """Show what ``event`` says."""
        if isinstance(event, LiveCounts) or not sys.stderr.isatty():
            return
        if event.stage != self._stage or self._bar is None:
            self._close()
            self._stage = event.stage
            name = STAGES.get(event.stage, event.stage)
            self._bar = tqdm(total=event.total, desc=name, file=sys.stderr, leave=False)
        self._bar.update(event.done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
