"""Each hint is given once, when it helps, and none to those who want none."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import FixedPoint
from quantscope.gui.main_window import MainWindow
from quantscope.session.calibration_file import read_calibration
from tests.gui.pointing import weights

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def hinted(opened: MainWindow, demo_statistics: Path) -> MainWindow:
    """A window that gives hints, calibrated just now."""
    opened.actions_by_id["hints"].trigger()
    assert opened.settings.hints
    opened.controller.attach_calibration(str(demo_statistics))
    return opened


def test_that_the_band_is_pointed_out_after_the_first_calibration_and_never_again(
    qtbot: QtBot, hinted: MainWindow, demo_statistics: Path
) -> None:
    bar = hinted.hint_bar
    assert bar.isVisible() and "Drag the band" in bar.text.text()
    qtbot.mouseClick(bar.done, LEFT)
    hinted.controller.attach_calibration(str(demo_statistics))
    assert not bar.isVisible()


def test_that_few_samples_lead_to_convergence_and_many_do_not(
    qtbot: QtBot, hinted: MainWindow, demo_statistics: Path
) -> None:
    qtbot.mouseClick(hinted.hint_bar.done, LEFT)
    session = hinted.controller.session
    for samples, told in ((32, False), (31, True)):
        kept = replace(read_calibration(demo_statistics), samples=samples)
        session.attach_calibration(kept)
        hinted.controller.results_changed.emit()
        assert hinted.hint_bar.isVisible() is told
    assert "few samples" in hinted.hint_bar.text.text()


def test_that_the_first_type_set_by_hand_is_explained(hinted: MainWindow) -> None:
    hinted.controller.pin(weights(hinted), FixedPoint(8, 3))
    assert "set by hand" in hinted.hint_bar.text.text()


def test_that_no_more_hints_means_none(qtbot: QtBot, hinted: MainWindow) -> None:
    qtbot.mouseClick(hinted.hint_bar.none, LEFT)
    assert not hinted.hint_bar.isVisible()
    assert not hinted.actions_by_id["hints"].isChecked() and not hinted.settings.hints
    hinted.controller.pin(weights(hinted), FixedPoint(8, 3))
    assert not hinted.hint_bar.isVisible()


def test_that_a_hint_leads_to_its_page(qtbot: QtBot, hinted: MainWindow) -> None:
    qtbot.mouseClick(hinted.hint_bar.more, LEFT)
    assert hinted.help.guide.page.page == "heat-map"


def test_that_hints_are_on_at_first_and_remembered(window: MainWindow) -> None:
    window.settings.hints = True
    window.settings.given_hints = frozenset({"drag", "export"})
    assert window.settings.hints
    assert window.settings.given_hints == {"drag", "export"}
