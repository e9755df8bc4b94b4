"""Pictures that are damaged, far too large or far too long, alone and among good ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import SourceKind, parse_preprocessing
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import PICTURE, data_of, little_memory, read_or_told, told

PIXELS = np.random.default_rng(5).integers(0, 256, (8, 12, 3), dtype=np.uint8)


def encoded(form: str, picture: Image.Image | None = None, **settings: Any) -> bytes:
    stream = io.BytesIO()
    (picture or Image.fromarray(PIXELS)).save(stream, form, **settings)
    return stream.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that says it has this size, with a few pixels at the most."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels, end = chunk(b"IDAT", zlib.compress(bytes(14))), chunk(b"IEND", b"")
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", size), *more, pixels, end])


BMP = encoded("BMP")
NO_PICTURE = "the file is no picture of a known format. Repair or remove this file"
TOO_MANY = "the picture has more pixels than a photograph can have. Shrink or remove it"
CUT_OFF = "the picture can't be read (it ends in the middle). Repair or remove this file"
TEXT = "the picture can't be read (Decompressed data too large"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"", "the file is empty. Repair or remove this file"),
        ("a.jpg", b"just text", NO_PICTURE),
        ("a.png", b"\x93NUMPY\1\0v\0{'descr': '<f4'}", NO_PICTURE),
        ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", NO_PICTURE),
        ("a.png", png(0, 0), NO_PICTURE),
        ("a.ppm", b"P6 0 4 255\n", NO_PICTURE),
        ("a.png", png(60_000, 60_000), TOO_MANY),
        ("a.png", png(2**31 - 1, 2**31 - 1), TOO_MANY),
        ("a.bmp", BMP[:18] + struct.pack("<ii", 40_000, 40_000) + BMP[26:], TOO_MANY),
        ("a.png", png(2, 2, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 26)))), TEXT),
        ("a.png", png(9000, 9000), CUT_OFF),
        ("a.webp", encoded("WEBP")[:-60], "the picture can't be read ("),
    ]
    + [(f"a.{form}", encoded(form)[:-60], CUT_OFF) for form in ("PNG", "JPEG", "TIFF", "BMP")],
)
def test_that_a_file_that_is_no_readable_picture_is_told(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name.lower()).write_bytes(content)
    with little_memory():
        assert words in told(data_of(SourceKind.IMAGES, tmp_path), name=name.lower())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "PPM"])
def test_that_damage_anywhere_gives_a_picture_or_a_sentence(tmp_path: Path, form: str) -> None:
    random = np.random.default_rng(7)
    good = encoded(form)
    for _ in range(60):
        content = np.frombuffer(good, np.uint8).copy()
        places = random.integers(0, min(len(good), random.choice([64, len(good)])), 3)
        content[places] = random.integers(0, 256, 3)
        (tmp_path / f"0.{form.lower()}").write_bytes(content.tobytes())
        sentence = read_or_told(data_of(SourceKind.IMAGES, tmp_path))
        assert not sentence or f"0.{form.lower()}: the " in sentence


@pytest.mark.parametrize("how", ["fit", "crop"])
@pytest.mark.parametrize("long_side", ["width", "height"])
def test_that_a_strip_is_not_blown_up_where_a_side_is_free(
    tmp_path: Path, how: str, long_side: str
) -> None:
    size = (200_000, 1) if long_side == "width" else (1, 60_000)
    Image.new("L", size).save(tmp_path / "strip.png")
    shape = (1, 3, 224, "w") if long_side == "width" else (1, 3, "h", 224)
    port = Port(name="image", dtype="float32", shape=shape)
    steps = parse_preprocessing(f"resize={how}")
    with little_memory():
        sentence = told(
            data_of(SourceKind.IMAGES, tmp_path, preprocessing=steps), port, name="strip.png"
        )
    assert f"the picture of {size[0]} x {size[1]} pixels would become one of" in sentence
    assert "Choose resize=stretch, or remove this file" in sentence


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16"]
)
def test_that_every_mode_of_a_picture_fills_every_input(
    tmp_path: Path, mode: str, channels: int
) -> None:
    form = {"YCbCr": "jpg", "CMYK": "jpg", "LAB": "tif"}.get(mode, "png")
    Image.new(mode, (6, 4), None if mode == "P" else 1).save(tmp_path / f"0.{form}")
    port = Port(name="image", dtype="float32", shape=("n", channels, 4, 6))
    values = open_source(data_of(SourceKind.IMAGES, tmp_path), [port]).sample(0)["image"]
    assert values.shape == (1, channels, 4, 6)


def test_that_damaged_pictures_among_good_ones_are_named_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "dog").mkdir()
    for name in ("cat/0.png", "cat/2.png", "dog/4.png"):
        Image.fromarray(PIXELS).save(tmp_path / name)
    (tmp_path / "cat" / "1.png").write_bytes(png(60_000, 60_000))
    (tmp_path / "dog" / "3.png").write_bytes(b"")
    data = data_of(SourceKind.IMAGES, tmp_path, skip_unreadable=2)
    source = open_source(data, [PICTURE])
    assert source.skipped == ("cat/1.png", "dog/3.png")
    assert source.labels == (0, 0, 1)
    sentence = told(data_of(SourceKind.IMAGES, tmp_path, skip_unreadable=1), name="1.png")
    assert "2 samples can't be read, and 1 may be skipped" in sentence
