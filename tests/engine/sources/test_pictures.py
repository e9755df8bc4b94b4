"""A picture of any usual kind becomes exactly the values that the preprocessing describes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import (
    Color,
    DataDescription,
    Filter,
    Layout,
    Preprocessing,
    Resize,
    SourceKind,
    parse_preprocessing,
)
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from quantscope.engine.sources.picture_folder import guess_preprocessing

RAW = Preprocessing(scale=1.0)
PIXELS = np.random.default_rng(3).integers(0, 256, (4, 6, 3)).astype(np.uint8)
GRAY = PIXELS[..., 0]


def port(*shape: int | str, dtype: str = "float32") -> Port:
    return Port(name="image", dtype=dtype, shape=shape)


NCHW = port("n", 3, 4, 6)
NHWC = port("n", 4, 6, 3)
FREE = port("n", 3, "h", "w")
ONE = port("n", 1, "h", "w")


def values(folder: Path, wanted: Port, steps: Preprocessing = RAW) -> np.ndarray:
    description = DataDescription(kind=SourceKind.IMAGES, path=str(folder), preprocessing=steps)
    return open_source(description, [wanted]).sample(0)["image"]


def refusal(folder: Path, wanted: Port, steps: Preprocessing = RAW) -> str:
    with pytest.raises(QuantscopeError) as caught:
        values(folder, wanted, steps)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "0.png")
    return tmp_path


# ---- layout, colour, values ----------------------------------------------------------------------


def test_that_the_layout_is_read_from_the_shape(folder: Path) -> None:
    assert np.array_equal(values(folder, NCHW), PIXELS.transpose(2, 0, 1)[None])
    assert np.array_equal(values(folder, NHWC), PIXELS[None])


def test_that_a_layout_that_is_asked_for_decides_where_the_shape_is_silent(folder: Path) -> None:
    silent = port("n", "a", "b", "c")
    assert values(folder, silent).shape == (1, 3, 4, 6)
    steps = Preprocessing(scale=1.0, layout=Layout.NHWC)
    assert values(folder, silent, steps).shape == (1, 4, 6, 3)


@pytest.mark.parametrize(
    ("wanted", "layout"),
    [
        (NCHW, Layout.NCHW),
        (NHWC, Layout.NHWC),
        (port("n", 1, "h", "w"), Layout.NCHW),
        (port("n", 224, 224, 4), Layout.NHWC),
        (port("n", 224, 224, "c"), Layout.NHWC),
        (port("n", "c", "h", "w"), Layout.NCHW),
        (port("n", 10), Layout.AUTO),
    ],
)
def test_that_the_preprocessing_to_start_from_has_the_layout_of_the_input(
    wanted: Port, layout: Layout
) -> None:
    assert guess_preprocessing(wanted) == Preprocessing(layout=layout)


def test_that_the_preprocessing_to_start_from_leaves_integer_inputs_alone() -> None:
    assert guess_preprocessing(port("n", 3, 8, 8, dtype="uint8")).scale == 1.0


def test_that_values_are_pixel_times_scale_minus_mean_over_std(folder: Path) -> None:
    steps = parse_preprocessing("imagenet")
    expected = (PIXELS / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    result = values(folder, NHWC, steps)
    assert result.dtype == np.float32
    assert np.array_equal(result[0], expected.astype(np.float32))


def test_that_mean_and_std_follow_the_order_that_the_network_sees(folder: Path) -> None:
    result = values(folder, NHWC, parse_preprocessing("caffe"))
    expected = PIXELS[..., ::-1] - np.array([103.939, 116.779, 123.68])
    assert np.array_equal(result[0], expected.astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint16"])
def test_that_integer_inputs_take_raw_pixels(folder: Path, dtype: str) -> None:
    result = values(folder, port(1, 4, 6, 3, dtype=dtype), parse_preprocessing("imagenet"))
    assert result.dtype.name == dtype and np.array_equal(result[0], PIXELS)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_that_float_inputs_of_every_width_are_filled(folder: Path, dtype: str) -> None:
    result = values(folder, port(1, 4, 6, 3, dtype=dtype))
    assert result.dtype.name == dtype and np.array_equal(result[0].astype(np.uint8), PIXELS)


def test_that_gray_is_repeated_where_the_input_has_three_channels(folder: Path) -> None:
    result = values(folder, NHWC, Preprocessing(scale=1.0, color=Color.GRAY))[0]
    expected = np.asarray(Image.fromarray(PIXELS).convert("L"))
    assert all(np.array_equal(result[..., c], expected) for c in range(3))
    assert np.array_equal(values(folder, port(1, 1, 4, 6))[0, 0], expected)


# ---- kinds of pictures ---------------------------------------------------------------------------


def test_that_gray_pictures_fill_colour_inputs(tmp_path: Path) -> None:
    Image.fromarray(GRAY).save(tmp_path / "0.png")
    assert np.array_equal(values(tmp_path, FREE)[0], np.stack([GRAY] * 3))


def test_that_transparency_is_dropped_unless_the_input_takes_it(tmp_path: Path) -> None:
    alpha = np.dstack([PIXELS, GRAY])
    Image.fromarray(alpha).save(tmp_path / "0.png")
    assert np.array_equal(values(tmp_path, NHWC)[0], PIXELS)
    assert np.array_equal(values(tmp_path, port(1, "h", "w", 4))[0], alpha)


@pytest.mark.parametrize("transparency", [None, bytes([0, 128, 255])])
def test_that_palette_pictures_show_their_colours(
    tmp_path: Path, transparency: bytes | None
) -> None:
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    options = {} if transparency is None else {"transparency": transparency}
    picture.save(tmp_path / "0.png", **options)
    assert np.array_equal(values(tmp_path, port(1, 1, 3, 3))[0, 0, :, 0], [255, 0, 0])


@pytest.mark.parametrize("name", ["0.png", "0.tif", "0.pgm"])
def test_that_sixteen_bit_gray_is_brought_to_eight(tmp_path: Path, name: str) -> None:
    deep = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / name)
    assert np.array_equal(values(tmp_path, ONE)[0, 0], [[0, 1, 128, 255]])


def test_that_a_black_and_white_picture_is_0_and_255(tmp_path: Path) -> None:
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "0.png")
    assert np.array_equal(values(tmp_path, ONE)[0, 0], [[255, 0]])


@pytest.mark.parametrize(("dtype", "why"), [(np.float32, "floats"), (np.int32, "more than 16")])
def test_that_pixels_of_unknown_range_are_refused(tmp_path: Path, dtype: type, why: str) -> None:
    Image.fromarray(np.full((2, 2), 1 << 20, dtype)).save(tmp_path / "0.tif")
    assert "0.tif: the picture can't be read (its pixels " in refusal(tmp_path, FREE)
    assert why in refusal(tmp_path, FREE)


def test_that_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.fromarray(PIXELS)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned: the top is at the right
    picture.save(tmp_path / "0.png", exif=exif)
    assert np.array_equal(values(tmp_path, port(1, "h", "w", 3))[0], np.rot90(PIXELS, -1))


def test_that_a_photograph_in_jpeg_is_near_its_pixels(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 8), (0, 255, 255, 0)).save(tmp_path / "0.JPEG")
    red = values(tmp_path, port(1, "h", "w", 3))[0, 4, 8]
    assert red == pytest.approx([255, 0, 0], abs=4)


# ---- size ----------------------------------------------------------------------------------------


def test_that_free_sides_take_the_picture_as_it_is(folder: Path) -> None:
    assert np.array_equal(values(folder, FREE)[0].transpose(1, 2, 0), PIXELS)


@pytest.mark.parametrize(
    ("how", "size"), [(Resize.STRETCH, (8, 6)), (Resize.FIT, (8, 12)), (Resize.CROP, (8, 12))]
)
def test_that_one_free_side_keeps_the_ratio_except_when_stretched(
    folder: Path, how: Resize, size: tuple[int, int]
) -> None:
    steps = Preprocessing(scale=1.0, resize=how)
    assert values(folder, port(1, 3, 8, "w"), steps).shape[2:] == size
    assert values(folder, port(1, 3, "h", 12), steps).shape[3] == 12


def test_that_stretch_fit_and_crop_differ_as_they_say(tmp_path: Path) -> None:
    wide = np.zeros((10, 20), np.uint8)
    wide[:, :5], wide[:, 5:15], wide[:, 15:] = 50, 150, 250
    Image.fromarray(wide).save(tmp_path / "0.png")
    square = port(1, 1, 10, 10)
    results = {
        how: values(tmp_path, square, Preprocessing(scale=1.0, resize=how))[0, 0] for how in Resize
    }
    assert list(results[Resize.STRETCH][5, [0, 5, 9]]) == [50, 150, 250]
    assert list(results[Resize.FIT][[0, 1, 5, 8, 9], 5]) == [0, 0, 150, 0, 0]
    assert np.array_equal(results[Resize.CROP], np.full((10, 10), 150))


def test_that_resizing_is_bilinear(folder: Path) -> None:
    expected = Image.fromarray(PIXELS).resize((3, 2), Image.Resampling.BILINEAR)
    assert np.array_equal(values(folder, port(1, 2, 3, 3))[0], np.asarray(expected))


def test_that_a_crop_keeps_its_share_of_the_middle(tmp_path: Path) -> None:
    Image.fromarray(np.tile(np.arange(16, dtype=np.uint8), (8, 1))).save(tmp_path / "0.png")
    steps = parse_preprocessing("scale=1 resize=crop crop=0.5")
    assert np.array_equal(values(tmp_path, port(1, 1, 4, 4), steps)[0, 0], [[6, 7, 8, 9]] * 4)
    same_size = values(tmp_path, port(1, 1, 8, 16), steps)[0, 0, 0]
    assert (same_size[0], same_size[-1]) == (4, 11)


def test_that_256_on_the_short_side_and_the_middle_224_is_a_crop_of_seven_eighths(
    tmp_path: Path,
) -> None:
    picture = Image.radial_gradient("L").resize((512, 320))
    picture.save(tmp_path / "0.png")
    usual = picture.resize((410, 256), Image.Resampling.BILINEAR).crop((93, 16, 317, 240))
    steps = parse_preprocessing("scale=1 resize=crop crop=0.875")
    found = values(tmp_path, port(1, 1, 224, 224), steps)[0, 0]
    assert np.abs(found - np.asarray(usual, np.float32)).max() <= 2


@pytest.mark.parametrize("name", list(Filter))
@pytest.mark.parametrize("how", list(Resize))
def test_that_a_filter_mixes_the_pixels(tmp_path: Path, name: Filter, how: Resize) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "0.png")
    resampling = Image.Resampling[name.upper()]
    expected = np.asarray(Image.fromarray(noise).resize((5, 5), resampling))
    steps = Preprocessing(scale=1.0, resize=how, filter=name)
    assert np.array_equal(values(tmp_path, port(1, 1, 5, 5), steps)[0, 0], expected)


@pytest.mark.parametrize("how", list(Resize))
def test_that_a_picture_of_extreme_shape_still_fills_the_frame(tmp_path: Path, how: Resize) -> None:
    Image.new("L", (500, 1), 200).save(tmp_path / "0.png")
    steps = Preprocessing(scale=1.0, resize=how)
    assert values(tmp_path, port(1, 1, 8, 8), steps).max() == 200


# ---- refusals ------------------------------------------------------------------------------------


def test_that_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    sentence = refusal(tmp_path, FREE)
    assert f"{tmp_path}: the folder and its sub-folders hold no pictures" in sentence
    assert ".jpeg" in sentence


@pytest.mark.parametrize("name", ["0.png", "0.jpg", "0.bmp", "0.gif", "0.webp", "0.tif"])
def test_that_a_truncated_picture_is_refused(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    sentence = refusal(tmp_path, FREE)
    assert f"{name}: the " in sentence and "Repair or remove this file" in sentence


def test_that_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"just text")
    assert "0.jpg: the file is no picture of a known format" in refusal(tmp_path, FREE)


def test_that_a_format_that_starts_programs_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    assert "no picture of a known format" in refusal(tmp_path, FREE)


@pytest.mark.parametrize("limit", [20, 8])
def test_that_a_decompression_bomb_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # 24 pixels: a warning, and an error
    assert "0.png: the picture has more pixels than" in refusal(folder, FREE)


def test_that_pictures_can_not_fill_several_inputs(folder: Path) -> None:
    description = DataDescription(kind=SourceKind.IMAGES, path=str(folder))
    ids = Port(name="ids", dtype="int64", shape=(1, 4))
    with pytest.raises(QuantscopeError, match="2 inputs .`image`, `ids`. and pictures can fill"):
        open_source(description, [FREE, ids])


@pytest.mark.parametrize(
    ("wanted", "settings", "sentence"),
    [
        (port(1, 10), "", "wants 1x10, and pictures need four dimensions. Save the samples"),
        (port(1, 12, 8, 8), "", "makes 12 channels, and pictures have 1, 3 or 4. Save the"),
        (NCHW, "layout=nhwc", "the layout nhwc makes 6 channels. Choose layout=nchw"),
        (port(1, 8, 8, 3), "layout=nchw", "nchw makes 8 channels. Choose layout=nhwc"),
        (ONE, "color=rgb", "the input has 1 channels, which color=rgb can't fill"),
        (port(1, 4, 8, 8), "color=gray", "the input has 4 channels, which color=gray can't fill"),
        (NCHW, "mean=1,2", "preprocessing: mean has 2 values and the input has 3 channels"),
        (ONE, "std=1,2,3", "preprocessing: std has 3 values and the input has 1 channels"),
        (NCHW, "scale=1e300", "pixels of 0 to 255 do not fit the input's type float32"),
        (port(1, 3, 8, 8, dtype="int8"), "", "do not fit the input's type int8"),
        (port(1, 3, 8, 8, dtype="bool"), "", "do not fit the input's type bool"),
    ],
)
def test_that_an_input_that_pictures_can_not_fill_is_told_at_once(
    folder: Path, wanted: Port, settings: str, sentence: str
) -> None:
    steps = parse_preprocessing(settings)
    description = DataDescription(kind=SourceKind.IMAGES, path=str(folder), preprocessing=steps)
    with pytest.raises(QuantscopeError) as caught:
        open_source(description, [wanted])
    assert sentence in str(caught.value)
