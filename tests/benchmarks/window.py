"""The window with 5,000 tensors: how long each thing that a person does keeps it busy.

    python tests/benchmarks/window.py [--rounds 12] [-o results.md | --append results.md]

Each step is done ``--rounds`` times, by mouse, keys and actions, offscreen. For each the table has
the time until the screen shows the answer (median, 95th percentile) and the longest single call
on the UI thread. Goals: 100 ms for an edit, 33 ms for a frame of scrolling or dragging, no call
over 50 ms; the script fails where one is missed. Times are those that the thread itself was busy,
so that other programs on the machine do not count; the clock's are printed beside them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from quantscope.core.schemes import Scheme
from quantscope.core.targets import TARGETS
from quantscope.gui.application import keep_collections_short, make_application, make_window
from quantscope.gui.main_window import MainWindow
from quantscope.gui.settings import Settings
from quantscope.session.session_file import save_session
from tests.benchmarks import keeping
from tests.gui import pointing
from tests.gui.large_network import LAYERS, large_session
from tests.gui.watchdog import Watchdog

AN_OPENING, AN_EDIT, A_FRAME, A_CALL = 1.0, 0.100, 1 / 30, 0.050  # seconds
KINDS = 40  # different tensors


@dataclass(frozen=True, slots=True)
class Step:
    """What a person does: ``act`` does it once more, and ``goal`` is the time it may take."""

    name: str
    goal: float
    act: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """One step done once: seconds that the thread was busy, seconds of the clock, the longest
    call by both."""

    busy: float
    clock: float
    longest_busy: float
    longest_clock: float


def main() -> int:
    """Time every step; the exit status says whether all goals are met."""
    arguments = _arguments()
    application = Watchdog([])
    application.least = 0.0
    make_application()
    with tempfile.TemporaryDirectory() as folder:
        store = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
        window = make_window(Settings(store))
        window.resize(1400, 860)
        window.show()
        keep_collections_short(window.controller)
        file = f"{folder}/large.qscope"
        save_session(large_session(KINDS), file)
        missed: list[str] = []
        lines = _lines(application, window, file, arguments.rounds, missed)
        keeping.deliver(lines, arguments)
        window.controller.shut_down()
        window.hide()
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="how often each step is done")
    keeping.add_options(parser)
    return parser.parse_args()


def _lines(
    application: Watchdog, window: MainWindow, file: str, rounds: int, missed: list[str]
) -> Iterator[str]:
    yield f"## The window with {4 * LAYERS + 1:,} tensors"
    yield ""
    yield f"{keeping.versions()}, {rounds} rounds, {os.cpu_count()} cores"
    yield ""
    yield "| step | until shown: median (clock) | 95 % | goal | longest call (clock) | met |"
    yield "|---|---|---|---|---|---|"
    for step in _steps(window, file):
        done = [_time(application, step.act) for _ in range(rounds)]
        yield _row(step, done, missed)
    yield ""
    yield f"Missed: {', '.join(missed)}." if missed else "All goals are met."


def _row(step: Step, done: list[Timed], missed: list[str]) -> str:
    busy = [each.busy for each in done]
    middle, late = np.median(busy), np.percentile(busy, 95)
    longest = max(each.longest_busy for each in done)
    is_met = late <= step.goal and longest <= A_CALL
    if not is_met:
        missed.append(step.name)
    clock = np.median([each.clock for each in done])
    cells = (
        step.name,
        f"{_ms(middle)} ({_ms(clock)})",
        _ms(late),
        _ms(step.goal),
        f"{_ms(longest)} ({_ms(max(each.longest_clock for each in done))})",
        "yes" if is_met else "**no**",
    )
    return f"| {' | '.join(cells)} |"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _time(application: Watchdog, act: Callable[[], object]) -> Timed:
    """Let the event loop do ``act``, and go on until everything is painted."""
    _settle()
    application.calls.clear()
    QTimer.singleShot(0, act)
    start, own_start = time.perf_counter(), time.thread_time()
    _settle()
    busy, clock = time.thread_time() - own_start, time.perf_counter() - start
    calls = application.calls
    longest_busy = max((call.own_seconds for call in calls), default=0.0)
    return Timed(busy, clock, longest_busy, max((call.seconds for call in calls), default=0.0))


def _settle() -> None:
    for _ in range(5):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def _steps(window: MainWindow, file: str) -> Iterator[Step]:
    """In the order of an afternoon: each step finds the window as the one before left it."""
    controller = window.controller
    yield Step("open a session", AN_OPENING, lambda: controller.open_path(file))
    targets, words = cycle(sorted(TARGETS)), cycle((16, 8))
    yield Step("choose a target", AN_EDIT, lambda: controller.choose_target(next(targets)))
    yield Step("choose a word length", AN_EDIT, lambda: controller.choose_word_length(next(words)))
    for target in sorted(TARGETS):
        controller.choose_target(target)
        controller.choose_scheme(Scheme.MINMAX)
        schemes = cycle((Scheme.HISTOGRAM, Scheme.PERCENTILE, Scheme.ENTROPY, Scheme.MINMAX))
        yield Step(
            f"choose a scheme, {target}",
            AN_EDIT,
            lambda schemes=schemes: controller.choose_scheme(next(schemes)),
        )
    yield Step("undo", AN_EDIT, window.actions_by_id["undo"].trigger)
    yield Step("redo", AN_EDIT, window.actions_by_id["redo"].trigger)
    numbers = iter(range(1, 1000))
    yield Step("select a tensor", AN_EDIT, lambda: _select(window, next(numbers)))
    yield Step(
        "keep a layer in float",
        AN_EDIT,
        lambda: controller.quantize_layer(f"conv{next(numbers)}", False),
    )
    yield Step("move a band by a key", AN_EDIT, window.actions_by_id["larger"].trigger)
    yield from _mouse_steps(window)
    yield Step("close all layers", AN_EDIT, window.actions_by_id["collapse"].trigger)
    yield Step("open all layers", AN_EDIT, window.actions_by_id["expand"].trigger)
    widths = cycle((1280, 1400))
    yield Step("resize the window", A_FRAME * 2, lambda: window.resize(next(widths), 860))


def _select(window: MainWindow, number: int) -> None:
    pointing.select(window, f"conv{number * 7 % LAYERS}.w")


def _mouse_steps(window: MainWindow) -> Iterator[Step]:
    heat = window.ranges.heat
    yield Step("scroll by the wheel", A_FRAME, lambda: _turn_wheel(window))
    pointing.select(window, "relu600")
    _settle()
    middle = pointing.band_middle(window, "relu600")
    start = pointing.at(window, "relu600", middle)
    viewport = heat.viewport()
    shifts = iter(range(1, 10_000))
    yield Step(
        "point at cells",
        A_FRAME,
        lambda: pointing.move(viewport, start + QPoint(next(shifts) * 29 % 200 - 100, 0)),
    )
    pointing.move(viewport, start)
    QTest.mousePress(viewport, pointing.LEFT, pos=start)
    yield Step(
        "drag a band",
        A_FRAME,
        lambda: pointing.move(viewport, start + QPoint(next(shifts) * 29 % 200 - 100, 0), True),
    )
    QTest.mouseRelease(viewport, pointing.LEFT, pos=start)
    yield Step("move a band by the mouse", AN_EDIT, lambda: _drag(window, "relu600"))


def _drag(window: MainWindow, tensor: str) -> None:
    """Take hold of a band, move it two columns to the right, let go."""
    viewport, middle = window.ranges.heat.viewport(), pointing.band_middle(window, tensor)
    start, end = (pointing.at(window, tensor, middle + shift) for shift in (0.0, 2.0))
    QTest.mousePress(viewport, pointing.LEFT, pos=start)
    pointing.move(viewport, end, held=True)
    QTest.mouseRelease(viewport, pointing.LEFT, pos=end)


def _turn_wheel(window: MainWindow) -> None:
    viewport = window.ranges.heat.viewport()
    point = QPointF(viewport.rect().center())
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        point,
        QPointF(viewport.mapToGlobal(point.toPoint())),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


if __name__ == "__main__":
    sys.exit(main())
