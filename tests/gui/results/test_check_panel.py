"""The check of the target lists what it will not take, and follows every edit."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from quantscope.core.numbers.formats import Scaled
from quantscope.core.planning.checker import check
from quantscope.gui.main_window import MainWindow


def rows(window: MainWindow) -> list[list[str]]:
    model = window.check.model
    columns = range(model.columnCount())
    return [[model.index(r, c).data() for c in columns] for r in range(model.rowCount())]


def test_that_nothing_is_listed_where_the_target_takes_all(opened: MainWindow) -> None:
    assert not opened.check.isVisible()
    opened.actions_by_id["check"].trigger()
    assert opened.check.isVisible()
    target = opened.controller.readings.target
    assert opened.check.state.text() == f"{target.title} takes all of the network in integers."
    assert not opened.check.table.isVisible()


def test_that_a_layer_in_float_is_listed_and_selected_by_pointing(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opened.actions_by_id["check"].trigger()
    network = opened.controller.session.network
    assert network is not None
    layer = network.layers[-1]
    opened.controller.quantize_layer(layer.name, False)
    labels = [row[1] for row in rows(opened)]
    assert labels[-1] == layer.label
    assert {row[0] for row in rows(opened)} == {"○"}
    assert opened.check.state.text() == f"{len(labels)} layers stay in float."
    table = opened.check.table
    place = table.visualRect(opened.check.model.index(len(labels) - 1, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.controller.selection.layer == layer.name
    opened.do_undo()
    assert rows(opened) == []


def test_that_a_refused_type_stands_first_with_what_to_do(calibrated: MainWindow) -> None:
    controller = calibrated.controller
    controller.choose_target("onnxruntime")
    network = controller.session.network
    assert network is not None
    controller.pin(network.layers[1].outputs[0], Scaled(0.05, 7, 8, signed=False))
    controller.choose_target("tensorrt")
    calibrated.actions_by_id["check"].trigger()
    session = controller.session
    findings = check(network, session.document.settings, session.plan())
    assert findings and findings[0].refused
    first = rows(calibrated)[0]
    assert first[0] == "⚠"
    assert first[3].lower() == findings[0].text.lower()
    assert "refuses the network for" in calibrated.check.state.text()
    assert calibrated.check.state.property("role") == "warning"
