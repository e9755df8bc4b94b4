"""Labels that are damaged, name other samples, say two things, or would be taken of another."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import LabelKind
from quantscope.engine.validation.labels import read_labels
from tests.engine.sources.faults import little_memory
from tests.engine.validation.sources import source_of

TWO = source_of(["cat/1.png", "dog/2.png"])
FLAT = source_of(["1.png"])
CORRECT = "Correct the labels, or choose others"


def refusal(path: Path, source: Any = TWO) -> str:
    with little_memory(), pytest.raises(QuantscopeError) as caught:
        read_labels(str(path), source)
    assert path.name in caught.value.problem.where
    return str(caught.value)


def array_file(values: Any, shape: tuple[int, ...] | None = None, pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    if shape is None:
        np.lib.format.write_array(stream, np.asarray(values), allow_pickle=pickle)
    else:
        header = {"descr": "<i4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)
    return stream.getvalue()


OBJECTS = array_file(np.array([{}, {}], object), pickle=True)
HUGE = array_file(0, shape=(10**12,))
NAN = array_file([np.nan, 1.0])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("l.npy", b"", "the array can not be read (it is empty)"),
        ("l.npy", b"text", "the array can not be read (it is no array as numpy writes it"),
        ("l.npy", array_file([1, 2])[:-3], "(it ends in the middle of an array)"),
        ("l.npy", OBJECTS, "(it holds Python objects, which only pickle could read)"),
        ("l.npy", HUGE, "(it unpacks to 1000000000000 values, more than one sample can have)"),
        ("l.npy", array_file(["a", "b"]), "(it holds text (<U1), not real numbers)"),
        ("l.npy", NAN, "the label of the sample cat/1.png is not finite"),
        ("l.npy", array_file([1, 2, 3]), "it has 3 entries for 2 samples"),
        ("l.npz", b"", "the archive can not be read (File is not a zip file)"),
        ("l.npz", array_file([1, 2]), "the archive can not be read (File is not a zip file)"),
        ("l.npz", archive(y=OBJECTS), "(it holds Python objects, which only pickle could read)"),
        ("l.npz", archive(y=HUGE), "(it unpacks to 1000000000000 values, more than one"),
        ("l.npz", archive(a=b"", b=b""), "it has no array called labels or label or y"),
        ("l.npz", archive(), "it has no array called labels or label or y"),
        ("l.csv", b"", "it is empty"),
        ("l.csv", b"\n , \n", "the sample cat/1.png has no label"),
        ("l.csv", b"\xff\xfe1\0", "it can not be read as text ("),
        ("l.csv", b"1," + b"9" * 200_000, "it is no table (field larger than field limit"),
        ("l.csv", b"1.png\n2.png\n", "it has 1 columns, of which none is called label or class"),
        ("l.csv", b"1,640,480,3\n2,640,480,4\n", "it has 4 columns, of which none is called"),
        ("l.csv", b"file,label\n1,3\n2\n", "line 3 has 1 cells, and the first 2"),
        ("l.csv", b"1,3\n2,4\n1,5\n", "1 has two labels, 3 and 5"),
        ("l.csv", b"1,3\n", "the sample dog/2.png has no label. Add it, or leave the sample out"),
        ("l.csv", b"0,cat\n1,dog\n", "the sample dog/2.png has no label"),
        ("l.csv", b"1,nan\n2,0.5\n", "the label of the sample cat/1.png is not finite"),
        ("l.json", b"", "it is no JSON ("),
        ("l.json", b"[" * 100_000, "it is no JSON (maximum recursion depth exceeded"),
        ("l.json", b'{"1": 3, "1": 4, "2": 5}', "1 has two labels, 3 and 4"),
        ("l.npy", array_file(np.array([1, 2**64 - 1], np.uint64)), "18446744073709551615 is no cl"),
        ("l.csv", b"1,99999999999999999999\n2,1\n", "99999999999999999999 is no class number"),
        ("l.json", b'{"1": 1, "2": -99999999999}', "-99999999999 is no class number"),
        ("l.json", b'{"1": 3}', "the sample dog/2.png has no label"),
        ("l.json", b'{"1": NaN, "2": 1.5}', "the label of the sample cat/1.png is not finite"),
        ("l.json", b'{"1": null, "2": {}}', "neither class numbers, names, numbers nor boxes"),
        ("l.txt", b"1", "labels of this kind are not known. Give a .csv of names and labels"),
    ],
)
def test_that_labels_that_can_not_be_meant_are_told(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


@pytest.mark.parametrize("kind", ["missing", "pipe", "too long"])
def test_that_a_path_that_leads_to_no_labels_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("x" * 300 if kind == "too long" else "labels.csv")
    if kind == "pipe":
        os.mkfifo(path)
    assert "Choose the file or folder that holds the labels" in refusal(path)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_that_labels_of_two_samples_are_not_taken_for_one_that_may_be_either(
    tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"labels.{form}"
    entries = {"cat/1.png": 3, "dog/1.png": 4}
    rows = "".join(f"{name},{label}\n" for name, label in entries.items())
    path.write_text(rows if form == "csv" else json.dumps(entries))
    sentence = refusal(path, FLAT)
    assert "the labels of cat/1.png and of dog/1.png both fit the sample 1.png" in sentence
    assert "Open the folder above as data" in sentence
    whole = source_of(["dog/1.png", "cat/1.png"])
    assert read_labels(str(path), whole).of_samples == (4, 3)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_that_one_label_is_not_taken_for_samples_of_two_folders(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"labels.{form}"
    path.write_text("1.png,3\n" if form == "csv" else '{"1.png": 3}')
    sentence = refusal(path, source_of(["cat/1.png", "dog/1.png"]))
    assert "the label of 1.png fits the samples cat/1.png and dog/1.png both" in sentence
    frames = source_of(["cat/1.png frame 0", "cat/1.png frame 1"])
    path.write_text("cat/1.png,3\n" if form == "csv" else '{"cat/1.png": 3}')
    assert read_labels(str(path), frames).of_samples == (3, 3)


@pytest.mark.parametrize("header", ["file,width,label", "file;width;class", "file\twidth\ty"])
def test_that_a_heading_says_which_column_holds_the_labels(tmp_path: Path, header: str) -> None:
    separator = header[4]
    lines = [header, *(separator.join(row) for row in (["1", "64", "7"], ["2", "64", "8"]))]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    assert read_labels(str(tmp_path / "labels.csv"), TWO).of_samples == (7, 8)


def test_that_a_class_has_its_number_in_a_part_of_the_data_too(tmp_path: Path) -> None:
    entries = {"1": "cat", "2": "dog", "3": "emu"}
    (tmp_path / "labels.json").write_text(json.dumps(entries))
    found = read_labels(str(tmp_path / "labels.json"), source_of(["1", "3"]))
    assert (found.of_samples, found.names) == ((0, 2), ("cat", "dog", "emu"))
    whole = source_of(["a/1.png", "b/1.png", "c/1.png"], [0, 1, 2])
    folders = read_labels("", whole.picked([0, 2]))
    assert (folders.of_samples, folders.names) == ((0, 2), ("a", "b", "c"))


def coco(**changes: Any) -> Any:
    return {
        "images": [{"id": 7, "file_name": "1.png"}, {"id": 8, "file_name": "2.png"}],
        "categories": [{"id": 9, "name": "cat"}],
        "annotations": [{"image_id": 7, "category_id": 9, "bbox": [1, 2, 3, 4]}],
    } | changes


def box(*sides: Any) -> list[dict[str, Any]]:
    return [{"image_id": 7, "category_id": 9, "bbox": list(sides)}]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (coco(images=[{"id": 7, "file_name": "1.png"}]), "dog/2.png is not among its images"),
        (
            coco(images=[{"id": 7, "file_name": "a/1.png"}, {"id": 8, "file_name": "b/1.png"}]),
            "two of its images are called 1.png",
        ),
        (coco(categories=[]), "it is no COCO file as published (KeyError(9))"),
        (coco(annotations=box(1, 2, 3)), "a box of cat/1.png is wrong"),
        (coco(annotations=box(1, 2, 3, "x")), "a box of cat/1.png is wrong"),
        (coco(annotations=box(1, 2, 3, float("nan"))), "a box of cat/1.png has no width and hei"),
        (coco(annotations=box(1, 2, -3, 4)), "a box of cat/1.png has no width and height"),
    ],
)
def test_that_boxes_that_can_not_be_meant_are_told(tmp_path: Path, data: Any, words: str) -> None:
    (tmp_path / "boxes.json").write_text(json.dumps(data))
    sentence = refusal(tmp_path / "boxes.json")
    assert words in sentence and CORRECT in sentence


def bomb() -> bytes:
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", size), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("1.png", b"", "(it is no picture of a known format)"),
        ("1.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "(it is no picture of a"),
        ("1.png", bomb(), "(it has more pixels than a photograph can have)"),
        ("1.npy", OBJECTS, "(it holds Python objects, which only pickle could read)"),
        ("1.npy", HUGE, "(it unpacks to 1000000000000 values"),
        ("1.npy", array_file([[0.5]]), "(its values are float64, not whole numbers)"),
        ("1.npy", array_file([1, 2]), "it has 1 axes, not height and width"),
    ],
)
def test_that_class_maps_that_can_not_be_read_are_told(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with little_memory(), pytest.raises(QuantscopeError) as caught:
        read_labels(str(tmp_path), FLAT)
    assert f"{name}: it" in str(caught.value) and words in str(caught.value)
    assert "Save the classes as a gray picture" in str(caught.value)


def test_that_a_class_map_of_two_samples_is_taken_for_none(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("L", (2, 2)).save(tmp_path / folder / "1.png")
    assert "the class maps a/1.png and b/1.png both fit the sample 1.png" in refusal(tmp_path, FLAT)
    assert read_labels(str(tmp_path), source_of(["b/1.png"])).kind is LabelKind.CLASS_MAP
