"""The Results panel shows what an export found out, and only what it has."""

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from quantscope.gui.main_window import MainWindow


def shown_tabs(window: MainWindow) -> list[str]:
    tabs = window.results.tabs
    return [tabs.tabText(i) for i in range(tabs.count()) if tabs.isTabVisible(i)]


def test_that_corrections_of_biases_are_listed_where_the_export_made_some(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    controller, table = calibrated.controller, calibrated.results.corrections
    controller.switch("correct_bias", True)
    with qtbot.waitSignal(controller.exported, timeout=120_000):
        controller.export(str(tmp_path / "corrected.onnx"))
    report = controller.session.report
    assert report is not None and len(report.corrections) > 5
    assert shown_tabs(calibrated)[-1] == "Bias correction"
    rows = [
        tuple(table.data(table.index(row, column)) for column in range(table.columnCount()))
        for row in range(table.rowCount())
    ]
    assert rows == [
        (
            item.label,
            f"{item.largest:.3f} steps",
            f"{item.error_before:.3f} steps",
            f"{item.error_after:.3f} steps",
        )
        for item in report.corrections
    ]
    calibrated.results.tabs.setCurrentIndex(calibrated.results.tabs.count() - 1)

    settings = controller.session.document.settings
    controller.session.attach_report(replace(report, corrections=()), settings)
    calibrated.results.refresh()
    assert "Bias correction" not in shown_tabs(calibrated)
    assert calibrated.results.tabs.isVisible()
    assert calibrated.results.tabs.currentIndex() < calibrated.results.tabs.count() - 1
