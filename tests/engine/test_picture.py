"""The picture of the ranges: every row in place, nothing clipped, the same in both formats."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.formats import FixedPoint
from quantscope.core.heatmap import LIGHT, Depth, fit_axis, paint
from quantscope.core.network import Network
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.ranges import RangeRow, range_rows
from quantscope.engine.picture import drawing, look, png
from quantscope.engine.picture.drawing import draw_ranges
from quantscope.engine.picture.heading import Heading
from quantscope.engine.picture.layout import lay_out
from quantscope.engine.picture.marks import (
    ELLIPSIS,
    Anchor,
    Box,
    Cells,
    Picture,
    Text,
    shortened,
    start_of,
    width_of,
)
from tests.session.examples import small_calibration, small_network

REAL_DATA = DataDescription(kind=SourceKind.IMAGES, path="/photos/of things")
FIXED_POINT = PlanSettings().with_target("fixed-point")
SVG = "{http://www.w3.org/2000/svg}"
HEADING = Heading("net", "facts", random_data=False)


def _rows(settings: PlanSettings = FIXED_POINT) -> tuple[RangeRow, ...]:
    network, calibration = small_network(), small_calibration()
    return range_rows(network, calibration, calibration.plan(network, settings))


def _layout(rows: tuple[RangeRow, ...], heading: Heading = HEADING) -> Picture:
    return lay_out(rows, heading, look.LIGHT, Depth.LINEAR)


def _texts(picture: Picture) -> list[str]:
    return [mark.text for mark in picture.marks if isinstance(mark, Text)]


def _draw(
    path: Path,
    settings: PlanSettings = FIXED_POINT,
    data: DataDescription = REAL_DATA,
    network: Network | None = None,
    **options: object,
) -> Path:
    calibration = small_calibration(data)
    described = network or small_network()
    plan = calibration.plan(described, settings)
    return draw_ranges(described, calibration, plan, path, **options)  # type: ignore[arg-type]


def _svg_texts(path: Path) -> list[str]:
    return [element.text or "" for element in ET.parse(path).iter(f"{SVG}text")]


# ---- layout


@pytest.mark.parametrize("rows", [_rows(), _rows() * 100, ()], ids=["5 rows", "500 rows", "none"])
def test_that_nothing_stands_outside_the_picture(rows: tuple[RangeRow, ...]) -> None:
    picture = _layout(rows)
    for mark in picture.marks:
        if isinstance(mark, Text):
            ends = (start_of(mark), start_of(mark) + width_of(mark.text, mark.size, mark.bold))
            assert 0 < mark.y < picture.height
        elif isinstance(mark, Box):
            ends = (mark.x, mark.x + mark.width)
            assert mark.y + mark.height <= picture.height
        else:
            ends = (mark.x, mark.x + mark.width * mark.colors.shape[1])
            assert all(top + mark.height <= picture.height for top in mark.tops)
        assert 0 <= ends[0] <= ends[1] <= picture.width


def test_that_texts_of_a_row_do_not_touch() -> None:
    label = "a_rather_long_label_" * 3
    rows = tuple(
        replace(row, tied_to=label, layer=replace(row.layer, label=label)) for row in _rows()
    )
    lines: dict[float, list[tuple[float, float]]] = {}
    for mark in _layout(rows).marks:
        if isinstance(mark, Text) and not mark.raised:
            left = start_of(mark)
            right = left + width_of(mark.text, mark.size, mark.bold)
            lines.setdefault(mark.y, []).append((left, right))
    for spans in lines.values():
        ordered = sorted(spans)
        assert all(one[1] < two[0] for one, two in pairwise(ordered))


def test_that_the_cells_are_those_of_the_window_and_stand_beside_their_rows() -> None:
    rows = _rows()
    picture = _layout(rows)
    cells = [mark for mark in picture.marks if isinstance(mark, Cells)][-1]
    heat = [row.heat_row() for row in rows]
    np.testing.assert_array_equal(cells.colors, paint(heat, fit_axis(heat), LIGHT))
    numbers = [mark.y for mark in picture.marks if isinstance(mark, Text) and mark.text == "bias"]
    assert cells.tops[2] < numbers[0] < cells.tops[3]


def test_that_a_layer_is_named_once_and_its_tensors_each() -> None:
    texts = _texts(_layout(_rows()))
    assert texts.count("conv") == 1
    assert [texts.count(name) for name in ("weights", "bias", "activations")] == [1, 1, 3]


def test_that_marks_tell_ties_pins_conflicts_and_float() -> None:
    pinned = FIXED_POINT.pin(("w",), FixedPoint(5, 3)).pin(("x",), FixedPoint(8, 2))
    texts = _texts(_layout(_rows(pinned)))
    assert texts.count("= relu") == 2  # one is in the legend
    assert texts.count("◆") == 2
    assert texts.count("⚠") == 1
    in_float = _texts(_layout(_rows(PlanSettings().with_layer_quantized("conv", False))))
    assert "float" in in_float
    assert "kept in float by hand" in in_float


def test_that_edges_beyond_the_axis_are_not_drawn_at_its_end() -> None:
    wide = FIXED_POINT.with_bias_word_length(32)
    edge = look.LIGHT.edge
    counts = []
    for settings in (FIXED_POINT, wide):
        marks = [
            m for m in _layout(_rows(settings)).marks if isinstance(m, Box) and m.color == edge
        ]
        counts.append(len(marks))
    assert counts[1] < counts[0]


def test_that_a_long_axis_is_drawn_below_a_long_table_too() -> None:
    short, long = _texts(_layout(_rows())), _texts(_layout(_rows() * 10))
    assert long.count("≤") == 2 * short.count("≤") == 2


def test_that_exponents_stand_above_powers_of_two() -> None:
    raised = [m.raised for m in _layout(_rows()).marks if isinstance(m, Text) and m.raised]
    assert "0" in raised
    assert all(text.lstrip("−").isdigit() for text in raised)


def test_that_a_text_without_room_ends_in_an_ellipsis() -> None:
    cut = shortened("a long text without room", 11, 60)
    assert cut.endswith(ELLIPSIS)
    assert width_of(cut, 11) <= 60
    assert shortened("short", 11, 60) == "short"


def test_that_anchored_texts_start_where_they_should() -> None:
    text = Text(100, 0, "abc", 10, (0, 0, 0))
    wide = width_of("abc", 10)
    starts = [start_of(replace(text, anchor=anchor)) for anchor in Anchor]
    assert starts == [100, 100 - wide / 2, 100 - wide]


# ---- files


def test_that_a_png_has_the_colours_of_the_theme(tmp_path: Path) -> None:
    for dark, corner in ((False, (255, 255, 255)), (True, (21, 24, 29))):
        path = _draw(tmp_path / f"{dark}.png", dark=dark)
        with Image.open(path) as image:
            assert image.mode == "RGB"
            assert image.getpixel((0, 0)) == corner


def test_that_a_huge_png_is_drawn_with_fewer_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = _draw(tmp_path / "large.png")
    monkeypatch.setattr(png, "SHARP_PIXELS", 0)
    small = _draw(tmp_path / "small.png")
    with Image.open(large) as one, Image.open(small) as two:
        assert one.size == (2 * two.width, 2 * two.height)


def test_that_an_svg_says_what_the_table_says(tmp_path: Path) -> None:
    texts = _svg_texts(_draw(tmp_path / "a.svg", depth=Depth.LOGARITHMIC))
    assert texts[0] == "small"
    assert texts[1] == (
        "Fixed point · MinMax scheme · words of 8 bits, biases of 8 · 2 samples of of things "
        "· logarithmic depth"
    )
    assert {"conv", "relu", "weights", "= relu"} <= set(texts)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_that_the_same_ranges_give_the_same_file(tmp_path: Path, ending: str) -> None:
    files = [_draw(tmp_path / f"{name}.{ending}").read_bytes() for name in "ab"]
    assert files[0] == files[1]


def test_that_hostile_names_do_not_break_the_svg(tmp_path: Path) -> None:
    name = 'a<b>&"c"\x00\ud800</text>'
    network = replace(small_network(), name=name)
    texts = _svg_texts(_draw(tmp_path / "a.svg", network=network))
    assert texts[0] == 'a<b>&"c"\ufffd\ufffd</text>'


def test_that_random_data_is_marked(tmp_path: Path) -> None:
    random = DataDescription(kind=SourceKind.RANDOM, samples=2)
    texts = _svg_texts(_draw(tmp_path / "a.svg", data=random))
    assert "RANDOM DATA: these figures are about noise" in texts
    assert "2 samples of seeded noise" in texts[1]


def test_that_only_png_and_svg_are_written(tmp_path: Path) -> None:
    with pytest.raises(QuantscopeError, match=r"\.png or \.svg"):
        _draw(tmp_path / "a.jpg")


def test_that_too_many_tensors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(drawing.MOST_ROWS, ".png", 4)
    with pytest.raises(QuantscopeError, match="5 tensors are more"):
        _draw(tmp_path / "a.png")


def test_that_an_existing_picture_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = _draw(tmp_path / "a.svg")
    with pytest.raises(QuantscopeError, match="exists already"):
        _draw(path, dark=True)
    before = path.read_bytes()
    _draw(path, dark=True, overwrite=True)
    assert path.read_bytes() != before
