"""Each row says of its tensor what statistics, placement and plan say."""

from dataclasses import replace

import numpy as np

from quantscope.core.calibration import Calibration
from quantscope.core.data import DataDescription, SourceKind
from quantscope.core.formats import FixedPoint, Scaled
from quantscope.core.network import Network
from quantscope.core.plan import PlanSettings
from quantscope.core.prediction import predict
from quantscope.core.ranges import RangeRow, range_rows
from tests.core.networks import Sketch, statistics_of

FIXED = PlanSettings(target="fixed-point")


def sketch() -> Network:
    """x -> Conv a -> Relu r -> MaxPool p -> Conv y -> Softmax f."""
    drawn = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("MaxPool", "r", "p")
    return drawn.add("Conv", "p", "y").add("Softmax", "y", "f").network("f")


def rows_of(network: Network, settings: PlanSettings = FIXED, without: str = "") -> list[RangeRow]:
    statistics = {n: kept for n, kept in statistics_of(network).items() if n != without}
    calibration = Calibration(
        "0123", DataDescription(kind=SourceKind.RANDOM), 1, ("a",), statistics
    )
    plan = calibration.plan(network, settings)
    rows = range_rows(network, calibration, plan)
    for row in rows:
        assert row.statistics is statistics[row.tensor.name]
        assert row.data_type == plan.types.get(row.tensor.name)
    return list(rows)


def test_that_rows_stand_in_the_order_of_the_graph_parameters_first():
    found = [row.tensor.name for row in rows_of(sketch())]
    assert found == ["x", "a.w", "a.b", "a", "r", "p", "y.w", "y.b", "y", "f"]
    assert [row.name for row in rows_of(sketch())][:4] == [
        "activations",
        "weights",
        "bias",
        "activations",
    ]


def test_that_what_was_not_counted_has_no_row():
    assert "p" not in [row.tensor.name for row in rows_of(sketch(), without="p")]


def test_that_weights_shared_by_layers_are_shown_once():
    network = sketch()
    layers = tuple(
        replace(layer, weights="a.w") if layer.name == "Conv y" else layer
        for layer in network.layers
    )
    found = [row.tensor.name for row in rows_of(replace(network, layers=layers))]
    assert found.count("a.w") == 1


def test_that_a_quantized_row_has_its_error_and_a_float_row_its_reason():
    rows = {row.tensor.name: row for row in rows_of(sketch())}
    error = rows["x"].error
    assert error == predict(rows["x"].statistics, rows["x"].data_type)
    assert rows["x"].reason == ""
    assert (rows["f"].data_type, rows["f"].error) == (None, None)
    assert rows["f"].reason == "Softmax has no integer form here"


def test_that_what_a_fused_relu_cuts_off_has_no_error():
    rows = {row.tensor.name: row for row in rows_of(sketch())}
    assert [name for name, row in rows.items() if row.cut_off] == ["a"]
    assert rows["a"].data_type == rows["r"].data_type
    assert rows["a"].error is None
    assert rows["r"].error is not None


def test_that_tensors_that_share_a_type_name_the_layer_that_it_comes_from():
    tied = {row.tensor.name: row.tied_to for row in rows_of(sketch()) if row.tied_to}
    assert tied == {"a": "Relu r", "p": "Relu r"}


def test_that_pins_and_conflicts_are_said_in_their_row():
    settings = FIXED.pin(("x",), Scaled(0.1)).pin(("y.w",), FixedPoint(8, 4))
    rows = {row.tensor.name: row for row in rows_of(sketch(), settings)}
    assert [name for name, row in rows.items() if row.pinned] == ["x", "y.w"]
    assert "power-of-two" in rows["x"].conflict
    assert rows["y.w"].conflict == ""


def test_that_the_heat_row_counts_the_bits_of_the_tensor():
    row = next(row for row in rows_of(sketch()) if row.cut_off)
    heat = row.heat_row()
    assert np.array_equal(heat.counts, row.statistics.histogram.most_significant_bits())
    assert (heat.data_type, heat.cut_off) == (row.data_type, True)
