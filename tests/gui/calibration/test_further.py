"""Statistics that grow in the window are those of one run over everything, bit for bit."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.joined import sources_of, with_source
from quantscope.core.networks.network import Network
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from quantscope.gui.work.worker_process import WorkerProcess
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Calibrate, Calibrated
from quantscope.session.calibration_file import read_calibration, stored_at
from quantscope.session.session import Session
from quantscope.session.session_file import save_session
from quantscope.session.steps import finish
from tests.gui.conftest import DEMO, MakeWindow
from tests.gui.keyboard import ALT, CONTROL, SHIFT, Key, come_back, press, write

WAIT = 120_000
LEFT = Qt.MouseButton.LeftButton
FEW = replace(demo_data(), samples=20)


def counted(data: DataDescription, path: Path) -> Path:
    """The calibration file of one run over ``data``."""
    result = run_inline(Calibrate(model=DEMO, data=data, output=str(path)))
    assert isinstance(result, Calibrated)
    return path


def rows(path: Path, count: int, seed: int = 0) -> DataDescription:
    """An array of noise that the demo takes."""
    values = np.random.default_rng(seed).normal(size=(count, 3, 32, 32)).astype(np.float32)
    np.save(path, values)
    return DataDescription(kind=SourceKind.NPY, path=str(path))


def statistics_of(window: MainWindow) -> Calibration:
    found = window.controller.session.calibration
    assert found is not None
    return found


def file_of(window: MainWindow) -> bytes:
    path = stored_at(statistics_of(window))
    assert path is not None
    return path.read_bytes()


def wait_idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.controller.is_busy, timeout=WAIT)


def take(window: MainWindow, data: DataDescription, statistics: Path) -> None:
    """A session of ``data`` with its statistics."""
    window.controller.describe_data(data)
    window.controller.session.attach_calibration(read_calibration(statistics))
    finish(window.controller._replacing_session())
    QApplication.processEvents()


@pytest.fixture(scope="session")
def few_statistics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return counted(FEW, tmp_path_factory.mktemp("few") / "few.npz")


@pytest.fixture
def partly(opened: MainWindow, few_statistics: Path, qtbot: QtBot) -> MainWindow:
    """The demo with the statistics of a few samples, and the keyboard."""
    take(opened, FEW, few_statistics)
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow, timeout=WAIT)
    opened.ranges.tree.setFocus()
    return opened


def test_that_samples_added_by_keys_give_the_statistics_of_all_at_once(
    qtbot: QtBot, partly: MainWindow, tmp_path: Path
) -> None:
    press(Key.Key_A, CONTROL | SHIFT)
    dialog = partly.calibration.dialog
    assert isinstance(dialog, DataDialog)
    qtbot.waitUntil(dialog.isActiveWindow, timeout=WAIT)
    press(Key.Key_M, ALT)  # Samples at most
    write("40")
    press(Key.Key_Return)
    come_back(partly)
    wait_idle(qtbot, partly)
    assert statistics_of(partly).samples == 40
    assert not partly.controller.session.calibration_is_stale
    assert partly.controller.session.undo_title == "Add samples"
    whole = counted(replace(FEW, samples=40), tmp_path / "whole.npz")
    assert file_of(partly) == whole.read_bytes()


def test_that_another_source_is_added_beside_the_first(
    qtbot: QtBot, partly: MainWindow, tmp_path: Path
) -> None:
    more = rows(tmp_path / "more.npy", 10)
    partly.actions_by_id["add-samples"].trigger()
    dialog = partly.calibration.dialog
    assert isinstance(dialog, DataDialog)
    assert "another path adds" in dialog.note.text()
    dialog.form.show_data(more)
    dialog.accept()
    wait_idle(qtbot, partly)
    data = with_source(FEW, more)
    assert partly.controller.session.document.data == data
    assert statistics_of(partly).samples == 30
    assert file_of(partly) == counted(data, tmp_path / "whole.npz").read_bytes()
    names, _, state = partly.status.data.text().partition(" · ")
    assert sorted(names.split(" + ")) == ["calibration", "more.npy"]
    assert state == "30 samples"


def test_that_a_pause_survives_closing_and_resumes_to_the_statistics_of_one_run(
    qtbot: QtBot, opened: MainWindow, make: MakeWindow, tmp_path: Path
) -> None:
    data = rows(tmp_path / "rows.npy", 800)
    opened.controller.describe_data(data)
    with qtbot.waitSignal(opened.controller.live_counted, timeout=WAIT):
        opened.do_calibrate()
    pause = opened.status.pause
    assert pause.isVisible() and pause.isEnabled()
    qtbot.mouseClick(pause, LEFT)
    wait_idle(qtbot, opened)
    kept = statistics_of(opened)
    assert 0 < kept.samples < 800
    assert kept.left == 800 - kept.samples
    assert kept.derived
    assert not opened.controller.session.calibration_is_stale
    assert f"{kept.samples} of 800 samples" in opened.status.data.text()
    assert "Paused after" in opened.messages.sentence.text()
    assert [each.text() for each in opened.messages.answers] == ["&Resume"]
    opened.controller.save(str(tmp_path / "paused.qscope"))
    wait_idle(qtbot, opened)
    opened.close()

    window = make()
    window.controller.open_path(str(tmp_path / "paused.qscope"))
    wait_idle(qtbot, window)
    assert statistics_of(window).samples == kept.samples
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    press(Key.Key_F5, SHIFT)
    wait_idle(qtbot, window)
    assert file_of(window) == counted(data, tmp_path / "whole.npz").read_bytes()
    assert not window.actions_by_id["resume"].isEnabled()


def test_that_a_pause_that_is_stopped_itself_keeps_the_samples(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    opened.controller.describe_data(rows(tmp_path / "rows.npy", 800))
    with qtbot.waitSignal(opened.controller.live_counted, timeout=WAIT):
        opened.do_calibrate()
    with qtbot.waitSignal(opened.controller.partial_offered, timeout=WAIT):
        opened.actions_by_id["pause"].trigger()
    assert opened.status.stage.text().startswith("Pausing")
    opened.actions_by_id["cancel"].trigger()
    wait_idle(qtbot, opened)
    assert 0 < statistics_of(opened).samples < 800
    assert "Paused after" in opened.messages.sentence.text()


def test_that_a_pause_before_the_first_sample_says_that_nothing_was_counted(
    qtbot: QtBot, make: MakeWindow, demo_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    fake = str(Path(__file__).parents[1] / "fake_worker.py")
    window = make(WorkerProcess(command=[sys.executable, fake, "polite"]))
    session = Session()
    session.open_model(DEMO, demo_network)
    window.controller.show_session(session)
    window.controller.describe_data(FEW)
    window.do_calibrate()
    job = window.controller.job
    assert job is not None
    qtbot.waitUntil(lambda: job.progress is not None, timeout=WAIT)
    qtbot.mouseClick(window.status.pause, LEFT)
    wait_idle(qtbot, window)
    assert window.messages.sentence.text() == "Paused before a sample was counted."
    assert window.controller.session.calibration is None
    assert not window.status.pause.isVisible()


def test_that_calibrate_begins_anew_with_what_was_paused(
    qtbot: QtBot, partly: MainWindow, tmp_path: Path
) -> None:
    session = partly.controller.session
    session.attach_calibration(replace(statistics_of(partly), left=9))
    partly.refresh()
    assert partly.actions_by_id["resume"].isEnabled()
    partly.do_calibrate()
    job = partly.controller.job
    assert job is not None and isinstance(job.request, Calibrate)
    assert job.request.basis == ""
    wait_idle(qtbot, partly)


# ---- what can be done when


def why_off(window: MainWindow, key: str) -> str:
    from quantscope.gui.menus.reasons import why_off as reason

    return reason(window.actions_by_id[key], window.controller)


def test_that_what_cannot_go_on_says_why(opened: MainWindow, few_statistics: Path) -> None:
    for key in ("resume", "add-samples", "merge"):
        assert why_off(opened, key) == "Calibrate first."
    assert why_off(opened, "pause") == "No calibration is under way."
    take(opened, FEW, few_statistics)
    assert "All samples of the data are counted" in why_off(opened, "resume")
    assert why_off(opened, "add-samples") == why_off(opened, "merge") == ""
    opened.controller.describe_data(replace(FEW, shuffle=3))
    for key in ("resume", "add-samples"):
        assert "of other data: calibrate from the beginning" in why_off(opened, key)
    assert "of other data: calibrate again" in opened.status.data.text()


def test_that_a_larger_limit_can_be_resumed_and_a_smaller_one_cannot(
    opened: MainWindow, few_statistics: Path
) -> None:
    take(opened, FEW, few_statistics)
    opened.controller.describe_data(replace(FEW, samples=30))
    assert opened.actions_by_id["resume"].isEnabled()
    assert "resume" in opened.status.data.text()
    opened.controller.describe_data(replace(FEW, samples=10))
    assert "of other data" in why_off(opened, "resume")
    assert "calibrate again" in opened.status.data.text()


# ---- the data dialog


def test_that_data_of_several_sources_is_left_alone_unless_it_is_changed(
    opened: MainWindow, tmp_path: Path
) -> None:
    both = with_source(FEW, rows(tmp_path / "more.npy", 3))
    opened.controller.describe_data(both)
    opened.do_data()
    dialog = opened.data_dialog
    assert dialog is not None and dialog.note.text().startswith("Sources: ")
    dialog.accept()
    assert opened.controller.session.document.data == both
    opened.do_data()
    assert opened.data_dialog is not None
    opened.data_dialog.form.samples.setValue(2)
    opened.data_dialog.accept()
    data = opened.controller.session.document.data
    assert data == replace(sources_of(both)[0], samples=2)


def test_that_a_check_forecasts_what_calibrating_takes(qtbot: QtBot, opened: MainWindow) -> None:
    opened.do_data()
    dialog = opened.data_dialog
    assert dialog is not None
    qtbot.mouseClick(dialog.check, LEFT)
    qtbot.waitUntil(lambda: "takes about" in dialog.forecast.text(), timeout=WAIT)
    assert dialog.forecast.text().startswith("Calibrating 200 samples")
    dialog.form.kind.setCurrentIndex(dialog.form.kind.findData(SourceKind.RANDOM))
    assert dialog.forecast.text() == ""
    dialog.reject()


# ---- merging


def other_session(network: Network, data: DataDescription, folder: Path) -> Path:
    """A session of ``data`` that somebody else calibrated."""
    session = Session()
    session.open_model(DEMO, network)
    session.attach_calibration(read_calibration(counted(data, folder / "other.npz")))
    save_session(session, folder / "other.qscope")
    return folder / "other.qscope"


def test_that_a_merged_session_gives_the_statistics_of_both(
    qtbot: QtBot, partly: MainWindow, demo_network: Network, tmp_path: Path
) -> None:
    more = rows(tmp_path / "more.npy", 10)
    other = other_session(demo_network, more, tmp_path)
    press(Key.Key_M, CONTROL)
    assert isinstance(QApplication.activeWindow(), QFileDialog)
    write(str(other))
    press(Key.Key_Return)
    come_back(partly)
    wait_idle(qtbot, partly)
    data = with_source(FEW, more)
    assert partly.controller.session.document.data == data
    assert not partly.controller.session.calibration_is_stale
    assert file_of(partly) == counted(data, tmp_path / "whole.npz").read_bytes()
    assert "30 samples now" in partly.messages.sentence.text()


def test_that_noise_marks_what_it_is_merged_into(
    qtbot: QtBot, partly: MainWindow, demo_network: Network, tmp_path: Path
) -> None:
    noise = DataDescription(kind=SourceKind.RANDOM, samples=3)
    partly.calibration.merge(str(other_session(demo_network, noise, tmp_path)))
    wait_idle(qtbot, partly)
    assert partly.status.random.isVisible()
    assert "Random data, seed 0" in partly.status.data.text()


def test_that_statistics_that_do_not_go_together_are_a_sentence(
    qtbot: QtBot, partly: MainWindow, few_statistics: Path
) -> None:
    before = statistics_of(partly)
    partly.calibration.merge(str(few_statistics))
    wait_idle(qtbot, partly)
    assert "it would count twice" in partly.messages.sentence.text()
    assert partly.messages.guide_button.isVisible()
    assert statistics_of(partly) is before
