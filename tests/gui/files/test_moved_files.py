"""A session whose model or data was moved: it opens, says so, and the files can be located."""

import shutil
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from quantscope.core.networks.network import Network
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow
from quantscope.jobs.messages import Export
from tests.gui.conftest import DEMO, MakeWindow

PATIENCE = 60_000


@pytest.fixture
def moved(
    calibrated: MainWindow,
    make: MakeWindow,
    demo_network: Network,
    demo_statistics: Path,
    tmp_path: Path,
) -> MainWindow:
    """A session of the demo, opened after its model and its pictures went away."""
    old, session = tmp_path / "old", calibrated.controller.session
    old.mkdir()
    shutil.copy(DEMO, old / "demo.onnx")
    shutil.copytree(demo_data().path, old / "pictures")
    session.locate_model(old / "demo.onnx", demo_network)
    session.locate_data(old / "pictures")
    path = tmp_path / "work.qscope"
    assert calibrated.controller.save(str(path))
    shutil.rmtree(old)
    window = make()
    window.open_path(str(path))
    return window


def answer(window: MainWindow, text: str) -> QFileDialog:
    button = next(b for b in window.messages.answers if b.text().replace("&", "") == text)
    button.click()
    dialog = window.questions.dialog
    assert isinstance(dialog, QFileDialog)
    return dialog


def choose(dialog: QFileDialog, path: str) -> None:
    dialog.fileSelected.emit(path)
    dialog.done(QFileDialog.DialogCode.Accepted)


def test_that_it_opens_on_the_statistics_and_offers_to_locate_both(moved: MainWindow) -> None:
    assert moved.controller.session.plan() is not None
    assert moved.ranges.heat.rows
    assert "demo.onnx" in moved.messages.sentence.text()
    assert "pictures" in moved.messages.sentence.text()
    texts = [button.text() for button in moved.messages.answers]
    assert texts == ["Locate &model…", "Locate &data…"]
    for key in ("locate-model", "locate-data"):
        assert moved.actions_by_id[key].isEnabled()


def test_that_calibrating_and_exporting_wait_for_the_files_and_say_so(moved: MainWindow) -> None:
    for key in ("calibrate", "export"):
        action = moved.actions_by_id[key]
        assert not action.isEnabled()
        assert "demo.onnx was not found: locate it first" in action.toolTip()


def test_that_located_files_are_used_again(qtbot: QtBot, moved: MainWindow, tmp_path: Path) -> None:
    window, controller = moved, moved.controller
    choose(answer(window, "Locate model…"), DEMO)
    qtbot.waitUntil(lambda: controller.session.document.model == DEMO, timeout=PATIENCE)
    assert not window.actions_by_id["locate-model"].isEnabled()
    assert "pictures was not found" in window.actions_by_id["export"].toolTip()
    assert [button.text() for button in window.messages.answers] == ["Locate &data…"]
    choose(answer(window, "Locate data…"), demo_data().path)
    assert "is found" in window.messages.sentence.text()
    assert not controller.session.missing
    assert not controller.session.calibration_is_stale
    assert window.isWindowModified()
    for key in ("calibrate", "export"):
        assert window.actions_by_id[key].isEnabled()
    with qtbot.waitSignal(controller.exported, timeout=120_000):
        controller.export(str(tmp_path / "quantized.onnx"))


def test_that_another_network_is_not_taken_for_the_model(
    qtbot: QtBot, moved: MainWindow, tmp_path: Path
) -> None:
    other = str(tmp_path / "other.onnx")
    model = onnx.load(DEMO)
    model.graph.node[0].name += "-renamed"
    bias = next(x for x in model.graph.initializer if len(x.dims) == 1)
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + 1, bias.name))
    onnx.save(model, other)
    before = moved.controller.session.document
    choose(answer(moved, "Locate model…"), other)
    sentence = moved.messages.sentence
    qtbot.waitUntil(lambda: "another network" in sentence.text(), timeout=PATIENCE)
    assert "other.onnx" in sentence.text()
    assert moved.messages.answers
    assert moved.controller.session.document == before
    assert not moved.actions_by_id["export"].isEnabled()


def test_that_a_file_that_is_no_model_can_be_answered_with_another(
    qtbot: QtBot, moved: MainWindow, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    choose(answer(moved, "Locate model…"), str(broken))
    sentence = moved.messages.sentence
    qtbot.waitUntil(lambda: "broken.onnx" in sentence.text(), timeout=PATIENCE)
    assert moved.messages.answers[0].text() == "Locate &model…"


def test_that_cancelling_the_dialog_keeps_the_offer(moved: MainWindow) -> None:
    answer(moved, "Locate data…").reject()
    assert moved.messages.isVisible()
    assert len(moved.messages.answers) == 2


def test_that_a_reopened_session_is_exported_from_its_own_file(
    calibrated: MainWindow, make: MakeWindow, tmp_path: Path
) -> None:
    path = tmp_path / "work.qscope"
    assert calibrated.controller.save(str(path))
    window = make()
    window.open_path(str(path))
    window.controller.export(str(tmp_path / "quantized.onnx"))
    job = window.controller.job
    assert job is not None and isinstance(job.request, Export)
    assert job.request.calibration == str(path)
