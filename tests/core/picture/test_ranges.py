"""What table, picture and file say of every tensor comes from one place."""

from dataclasses import replace

from quantscope.core.counting.calibration import Calibration
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.settings import PlanSettings
from tests.session.examples import small_calibration, small_network

FIXED_POINT = PlanSettings().with_target("fixed-point")


def _rows(settings: PlanSettings, calibration: Calibration | None = None) -> dict[str, RangeRow]:
    network, kept = small_network(), calibration or small_calibration()
    rows = range_rows(network, kept, kept.plan(network, settings))
    return {row.tensor.name: row for row in rows}


def test_that_every_counted_tensor_has_a_row_in_graph_order() -> None:
    assert list(_rows(PlanSettings())) == ["x", "w", "b", "c", "y"]


def test_that_a_tensor_that_was_not_counted_has_no_row() -> None:
    kept = small_calibration()
    fewer = {name: kept.statistics[name] for name in ("x", "w", "b", "y")}
    calibration = replace(kept, statistics=fewer)
    assert list(_rows(PlanSettings(), calibration)) == ["x", "w", "b", "y"]


def test_that_the_error_is_the_predicted_one() -> None:
    row = _rows(FIXED_POINT)["w"]
    assert row.data_type is not None
    assert row.error == predict(row.statistics, row.data_type)


def test_that_a_tied_tensor_names_the_layer_that_leads() -> None:
    rows = _rows(FIXED_POINT)
    assert {name: row.tied_to for name, row in rows.items() if row.tied_to} == {"c": "relu"}


def test_that_what_a_fused_rectifier_cuts_off_is_not_judged() -> None:
    rows = _rows(FIXED_POINT)
    assert [name for name, row in rows.items() if row.cut_off] == ["c"]
    assert rows["c"].data_type is not None
    assert rows["c"].error is None
    assert rows["c"].heat_row().cut_off


def test_that_a_pinned_type_is_marked_and_a_conflict_told() -> None:
    pinned = FIXED_POINT.pin(("w",), FixedPoint(5, 3)).pin(("x",), FixedPoint(8, 2))
    rows = _rows(pinned)
    assert [name for name, row in rows.items() if row.pinned] == ["x", "w"]
    assert rows["x"].conflict == ""
    assert "4, 8 or 16 bits" in rows["w"].conflict


def test_that_a_tensor_left_in_float_has_the_reason_and_no_error() -> None:
    rows = _rows(PlanSettings().with_layer_quantized("conv", False))
    assert rows["w"].data_type is None
    assert rows["w"].error is None
    assert rows["w"].reason == "kept in float by hand"
    assert rows["w"].name == "weights"
