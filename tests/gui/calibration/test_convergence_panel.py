"""The dock for convergence: its curve, its table, and the switch that ends a calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.counting.convergence import Checkpoint, Convergence, convergence_of
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.gui.calibration.convergence_panel import INVITATION, ConvergencePanel
from quantscope.gui.calibration.convergence_points import points_of
from quantscope.gui.files.questions import demo_data
from quantscope.gui.look.theme import ThemeChoice
from quantscope.gui.main_window import MainWindow
from tests.gui.keyboard import CONTROL, SHIFT, Key, press, write

WAIT = 120_000
LEFT = Qt.MouseButton.LeftButton


def show(window: MainWindow) -> ConvergencePanel:
    window.actions_by_id["convergence"].trigger()
    QApplication.processEvents()
    panel = window.calibration.panel
    assert panel.isVisible()
    return panel


def rows_of(panel: ConvergencePanel) -> list[list[str]]:
    model = panel.model
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def click(qtbot: QtBot, panel: ConvergencePanel) -> None:
    box = panel.stops
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))


def test_that_an_empty_dock_says_what_to_do(opened: MainWindow) -> None:
    panel = show(opened)
    assert panel.state.text() == INVITATION
    assert not panel.table.isVisible()
    assert not panel.curve.isVisible()


def test_that_a_key_shows_the_curve_and_its_figures(qtbot: QtBot, calibrated: MainWindow) -> None:
    calibrated.activateWindow()
    qtbot.waitUntil(calibrated.isActiveWindow, timeout=WAIT)
    calibrated.ranges.tree.setFocus()
    press(Key.Key_H, CONTROL | SHIFT)
    panel = calibrated.calibration.panel
    assert panel.table.hasFocus()
    calibration = calibrated.controller.session.calibration
    assert calibration is not None
    found = convergence_of(calibration)
    assert panel.state.text() == found.sentence()
    shown = [row[1:3] for row in rows_of(panel)]
    assert shown == [[str(each.ranges), str(each.exponents)] for each in found.checkpoints]
    assert [row[0] for row in rows_of(panel)][:3] == ["2", "3 to 4", "5 to 8"]
    plot = panel.curve.plot
    assert plot is not None and plot.isVisible()


def test_that_the_curve_has_the_colours_of_the_theme(calibrated: MainWindow) -> None:
    panel = show(calibrated)
    plot = panel.curve.plot
    assert plot is not None
    colours = []
    for theme in (ThemeChoice.LIGHT, ThemeChoice.DARK):
        calibrated.appearance.choose(theme)
        colours.append((plot.backgroundBrush().color().name(), panel.legend.text()))
    assert colours[0][0] != colours[1][0]
    assert colours[0][1] != colours[1][1]


def test_that_what_did_not_move_lies_on_the_line_of_none() -> None:
    steps = (
        Checkpoint(since=1, samples=2, ranges=10, exponents=1, bits=1.0),
        Checkpoint(since=2, samples=4, ranges=2, exponents=0, bits=0.1),
    )
    points = points_of(Convergence(tensors=20, checkpoints=steps, quiet=2))
    assert points is not None
    assert points.samples == (1.0, 2.0)
    assert points.ranges == (1.0, 0.0)
    assert points.exponents == (0.0, points.floor)
    assert points.floor < 0.0
    assert points.moved_ticks == [(points.floor, "none"), (0.0, "1"), (1.0, "10")]
    assert points_of(Convergence(tensors=20, checkpoints=(), quiet=0)) is None


def test_that_data_that_is_another_or_noise_is_told(calibrated: MainWindow) -> None:
    panel = show(calibrated)
    assert not panel.caution.isVisible()
    calibrated.controller.describe_data(replace(demo_data(), shuffle=1))
    assert "Not of the data" in panel.caution.text()
    session = calibrated.controller.session
    assert session.calibration is not None
    noise = DataDescription(kind=SourceKind.RANDOM)
    session.attach_calibration(replace(session.calibration, data=noise))
    panel.refresh()
    assert "about noise" in panel.caution.text()


# ---- stop when stable


def test_that_the_switch_is_of_the_data_and_makes_no_statistics_stale(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    panel, session = show(calibrated), calibrated.controller.session
    calibrated.activateWindow()
    qtbot.waitUntil(calibrated.isActiveWindow, timeout=WAIT)
    click(qtbot, panel)
    assert session.document.data == replace(demo_data(), stable_after=32)
    panel.after.setFocus()
    write("8")
    assert session.document.data == replace(demo_data(), stable_after=32)
    press(Key.Key_Return)
    assert session.document.data == replace(demo_data(), stable_after=8)
    assert not session.calibration_is_stale
    assert session.undo_title == "Stop when stable"
    calibrated.controller.undo()
    calibrated.controller.undo()
    assert not panel.stops.isChecked()
    assert not panel.after.isEnabled()


def test_that_choosing_data_leaves_the_switch_as_it_is(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    click(qtbot, show(calibrated))
    calibrated.do_data()
    assert calibrated.data_dialog is not None
    calibrated.data_dialog.form.samples.setValue(7)
    calibrated.data_dialog.accept()
    data = calibrated.controller.session.document.data
    assert data == replace(demo_data(), samples=7, stable_after=32)


def test_that_a_run_ends_when_exponents_are_at_rest_and_resumes_without_the_switch(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    same = np.ones((40, 3, 32, 32), np.float32)
    np.save(tmp_path / "same.npy", same)
    data = DataDescription(kind=SourceKind.NPY, path=str(tmp_path / "same.npy"))
    controller = opened.controller
    controller.describe_data(replace(data, stable_after=8))
    opened.do_calibrate()
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    assert "at rest after 16 samples; 24 more were not run" in opened.messages.sentence.text()
    assert "16 of 40 samples" in opened.status.data.text()
    panel = show(opened)
    assert panel.stops.isChecked() and panel.after.value() == 8
    click(qtbot, panel)
    assert controller.session.document.data == data
    opened.actions_by_id["resume"].trigger()
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    assert controller.session.calibration is not None
    assert controller.session.calibration.samples == 40
