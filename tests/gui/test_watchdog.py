"""The tests of the window time every call on the UI thread."""

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from quantscope.gui.main_window import MainWindow
from tests.gui.watchdog import Watchdog


class Receiver(QObject):
    """Hears of a timer, and handles what else waits meanwhile."""

    def answer(self) -> None:
        Watchdog.processEvents()
        self.deleteLater()


def test_that_a_call_is_kept_with_its_receiver_and_once(
    qtbot: QtBot, qapp: Watchdog, window: MainWindow, monkeypatch
) -> None:
    monkeypatch.setattr(qapp, "least", 0.0)
    receiver = Receiver()
    known = len(qapp.calls)
    with qtbot.waitSignal(receiver.destroyed):
        QTimer.singleShot(0, receiver, receiver.answer)
    kept = qapp.calls[known:]
    del qapp.calls[known:]
    assert ("Receiver", "DeferredDelete") in {(call.receiver, call.event) for call in kept}
    assert all(call.seconds > 0.0 and call.own_seconds >= 0.0 for call in kept)
