"""The bars of the selected tensor: heights, round numbers beside them, and colours."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.heatmap import Depth, HeatRow
from quantscope.gui.inspector.bit_bars import BitBars, bars_of, linear_ticks
from quantscope.gui.inspector.fate_legend import FATES
from quantscope.gui.look.theme import DARK, LIGHT, Theme


@pytest.fixture
def row() -> HeatRow:
    """Values on both sides of the band of a type: some saturate, some are lost or rounded up."""
    values = np.random.default_rng(0).normal(size=4000)
    counts = TensorStatistics.from_values(values).histogram.most_significant_bits()
    return HeatRow(counts, FixedPoint(4, 3))


@pytest.fixture
def bars(qapp: object) -> BitBars:
    made = BitBars()
    made.resize(300, made.height())
    return made


def colors(picture: QImage) -> set[str]:
    places = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
    return {picture.pixelColor(x, y).name() for x, y in places}


def test_that_the_parts_of_all_bars_are_all_values(row: HeatRow) -> None:
    ends = bars_of(row, Depth.LINEAR).ends
    assert ends[-1].sum() == pytest.approx(100.0)
    assert (np.diff(ends, axis=0) >= -1e-12).all()
    assert (np.diff(ends, axis=0).sum(axis=1) > 0.0).all()  # every fate has a part


def test_that_a_tick_stands_where_bars_of_the_share_that_it_names_end(row: HeatRow) -> None:
    for height, text in bars_of(row, Depth.LINEAR).ticks:
        assert height == pytest.approx(float(text))
    for height, text in bars_of(row, Depth.LOGARITHMIC).ticks:
        assert height == pytest.approx(np.log10(float(text) / 1e-4))


@pytest.mark.parametrize(
    ("highest", "texts"),
    [
        (100.0, ["0", "20", "40", "60", "80", "100"]),
        (34.0, ["0", "10", "20", "30"]),
        (7.0, ["0", "2", "4", "6"]),
        (0.012, ["0", "0.005", "0.01"]),
        (0.0, ["0"]),
    ],
)
def test_that_ticks_are_few_round_numbers(highest: float, texts: list[str]) -> None:
    assert [text for _, text in linear_ticks(highest)] == texts


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_that_each_fate_has_its_colour(bars: BitBars, row: HeatRow, theme: Theme) -> None:
    bars.set_theme(theme)
    bars.show_row(row)
    expected = {QColor(getattr(theme, fate)).name() for fate in FATES}
    assert expected <= colors(bars.grab().toImage())
    bars.show_row(None)
    assert not expected & colors(bars.grab().toImage())
