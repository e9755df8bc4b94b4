"""A model that is quantized already opens to be looked at: its types show, and no edit is on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.look_only import EDITS
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.row_texts import Column
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Calibrate, Calibrated, Describe, Described
from quantscope.session.calibration_file import read_calibration
from quantscope.session.session import Session
from quantscope.session.steps import finish
from tests.engine.exports import Export, exported
from tests.engine.models import residual_net
from tests.gui import pointing
from tests.gui.conftest import MakeWindow

REASON = "The model is quantized already: its types are those of the file"
RANDOM = DataDescription(kind=SourceKind.RANDOM, samples=4)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    settings = PlanSettings(target="onnxruntime", float_layers=frozenset({"gemm"}))
    return exported(residual_net(), settings, tmp_path_factory.mktemp("quantized"))


@pytest.fixture
def quantized(make: MakeWindow, export: Export, tmp_path: Path, qapp: QApplication) -> MainWindow:
    window, model = make(), str(export.path)
    described = run_inline(Describe(model=model))
    assert isinstance(described, Described)
    counted = run_inline(Calibrate(model=model, data=RANDOM, output=str(tmp_path / "s.npz")))
    assert isinstance(counted, Calibrated)
    session = Session()
    session.open_model(model, described.network)
    session.attach_calibration(read_calibration(counted.output))
    window.controller.session = session
    window.controller.describe_data(RANDOM)
    finish(window.controller._replacing_session())
    qapp.processEvents()
    return window


def shown_type(window: MainWindow, tensor: str) -> str:
    pointing.select(window, tensor)
    index = window.ranges.tree.currentIndex().siblingAtColumn(Column.TYPE)
    return str(index.data())


def weight_of(window: MainWindow, layer: str) -> str:
    network = window.controller.readings.network
    assert network is not None
    found = network.layer(layer).weights
    assert found is not None
    return found


def test_that_the_types_of_the_file_are_shown_with_their_bands(
    quantized: MainWindow, export: Export
) -> None:
    heat, planned = quantized.ranges.heat, export.plan.types
    expected: dict[str, DataType] = {"x": planned["x"], "bn1": planned["relu1"]}
    assert shown_type(quantized, "x") == planned["x"].label()
    weights = weight_of(quantized, "conv4")
    assert shown_type(quantized, weights).startswith("s8 x")
    for tensor, data_type in expected.items():
        if tensor in heat.rows:
            assert heat.type_in(heat.rows.index(tensor)) == data_type
    row = heat.rows.index(weights)
    assert heat.type_in(row) is not None


def test_that_float_parts_say_so(quantized: MainWindow) -> None:
    readings = quantized.controller.readings
    assert not readings.is_layer_quantized("gemm")
    assert "rounds" in readings.reason("gemm")
    assert readings.is_layer_quantized("conv4")


def test_that_no_edit_is_on_and_each_says_why(quantized: MainWindow) -> None:
    pointing.select(quantized, weight_of(quantized, "conv4"))
    for key in EDITS:
        action = quantized.actions_by_id[key]
        assert not action.isEnabled(), key
        assert REASON in action.toolTip()
        assert REASON in action.statusTip()
    for choice in quantized.choices.all:
        assert not choice.combo.isEnabled()
        assert REASON in choice.combo.toolTip()
    quantized.actions_by_id["inspect-type"].trigger()
    view = quantized.inspector.type
    assert "Cannot be set: the model is quantized already" in view.state.text()
    assert view.fields.word.isVisible() and not view.fields.word.isEnabled()
    assert quantized.status.look_only.isVisible()


def test_that_a_band_cannot_be_dragged_and_says_why(quantized: MainWindow, qtbot: QtBot) -> None:
    weights = weight_of(quantized, "conv4")
    pointing.select(quantized, weights)
    before = quantized.controller.readings.data_type(weights)
    document = quantized.controller.session.document
    middle = pointing.band_middle(quantized, weights)
    start = pointing.at(quantized, weights, middle)
    end = pointing.at(quantized, weights, middle + 3)
    pointing.drag(qtbot, quantized, start, end, release=False)
    assert "cannot be dragged: the model is quantized already" in quantized.ranges.read_out.text()
    qtbot.mouseRelease(quantized.ranges.heat.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert quantized.controller.readings.data_type(weights) == before
    assert quantized.controller.session.document == document


def test_that_what_asks_for_an_edit_all_the_same_is_told_why(quantized: MainWindow) -> None:
    document = quantized.controller.session.document
    quantized.controller.choose_target("fixed-point")
    quantized.controller.quantize_layer("conv4", False)
    assert quantized.controller.session.document == document
    assert "quantized already" in quantized.messages.sentence.text()


def test_that_other_data_may_be_chosen_and_calibrated_with(quantized: MainWindow) -> None:
    other = DataDescription(kind=SourceKind.RANDOM, samples=2)
    quantized.controller.describe_data(other)
    assert quantized.controller.session.document.data == other
    assert quantized.actions_by_id["calibrate"].isEnabled()


def test_that_another_model_can_be_edited_again(
    quantized: MainWindow, calibrated: MainWindow
) -> None:
    quantized.controller.session = calibrated.controller.session
    finish(quantized.controller._replacing_session())
    export = quantized.actions_by_id["export"]
    assert export.isEnabled()
    assert REASON not in export.toolTip()
    assert not quantized.status.look_only.isVisible()
    assert quantized.choices.target.combo.isEnabled()
