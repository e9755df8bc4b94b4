"""The Results panel shows what an export found out, and only what it has."""

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from quantscope.core.findings.report import (
    ExportReport,
    IntegerPort,
    RoundedWeights,
    StepDifference,
)
from quantscope.gui import wording
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


def test_that_the_integer_simulation_is_listed_operator_by_operator(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    with qtbot.waitSignal(controller.exported, timeout=120_000):
        controller.export(str(tmp_path / "simulated.onnx"))
    report = controller.session.report
    assert report is not None and report.simulation
    assert "Integer simulation" in shown_tabs(calibrated)
    table = calibrated.results.simulation
    assert table.rowCount() == len(report.simulation)
    assert table.index(0, 0).data() == report.simulation[0].label
    assert table.index(0, 2).data() == wording.count(report.simulation[0].values)
    assert report.simulated() in calibrated.results.overview.toPlainText()
    settings = controller.session.document.settings
    moved = replace(report.simulation[0], as_run=StepDifference(2, 0.25))
    ports = (IntegerPort(name="x", dtype="int8", scale=0.5, zero_point=-3),)
    changed = replace(report, simulation=(moved,), integer_inputs=ports)
    controller.session.attach_report(changed, settings)
    calibrated.results.refresh()
    assert table.index(0, 4).data() == f"2 steps, {wording.share(0.25)}"
    text = calibrated.results.overview.toPlainText()
    assert "Input x is int8: its integer q stands for 0.5 × (q + 3)" in text


def test_that_the_gain_of_compensated_rounding_is_listed(calibrated: MainWindow) -> None:
    session = calibrated.controller.session
    rounded = RoundedWeights(layer="a", label="conv1", sqnr_before=20.0, sqnr_after=23.5)
    session.attach_report(blank_report(rounded_weights=(rounded,)), session.document.settings)
    calibrated.results.refresh()
    table = calibrated.results.rounding
    assert [table.index(0, c).data() for c in range(4)] == ["conv1", "20.0 dB", "23.5 dB", "3.5 dB"]
    assert "Weight rounding" in shown_tabs(calibrated)
    assert "Bias correction" not in shown_tabs(calibrated)


def test_that_what_equalizing_did_to_each_layer_is_listed_after_an_export(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    controller, table = calibrated.controller, calibrated.results.preparation
    controller.choose_target("fixed-point")
    calibrated.actions_by_id["equalize"].trigger()
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=120_000)
    controller.calibrate()
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=120_000)
    with qtbot.waitSignal(controller.exported, timeout=120_000):
        controller.export(str(tmp_path / "equalized.onnx"))
    report = controller.session.report
    assert report is not None and report.prepared_weights
    assert "Preparation" in shown_tabs(calibrated)
    first = report.prepared_weights[0]
    shown = [table.index(0, column).data() for column in range(table.columnCount())]
    assert shown == [
        first.label,
        f"{first.spread_before:.1f} ×",
        f"{first.spread_after:.1f} ×",
        wording.decibel(first.sqnr_before),
        wording.decibel(first.sqnr_after),
        wording.decibel(first.sqnr_after - first.sqnr_before),
    ]


def blank_report(rounded_weights: tuple[RoundedWeights, ...]) -> ExportReport:
    return ExportReport(
        path="x.onnx",
        target="fixed-point",
        samples=1,
        random_data=False,
        opset=21,
        file_bytes=1,
        source_bytes=1,
        largest_difference=0.0,
        outputs=(),
        kernels=(),
        tensors=(),
        rounded_weights=rounded_weights,
    )
