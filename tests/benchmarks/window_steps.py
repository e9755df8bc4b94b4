"""What a person does to the window with 5,000 tensors, for its benchmark: each thing as a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.events import BitCounts, LiveCounts
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.targets import TARGETS
from quantscope.gui.main_window import MainWindow
from quantscope.jobs.messages import Cancelled, Described, Event
from quantscope.session.calibration_file import write_calibration
from quantscope.session.session import Session
from tests.benchmarks.silent_worker import SilentWorker
from tests.gui import pointing
from tests.gui.large_network import LAYERS
from tests.gui.watchdog import Watchdog

AN_OPENING, AN_EDIT, A_FRAME = 1.0, 0.100, 1 / 30  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """What a person does: ``act`` does it once more, and ``goal`` is the time it may take."""

    name: str
    goal: float
    act: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is timed, and what it is timed with: a session that is in ``folder`` too."""

    application: Watchdog
    window: MainWindow
    worker: SilentWorker
    session: Session
    folder: Path

    def settle(self) -> None:
        """Go on until everything is done and painted."""
        for _ in range(5):
            QApplication.sendPostedEvents()
            QApplication.processEvents()
            while self._is_at_work():
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _is_at_work(self) -> bool:
        ranges = self.window.ranges
        waiting = (ranges._opening, ranges.filter_bar._typed)
        works = (self.window.controller.work, ranges._arranging, self.window.autosave._writing)
        at_work = any(work.is_active for work in works) or self.worker.is_reading
        return at_work or any(timer.isActive() for timer in waiting)


def steps(bench: Bench) -> Iterator[Step]:
    """In the order of an afternoon: each step finds the window as the one before left it."""
    yield from _job_steps(bench)
    yield from _file_steps(bench)
    yield from _edit_steps(bench.window)
    yield from _row_steps(bench)
    yield from _many_steps(bench.window)
    yield from _frame_steps(bench)


def _job_steps(bench: Bench) -> Iterator[Step]:
    """What comes of the worker: a description, counts while it calibrates, statistics."""
    controller, session, worker = bench.window.controller, bench.session, bench.worker
    network, calibration = session.network, session.calibration
    assert network is not None
    assert calibration is not None

    def answered(ask: Callable[[], object], event: Event) -> Callable[[], object]:
        line = worker.line_of(event)
        return lambda: (ask(), worker.hear(line))

    model = str(bench.folder / "large.onnx")
    described = answered(lambda: controller.open_path(model), Described(network=network))
    yield Step("describe a model", AN_OPENING, described)
    controller.describe_data(DataDescription(kind=SourceKind.IMAGES, path="here"))
    controller.calibrate()
    tables = {
        name: BitCounts.of(kept.histogram.most_significant_bits())
        for name, kept in calibration.statistics.items()
    }
    counted = worker.line_of(LiveCounts(3, tables))
    yield Step("count live, while it calibrates", AN_OPENING, lambda: worker.hear(counted))
    worker.hear(worker.line_of(Cancelled()))
    file = bench.folder / "large.npz"
    write_calibration(file, calibration)
    yield Step("take statistics", AN_OPENING, lambda: controller.attach_calibration(str(file)))


def _file_steps(bench: Bench) -> Iterator[Step]:
    controller, file = bench.window.controller, str(bench.folder / "large.qscope")
    yield Step("open a session", AN_OPENING, lambda: controller.open_path(file))
    other = str(bench.folder / "saved.qscope")
    yield Step("save the session", AN_OPENING, lambda: controller.save(other))


def _edit_steps(window: MainWindow) -> Iterator[Step]:
    controller = window.controller
    targets, words = cycle(sorted(TARGETS)), cycle((16, 8))
    yield Step("choose a target", AN_EDIT, lambda: controller.choose_target(next(targets)))
    controller.choose_target("onnxruntime")  # which takes both
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


def _row_steps(bench: Bench) -> Iterator[Step]:
    """Which rows are shown, in which order, in which colours."""
    window = bench.window
    field, actions = window.ranges.filter_bar.field, window.actions_by_id
    keys = cycle((Qt.Key.Key_R, Qt.Key.Key_E, Qt.Key.Key_Backspace, Qt.Key.Key_Backspace))
    yield Step("type into the filter", AN_EDIT, lambda: QTest.keyClick(field, next(keys)))
    field.clear()
    orders = cycle(("sort-sqnr", "sort-overflow", "sort-name", "sort-network"))
    yield Step("sort the rows", AN_OPENING, lambda: _trigger(window, next(orders)))
    actions["sort-network"].trigger()
    yield Step("close all layers", AN_EDIT, window.actions_by_id["collapse"].trigger)
    yield Step("open all layers", AN_EDIT, window.actions_by_id["expand"].trigger)
    themes = cycle(("theme-dark", "theme-light"))
    yield Step("another theme", AN_OPENING, lambda: _trigger(window, next(themes)))
    widths = cycle((1280, 1400))
    yield Step("resize the window", A_FRAME * 2, lambda: window.resize(next(widths), 860))


def _many_steps(window: MainWindow) -> Iterator[Step]:
    """All 5,000 rows at once, and panels that nobody has seen yet."""
    all_or_one = cycle(("select-all", ""))

    def select() -> None:
        if next(all_or_one):
            _trigger(window, "select-all")
        else:
            window.ranges.rows.choose_one(1)

    def choose(*keys: str) -> Callable[[], None]:
        each = cycle(keys)
        return lambda: _trigger(window, next(each))

    yield Step("select all rows, or one", AN_EDIT, select)
    _trigger(window, "select-all")
    yield Step("move all bands by a key", AN_EDIT, choose("larger", "smaller"))
    yield Step("lengthen and shorten all words", AN_EDIT, choose("shorter", "longer"))
    yield Step("reset all types, and undo", AN_EDIT, choose("reset", "undo"))
    toggle = window.ranges.tree.toggle_asked.emit
    yield Step("all layers in float, and back", AN_EDIT, toggle)
    if window.controller.session.document.settings.float_layers:
        toggle()
    window.ranges.rows.choose_one(1)
    panels = (window.results_dock, window.check_dock, window.diagnosis_dock, window.variants_dock)
    toggled = cycle(panel.toggleViewAction() for panel in panels for _ in range(2))
    yield Step("show and hide panels", AN_EDIT, lambda: next(toggled).trigger())


def _trigger(window: MainWindow, key: str) -> None:
    window.actions_by_id[key].trigger()


def _select(window: MainWindow, number: int) -> None:
    pointing.select(window, f"conv{number * 7 % LAYERS}.w")


def _frame_steps(bench: Bench) -> Iterator[Step]:
    window = bench.window
    heat, bar, tree = window.ranges.heat, window.ranges.bar, window.ranges.tree
    yield Step("scroll by the wheel", A_FRAME, lambda: _turn_wheel(window))
    places = cycle(range(0, bar.maximum(), 1_777))
    yield Step("scroll by the bar", A_FRAME, lambda: bar.setSliderPosition(next(places)))
    pages = cycle((Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp))
    yield Step("scroll by keys", A_FRAME, lambda: QTest.keyClick(tree, next(pages)))
    yield from _minimap_steps(window)
    pointing.select(window, "relu600")
    bench.settle()
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


def _minimap_steps(window: MainWindow) -> Iterator[Step]:
    minimap = window.ranges.minimap
    heights = cycle(range(10, minimap.height() - 10, 7))
    QTest.mousePress(minimap, pointing.LEFT, pos=QPoint(20, 10))
    yield Step(
        "drag in the minimap",
        A_FRAME,
        lambda: pointing.move(minimap, QPoint(20, next(heights)), held=True),
    )
    QTest.mouseRelease(minimap, pointing.LEFT, pos=QPoint(20, 10))


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
