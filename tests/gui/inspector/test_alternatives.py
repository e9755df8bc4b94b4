"""What tensors would get without their pins is what a plan without those pins has."""

from dataclasses import replace

import pytest

from quantscope.gui.inspector.alternatives import Alternatives
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.row_edits import edit_types
from quantscope.gui.ranges.type_edits import key_move


@pytest.mark.parametrize("target", ["fixed-point", "onnxruntime"])
def test_that_the_pins_of_others_count_where_they_decide(
    calibrated: MainWindow, target: str
) -> None:
    controller = calibrated.controller
    controller.choose_target(target)
    calibrated.actions_by_id["select-all"].trigger()
    edit_types(controller, lambda _, data_type: key_move(data_type, 3), str)
    session = controller.session
    network, calibration, settings = session.network, session.calibration, session.document.settings
    assert network is not None and calibration is not None and len(settings.pinned) > 20
    alternatives = Alternatives(controller)
    for name in network.tensors:
        members = controller.readings.members(name)
        others = {each: kind for each, kind in settings.pinned.items() if each not in members}
        plan = calibration.plan(network, replace(settings, pinned=others))
        assert alternatives.types([name]).get(name) == plan.types.get(name), name
