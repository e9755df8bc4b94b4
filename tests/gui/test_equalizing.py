"""Equalizing channels from the menu: described anew, stale till calibrated, undone like an edit."""

import pytest
from pytestqt.qtbot import QtBot

from quantscope.gui.main_window import MainWindow
from quantscope.jobs.messages import Calibrate, Describe, Request
from quantscope.session.session_file import save_session
from tests.gui.conftest import DEMO

WAIT = 60_000


def equalized(window: MainWindow) -> bool:
    network = window.controller.session.network
    return network is not None and any(said.startswith("Equalized") for said in network.changes)


def test_that_the_menu_equalizes_and_undo_takes_it_back(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    window, action = calibrated, calibrated.actions_by_id["equalize"]
    located: list[str] = []
    window.controller.located.connect(located.append)
    assert not action.isChecked()
    action.trigger()
    assert action.isChecked()
    qtbot.waitUntil(lambda: equalized(window), timeout=WAIT)
    session = window.controller.session
    assert session.calibration_is_stale and not session.network_is_stale
    assert not window.actions_by_id["export"].isEnabled()
    assert "calibrate again" in window.status.data.text()
    window.do_undo()
    assert not action.isChecked()
    assert not session.calibration_is_stale and session.plan() is not None
    qtbot.waitUntil(lambda: not equalized(window), timeout=WAIT)
    assert window.controller.job is None
    assert not located


def test_that_taking_it_back_at_once_stops_what_it_began(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    calibrated.actions_by_id["equalize"].trigger()
    assert calibrated.controller.is_busy
    calibrated.do_undo()
    assert not calibrated.controller.is_busy
    assert not calibrated.controller.session.network_is_stale


def test_that_calibrating_is_asked_for_the_network_at_hand(
    monkeypatch: pytest.MonkeyPatch, calibrated: MainWindow
) -> None:
    sent: list[Request] = []
    monkeypatch.setattr(
        calibrated.controller.desk.worker, "send", lambda r: len(sent) or sent.append(r)
    )
    calibrated.controller.choose_preparation("equalize", True)
    calibrated.controller.calibrate()
    assert [type(request) for request in sent][:1] == [Describe]
    assert all(
        isinstance(request, Describe | Calibrate) and request.preparation.equalize
        for request in sent
    )
    assert sent[0].model == DEMO


def test_that_a_session_saved_in_between_is_described_when_it_opens(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: object
) -> None:
    path = f"{tmp_path}/between.qscope"
    calibrated.controller.choose_preparation("equalize", True)
    save_session(calibrated.controller.session, path)
    calibrated.controller.open_path(path)
    qtbot.waitUntil(lambda: equalized(calibrated), timeout=WAIT)
    assert calibrated.actions_by_id["equalize"].isChecked()


def test_that_relu6_is_replaced_from_the_menu_and_named_when_undone(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    action = calibrated.actions_by_id["replace-relu6"]
    action.trigger()
    session = calibrated.controller.session
    qtbot.waitUntil(lambda: not session.network_is_stale, timeout=WAIT)
    assert action.isChecked() and session.document.preparation.replace_relu6
    assert session.network is not None
    assert any(said.startswith("Replaced stem/relu6") for said in session.network.changes)
    assert session.undo_title == "Replace ReLU6 by Relu"
    calibrated.do_undo()
    assert not action.isChecked()
