"""Each step of the preprocessing against the same computed in a few lines of numpy.

Resampling follows its textbook form: an output pixel is the weighted mean of the input pixels below
the filter, which is widened where the picture shrinks; along rows and along columns, one after the
other, each time rounded to 8 bits. Pillow begins where less is to be done (since version 13), and
computes the weights in fixed point: hence both orders, and one level of tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import (
    PRESETS,
    Color,
    Filter,
    Layout,
    Preprocessing,
    Resize,
    SourceKind,
    parse_preprocessing,
)
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import data_of, told

Span = tuple[float, float]
RAW = Preprocessing(scale=1.0)
HEIGHT, WIDTH = 4, 6
SIZES = [(1, 1), (1, 9), (9, 1), (200, 3), (3, 200), (7, 5), (6, 4), (12, 8)]  # width, height
LUMA = np.array([19595, 38470, 7471])  # of 65536, ITU-R BT.601


def port(*shape: int | str, dtype: str = "float32") -> Port:
    return Port(name="image", dtype=dtype, shape=shape)


NHWC = port("n", HEIGHT, WIDTH, 3)


def pixels_of(size: tuple[int, int]) -> np.ndarray:
    width, height = size
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def made(folder: Path, pixels: np.ndarray, steps: Preprocessing, wanted: Port) -> np.ndarray:
    Image.fromarray(pixels).save(folder / "0.png")
    data = data_of(SourceKind.IMAGES, folder, preprocessing=steps)
    return open_source(data, [wanted]).sample(0)["image"]


# ---- resizing ------------------------------------------------------------------------------------


def cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


KERNELS: dict[Filter, tuple[float, Callable[[np.ndarray], np.ndarray]]] = {
    Filter.BOX: (0.5, lambda x: ((x > -0.5) & (x <= 0.5)).astype(float)),
    Filter.BILINEAR: (1.0, lambda x: np.maximum(1 - np.abs(x), 0.0)),
    Filter.BICUBIC: (2.0, cubic),
    Filter.LANCZOS: (3.0, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)),
}


def weights(length: int, wanted: int, span: Span, kind: Filter) -> np.ndarray:
    """How much each of ``length`` pixels counts in each of the ``wanted`` ones over ``span``."""
    step = (span[1] - span[0]) / wanted
    centres = span[0] + (np.arange(wanted) + 0.5) * step
    places = np.arange(length) + 0.5
    if kind is Filter.NEAREST:
        return (np.floor(centres)[:, np.newaxis] == np.arange(length)).astype(float)
    support, kernel = KERNELS[kind]
    widening = max(step, 1.0)
    rows = kernel((places - centres[:, np.newaxis]) / widening)
    low = np.maximum(np.floor(centres - support * widening + 0.5), 0)[:, np.newaxis]
    high = np.minimum(np.floor(centres + support * widening + 0.5), length)[:, np.newaxis]
    rows *= (np.arange(length) >= low) & (np.arange(length) < high)
    return rows / rows.sum(axis=1, keepdims=True)


def resampled(
    pixels: np.ndarray,
    size: tuple[int, int],
    kind: Filter,
    spans: tuple[Span, Span],
    rows_first: bool,
) -> np.ndarray:
    """``pixels`` at ``size`` (width, height), of the part that the spans across and down say."""
    across = weights(pixels.shape[1], size[0], spans[0], kind)
    down = weights(pixels.shape[0], size[1], spans[1], kind)
    steps = [("oi,hic->hoc", across), ("oi,iwc->owc", down)]
    for step, rows in steps if rows_first else reversed(steps):
        pixels = np.rint(np.einsum(step, rows, pixels)).clip(0, 255)
    return pixels


def expected(
    pixels: np.ndarray, how: Resize, kind: Filter, crop: float, rows_first: bool
) -> np.ndarray:
    height, width = pixels.shape[:2]
    whole = (0.0, width), (0.0, height)
    if how is Resize.STRETCH:
        return resampled(pixels, (WIDTH, HEIGHT), kind, whole, rows_first)
    if how is Resize.FIT:
        ratio = min(WIDTH / width, HEIGHT / height)
        inner = max(1, round(width * ratio)), max(1, round(height * ratio))
        frame = np.zeros((HEIGHT, WIDTH, 3))
        left, top = (WIDTH - inner[0]) // 2, (HEIGHT - inner[1]) // 2
        picture = resampled(pixels, inner, kind, whole, rows_first)
        frame[top : top + inner[1], left : left + inner[0]] = picture
        return frame
    share = crop * min(width / WIDTH, height / HEIGHT)
    across, down = share * WIDTH / 2, share * HEIGHT / 2
    spans = (width / 2 - across, width / 2 + across), (height / 2 - down, height / 2 + down)
    return resampled(pixels, (WIDTH, HEIGHT), kind, spans, rows_first)


@pytest.mark.parametrize("kind", list(Filter))
@pytest.mark.parametrize(
    ("how", "crop"),
    [(Resize.STRETCH, 1.0), (Resize.FIT, 1.0), (Resize.CROP, 1.0), (Resize.CROP, 0.625)],
)
def test_that_pictures_of_any_size_are_resized_as_the_textbook_says(
    tmp_path: Path, how: Resize, crop: float, kind: Filter
) -> None:
    steps = Preprocessing(scale=1.0, resize=how, crop=crop, filter=kind)
    for size in SIZES:
        pixels = pixels_of(size)
        found = made(tmp_path, pixels, steps, NHWC)[0]
        orders = (expected(pixels, how, kind, crop, order) for order in (True, False))
        assert min(np.abs(found - order).max() for order in orders) <= 1, size


@pytest.mark.parametrize("how", list(Resize))
def test_that_a_picture_of_one_colour_stays_so_whatever_its_size(
    tmp_path: Path, how: Resize
) -> None:
    for kind in Filter:
        for size in [*SIZES, (1, 5000), (5000, 1)]:
            pixels = np.full((size[1], size[0], 3), (9, 99, 200), np.uint8)
            found = made(tmp_path, pixels, Preprocessing(scale=1.0, resize=how, filter=kind), NHWC)
            colours = {tuple(colour) for colour in found.reshape(-1, 3).tolist()}
            assert colours <= {(9, 99, 200), (0, 0, 0)}
            assert (9, 99, 200) in colours and (how is Resize.FIT or len(colours) == 1)


# ---- channels, layout, values --------------------------------------------------------------------

PIXELS = pixels_of((6, 5))
GRAY = (PIXELS @ LUMA + 0x8000) >> 16
OPAQUE = np.full((5, 6), 255)
COLOURS = {
    (Color.AUTO, 3): PIXELS,
    (Color.RGB, 3): PIXELS,
    (Color.BGR, 3): PIXELS[..., ::-1],
    (Color.GRAY, 3): np.stack([GRAY] * 3, axis=-1),
    (Color.AUTO, 1): GRAY[..., np.newaxis],
    (Color.GRAY, 1): GRAY[..., np.newaxis],
    (Color.AUTO, 4): np.concatenate([PIXELS, OPAQUE[..., np.newaxis]], axis=-1),
}


@pytest.mark.parametrize(("color", "channels"), list(COLOURS))
@pytest.mark.parametrize("layout", [Layout.NCHW, Layout.NHWC])
@pytest.mark.parametrize("asked", [True, False])
def test_that_channels_and_layout_are_what_the_input_wants(
    tmp_path: Path, color: Color, channels: int, layout: Layout, asked: bool
) -> None:
    shape = (channels, 5, 6) if layout is Layout.NCHW else (5, 6, channels)
    steps = Preprocessing(scale=1.0, color=color, layout=layout if asked else Layout.AUTO)
    found = made(tmp_path, PIXELS, steps, port("n", *shape))
    wanted = COLOURS[color, channels]
    if layout is Layout.NCHW:
        wanted = wanted.transpose(2, 0, 1)
    assert np.array_equal(found[0], wanted)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    "text", [*PRESETS, "scale=-1/3 mean=0.1,-20,1e3 std=0.5,2,7", "imagenet color=bgr", "scale=250"]
)
def test_that_values_are_exact_and_rounded_once(tmp_path: Path, text: str, dtype: str) -> None:
    steps = parse_preprocessing(text)
    seen = PIXELS[..., ::-1] if steps.color is Color.BGR else PIXELS
    values = (seen * np.float64(steps.scale) - np.array(steps.mean)) / np.array(steps.std)
    found = made(tmp_path, PIXELS, steps, port("n", 5, 6, 3, dtype=dtype))
    kind = getattr(ml_dtypes, dtype, dtype)
    assert found.dtype == np.dtype(kind)
    assert np.array_equal(found[0], values.astype(kind))


TURNED = {
    1: PIXELS,
    2: PIXELS[:, ::-1],
    3: PIXELS[::-1, ::-1],
    4: PIXELS[::-1],
    5: PIXELS.transpose(1, 0, 2),
    6: np.rot90(PIXELS, -1),
    7: PIXELS[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(PIXELS),
    9: PIXELS,  # there is none
}


@pytest.mark.parametrize("orientation", list(TURNED))
@pytest.mark.parametrize("form", ["png", "tif", "webp"])
def test_that_a_picture_is_turned_as_its_camera_says(
    tmp_path: Path, orientation: int, form: str
) -> None:
    picture = Image.fromarray(PIXELS)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(tmp_path / f"0.{form}", exif=exif, lossless=True)
    data = data_of(SourceKind.IMAGES, tmp_path, preprocessing=RAW)
    found = open_source(data, [port(1, "h", "w", 3)]).sample(0)["image"][0]
    assert np.array_equal(found, TURNED[orientation])


def test_that_pictures_of_any_size_and_kind_are_samples_of_one_folder(tmp_path: Path) -> None:
    forms = ["L", "RGB", "RGBA", "P", "1", "LA", "I;16"]
    for number, (form, (width, height)) in enumerate(zip(forms, SIZES, strict=False)):
        (tmp_path / f"class {number % 2}").mkdir(exist_ok=True)
        picture = Image.new("L", (width, height), 200)
        if form == "I;16":
            picture = Image.fromarray(np.full((height, width), 200 * 257, np.uint16))
        elif form != "L":
            picture = picture.convert(form)
        picture.save(tmp_path / f"class {number % 2}" / f"{number}.png")
    source = open_source(data_of(SourceKind.IMAGES, tmp_path, preprocessing=RAW), [NHWC])
    assert source.labels == (0, 0, 0, 0, 1, 1, 1)
    assert [sample["image"].shape for sample in source] == [(1, HEIGHT, WIDTH, 3)] * len(forms)
    assert {int(sample["image"].max()) for sample in source} == {
        200,
        255,
    }  # black and white pictures have no gray


# ---- settings that do not fit the input ----------------------------------------------------------

CHANNELS_SAID = "has {} values and the input has 3 channels. Give one value for {}, or one for each"


@pytest.mark.parametrize(
    ("text", "wanted", "name", "words"),
    [
        ("mean=1,2", NHWC, "preprocessing", CHANNELS_SAID.format(2, "mean")),
        ("std=1,2,3,4", NHWC, "preprocessing", CHANNELS_SAID.format(4, "std")),
        (
            "mean=1,2,3",
            port("n", 1, 4, 6),
            "preprocessing",
            "has 3 values and the input has 1 chan",
        ),
        ("color=gray", port("n", 4, 4, 6), "input `image`", "has 4 channels, which color=gray can"),
        (
            "color=rgb",
            port("n", 1, 4, 6),
            "input `image`",
            "color=rgb can't fill. Choose color=auto",
        ),
        (
            "color=bgr",
            port("n", 4, 4, 6),
            "input `image`",
            "color=bgr can't fill. Choose color=auto",
        ),
        ("layout=nchw", port("n", 64, 64, 3), "input `image`", "Choose layout=nhwc or layout="),
        ("layout=nhwc", port("n", 3, 64, 64), "input `image`", "Choose layout=nchw or layout=auto"),
        (
            "",
            port("n", 7, 64, 64),
            "input `image`",
            "and pictures have 1, 3 or 4. Save the samples",
        ),
        ("", port("n", 784), "input `image`", "wants nx784, and pictures need four dimensions"),
        ("", port("n", 1, 3, 64, 64), "input `image`", "and pictures need four dimensions"),
        ("", port("n", 3, 4, 6, dtype="int8"), "input `image`", "0 to 255 do not fit the input's"),
        ("", port("n", 3, 4, 6, dtype="bool"), "input `image`", "do not fit the input's type bool"),
        (
            "",
            port("n", 3, 4, 6, dtype="string"),
            "input `image`",
            "takes string, which is not a num",
        ),
        ("scale=1e4", port("n", 3, 4, 6, dtype="float16"), "input `image`", "Change scale, mean"),
        ("std=1e-320", NHWC, "input `image`", "after preprocessing. Change scale, mean and std"),
    ],
)
def test_that_settings_that_do_not_fit_the_input_are_told(
    tmp_path: Path, text: str, wanted: Port, name: str, words: str
) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "0.png")
    steps = parse_preprocessing(text)
    assert words in told(
        data_of(SourceKind.IMAGES, tmp_path, preprocessing=steps), wanted, name=name
    )


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (2, 2, 2), (5,), (2, 4, 6, 3)])
def test_that_arrays_that_are_no_pictures_are_told(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.savez(tmp_path / "0.npz", image=np.zeros(shape, np.uint8))
    data = data_of(SourceKind.NPZ_FOLDER, tmp_path, as_pictures=True)
    assert "which is no picture. Save pictures as height x width" in told(data, NHWC, name="0.npz")


@pytest.mark.parametrize("value", [-1, 256, 0.5, True])
def test_that_arrays_of_no_pixels_are_told(tmp_path: Path, value: float) -> None:
    np.savez(tmp_path / "0.npz", image=np.full((4, 6, 3), value))
    data = data_of(SourceKind.NPZ_FOLDER, tmp_path, as_pictures=True)
    assert "and pixels are whole numbers of 0 to 255. Leave out" in told(data, NHWC, name="0.npz")
