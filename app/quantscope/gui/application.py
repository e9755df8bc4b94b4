"""Starts the window: the QApplication, crash notes, and what to open first."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QLocale, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from quantscope import __version__
from quantscope.core.errors import Problem
from quantscope.gui.controller import Controller
from quantscope.gui.files.run_folder import DATA_VARIABLE, RunFolder, data_folder
from quantscope.gui.look.icons import application_icon
from quantscope.gui.main_window import MainWindow
from quantscope.gui.settings import Settings
from quantscope.gui.translation import install_translators, tr
from quantscope.gui.work.worker_process import WorkerProcess

log = logging.getLogger(__name__)

COLLECT_AFTER = (20_000, 50, 100)  # new objects; then how often each before the next older


def main(paths: list[str], demo: bool = False) -> int:
    """Open the window on the first of ``paths``, or on the demo, calibrated at once."""
    application = make_application()
    install_translators(QLocale.system())
    run = RunFolder(data_folder() / "runs")
    note = start_crash_note(run.crash_note)
    window = make_window(open_settings(), run=run)
    keep_collections_short(window.controller)
    sys.excepthook = ExceptionHook(window)
    window.show()
    QTimer.singleShot(0, window.recovery, window.recovery.look)
    if demo:
        QTimer.singleShot(0, window, window.questions.do_demo)
    elif paths:
        window.open_path(paths[0])
    code = QApplication.exec()
    sys.excepthook = sys.__excepthook__
    close_crash_note(note)
    run.close()
    del window, application
    return code


def make_application() -> QApplication:
    """The one QApplication, with the name under which settings are kept."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Quantscope")
    application.setOrganizationName("Quantscope")
    application.setApplicationVersion(__version__)
    application.setStyle("Fusion")
    application.setWindowIcon(application_icon())
    return application


def open_settings() -> Settings:
    """What was remembered: where the environment says, or where the system keeps such things."""
    if DATA_VARIABLE in os.environ:
        file = str(data_folder() / "settings.ini")
        return Settings(QSettings(file, QSettings.Format.IniFormat))
    return Settings(QSettings())


def make_window(
    settings: Settings, worker: WorkerProcess | None = None, run: RunFolder | None = None
) -> MainWindow:
    """The window with its controller and its worker process, which keeps its files in ``run``."""
    run = run or RunFolder(data_folder() / "runs")
    return MainWindow(Controller(worker or WorkerProcess(), run.path), settings, run)


def keep_collections_short(controller: Controller) -> None:
    """Let Python's collector look at new objects only, and pass over what a session holds.

    With 5,000 tensors a session has some 200,000 objects that live as long as it does; walking
    them took 70 ms in the middle of an edit. They have no cycles: they go when the session goes.
    """
    gc.set_threshold(*COLLECT_AFTER)
    controller.results_changed.connect(gc.freeze)


class ExceptionHook:
    """An exception in a slot becomes a sentence in the window; the window lives on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", details)
        problem = Problem(
            what=tr(
                "the program met a fault of its own ({name}: {error})",
                name=kind.__name__,
                error=error,
            ),
            where=tr("The window"),
            remedy=tr("Save your session, then report the details"),
        )
        self._window.messages.show_problem(problem, details)


def start_crash_note(path: Path) -> TextIO | None:
    """Let a native crash of this run leave its trace in ``path``, for the next start."""
    try:
        note = path.open("w", encoding="utf-8")
    except OSError as error:
        log.info("no crash note: %s", error)
        return None
    faulthandler.enable(note)
    return note


def close_crash_note(note: TextIO | None) -> None:
    """The run ended well, and the note is empty."""
    faulthandler.disable()
    if note is not None:
        note.close()
