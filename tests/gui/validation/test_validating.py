"""Validating the demo in the window: what is asked, what is shown, and that it stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.joined import joined, sources_of
from quantscope.core.findings.validation import ValidationRequest
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from quantscope.gui.validation.dialog import ValidationDialog, held_out
from quantscope.session.session_file import load_session
from tests.gui.pointing import LEFT

HELD_OUT = demo_folder() / "validation"


def dialog_of(window: MainWindow) -> ValidationDialog:
    window.actions_by_id["validate"].trigger()
    dialog = window.validation.dialog
    assert dialog is not None and dialog.isVisible()
    return dialog


def press_ok(qtbot: QtBot, dialog: ValidationDialog) -> None:
    roles = QDialogButtonBox.ButtonRole
    (ok,) = [
        b for b in dialog.buttons.buttons() if dialog.buttons.buttonRole(b) is roles.AcceptRole
    ]
    qtbot.mouseClick(ok, LEFT)


def validate(qtbot: QtBot, window: MainWindow) -> None:
    """Accept the dialog as it comes up, for fewer pictures."""
    dialog = dialog_of(window)
    dialog.data.samples.setValue(60)
    with qtbot.waitSignal(window.validation.validated, timeout=180_000):
        press_ok(qtbot, dialog)


def texts(model: object) -> list[tuple[str, ...]]:
    return [
        tuple(model.data(model.index(row, column)) for column in range(model.columnCount()))  # type: ignore[attr-defined]
        for row in range(model.rowCount())  # type: ignore[attr-defined]
    ]


@pytest.fixture
def validated(qtbot: QtBot, calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    validate(qtbot, calibrated)
    return calibrated


def test_that_the_pictures_held_out_beside_the_calibration_are_offered(
    calibrated: MainWindow,
) -> None:
    dialog = dialog_of(calibrated)
    assert dialog.data.path.text() == str(HELD_OUT)
    assert dialog.plan.isChecked()
    assert dialog.judging.chosen() == ()
    dialog.reject()


def place(folder: Path, name: str, number: int) -> DataDescription:
    """A folder to calibrate with, beside one of two held-out pictures of each class."""
    for path in sorted(HELD_OUT.glob("*/*")):
        target = folder / name / "validation" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(list(target.parent.iterdir())) < number:
            target.write_bytes(path.read_bytes())
    (folder / name / "calibration").mkdir()
    return replace(demo_data(), path=str(folder / name / "calibration"))


def test_that_what_is_held_out_beside_every_source_is_judged(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    sources = [place(tmp_path, name, number) for name, number in (("north", 1), ("south", 2))]
    calibrated.controller.describe_data(joined(sources, sources[0]))
    dialog = dialog_of(calibrated)
    assert dialog.data.path.text() == str(tmp_path / "north" / "validation")
    assert dialog.note.isVisible() and dialog.note.text().startswith("Several sources: ")
    assert str(Path("south", "validation")) in dialog.note.text()
    with qtbot.waitSignal(calibrated.validation.validated, timeout=180_000):
        press_ok(qtbot, dialog)
    (run,) = calibrated.controller.session.validations
    found = run.validation
    classes = len(found.class_names)
    assert (found.samples, found.label_kind) == (3 * classes, "class number")
    assert [Path(each.path).parent.name for each in sources_of(found.request.data)] == [
        "north",
        "south",
    ]
    assert "top1" in [each.metric for each in found.figures]
    again = dialog_of(calibrated)
    assert again.note.isVisible()
    again.data.samples.setValue(1)
    chosen: list[ValidationRequest] = []
    again.wanted.disconnect()
    again.wanted.connect(lambda request, *_: chosen.append(request))
    press_ok(qtbot, again)
    assert sources_of(chosen[0].data) == (chosen[0].data,)  # what is changed is used alone


def test_that_samples_held_out_are_looked_for_beside_files_too(tmp_path: Path) -> None:
    for name in ("a.npy", "val.npy", "b.py", "test.py", "c.csv"):
        (tmp_path / name).write_bytes(b"")

    def data(*names: str) -> DataDescription:
        kinds = {".npy": SourceKind.NPY, ".py": SourceKind.PYTHON, ".csv": SourceKind.CSV}
        sources = [
            DataDescription(kind=kinds[Path(name).suffix], path=str(tmp_path / name), samples=5)
            for name in names
        ]
        return joined(sources, sources[0])

    def offered(*names: str) -> list[str]:
        return [Path(each.path).name for each in sources_of(held_out(data(*names)))]

    assert offered("a.npy") == ["val.npy"]
    assert offered("c.csv") == [""]
    assert offered("c.csv", "a.npy") == ["val.npy"]
    assert offered("b.py") == ["test.py"]
    assert offered("a.npy", "b.py") == ["val.npy"]  # a second file could not be agreed to
    assert held_out(data("a.npy")).samples is None
    noise = DataDescription(kind=SourceKind.RANDOM)
    assert held_out(noise).path == held_out(None).path == ""
    assert Path(held_out(joined([noise, data("a.npy")], noise)).path).name == "val.npy"


def test_that_top1_is_that_of_a_few_lines_of_onnxruntime(validated: MainWindow) -> None:
    (run,) = validated.controller.session.validations
    found = run.validation
    session = onnxruntime.InferenceSession(validated.controller.session.document.model)
    port = session.get_inputs()[0].name
    right = 0
    classes = sorted(each.name for each in HELD_OUT.iterdir() if each.is_dir())
    for label, name in enumerate(classes):
        for picture in sorted((HELD_OUT / name).iterdir())[:6]:
            pixels = np.asarray(Image.open(picture), np.float32) / 255
            scores = session.run(None, {port: pixels.transpose(2, 0, 1)[None]})[0]
            right += int(scores.argmax() == label)
    (top1,) = [each for each in found.variants[0].figures if each.metric == "top1"]
    assert found.samples == 60
    assert top1.exact == pytest.approx(right / 60)


def test_that_the_result_comes_up_with_difference_and_interval(validated: MainWindow) -> None:
    panel = validated.validation.panel
    assert panel.isVisible()
    rows = texts(panel.figures)
    names = [row[1] for row in rows]
    assert names[0] == "Top-1" and "Output SQNR" in names
    assert rows[0][4].endswith("points") and " to " in rows[0][5]
    assert rows[0][0] == "Fixed point, MinMax, 8 bits"
    (costs, quantized) = texts(panel.costs)
    assert costs[0] == "Float network" and "ms" in quantized[5]


def test_that_a_sample_with_different_answers_is_shown(qtbot: QtBot, validated: MainWindow) -> None:
    panel = validated.validation.panel
    variant = validated.controller.session.validations[0].validation.variants[0]
    assert variant.disagreements  # MinMax in fixed-point types costs the demo some
    panel.tabs.setCurrentWidget(panel.samples)
    assert panel.samples.model.rowCount() == len(variant.disagreements)
    panel.samples.table.setCurrentIndex(panel.samples.model.index(0, 0))
    name = variant.disagreements[0].sample
    qtbot.waitUntil(lambda: name in panel.samples.preview.heading.text(), timeout=60_000)
    assert panel.samples.preview.original.pixmap() is not None


def test_that_the_confusion_counts_every_sample(validated: MainWindow) -> None:
    panel = validated.validation.panel
    counts = panel.confusion.counts
    cells = texts(counts)
    assert sum(int(cell or 0) for row in cells for cell in row) == 60
    found = validated.controller.session.validations[0].validation
    assert Counter(map(len, cells)) == {len(found.class_names): len(found.class_names)}


def test_that_a_run_is_stale_once_types_have_changed(validated: MainWindow) -> None:
    panel = validated.validation.panel
    assert texts(panel.runs)[0][-1] == ""
    validated.controller.choose_word_length(16)
    assert texts(panel.runs)[0][-1] == "⚠"
    assert panel.warnings.text().startswith("⚠ Types or network have changed")
    validated.controller.undo()
    assert texts(panel.runs)[0][-1] == ""


def test_that_validations_stay_in_the_session_file(validated: MainWindow, tmp_path: Path) -> None:
    session = validated.controller.session
    assert session.is_modified
    path = tmp_path / "kept.qscope"
    assert validated.controller.save(str(path))
    assert not session.is_modified
    assert load_session(path).validations == session.validations


def test_that_without_statistics_the_float_network_is_judged_alone(
    qtbot: QtBot, opened: MainWindow
) -> None:
    dialog = dialog_of(opened)
    assert not dialog.plan.isEnabled() and "Calibrate first" in dialog.plan.toolTip()
    dialog.data.path.setText(str(HELD_OUT))
    dialog.data.samples.setValue(20)
    with qtbot.waitSignal(opened.validation.validated, timeout=180_000):
        press_ok(qtbot, dialog)
    found = opened.controller.session.validations[0].validation
    assert found.variants == ()
    assert texts(opened.validation.panel.figures)[0][1] == "Top-1"


def test_that_a_missing_path_is_said_and_nothing_runs(qtbot: QtBot, opened: MainWindow) -> None:
    dialog = dialog_of(opened)
    dialog.data.path.clear()
    press_ok(qtbot, dialog)
    assert dialog.isVisible() and "path is missing" in dialog.answer.text()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not opened.controller.is_busy
