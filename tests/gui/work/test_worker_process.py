"""However the worker ends, the window hears one result and says in words what happened."""

import os
import signal
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import Problem
from quantscope.core.events import Progress
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from quantscope.gui.work.worker_process import WorkerProcess, how_it_ended, worker_command
from quantscope.jobs.messages import Cancelled, Describe, Described, Event, Failed
from tests.gui.conftest import DEMO, MakeWindow

FAKE = str(Path(__file__).parents[1] / "fake_worker.py")
# So much that no machine is done before it is stopped.
ENDLESS = DataDescription(kind=SourceKind.RANDOM, samples=100_000)
REQUEST = Describe(model="some.onnx")


class Heard:
    """Every event of a worker, in order."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.events: list[tuple[int, Event]] = []
        worker.received.connect(self.note)

    def note(self, job: int, event: Event) -> None:
        self.events.append((job, event))

    def has_failed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1][1], Failed)

    def failed(self) -> Problem:
        last = self.events[-1][1]
        assert isinstance(last, Failed)
        return last.problem


def fake(manner: str) -> WorkerProcess:
    return WorkerProcess(command=[sys.executable, FAKE, manner])


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("crash", "crashed (segmentation fault)"),
        ("memory", "ran out of memory"),
        ("leave", "ended before its job was done"),
        ("exit", "ended with exit code 7"),
    ],
)
def test_that_an_end_is_told_in_words(
    qtbot: QtBot, manner: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    worker = fake(manner)
    heard = Heard(worker)
    job = worker.send(REQUEST)
    qtbot.waitUntil(
        lambda: isinstance(heard.events and heard.events[-1][1], Failed), timeout=60_000
    )
    assert heard.events[0] == (job, Progress("calibration", 3, 10, 2.0, 3.5))
    assert heard.failed().what == words
    assert "start the job again" in heard.failed().remedy
    assert worker.process_id == 0
    worker.stop()


def test_that_a_worker_that_cannot_start_is_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    worker = WorkerProcess(command=[str(tmp_path / "nothing")])
    heard = Heard(worker)
    worker.send(REQUEST)
    qtbot.waitUntil(lambda: bool(heard.events), timeout=60_000)
    assert "could not be started" in heard.failed().what


def test_that_a_job_that_does_not_stop_is_killed_and_others_go_on(qtbot: QtBot) -> None:
    worker = fake("stubborn")
    worker.patience_ms = 100
    heard = Heard(worker)
    first = worker.send(REQUEST)
    qtbot.waitUntil(lambda: bool(heard.events), timeout=60_000)
    before = worker.process_id
    second = worker.send(REQUEST)
    worker.cancel(first)
    qtbot.waitUntil(lambda: (first, Cancelled()) in heard.events, timeout=60_000)
    heard.events.clear()
    qtbot.waitUntil(lambda: any(job == second for job, _ in heard.events), timeout=60_000)
    assert worker.process_id not in (0, before)
    worker.stop()


def test_that_a_polite_worker_is_not_killed(qtbot: QtBot) -> None:
    worker = fake("polite")
    heard = Heard(worker)
    job = worker.send(REQUEST)
    qtbot.waitUntil(lambda: bool(heard.events), timeout=60_000)
    process = worker.process_id
    worker.cancel(job)
    qtbot.waitUntil(lambda: (job, Cancelled(samples=0)) in heard.events, timeout=60_000)
    assert worker.process_id == process
    worker.stop()


def test_that_the_signals_are_told_apart() -> None:
    killed = how_it_ended(signal.SIGKILL, True, "")
    assert "killed from outside" in killed.what
    assert "asked to end" in how_it_ended(signal.SIGTERM, True, "").what
    assert "0xC0000005" in how_it_ended(-1073741819, True, "").what


def test_that_a_frozen_program_is_its_own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_command() == [sys.executable, "-m", "quantscope", "--worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "--worker"]


def test_that_the_real_worker_describes_a_model(qtbot: QtBot) -> None:
    worker = WorkerProcess()
    heard = Heard(worker)
    worker.send(Describe(model=DEMO))
    qtbot.waitUntil(lambda: bool(heard.events), timeout=60_000)
    assert isinstance(heard.events[-1][1], Described)
    worker.stop()


def test_that_a_worker_killed_while_calibrating_leaves_window_and_session_alive(
    qtbot: QtBot, opened: MainWindow
) -> None:
    window, controller = opened, opened.controller
    controller.describe_data(ENDLESS)
    document = controller.session.document
    with qtbot.waitSignal(controller.live_counted, timeout=60_000):
        window.do_calibrate()
    os.kill(controller.desk.worker.process_id, signal.SIGKILL)
    qtbot.waitUntil(window.messages.isVisible, timeout=60_000)
    assert "was killed from outside" in window.messages.sentence.text()
    assert controller.session.document == document
    assert controller.session.calibration is None
    assert not controller.is_busy
    controller.describe_data(demo_data())
    window.do_calibrate()
    qtbot.waitUntil(lambda: controller.session.calibration is not None, timeout=60_000)


def test_that_a_cancelled_calibration_offers_the_samples_done(
    qtbot: QtBot, opened: MainWindow
) -> None:
    window, controller = opened, opened.controller
    controller.describe_data(ENDLESS)
    with qtbot.waitSignal(controller.live_counted, timeout=60_000):
        window.do_calibrate()
    assert window.status.stage.text().startswith("Calibrating")
    assert window.actions_by_id["cancel"].isEnabled()
    with qtbot.waitSignal(controller.partial_offered, timeout=60_000) as offered:
        window.actions_by_id["cancel"].trigger()
    samples, _ = offered.args
    assert 0 < samples < 100_000
    assert f"&Keep the {samples} samples" == window.messages.answers[0].text()
    window.messages.answers[0].click()
    qtbot.waitUntil(lambda: controller.session.calibration is not None, timeout=60_000)
    kept = controller.session.calibration
    assert kept is not None and kept.samples == samples
    assert kept.derived


def test_that_the_demo_opens_calibrated(qtbot: QtBot, make: MakeWindow) -> None:
    window = make()
    window.questions.do_demo()
    qtbot.waitUntil(lambda: window.controller.session.calibration is not None, timeout=60_000)
    assert window.controller.session.document.data == demo_data()
    assert window.ranges.isVisible()
    assert not window.controller.has_unsaved_work
