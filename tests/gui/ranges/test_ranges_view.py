"""Tree and heat map: the same rows at the same heights, and what a row says."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from quantscope.core.picture.heatmap import Depth
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.model import REASON_ROLE, SOURCE_ROLE
from quantscope.gui.ranges.row_texts import Column
from quantscope.gui.ranges.tree import ROW_HEIGHT
from tests.gui.pointing import at, band_middle, move, select, weights


def misaligned_rows(window: MainWindow) -> list[str]:
    """Rows in sight whose picture does not stand where their text does."""
    ranges = window.ranges
    shown = [ranges.model.index_at(place) for place in ranges.model.shown_places()]
    assert [ranges.model.tensor_at(index) for index in shown] == ranges.heat.rows
    wrong, seen = [], 0
    for row, index in enumerate(shown):
        rect = ranges.tree.visualRect(index)
        in_tree = ranges.tree.viewport().mapTo(window, rect.topLeft()).y()
        top = round(ranges.heat.row_top(row))
        in_map = ranges.heat.viewport().mapToGlobal(ranges.heat.viewport().rect().topLeft())
        in_map = window.mapFromGlobal(in_map).y() + top
        if rect.isValid() and 0 <= rect.top() < ranges.tree.viewport().height():
            seen += 1
            if abs(in_tree - in_map) > 0 or rect.height() != ROW_HEIGHT:
                wrong.append(f"{index.data()}: {in_tree} and {in_map}")
    assert seen > 5
    return wrong


def test_that_every_row_of_the_map_stands_beside_its_row_of_the_table(
    calibrated: MainWindow,
) -> None:
    assert misaligned_rows(calibrated) == []


@pytest.mark.parametrize("offset", [1, 13, 77, 100_000])
def test_that_rows_stay_aligned_while_the_table_scrolls(
    calibrated: MainWindow, offset: int
) -> None:
    calibrated.ranges.tree.verticalScrollBar().setValue(offset)
    assert calibrated.ranges.bar.value() == calibrated.ranges.tree.verticalScrollBar().value()
    assert misaligned_rows(calibrated) == []


def test_that_scrolling_beside_the_map_scrolls_the_table(calibrated: MainWindow) -> None:
    calibrated.ranges.bar.setValue(60)
    assert calibrated.ranges.tree.verticalScrollBar().value() == 60
    calibrated.ranges.heat.scrolled_by.emit(40)
    assert calibrated.ranges.tree.verticalScrollBar().value() == 100
    assert misaligned_rows(calibrated) == []


def test_that_rows_stay_aligned_when_layers_are_closed_and_opened(calibrated: MainWindow) -> None:
    ranges = calibrated.ranges
    before = list(ranges.heat.rows)
    ranges.tree.collapse(ranges.model.index(1, 0))
    assert len(ranges.heat.rows) == len(before) - 3
    assert misaligned_rows(calibrated) == []
    calibrated.do_collapse()
    assert len(ranges.heat.rows) == ranges.model.rowCount()
    assert misaligned_rows(calibrated) == []
    calibrated.do_expand()
    assert ranges.heat.rows == before
    assert misaligned_rows(calibrated) == []


def test_that_a_closed_layer_shows_its_activations(calibrated: MainWindow) -> None:
    ranges = calibrated.ranges
    layer = ranges.model.index(1, 0)
    assert ranges.model.tensor_at(layer) == ""
    ranges.tree.collapse(layer)
    shown = ranges.model.tensor_at(layer)
    assert shown == ranges.model.layer_at(layer).outputs[0]
    assert ranges.model.index(1, Column.MAXIMUM).data() != ""


def test_that_pictures_are_painted_of_the_type_in_the_row(calibrated: MainWindow) -> None:
    calibrated.controller.choose_target("fixed-point")
    heat, tensor = calibrated.ranges.heat, weights(calibrated)
    row = heat.rows.index(tensor)
    image = calibrated.grab().toImage()
    viewport = heat.viewport()
    inside = viewport.mapTo(calibrated, at(calibrated, tensor, band_middle(calibrated, tensor)))
    outside = viewport.mapTo(calibrated, at(calibrated, tensor, heat.axis.columns - 3.4))
    ratio = image.devicePixelRatio()
    kept, lost = image.pixelColor(inside * ratio), image.pixelColor(outside * ratio)
    assert kept.blue() > kept.red() + 20
    assert lost.red() == lost.green() == lost.blue()
    assert heat.type_in(row) == calibrated.controller.readings.data_type(tensor)


def test_that_hovering_says_tensor_bit_count_share_and_fate(calibrated: MainWindow) -> None:
    tensor = weights(calibrated)
    calibrated.controller.choose_target("fixed-point")
    move(calibrated.ranges.heat.viewport(), at(calibrated, tensor, band_middle(calibrated, tensor)))
    text = calibrated.ranges.read_out.text()
    assert calibrated.controller.readings.name_of(tensor) in text
    assert "2⁻" in text and "values (" in text and "%" in text and text.endswith("kept")


def test_that_hovering_right_of_the_band_says_what_is_lost(calibrated: MainWindow) -> None:
    calibrated.controller.choose_target("fixed-point")
    tensor, heat = weights(calibrated), calibrated.ranges.heat
    data_type = calibrated.controller.readings.data_type(tensor)
    assert data_type is not None
    first_lost = heat.axis.column_of(data_type.band().bottom - 1)
    move(heat.viewport(), at(calibrated, tensor, first_lost + 0.5))
    assert calibrated.ranges.read_out.text().endswith("rounds up to one step")
    move(heat.viewport(), at(calibrated, tensor, first_lost + 1.5))
    assert calibrated.ranges.read_out.text().endswith("lost as underflow")


def test_that_a_long_read_out_does_not_widen_the_window(calibrated: MainWindow) -> None:
    width = calibrated.width()
    calibrated.ranges.read_out.setText("a very long name of a tensor " * 30)
    QApplication.processEvents()
    assert calibrated.width() == width
    assert calibrated.ranges.read_out.toolTip() == calibrated.ranges.read_out.text()


def test_that_an_empty_map_says_what_to_do(opened: MainWindow) -> None:
    empty = opened.ranges.empty
    assert empty.isVisible() and empty.calibrate_button.isVisible()
    opened.controller.describe_data(None)
    assert "Choose data" in empty.text.text()
    assert not empty.calibrate_button.isVisible()


def test_that_the_axis_names_powers_of_two_above_the_columns(calibrated: MainWindow) -> None:
    axis = calibrated.ranges.axis
    labelled = axis.labelled_columns()
    assert len(labelled) >= 4
    assert axis.width() == calibrated.ranges.heat.viewport().width()
    assert axis.axis == calibrated.ranges.heat.axis


def test_that_logarithmic_depth_changes_the_picture(calibrated: MainWindow) -> None:
    before = calibrated.ranges.heat.grab().toImage()
    calibrated.actions_by_id["depth"].trigger()
    assert calibrated.ranges.heat.color_depth is Depth.LOGARITHMIC
    assert calibrated.ranges.heat.grab().toImage() != before


def test_that_a_layer_that_cannot_be_integer_says_why(calibrated: MainWindow) -> None:
    model = calibrated.ranges.model
    network = calibrated.controller.readings.network
    assert network is not None
    layer = next(x for x in network.layers if x.weights is not None)
    calibrated.controller.quantize_layer(layer.name, False)
    index = model.index_of(layer.name, "")
    assert index.data(REASON_ROLE) == "kept in float by hand"
    assert "kept in float by hand" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_that_a_tensor_before_a_relu_points_to_where_it_is_rounded(
    calibrated: MainWindow,
) -> None:
    model, network = calibrated.ranges.model, calibrated.controller.readings.network
    assert network is not None
    relu = next(layer for layer in network.layers if layer.operator in ("Relu", "Clip"))
    before = relu.inputs[0]
    index = model.index_of(network.tensors[before].layer, before)
    assert index.data(SOURCE_ROLE) == relu.label
    assert index.siblingAtColumn(Column.SQNR).data() == ""
    assert relu.label in index.data(Qt.ItemDataRole.ToolTipRole)


def test_that_space_and_click_change_the_check_box(qtbot: QtBot, calibrated: MainWindow) -> None:
    tree, model, tensor = calibrated.ranges.tree, calibrated.ranges.model, weights(calibrated)
    network = calibrated.controller.readings.network
    assert network is not None
    layer = network.tensors[tensor].layer
    select(calibrated, tensor)
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert not calibrated.controller.readings.is_layer_quantized(layer)
    assert calibrated.controller.readings.data_type(tensor) is None
    box = model.index_of(layer, "")
    assert box.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    rect = tree.visualRect(box)
    place = rect.topLeft()
    place.setX(rect.left() + 11)
    place.setY(rect.center().y())
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert calibrated.controller.readings.is_layer_quantized(layer)


def test_that_a_narrow_window_keeps_the_heat_map_and_what_to_do(
    opened: MainWindow, qapp: QApplication
) -> None:
    opened.resize(1060, 640)
    for _ in range(3):
        qapp.processEvents()
    view = opened.ranges
    assert opened.width() == 1060, "nothing asks for more"
    assert view.heat.width() > 130
    assert view.empty.isVisible()
    assert view.rect().contains(view.empty.geometry())
    assert view.tree.columnWidth(Column.TYPE) < 156
