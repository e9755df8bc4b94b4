"""The picture of the ranges: every row in place, nothing clipped, the same in both formats."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture import look as picture_size
from quantscope.core.picture.heatmap import LIGHT, Depth, fit_axis, paint
from quantscope.core.picture.look import PictureLook, size_of
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.picture import look
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
    overwrite: bool = False,
    **options: Any,
) -> Path:
    calibration = small_calibration(data)
    described = network or small_network()
    plan = calibration.plan(described, settings)
    return draw_ranges(
        described, calibration, plan, path, PictureLook(**options), overwrite=overwrite
    )


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


@pytest.mark.parametrize("width", [200, 801, 1600, 4321])
def test_that_a_png_has_the_size_that_was_foretold(tmp_path: Path, width: int) -> None:
    foretold = size_of(len(_rows()), width)
    with Image.open(_draw(tmp_path / "a.png", width=width)) as image:
        assert image.size == (foretold.width, foretold.height)
        assert image.width == width


def test_that_a_png_is_as_sharp_as_is_usual_where_no_width_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Image.open(_draw(tmp_path / "large.png")) as image:
        assert image.width == 2 * picture_size.WIDTH
    monkeypatch.setattr(picture_size, "SHARP_PIXELS", 0)
    with Image.open(_draw(tmp_path / "small.png")) as image:
        assert image.width == picture_size.WIDTH


def test_that_the_pixels_for_a_clipboard_are_those_of_the_png(tmp_path: Path) -> None:
    with (
        Image.open(_draw(tmp_path / "a.png", width=640)) as png,
        Image.open(_draw(tmp_path / "a.ppm", width=640)) as plain,
    ):
        np.testing.assert_array_equal(np.asarray(png), np.asarray(plain))


def test_that_a_scaled_picture_shows_the_same(tmp_path: Path) -> None:
    with Image.open(_draw(tmp_path / "a.png", width=3200)) as image:
        halved = np.asarray(image.reduce(4), float)
    with Image.open(_draw(tmp_path / "b.png", width=800)) as image:
        small = np.asarray(image, float)
    assert halved.shape == small.shape
    assert np.abs(halved - small).mean() < 4.0


@pytest.mark.parametrize("width", [0, 320, 5000])
def test_that_an_svg_is_shown_at_its_width_and_drawn_in_the_same_units(
    tmp_path: Path, width: int
) -> None:
    root = ET.parse(_draw(tmp_path / "a.svg", width=width)).getroot()
    units = (picture_size.WIDTH, picture_size.height_of(len(_rows())))
    assert root.get("viewBox") == f"0 0 {units[0]} {units[1]}"
    size = size_of(len(_rows()), width or picture_size.WIDTH)
    assert (root.get("width"), root.get("height")) == (str(size.width), str(size.height))


def test_that_only_chosen_rows_are_drawn_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    names = [row.tensor.name for row in _rows()]
    chosen = (names[3], names[1], "a tensor that is not there")
    texts = _svg_texts(_draw(tmp_path / "a.svg", tensors=chosen))
    assert "2 of 5 tensors" in texts[1]
    shown = [text for text in texts if text in ("weights", "bias", "activations")]
    assert shown == [_rows()[3].name, _rows()[1].name]
    with pytest.raises(QuantscopeError, match="none of these tensors was counted"):
        _draw(tmp_path / "b.svg", tensors=("a tensor that is not there",))


@pytest.mark.parametrize(
    ("width", "said"),
    [(-1, "cannot be -1 pixels wide"), (30_000, "cannot be 30.000 pixels wide")],
)
def test_that_a_width_that_cannot_be_is_refused(tmp_path: Path, width: int, said: str) -> None:
    for ending in ("png", "svg"):
        with pytest.raises(QuantscopeError, match=said):
            _draw(tmp_path / f"a.{ending}", width=width)


def test_that_a_png_that_memory_cannot_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(picture_size.MOST_PIXELS, ".png", 1_000_000)
    with pytest.raises(QuantscopeError, match="too large. Choose a smaller width, fewer rows"):
        _draw(tmp_path / "a.png", width=5000)
    _draw(tmp_path / "a.svg", width=5000)
    _draw(tmp_path / "a.png", width=500)


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
    monkeypatch.setattr(picture_size, "MOST_ROWS", 4)
    with pytest.raises(QuantscopeError, match="5 tensors are more"):
        _draw(tmp_path / "a.png")


def test_that_an_existing_picture_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = _draw(tmp_path / "a.svg")
    with pytest.raises(QuantscopeError, match="exists already"):
        _draw(path, dark=True)
    before = path.read_bytes()
    _draw(path, dark=True, overwrite=True)
    assert path.read_bytes() != before
