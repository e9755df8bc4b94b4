"""Long work leaves the window answering, and what was abandoned never ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from quantscope.core.errors import QuantscopeError
from quantscope.gui.main_window import MainWindow
from quantscope.gui.work import long_work
from quantscope.gui.work.long_work import LongWork
from quantscope.session.session_file import load_session, save_session
from quantscope.session.steps import Steps
from tests.gui.large_network import LAYERS, large_session


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is a slice of its own."""
    monkeypatch.setattr(long_work, "SLICE", 0.0)


@pytest.fixture
def work(qapp: object, slices: None) -> Iterator[LongWork]:
    owner = QObject()
    yield LongWork(owner)
    owner.deleteLater()


def counted(number: int, seen: list[int]) -> Steps[str]:
    for step in range(number):
        seen.append(step)
        yield
    return "done"


def test_that_what_waits_is_done_between_two_slices(qtbot: QtBot, work: LongWork) -> None:
    seen: list[int] = []
    results: list[str] = []
    heard: list[int] = []
    work.begin("Counting", counted(20, seen), results.append)
    QTimer.singleShot(0, lambda: heard.append(len(seen)))
    assert (work.title, work.is_active, results) == ("Counting", True, [])
    qtbot.waitUntil(lambda: results == ["done"], timeout=20_000)
    assert heard and heard[0] < 20
    assert (work.title, work.is_active) == ("", False)


def test_that_other_work_takes_the_place_of_work_at_hand(qtbot: QtBot, work: LongWork) -> None:
    first: list[str] = []
    second: list[str] = []
    work.begin("One", counted(50, []), first.append)
    work.begin("Two", counted(3, []), second.append)
    qtbot.waitUntil(lambda: bool(second), timeout=20_000)
    assert first == []
    work.begin("Three", counted(50, []), first.append)
    work.abandon()
    assert not work.is_active
    assert first == []


def test_that_an_error_ends_work_in_one_sentence(qtbot: QtBot, work: LongWork) -> None:
    def fails() -> Steps[None]:
        yield
        raise QuantscopeError("is torn", where="a.qscope", remedy="Mend it")

    with qtbot.waitSignal(work.failed, timeout=20_000) as heard:
        work.begin("Reading", fails(), lambda _: None)
    assert heard.args is not None
    assert heard.args[0].what == "is torn"
    assert not work.is_active


def test_that_work_may_give_itself_up_and_begin_other_work(qtbot: QtBot, work: LongWork) -> None:
    first: list[str] = []
    second: list[str] = []

    def gives_up() -> Steps[str]:
        yield
        work.begin("Other", counted(2, []), second.append)
        return "first"

    work.begin("One", gives_up(), first.append)
    qtbot.waitUntil(lambda: second == ["done"], timeout=20_000)
    assert first == []
    assert not work.is_active


def test_that_a_fault_in_a_step_ends_the_work(work: LongWork) -> None:
    results: list[None] = []

    def at_fault() -> Steps[None]:
        yield
        raise AssertionError("of its own")

    work.begin("Failing", at_fault(), results.append)
    with pytest.raises(AssertionError, match="of its own"):
        work.complete()
    assert not work.is_active
    work.complete()
    assert results == []


def test_that_a_large_session_opens_while_the_window_lives(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, slices: None
) -> None:
    file = tmp_path / "large.qscope"
    save_session(large_session(), file)
    window.open_path(str(file))
    assert window.controller.is_busy
    assert "Opening large.qscope" in window.status.stage.text()
    assert window.actions_by_id["cancel"].isEnabled()
    assert window.controller.session.network is None
    qtbot.waitUntil(lambda: not window.controller.is_busy, timeout=60_000)
    assert window.controller.session.path == file
    assert len(window.ranges.heat.rows) == 4 * LAYERS + LAYERS + 1
    assert not window.controller.session.is_modified


def test_that_closing_goes_on_once_everything_is_saved(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path, slices: None
) -> None:
    controller, file = calibrated.controller, tmp_path / "a.qscope"
    controller.choose_word_length(16)
    controller.session.path = file  # saved there before
    calibrated.close()
    box = calibrated.questions.dialog
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Save).click()
    assert calibrated.isVisible()
    qtbot.waitUntil(lambda: not calibrated.isVisible(), timeout=60_000)
    assert load_session(file).document == controller.session.document


def test_that_a_save_that_fails_leaves_the_window_open(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path, slices: None
) -> None:
    controller = calibrated.controller
    controller.choose_word_length(16)
    with qtbot.waitSignal(controller.save_failed, timeout=60_000):
        controller.save(str(tmp_path / "none" / "a.qscope"))
    assert controller.session.is_modified
    assert not controller.is_busy


def test_that_opening_can_be_cancelled(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path, slices: None
) -> None:
    file = tmp_path / "demo.qscope"
    before = calibrated.controller.session
    save_session(before, file)
    calibrated.open_path(str(file))
    calibrated.actions_by_id["cancel"].trigger()
    assert not calibrated.controller.is_busy
    assert calibrated.controller.session is before
