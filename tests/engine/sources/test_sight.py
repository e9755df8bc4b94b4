"""What is shown of a sample is what the network gets: steps, picture, histogram."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import (
    DataDescription,
    SourceCheck,
    SourceKind,
    parse_preprocessing,
)
from quantscope.core.data.preview import Picture
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import check_source, open_source

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 6, 3)).astype(np.uint8)


def port(*shape: int | str, dtype: str = "float32") -> Port:
    return Port(name="image", dtype=dtype, shape=shape)


def described(
    path: Path, settings: str = "", kind: SourceKind = SourceKind.IMAGES
) -> DataDescription:
    chain = parse_preprocessing(settings)
    wanted = kind is not SourceKind.IMAGES and bool(settings)
    return DataDescription(kind=kind, path=str(path), preprocessing=chain, as_pictures=wanted)


def checked(path: Path, wanted: Port, settings: str = "") -> SourceCheck:
    return check_source(described(path, settings), [wanted])


def pixels(picture: Picture | None) -> np.ndarray:
    assert picture is not None
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.png))))
    assert shown.shape == (picture.height, picture.width, 3)
    return shown


def steps(check: SourceCheck) -> list[tuple[str, tuple[int, ...], str]]:
    return [(step.what, step.shape, step.dtype) for step in check.steps]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "0.png")
    return tmp_path


# ---- steps ---------------------------------------------------------------------------------------


def test_that_the_way_of_a_photograph_is_told_step_by_step(folder: Path) -> None:
    check = checked(folder, port("n", 3, 2, 2), "imagenet resize=crop crop=0.5")
    assert steps(check) == [
        ("read the picture (RGB)", (4, 6, 3), "uint8"),
        ("resize: crop the middle 0.5, bilinear", (2, 2, 3), "uint8"),
        ("multiply by 1/255", (2, 2, 3), "float64"),
        ("subtract the mean 0.485, 0.456, 0.406", (2, 2, 3), "float64"),
        ("divide by the deviation 0.229, 0.224, 0.225", (2, 2, 3), "float64"),
        ("round to float32", (2, 2, 3), "float32"),
        ("move the channels to the front (NCHW)", (3, 2, 2), "float32"),
        ("add the batch axis", (1, 3, 2, 2), "float32"),
    ]


def test_that_colours_are_told_as_they_are_reversed_and_pixels_as_they_are_kept(
    folder: Path,
) -> None:
    check = checked(folder, port(1, "h", "w", 3, dtype="uint8"), "0-255 color=bgr")
    assert [what for what, _, _ in steps(check)] == [
        "read the picture (RGB)",
        "reverse the channels (BGR)",
        "keep the pixels as they are: the input takes uint8",
        "add the batch axis",
    ]


@pytest.mark.parametrize(
    ("channels", "color", "told"),
    [
        (1, "auto", ["convert to gray", "add the channel axis"]),
        (3, "gray", ["convert to gray", "repeat gray in 3 channels"]),
        (4, "auto", ["convert to RGB and alpha"]),
    ],
)
def test_that_channels_that_come_and_go_are_told(
    folder: Path, channels: int, color: str, told: list[str]
) -> None:
    check = checked(folder, port(1, channels, "h", "w"), f"color={color}")
    assert [step.what for step in check.steps if "channel" in step.what or "convert" in step.what][
        :-1
    ] == told


@pytest.mark.parametrize(
    ("scale", "told"),
    [("1/128", "1/128"), ("1/127.5", "1/127.5"), ("0.3", "0.3"), ("3", "3"), ("-1/4", "-0.25")],
)
def test_that_a_scale_reads_as_people_write_it(folder: Path, scale: str, told: str) -> None:
    check = checked(folder, port(1, 3, "h", "w"), f"scale={scale}")
    assert check.steps[1].what == f"multiply by {told}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("resize=stretch filter=box", "resize: stretch, box"),
        ("resize=fit", "resize: fit and pad with black, bilinear"),
        ("resize=crop filter=nearest", "resize: crop the middle, nearest"),
    ],
)
def test_that_resizing_is_told_with_its_filter(folder: Path, settings: str, told: str) -> None:
    assert checked(folder, port(1, 3, 2, 2), settings).steps[1].what == told


@pytest.mark.parametrize(
    ("wanted", "settings"),
    [
        (port(1, 3, "h", "w"), "caffe"),
        (port("n", 7, 5, 3), "resize=fit filter=lanczos"),
        (port(1, 1, "h", 3), "-1-1"),
        (port(1, 3, 8, 8, dtype="uint8"), "0-255 color=gray"),
    ],
)
def test_that_the_last_step_has_the_shape_and_type_that_goes_in(
    folder: Path, wanted: Port, settings: str
) -> None:
    check = checked(folder, wanted, settings)
    assert check.shapes == (("image", check.steps[-1].shape, check.steps[-1].dtype),)


def test_that_arrays_are_told_with_what_is_added_and_converted(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 2, 3), np.float64))
    data = described(tmp_path / "x.npy", kind=SourceKind.NPY)
    check = check_source(data, [port("n", 2, 3)])
    assert steps(check) == [
        ("read `image`", (2, 3), "float64"),
        ("add the batch axis", (1, 2, 3), "float64"),
        ("convert to float32", (1, 2, 3), "float32"),
    ]


def test_that_random_values_are_drawn_and_not_read() -> None:
    check = check_source(DataDescription(kind=SourceKind.RANDOM), [port("n", 4)])
    assert steps(check) == [("draw `image`", (1, 4), "float32")]


def test_that_another_sample_is_told_and_past_the_last_the_last(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(3.0).reshape(3, 1))
    data = described(tmp_path / "x.npy", kind=SourceKind.NPY)
    for wanted, number in ((1, 1), (2, 2), (9, 2)):
        check = check_source(data, [port("n", 1)], wanted)
        assert (check.number, check.first, check.maximum) == (number, f"row {number}", number)


# ---- what is seen --------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["0-1", "0-255", "-1-1", "imagenet", "scale=-1 mean=-255"])
@pytest.mark.parametrize("wanted", [port(1, 3, "h", "w"), port(1, "h", "w", 3, dtype="float16")])
def test_that_the_processed_picture_is_brought_back_to_pixels(
    folder: Path, settings: str, wanted: Port
) -> None:
    preview = checked(folder, wanted, settings).preview
    assert preview is not None
    assert preview.sample == "0.png"
    assert np.array_equal(pixels(preview.original), PIXELS)
    assert np.array_equal(pixels(preview.processed), PIXELS)


def test_that_reversed_colours_are_seen_reversed(folder: Path) -> None:
    preview = checked(folder, port(1, 3, "h", "w"), "caffe").preview
    assert preview is not None
    assert np.array_equal(pixels(preview.processed), PIXELS[..., ::-1])


def test_that_a_large_picture_is_shown_small_with_its_ratio(tmp_path: Path) -> None:
    Image.new("L", (1000, 500), 9).save(tmp_path / "0.png")
    preview = checked(tmp_path, port(1, 1, "h", "w")).preview
    assert preview is not None
    assert pixels(preview.original).shape == (128, 256, 3)
    assert (pixels(preview.processed) == 9).all()


def test_that_a_histogram_counts_every_value_between_the_ends(folder: Path) -> None:
    preview = checked(folder, port(1, 3, "h", "w"), "-1-1").preview
    assert preview is not None
    (view,) = preview.tensors
    values = PIXELS / 127.5 - 1.0
    assert (view.minimum, view.maximum) == pytest.approx((values.min(), values.max()))
    assert view.mean == pytest.approx(values.mean())
    assert sum(view.counts) == PIXELS.size
    width = np.ptp(PIXELS) / len(view.counts)
    assert view.counts[0] == np.count_nonzero(PIXELS - PIXELS.min() < width)


def test_that_one_value_and_no_value_have_a_histogram_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", image=np.full((1, 4), 7.0), more=np.zeros((1, 0)))
    inputs = [port("n", 4), Port(name="more", dtype="float32", shape=("n", "m"))]
    check = check_source(described(tmp_path / "d.npz", kind=SourceKind.NPZ), inputs)
    assert check.preview is not None
    views = check.preview.tensors
    assert [sum(view.counts) for view in views] == [4, 1]
    assert check.preview.original is None
    assert check.preview.processed is None


def test_that_arrays_that_look_like_pictures_are_shown_from_darkest_to_brightest(
    tmp_path: Path,
) -> None:
    values = np.array([-2.0, -2.0, 0.0, 2.0]).reshape(1, 1, 2, 2)
    np.save(tmp_path / "x.npy", values)
    data = described(tmp_path / "x.npy", kind=SourceKind.NPY)
    preview = check_source(data, [port("n", 1, 2, 2)]).preview
    assert preview is not None
    assert pixels(preview.processed)[..., 0].tolist() == [[0, 0], [128, 255]]
    np.save(tmp_path / "x.npy", np.zeros((1, 8, 2, 2)))
    preview = check_source(data, [port("n", 8, 2, 2)]).preview
    assert preview is not None and preview.processed is None


# ---- arrays of pictures --------------------------------------------------------------------------


@pytest.mark.parametrize("channels_first", [False, True])
def test_that_arrays_of_pixels_go_through_the_chain_as_pictures(
    tmp_path: Path, channels_first: bool
) -> None:
    rows = np.stack([PIXELS, PIXELS[::-1]])
    np.save(tmp_path / "x.npy", rows.transpose(0, 3, 1, 2) if channels_first else rows)
    data = described(tmp_path / "x.npy", "-1-1", SourceKind.NPY)
    source = open_source(data, [port("n", 3, 4, 6)])
    expected = (PIXELS[::-1] / 127.5 - 1.0).astype(np.float32).transpose(2, 0, 1)
    assert np.array_equal(source.sample(1)["image"], expected[None])


def test_that_gray_pixels_need_no_channel_axis(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=PIXELS[..., 0])
    np.savez(tmp_path / "b.npz", image=PIXELS[None, ..., :1])
    data = described(tmp_path, "0-255", SourceKind.NPZ_FOLDER)
    for sample in open_source(data, [port("n", 1, 4, 6)]):
        assert np.array_equal(sample["image"][0, 0], PIXELS[..., 0])


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.zeros((1, 5, 6, 7), np.uint8), "has the shape 5x6x7, which is no picture"),
        (np.zeros((1, 0, 6), np.uint8), "has the shape 0x6, which is no picture"),
        (np.zeros((1, 8), np.uint8), "has the shape 8, which is no picture"),
        (np.full((1, 4, 6), 256), "holds int64 from 256 to 256, and pixels are whole numbers"),
        (np.full((1, 4, 6), 0.5), "holds float64 from 0.5 to 0.5, and pixels are whole numbers"),
    ],
)
def test_that_arrays_that_are_no_pictures_are_refused(
    tmp_path: Path, values: np.ndarray, what: str
) -> None:
    np.save(tmp_path / "x.npy", values)
    data = described(tmp_path / "x.npy", "0-1", SourceKind.NPY)
    with pytest.raises(QuantscopeError, match="x.npy, row 0, input `image`: the sample") as caught:
        open_source(data, [port("n", 1, 4, 6)]).sample(0)
    assert what in str(caught.value)
