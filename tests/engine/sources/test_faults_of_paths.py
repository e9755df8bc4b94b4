"""Whatever lies at a path or in a folder: nothing hangs, and each kind of data says what it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantscope.core.data.description import SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.engine.sources import listing
from quantscope.engine.sources.opening import guess_source, open_source
from tests.engine.sources.faults import INPUT, PICTURE, X, data_of, told

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other faults")
KINDS = [kind for kind in SourceKind if kind is not SourceKind.RANDOM]
FOLDERS = [
    (SourceKind.IMAGES, ".png", "hold no pictures"),
    (SourceKind.NPZ_FOLDER, ".npz", "hold no .npz files"),
    (SourceKind.WAV, ".wav", "hold no .wav files"),
    (SourceKind.PROTOBUF, ".pb", "there are no test_data_set_* folders"),
]
ODD_NAMES = ["a\nb", "ü 漢", "\udcff", "-x", "a\tb", "red\x1b[31m", "a b", "%s{}"]


def at(fault: str, folder: Path) -> str:
    """A path with ``fault``."""
    place = folder / "there"
    if fault == "below a file":
        place.write_bytes(b"")
    if fault == "pipe":
        os.mkfifo(place)
    if fault == "loop":
        place.symlink_to(place)
    others = {
        "nothing": "",
        "below a file": str(place / "more"),
        "too long": str(folder / ("x" * 300)),
        "no name": "\0",
        "device": "/dev/zero",
    }
    return others.get(fault, str(place))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("nothing", "no path is given"),
        ("missing", "there is nothing at this path"),
        ("below a file", "there is nothing at this path"),
        ("too long", "the path leads nowhere (file name too long)"),
        ("no name", "the path leads nowhere (embedded null byte)"),
        ("device", "neither a file nor a folder"),
        ("pipe", "neither a file nor a folder"),
        ("loop", "the path leads nowhere (too many levels of symbolic links)"),
    ],
)
def test_that_a_path_that_leads_to_no_data_is_told(
    tmp_path: Path, kind: SourceKind, fault: str, sentence: str
) -> None:
    path = at(fault, tmp_path)
    where = "data" if not path else Path(path).name
    refusal = told(data_of(kind, path), name=where)
    assert sentence in refusal
    assert "Choose the file or folder that holds the calibration data" in refusal
    with pytest.raises(QuantscopeError) as caught:
        guess_source(path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_that_an_empty_folder_is_told_by_each_kind(tmp_path: Path, kind: SourceKind) -> None:
    sentence = told(data_of(kind, tmp_path))
    expected = {kind: words for kind, _, words in FOLDERS}.get(kind, "this is a folder, and the")
    assert expected in sentence
    assert "Choose" in sentence


@pytest.mark.parametrize("kind", [SourceKind.NPZ_FOLDER, SourceKind.PROTOBUF])
def test_that_a_file_in_place_of_a_folder_is_told(tmp_path: Path, kind: SourceKind) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "this is a file, and the data is said to be a folder" in told(
        data_of(kind, tmp_path / "file")
    )


@pytest.mark.parametrize(("kind", "ending", "words"), FOLDERS[:3])
def test_that_pipes_and_folders_that_are_called_like_data_are_passed_over(
    tmp_path: Path, kind: SourceKind, ending: str, words: str
) -> None:
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"link{ending}").symlink_to(tmp_path / f"pipe{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    assert words in told(data_of(kind, tmp_path))


@pytest.mark.parametrize(("kind", "ending", "words"), FOLDERS[:3])
def test_that_a_link_that_leads_nowhere_is_told_when_it_is_read(
    tmp_path: Path, kind: SourceKind, ending: str, words: str
) -> None:
    (tmp_path / f"gone{ending}").symlink_to(tmp_path / "nothing")
    name = f"gone{ending}"
    assert "(no such file or directory)" in told(data_of(kind, tmp_path), name=name)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(tmp_path / name)
    assert "(too many levels of symbolic links)" in told(data_of(kind, tmp_path), name=name)


def test_that_a_folder_that_links_to_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    Image.new("RGB", (6, 4)).save(tmp_path / "a" / "b" / "0.png")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a" / "b")
    assert len(open_source(data_of(SourceKind.IMAGES, tmp_path), [PICTURE])) == 1


def test_that_a_folder_that_may_not_be_read_is_told_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    Image.new("RGB", (6, 4)).save(tmp_path / "open" / "0.png")
    scan = os.scandir

    def scandir(place: Path) -> object:
        if place.name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(listing.os, "scandir", scandir)
    sentence = told(data_of(SourceKind.IMAGES, tmp_path), name="closed")
    assert "the folder can't be read (permission denied)" in sentence


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize(("kind", "ending", "words"), FOLDERS[:2])
def test_that_files_may_be_called_as_they_like(
    tmp_path: Path, kind: SourceKind, ending: str, words: str, name: str
) -> None:
    path = tmp_path / f"{name}{ending}"
    if kind is SourceKind.IMAGES:
        Image.new("RGB", (6, 4)).save(path)
    else:
        np.savez(path, x=np.zeros((2, 3), np.float32))
    source = open_source(data_of(kind, tmp_path, shuffle=3), [INPUT.get(kind, X)])
    assert source.names == (path.name,)
    assert len(list(source)) == 1
    path.write_bytes(b"")
    sentence = told(data_of(kind, tmp_path), name=path.name)
    assert "\n" not in sentence and "\x1b" not in sentence
    assert sentence.encode()  # no bytes that are no letters
