"""A window on the demo for every test, offscreen, with one bundled font and settings of its own."""

import math
import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).with_name("fonts.conf")))

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from quantscope.bundled import bundled_path, demo_folder
from quantscope.core.networks.network import Network
from quantscope.gui.application import make_application, make_window
from quantscope.gui.files.questions import demo_data
from quantscope.gui.files.run_folder import RunFolder
from quantscope.gui.look.plots import loading_pyqtgraph
from quantscope.gui.look.theme import ThemeChoice
from quantscope.gui.main_window import MainWindow
from quantscope.gui.settings import Settings
from quantscope.gui.work import long_work
from quantscope.gui.work.worker_process import WorkerProcess
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Calibrate, Calibrated, Describe, Described
from quantscope.session.calibration_file import read_calibration
from quantscope.session.session import Session
from quantscope.session.steps import finish
from tests.gui.watchdog import SLOW, Watchdog

MakeWindow = Callable[..., MainWindow]
DEMO = str(demo_folder() / "demo.onnx")
# The offscreen platform says this of widgets with a minimum size, of menus and of dialogs; it means
# nothing.
NOT_A_FAULT = "This plugin does not support (propagateSizeHints|raise|grabbing the keyboard)"
STALLED = 1.0  # seconds of work in one call: tests share their machine; benchmarks are stricter


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/gui" in item.path.as_posix():
            item.add_marker(pytest.mark.qt_log_ignore(NOT_A_FAULT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which calls kept the window from answering, the longest ones first."""
    application = QApplication.instance()
    if not isinstance(application, Watchdog) or not application.calls:
        return
    calls = sorted(application.calls, key=lambda call: -call.own_seconds)
    terminalreporter.section(f"{len(calls)} calls over {1000 * SLOW:.0f} ms on the UI thread")
    for call in calls[:5]:
        terminalreporter.line(str(call))


@pytest.fixture(autouse=True)
def no_stalled_call(qapp: Watchdog) -> Iterator[None]:
    """Fails a test in which one call kept the window from answering."""
    known = len(qapp.calls)
    yield
    assert [call for call in qapp.calls[known:] if call.own_seconds > STALLED] == []


@pytest.fixture(autouse=True)
def no_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work is done at once, however busy the machine is; its own tests take slices."""
    monkeypatch.setattr(long_work, "SLICE", math.inf)


@pytest.fixture(scope="session")
def qapp() -> Watchdog:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    application = Watchdog([])
    make_application()
    for file in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        QFontDatabase.addApplicationFont(str(bundled_path(f"fonts/{file}")))
    application.setFont(QFont("DejaVu Sans", 9))
    finish(loading_pyqtgraph())  # in slices for people; while lines are counted it takes long
    return application


@pytest.fixture(scope="session")
def demo_network() -> Network:
    result = run_inline(Describe(model=DEMO))
    assert isinstance(result, Described)
    return result.network


@pytest.fixture(scope="session")
def demo_statistics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("statistics") / "demo.npz"
    result = run_inline(Calibrate(model=DEMO, data=demo_data(), output=str(path)))
    assert isinstance(result, Calibrated)
    return path


@pytest.fixture
def make(qapp: QApplication, tmp_path: Path) -> Iterator[MakeWindow]:
    """Makes windows that are taken down at the end."""
    made: list[MainWindow] = []

    def build(worker: WorkerProcess | None = None, theme: str = "light") -> MainWindow:
        store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        settings = Settings(store)
        settings.theme = ThemeChoice(theme)
        settings.hints = False
        window = make_window(settings, worker, RunFolder(tmp_path / "runs"))
        window.resize(1400, 860)
        window.show()
        made.append(window)
        return window

    yield build
    for window in made:
        window.controller.shut_down()
        window.hide()
        window.deleteLater()
    made.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(make: MakeWindow) -> MainWindow:
    """Nothing open."""
    return make()


@pytest.fixture
def opened(make: MakeWindow, demo_network: Network) -> MainWindow:
    """The demo, described but not calibrated."""
    return _with_demo(make(), demo_network)


@pytest.fixture
def calibrated(opened: MainWindow, demo_statistics: Path, qapp: QApplication) -> MainWindow:
    """The demo, calibrated, for the fixed-point target, with nothing to undo."""
    session = opened.controller.session
    session.attach_calibration(read_calibration(demo_statistics))
    finish(opened.controller._replacing_session())
    qapp.processEvents()
    return opened


def _with_demo(window: MainWindow, network: Network) -> MainWindow:
    session = Session()
    session.open_model(DEMO, network)
    window.controller.session = session
    finish(window.controller._replacing_session())
    window.controller.describe_data(demo_data())
    return window
