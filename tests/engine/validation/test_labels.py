"""Labels from every kind of file, found by the samples' names; what is wrong is a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import DataDescription, Preprocessing, Resize, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import IGNORED, Boxes, LabelKind
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from quantscope.engine.validation.labels import read_labels
from tests.engine.validation.sources import source_of

FILES = source_of(["a/2.png", "a/10.png", "b/1.png"])
ROWS = source_of(["row 4", "row 0"])


def write(folder: Path, name: str, content: Any) -> str:
    path = folder / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def test_that_class_folders_are_labels_with_names() -> None:
    found = read_labels("", source_of(["dog/1.png", "cat/2.png"], [1, 0]))
    assert (found.kind, found.of_samples, found.names) == (LabelKind.CLASS, (1, 0), ("cat", "dog"))
    assert read_labels("", ROWS).kind is LabelKind.NONE


def test_that_arrays_have_an_entry_for_each_row_or_sample(tmp_path: Path) -> None:
    numbers = np.array([7, 1, 2, 3, 9])
    assert read_labels(write(tmp_path, "a.npy", numbers), ROWS).of_samples == (9, 7)
    assert read_labels(write(tmp_path, "b.npy", numbers[:3]), FILES).of_samples == (7, 1, 2)
    column = read_labels(write(tmp_path, "c.npy", numbers[:, np.newaxis]), ROWS)
    assert (column.kind, column.of_samples) == (LabelKind.CLASS, (9, 7))
    np.savez(tmp_path / "d.npz", other=np.zeros(2), labels=numbers)
    assert read_labels(str(tmp_path / "d.npz"), ROWS).of_samples == (9, 7)
    floats = read_labels(write(tmp_path, "e.npy", np.linspace(0, 1, 10).reshape(5, 2)), ROWS)
    assert floats.kind is LabelKind.ARRAY
    np.testing.assert_allclose(floats.of_samples[0], [8 / 9, 1.0])
    maps = read_labels(write(tmp_path, "f.npy", np.ones((5, 2, 3), np.uint8)), ROWS)
    assert maps.kind is LabelKind.CLASS_MAP


def test_that_a_table_names_samples_with_or_without_folder_and_ending(tmp_path: Path) -> None:
    table = write(tmp_path, "a.csv", "file,label\na/2.png,5\n10.png,6\n1,7\n")
    assert read_labels(table, FILES).of_samples == (5, 6, 7)
    words = read_labels(write(tmp_path, "b.csv", "2,dog\n10,cat\n1,dog\n"), FILES)
    assert (words.of_samples, words.names) == ((1, 0, 1), ("cat", "dog"))
    numbers = read_labels(write(tmp_path, "c.csv", "2,0.5\n10,1\n1,2\n"), FILES)
    assert (numbers.kind, [float(each[0]) for each in numbers.of_samples]) == (
        LabelKind.ARRAY,
        [0.5, 1.0, 2.0],
    )


def test_that_an_object_may_hold_numbers_names_arrays_or_boxes(tmp_path: Path) -> None:
    names = ["2", "10", "1"]

    def labels(*entries: Any) -> Any:
        file = write(tmp_path, "a.json", dict(zip(names, entries, strict=True)))
        return read_labels(file, FILES)

    assert labels(3, 4, 5).of_samples == (3, 4, 5)
    assert labels("x", "y", "x").of_samples == (0, 1, 0)
    assert labels([1.5, 2], [0, 0], [1, 1]).kind is LabelKind.ARRAY
    box = {"box": [1, 2, 10, 20], "class": 3}
    found = labels([box], [], [box, box])
    assert found.kind is LabelKind.BOXES
    first = found.of_samples[0]
    assert isinstance(first, Boxes)
    assert first.corners.tolist() == [[1, 2, 11, 22]]
    assert [len(each.classes) for each in found.of_samples] == [1, 0, 2]


def pictures(folder: Path, resize: Resize) -> Any:
    (folder / "data").mkdir(exist_ok=True)
    for name in ("one.png", "two.png"):
        Image.new("RGB", (40, 20)).save(folder / "data" / name)
    port = Port(name="x", dtype="float32", shape=(1, 3, 10, 10))
    chain = Preprocessing(resize=resize)
    data = DataDescription(kind=SourceKind.IMAGES, path=str(folder / "data"), preprocessing=chain)
    return open_source(data, [port])


COCO = {
    "images": [{"id": 7, "file_name": "two.png"}, {"id": 8, "file_name": "x/one.png"}],
    "categories": [{"id": 9, "name": "late"}, {"id": 2, "name": "early"}],
    "annotations": [
        {"image_id": 8, "category_id": 9, "bbox": [4, 2, 20, 10], "iscrowd": 1},
    ],
}


def test_that_coco_boxes_are_brought_to_the_pixels_of_the_input(tmp_path: Path) -> None:
    file = write(tmp_path, "a.json", COCO)
    found = read_labels(file, pictures(tmp_path, Resize.STRETCH))
    assert found.names == ("early", "late")
    one, two = found.of_samples
    assert isinstance(one, Boxes)
    assert isinstance(two, Boxes)
    np.testing.assert_allclose(one.corners, [[1.0, 1.0, 6.0, 6.0]])
    assert (one.classes.tolist(), one.crowd.tolist()) == ([1], [True])
    assert len(two.classes) == 0
    with pytest.raises(QuantscopeError, match="stretched"):
        read_labels(file, pictures(tmp_path, Resize.FIT))


def test_that_a_folder_holds_a_class_map_for_each_sample(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    picture = np.array([[0, 1], [255, 2]], np.uint8)
    Image.fromarray(picture).save(tmp_path / "a" / "2.png")
    np.save(tmp_path / "10.npy", np.array([[3]], np.int32))
    Image.fromarray(picture).save(tmp_path / "1.png")
    found = read_labels(str(tmp_path), FILES)
    assert found.kind is LabelKind.CLASS_MAP
    assert np.asarray(found.of_samples[0]).tolist() == [[0, 1], [IGNORED, 2]]
    assert np.asarray(found.of_samples[1]).tolist() == [[3]]
    (tmp_path / "1.png").unlink()
    with pytest.raises(QuantscopeError, match=r"no class map for the sample b/1\.png"):
        read_labels(str(tmp_path), FILES)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "1", "labels of this kind are not known"),
        ("a.npy", "not an array", "the array can not be read"),
        ("a.npz", "not an archive", "the archive can not be read"),
        ("a.npy", np.array(["a", "b", "c"]), "not real numbers"),
        ("a.npy", np.zeros(2, int), "2 entries for 3 samples"),
        ("a.npy", np.array(5), "one value, not one for each sample"),
        ("a.npy", np.array([{}, {}, {}], object), "can not be read"),  # wants pickle: refused
        ("a.csv", "2,1\n10,2\n", r"the sample b/1\.png has no label"),
        ("a.json", "{", "it is no JSON"),
        ("a.json", [1, 2], "not an object"),
        ("a.json", {"2": 1, "10": [1], "1": "x"}, "neither class numbers"),
        ("a.json", {"2": [{"box": [1]}], "10": [], "1": []}, "a box of a/2.png is wrong"),
        ("a.json", {"images": [], "annotations": [], "categories": []}, "not among its images"),
        ("a.json", {"images": [{}], "annotations": [], "categories": []}, "no COCO file"),
    ],
)
def test_that_what_is_wrong_is_a_sentence(
    tmp_path: Path, name: str, content: Any, words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words) as refused:
        read_labels(write(tmp_path, name, content), FILES)
    assert refused.value.problem.remedy


def test_that_bytes_that_are_no_text_and_pictures_that_are_none_are_sentences(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(QuantscopeError, match="can not be read as text"):
        read_labels(str(tmp_path / "a.csv"), FILES)
    with pytest.raises(QuantscopeError, match="nothing at this path"):
        read_labels(str(tmp_path / "nowhere.csv"), FILES)
    (tmp_path / "maps").mkdir()
    for name in ("2.png", "10.png", "1.png"):
        Image.new("RGB", (2, 2)).save(tmp_path / "maps" / name)
    with pytest.raises(QuantscopeError, match="its mode is RGB"):
        read_labels(str(tmp_path / "maps"), FILES)
    for name in ("2.png", "10.png", "1.png"):
        (tmp_path / "maps" / name).write_bytes(b"no picture")
    with pytest.raises(QuantscopeError, match="can not be read"):
        read_labels(str(tmp_path / "maps"), FILES)
    for name in ("2", "10", "1"):
        (tmp_path / "maps" / f"{name}.png").unlink()
        np.save(tmp_path / "maps" / f"{name}.npy", np.zeros((2, 2, 2), int))
    with pytest.raises(QuantscopeError, match="3 axes"):
        read_labels(str(tmp_path / "maps"), FILES)
