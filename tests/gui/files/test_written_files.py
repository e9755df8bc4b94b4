"""Report and statistics, written from the window by the worker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from quantscope.core.picture.ranges import range_rows
from quantscope.gui.main_window import MainWindow


def write(qtbot: QtBot, window: MainWindow, action: str, path: Path, filters: str = "") -> None:
    """Through the menu and the dialog."""
    window.actions_by_id[action].trigger()
    dialog = window.written_files.dialog
    assert dialog is not None
    if filters:
        dialog.selectNameFilter(filters)
        dialog.filterSelected.emit(filters)
    with qtbot.waitSignal(window.written_files.written, timeout=120_000) as told:
        dialog.fileSelected.emit(str(path))
    assert path.name in told.args[0]
    dialog.reject()


def test_that_a_report_holds_the_heat_map_and_how_to_repeat_it(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "demo.html"
    write(qtbot, calibrated, "report", path)
    page = path.read_text(encoding="utf-8")
    assert "<svg" in page and "quantscope calibrate" in page
    assert calibrated.messages.isVisible()


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_that_statistics_have_a_row_for_each_tensor(
    ending: str, qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / f"demo.{ending}"
    filters = {"csv": "Table (*.csv)", "json": "JSON (*.json)"}[ending]
    write(qtbot, calibrated, "statistics", path, filters)
    session = calibrated.controller.session
    network, calibration, plan = session.network, session.calibration, session.plan()
    assert network is not None and calibration is not None and plan is not None
    rows = len(range_rows(network, calibration, plan))
    text = path.read_text(encoding="utf-8")
    found = list(csv.DictReader(io.StringIO(text))) if ending == "csv" else None
    assert (len(found) if found is not None else text.count('"layer_name"')) == rows


def test_that_nothing_can_be_written_before_there_are_statistics(opened: MainWindow) -> None:
    for key in ("report", "statistics"):
        assert not opened.actions_by_id[key].isEnabled()
