"""The real program in a process of its own, that works by itself until it is killed from outside.

It opens the demo, calibrates, moves the band of the first weight by a key, and says so on standard
output once its draft is on disk. Run by ``test_recovery``.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtTest import QTest

from quantscope import __main__
from quantscope.bundled import demo_folder
from quantscope.gui import application
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from tests.gui.pointing import select, weights


class Driver(QObject):
    """Does one step whenever the window is ready for it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._steps = iter((self._calibrate, self._edit, self._report))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._timer.start(50)

    @Slot()
    def _go_on(self) -> None:
        if self._window.controller.readings.network and not self._window.controller.is_busy:
            next(self._steps, self._report)()

    def _calibrate(self) -> None:
        self._window.controller.describe_data(demo_data())
        self._window.controller.calibrate()

    def _edit(self) -> None:
        select(self._window, weights(self._window))
        tree = self._window.ranges.tree
        tree.setFocus()
        QTest.keyClick(tree, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        assert self._window.controller.session.document.settings.pinned

    def _report(self) -> None:
        kept = self._window.autosave.kept_document
        if kept == self._window.controller.session.document:
            sys.stdout.write("kept\n")
            sys.stdout.flush()


def main() -> int:
    make = application.make_window

    def driven(*arguments: object, **named: object) -> MainWindow:
        window = make(*arguments, **named)  # type: ignore[arg-type]
        Driver(window)
        return window

    application.make_window = driven
    return __main__.main([str(demo_folder() / "demo.onnx")])


if __name__ == "__main__":
    sys.exit(main())
