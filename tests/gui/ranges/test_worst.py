"""Ctrl+G goes to the worst row, and from there to the next worst."""

from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.arrangement import shown_error
from quantscope.gui.ranges.row_texts import Column
from tests.gui.pointing import select, weights


def worst(window: MainWindow) -> list[str]:
    """The tensors with a figure in their row, lowest SQNR first."""
    readings = window.controller.readings
    assert readings.network is not None
    errors = {name: shown_error(readings, name) for name in readings.network.tensors}
    known = {name: error.sqnr_db for name, error in errors.items() if error is not None}
    return sorted(known, key=lambda name: known[name])


def found(window: MainWindow) -> str:
    """What is selected after one more step; its row is the current one and has a figure."""
    window.actions_by_id["worst"].trigger()
    tensor, ranges = window.controller.selection.tensor, window.ranges
    current = ranges.tree.currentIndex()
    assert ranges.model.tensor_at(current) == tensor
    assert current.siblingAtColumn(Column.SQNR).data().endswith("dB")
    return tensor


def test_that_the_worst_tensors_are_found_one_after_the_other(calibrated: MainWindow) -> None:
    assert [found(calibrated) for _ in range(3)] == worst(calibrated)[:3]


def test_that_another_selected_row_leads_to_the_worst_and_not_to_the_next_after_it(
    calibrated: MainWindow,
) -> None:
    select(calibrated, weights(calibrated))
    assert found(calibrated) == worst(calibrated)[0]


def test_that_after_another_target_the_worst_comes_first(calibrated: MainWindow) -> None:
    before = [found(calibrated) for _ in range(2)]
    calibrated.controller.choose_target("fixed-point")
    assert before != worst(calibrated)[:2]
    assert [found(calibrated) for _ in range(3)] == worst(calibrated)[:3]


def test_that_a_closed_layer_is_opened_for_its_worst_tensor(calibrated: MainWindow) -> None:
    calibrated.controller.choose_target("fixed-point")
    calibrated.do_collapse()
    assert [found(calibrated) for _ in range(8)] == worst(calibrated)[:8]


def test_that_only_rows_that_the_filter_leaves_are_found(calibrated: MainWindow) -> None:
    bar = calibrated.ranges.filter_bar
    bar.type_combo.setCurrentText("Add")
    shown = set(calibrated.ranges.model.tensors)
    assert 0 < len(shown) < 10
    assert found(calibrated) == next(name for name in worst(calibrated) if name in shown)
