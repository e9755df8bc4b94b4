"""The pictures in README and guide are the real window on the demo, and stay what it looks like.

Set QUANTSCOPE_WRITE_SCREENSHOTS=1 to write them anew.
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from skimage.metrics import structural_similarity

from quantscope.bundled import resources_folder
from quantscope.core.errors import Problem
from quantscope.core.events import BitCounts, Progress
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.gui.help.shortcuts import plain
from quantscope.gui.look.theme import ThemeChoice
from quantscope.gui.main_window import MainWindow
from quantscope.gui.work.job import Job, calibrate_request
from quantscope.session.calibration_file import read_calibration
from tests.gui.pointing import select, weights

FOLDER = resources_folder() / "screenshots"
ALIKE = 0.85  # letters are drawn a little differently on each machine
SIZE = (1200, 720)


def gray(image: QImage) -> npt.NDArray[np.uint8]:
    plain_image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(plain_image.constBits(), np.uint8).reshape(plain_image.height(), -1)
    return rows[:, : plain_image.width()].copy()  # the bytes are gone with the image


def picture_of(widget: QWidget) -> QImage:
    if isinstance(widget, MainWindow) and widget.ranges.minimap.isVisible():
        deadline = QDeadlineTimer(20_000)
        while not (widget.ranges.minimap.is_complete or deadline.hasExpired()):
            QApplication.processEvents()
    for _ in range(5):  # layouts settle one level at a time
        QApplication.processEvents()
    return widget.grab().toImage()


def check_screenshot(widget: QWidget, name: str) -> None:
    picture, path = picture_of(widget), FOLDER / name
    if os.environ.get("QUANTSCOPE_WRITE_SCREENSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        assert picture.save(str(path))
    stored = QImage(str(path))
    assert not stored.isNull(), f"{path} is missing: set QUANTSCOPE_WRITE_SCREENSHOTS=1"
    assert stored.size() == picture.size(), "set QUANTSCOPE_WRITE_SCREENSHOTS=1"
    likeness = structural_similarity(gray(stored), gray(picture))
    assert likeness > ALIKE, "look at it; if it is right, set QUANTSCOPE_WRITE_SCREENSHOTS=1"


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    """The demo for power-of-two types, one of them set by hand and selected."""
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    controller.choose_scheme(Scheme.HISTOGRAM)
    tensor = weights(calibrated, 2)
    found = controller.readings.data_type(tensor)
    assert isinstance(found, FixedPoint)
    controller.pin(tensor, found.shifted(1))
    select(calibrated, tensor)
    return calibrated


@pytest.mark.parametrize("theme", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_that_the_window_looks_as_in_the_readme(fixed: MainWindow, theme: ThemeChoice) -> None:
    fixed.resize(1400, 820)
    fixed.appearance.choose(theme)
    check_screenshot(fixed, "window.png" if theme is ThemeChoice.LIGHT else "window-dark.png")


def test_that_the_first_page_looks_as_in_the_guide(window: MainWindow) -> None:
    window.resize(*SIZE)
    check_screenshot(window, "welcome.png")


def test_that_a_calibration_under_way_looks_as_in_the_guide(
    opened: MainWindow, demo_statistics: Path
) -> None:
    opened.resize(*SIZE)
    controller = opened.controller
    document, desk = controller.session.document, controller.desk
    assert document.data is not None
    request = calibrate_request(document, document.data, "nowhere.npz")
    desk.job = Job(
        request=request, title="Calibrating", settings=document.settings, model=document.model
    )
    desk.job.progress = Progress("calibration", 120, 200, 48.0, 1.7)
    kept = read_calibration(demo_statistics).statistics
    counts = {name: BitCounts.of(kept[name].histogram.most_significant_bits()) for name in kept}
    controller.readings.show_live(counts)
    controller.live_counted.emit()
    controller.job_changed.emit()
    check_screenshot(opened, "calibrating.png")
    desk.job = None


def test_that_every_tab_of_the_inspector_looks_as_in_the_guide(
    qtbot: QtBot, fixed: MainWindow
) -> None:
    fixed.resize(1400, 820)
    fixed.resizeDocks([fixed.inspector_dock], [520], Qt.Orientation.Horizontal)
    inspector = fixed.inspector
    for tab in range(inspector.tabs.count()):
        inspector.tabs.setCurrentIndex(tab)
        qtbot.waitUntil(lambda: not fixed.controller.is_busy, timeout=60_000)
        name = plain(inspector.tabs.tabText(tab)).casefold()
        check_screenshot(inspector, f"inspector-{name}.png")


def test_that_results_look_as_in_the_guide(qtbot: QtBot, fixed: MainWindow, tmp_path: Path) -> None:
    fixed.resize(*SIZE)
    with qtbot.waitSignal(fixed.controller.exported, timeout=120_000):
        fixed.controller.export(str(tmp_path / "demo-quantized.onnx"))
    fixed.results.tabs.setCurrentIndex(1)
    check_screenshot(fixed, "results.png")


def test_that_a_message_looks_as_in_the_guide(fixed: MainWindow) -> None:
    fixed.resize(*SIZE)
    problem = Problem(
        what="the sample has the shape 3 × 32 × 30 and the input wants 3 × 32 × 32",
        where="calibration/circle/003.png",
        remedy="Choose how pictures are resized in the data dialog",
    )
    fixed.messages.show_problem(problem, "Sample 3 of 200, input image", "data")
    fixed.messages.details_button.click()
    check_screenshot(fixed, "message.png")


def test_that_pictures_that_differ_are_told_apart(fixed: MainWindow) -> None:
    fixed.resize(*SIZE)
    before = gray(picture_of(fixed))
    assert structural_similarity(before, gray(picture_of(fixed))) > 0.999
    fixed.ranges.filter_bar.hide()
    assert structural_similarity(before, gray(picture_of(fixed))) < ALIKE
