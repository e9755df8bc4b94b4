"""The type of one tensor in the inspector: what was before, other schemes, sign, bar heights."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from quantscope.core.formats import FixedPoint, Scaled
from quantscope.core.heatmap import Depth
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.prediction import predict
from quantscope.core.schemes import Scheme
from quantscope.core.wording import SCHEME_TITLES, decibel
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.type_edits import with_sign
from tests.gui.pointing import select, weights


@pytest.fixture
def fixed(calibrated: MainWindow) -> MainWindow:
    calibrated.controller.choose_target("fixed-point")
    return calibrated


def choose_scheme(qtbot: QtBot, window: MainWindow, scheme: Scheme) -> None:
    combo = window.inspector.overview.editor.scheme
    combo.setFocus()
    qtbot.keyClicks(combo, SCHEME_TITLES[scheme])
    combo.activated.emit(combo.currentIndex())


def test_that_a_pinned_tensor_tells_what_the_scheme_would_give(fixed: MainWindow) -> None:
    tensor, controller = weights(fixed), fixed.controller
    select(fixed, tensor)
    before, statistics = (
        controller.readings.data_type(tensor),
        controller.readings.statistics(tensor),
    )
    assert before is not None
    assert statistics is not None
    controller.pin(tensor, FixedPoint(8, 3))
    text = fixed.inspector.overview.editor.summary.text()
    assert f"The scheme's: {before.label()}, {decibel(predict(statistics, before).sqnr_db)}" in text
    controller.undo()
    assert "The scheme's" not in fixed.inspector.overview.editor.summary.text()


@pytest.mark.parametrize("target", ["fixed-point", "onnxruntime"])
def test_that_another_scheme_can_be_taken_for_one_tensor(
    qtbot: QtBot, calibrated: MainWindow, target: str
) -> None:
    controller = calibrated.controller
    controller.choose_target(target)
    session = controller.session
    assert session.network is not None
    assert session.calibration is not None
    tensor = next(layer.outputs[0] for layer in session.network.layers if layer.operator == "Add")
    select(calibrated, tensor)
    wanted = PlanSettings(target=target, scheme=Scheme.PERCENTILE)
    expected = session.calibration.plan(session.network, wanted).types[tensor]
    choose_scheme(qtbot, calibrated, Scheme.PERCENTILE)
    assert controller.readings.data_type(tensor) == expected
    others = [n for n in session.network.tensors if n not in controller.readings.members(tensor)]
    plain = session.calibration.plan(session.network, PlanSettings(target=target))
    for name in others:
        if session.network.tensors[name].role.value != "bias":
            assert controller.readings.data_type(name) == plain.types.get(name)
    editor = calibrated.inspector.overview.editor
    if expected != plain.types[tensor]:
        assert editor.scheme.currentText() == "by hand"
        controller.undo()
    assert editor.scheme.currentText() == "MinMax"


def test_that_a_sign_is_offered_where_the_target_takes_both(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller, editor = calibrated.controller, calibrated.inspector.overview.editor
    network = controller.session.network
    assert network is not None
    tensor = network.layers[0].outputs[0]
    for target in ("fixed-point", "onnxruntime"):
        controller.choose_target(target)
        select(calibrated, tensor)
        current = controller.readings.data_type(tensor)
        assert current is not None
        other = with_sign(current, not current.signed)
        takes = other is not None and not controller.readings.target.objection_to_activation(other)
        assert editor.form.isRowVisible(editor.sign) == takes
        if takes:
            editor.sign.setCurrentIndex(1 - editor.sign.currentIndex())
            editor.sign.activated.emit(editor.sign.currentIndex())
            assert controller.readings.data_type(tensor) == other
    select(calibrated, weights(calibrated))
    assert not editor.form.isRowVisible(editor.sign)


@pytest.mark.parametrize("kind", [FixedPoint(8, 3), Scaled(0.5, 7, 8), Scaled(0.1, 0, 8)])
def test_that_the_other_sign_keeps_the_upper_edge_and_comes_back(kind: FixedPoint | Scaled) -> None:
    other = with_sign(kind, False)
    assert other is not None
    assert not other.signed
    assert other.maximum == pytest.approx(kind.maximum, abs=kind.step)
    if isinstance(kind, Scaled):
        assert (other.minimum, other.maximum) == (kind.minimum, kind.maximum)
    assert with_sign(other, True) == kind


def test_that_logarithmic_bars_make_rare_values_visible(fixed: MainWindow) -> None:
    tensor, bars = weights(fixed), fixed.inspector.overview.bars
    select(fixed, tensor)

    def tops() -> np.ndarray:
        assert bars.bars is not None
        return bars.bars.ends[-1]

    linear = tops()
    fixed.ranges.set_depth(Depth.LOGARITHMIC)
    used = linear > 0
    expected = np.log10(np.maximum(linear[used], 1e-4) / 1e-4)
    np.testing.assert_allclose(tops()[used], expected, rtol=1e-9)
    assert fixed.inspector.channels.map._depth is Depth.LOGARITHMIC
    fixed.ranges.set_depth(Depth.LINEAR)
    np.testing.assert_allclose(tops(), linear)
