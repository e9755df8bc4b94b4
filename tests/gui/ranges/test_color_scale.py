"""The colour bar has the numbers of the row that is looked at."""

import pytest
from PySide6.QtWidgets import QApplication

from quantscope.core.picture.heatmap import Depth
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.color_scale import LENGTH, STRIP, TOP, ColorScale
from tests.gui.pointing import at, move, select, weights


def fullest(window: MainWindow, tensor: str) -> tuple[int, int]:
    row = window.controller.readings.heat_row(tensor)
    assert row is not None
    counts = window.ranges.heat.axis.fold(row.counts).sum(axis=0)
    return int(counts.max()), int(row.counts.sum())


def test_that_it_ends_at_the_fullest_cell_of_the_row_that_is_selected_or_pointed_at(
    calibrated: MainWindow,
) -> None:
    scale, one, other = calibrated.ranges.foot.scale, weights(calibrated), weights(calibrated, 1)
    select(calibrated, one)
    most, total = fullest(calibrated, one)
    assert scale.most == most
    assert scale.end_text() == f"{most} ({100 * most / total:.1f} %)"
    move(calibrated.ranges.heat.viewport(), at(calibrated, other, 3.5))
    assert scale.most == fullest(calibrated, other)[0] != most


@pytest.mark.parametrize(
    ("depth", "most", "numbers"),
    [
        (Depth.LINEAR, 116, ["0", "50", "100"]),
        (Depth.LINEAR, 3, ["0", "1", "2", "3"]),
        (Depth.LINEAR, 46_321, ["0", "10 k", "20 k", "30 k", "40 k"]),
        (Depth.LOGARITHMIC, 116, ["1", "10", "100"]),
        (Depth.LOGARITHMIC, 50_000, ["1", "10", "100", "1 k", "10 k"]),
        (Depth.LINEAR, 0, []),
    ],
)
def test_that_numbers_stand_at_round_counts(
    calibrated: MainWindow, depth: Depth, most: int, numbers: list[str]
) -> None:
    scale = ColorScale(calibrated)
    scale.set_depth(depth)
    scale.show_row(most, 2 * most)
    assert [text for _, text in scale.labels()] == numbers
    places = [place for place, _ in scale.labels()]
    assert places == sorted(places) and all(0 <= place <= LENGTH for place in places)


@pytest.mark.parametrize("theme", ["theme-light", "theme-dark"])
@pytest.mark.parametrize("depth", list(Depth))
def test_that_the_bar_has_the_colour_of_a_cell_with_as_many_values(
    qapp: QApplication, calibrated: MainWindow, theme: str, depth: Depth
) -> None:
    calibrated.actions_by_id[theme].trigger()
    calibrated.ranges.foot.set_depth(depth)
    tensor, heat = weights(calibrated), calibrated.ranges.heat
    select(calibrated, tensor)
    row = calibrated.controller.readings.heat_row(tensor)
    assert row is not None and row.data_type is not None
    counts = heat.axis.fold(row.counts).sum(axis=0)
    column = next(c for c in range(len(counts)) if 0.2 < counts[c] / counts.max() < 0.7)
    cell = [int(part) for part in heat.picture_of([tensor])[0, column]]
    scale = calibrated.ranges.foot.scale
    scale.show_row(int(counts.max()), int(row.counts.sum()))
    amount = scale.place_of(int(counts[column]))
    image = scale.grab().toImage()
    ratio = image.devicePixelRatio()
    shown = image.pixelColor(round(amount * LENGTH * ratio), round((TOP + STRIP / 2) * ratio))
    found = (shown.red(), shown.green(), shown.blue())
    assert max(abs(one - other) for one, other in zip(found, cell, strict=True)) <= 6


def test_that_without_a_row_no_numbers_are_made_up(opened: MainWindow) -> None:
    assert opened.ranges.foot.scale.labels() == []
    assert opened.ranges.foot.scale.end_text() == "fullest cell"
