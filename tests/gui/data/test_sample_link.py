"""The sample that an extreme came from is a click away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.core.counting.calibration import Calibration
from quantscope.gui.data.sample_link import SampleLink
from quantscope.gui.inspector.histogram_view import FROM_MAXIMUM, FROM_MINIMUM
from quantscope.gui.main_window import MainWindow
from tests.gui.keyboard import Key, press, tab_to
from tests.gui.pointing import select, weights

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


def link_of(window: MainWindow, key: str) -> SampleLink:
    found = window.inspector.histogram.figures[key]
    assert isinstance(found, SampleLink)
    return found


def an_activation(window: MainWindow) -> tuple[str, Calibration]:
    calibration = window.controller.session.calibration
    assert calibration is not None
    kept = calibration.statistics
    return next(name for name in kept if kept[name].values is None), calibration


def test_that_a_click_on_where_the_maximum_is_from_shows_that_sample(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    tensor, calibration = an_activation(calibrated)
    select(calibrated, tensor)
    link = link_of(calibrated, FROM_MAXIMUM)
    maximum = calibration.statistics[tensor].maximum
    assert maximum is not None
    name = calibration.sample_names[maximum.sample]
    assert link.isVisible() and link.text() == name
    qtbot.mouseClick(link, LEFT)
    dialog = link.dialog
    assert dialog is not None and dialog.isVisible()
    qtbot.waitUntil(lambda: dialog.preview.heading.text().endswith(name), timeout=WAIT)
    assert not dialog.preview.original.pixmap().isNull()
    qtbot.mouseClick(dialog.preview.after, LEFT)
    qtbot.waitUntil(lambda: name not in dialog.windowTitle(), timeout=WAIT)
    dialog.reject()


def test_that_keys_reach_the_sample_too(qtbot: QtBot, calibrated: MainWindow) -> None:
    tensor, _ = an_activation(calibrated)
    select(calibrated, tensor)
    calibrated.activateWindow()
    qtbot.waitUntil(calibrated.isActiveWindow, timeout=WAIT)
    calibrated.inspector.histogram.setFocus()
    link = link_of(calibrated, FROM_MINIMUM)
    tab_to(link)
    press(Key.Key_Return)
    assert link.dialog is not None and link.dialog.isVisible()
    assert link.text() in link.dialog.windowTitle()
    link.dialog.reject()


def test_that_weights_are_from_no_sample(calibrated: MainWindow) -> None:
    select(calibrated, weights(calibrated))
    assert not link_of(calibrated, FROM_MAXIMUM).isVisible()
