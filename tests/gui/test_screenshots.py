"""The picture in the README is the real window on the demo, and stays what the window looks like.

Set QUANTSCOPE_WRITE_SCREENSHOTS=1 to write it anew.
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from skimage.metrics import structural_similarity

from quantscope.bundled import resources_folder
from quantscope.core.formats import FixedPoint
from quantscope.core.schemes import Scheme
from quantscope.gui.main_window import MainWindow
from quantscope.gui.theme import ThemeChoice
from tests.gui.pointing import select, weights

FOLDER = resources_folder() / "screenshots"
ALIKE = 0.85  # fonts are drawn a little differently on each machine


def gray(image: QImage) -> npt.NDArray[np.uint8]:
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width()].copy()  # the bytes are gone with the image


def check_screenshot(window: MainWindow, path: Path) -> None:
    for _ in range(3):  # layouts settle one level at a time
        QApplication.processEvents()
    picture = window.grab().toImage()
    if os.environ.get("QUANTSCOPE_WRITE_SCREENSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        assert picture.save(str(path))
    stored = QImage(str(path))
    assert not stored.isNull(), f"{path} is missing: set QUANTSCOPE_WRITE_SCREENSHOTS=1"
    assert stored.size() == picture.size()
    likeness = structural_similarity(gray(stored), gray(picture))
    assert likeness > ALIKE


@pytest.mark.parametrize("theme", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_that_the_window_looks_as_in_the_readme(
    qtbot: QtBot, calibrated: MainWindow, theme: ThemeChoice
) -> None:
    calibrated.resize(1400, 820)
    calibrated.controller.choose_target("fixed-point")
    calibrated.controller.choose_scheme(Scheme.HISTOGRAM)
    tensor = weights(calibrated, 2)
    found = calibrated.controller.readings.data_type(tensor)
    assert isinstance(found, FixedPoint)
    calibrated.controller.pin(tensor, found.shifted(1))
    calibrated.appearance.choose(theme)
    select(calibrated, tensor)
    qtbot.waitUntil(calibrated.ranges.isVisible, timeout=20_000)
    name = "window.png" if theme is ThemeChoice.LIGHT else "window-dark.png"
    check_screenshot(calibrated, FOLDER / name)
