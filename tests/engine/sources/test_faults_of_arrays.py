"""Array files that are damaged, lie about themselves, want pickle or hold no samples."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantscope.core.data.description import SourceKind
from quantscope.core.networks.network import Port
from quantscope.engine.sources import array_format
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import X, Y, data_of, little_memory, told

ONE, MANY, FOLDER = SourceKind.NPY, SourceKind.NPZ, SourceKind.NPZ_FOLDER
KINDS = [ONE, MANY, FOLDER]
GOOD = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
MILLIONS = 10**12


def array_file(values: Any, pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(values), allow_pickle=pickle)
    return stream.getvalue()


def header(text: str, version: bytes = b"\1\0") -> bytes:
    """The begin of an array file whose header is ``text``."""
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text.encode()


def promise(*shape: int | bool, descr: str = "<f4", columns_first: bool = False) -> bytes:
    """An array file of a few bytes that says it has this shape."""
    text = repr({"descr": descr, "fortran_order": columns_first, "shape": shape})
    return header(text) + bytes(96)


def place(folder: Path, kind: SourceKind, content: bytes) -> Path:
    """``content`` as the array of input x, in data of ``kind``."""
    if kind is ONE:
        (folder / "x.npy").write_bytes(content)
        return folder / "x.npy"
    with zipfile.ZipFile(folder / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return folder / "x.npz" if kind is MANY else folder


def refusal(folder: Path, kind: SourceKind, content: bytes, *inputs: Port) -> str:
    data = data_of(kind, place(folder, kind, content))
    with little_memory():
        return told(data, *inputs, name="x.npy" if kind is ONE else "x.npz")


UNREADABLE = {
    "it is empty": [b""],
    "it is no array as numpy writes it, but something else": [
        b"hello, world",
        b"\x89PNG\r\n\x1a\n",
    ],
    "it is no array as numpy writes it, but an archive (.npz)": [b"PK\3\4 and so on"],
    "it ends in the middle of its header": [b"\x93NUM", b"\x93NUMPY\1\0", array_file(GOOD)[:40]],
    "it ends in the middle of an array": [array_file(GOOD)[:-5], array_file(GOOD.T)[:-5]],
    "its header is damaged": [
        promise(-4, 2, 3),
        promise(4, -2, -3),
        promise(True, 2, 3),
        promise(4, 2, 3, descr="zz"),
        header("[1, 2]"),
        header("{[]: 1}"),
        header("(" * 3000),
        header("{'descr': '''"),
        header("-" * 9000 + "1"),
        header("__import__('os').abort()"),
        header("{" + " " * 20000 + "}"),
        array_file(GOOD).replace(b"fortran", b"fo\xffran"),
    ],
    "which only pickle could read": [array_file(np.array([{}, None], object), pickle=True)],
    "it holds text (<U1), not real numbers": [array_file([["a", "b"]])],
    "it holds text (|S2), not real numbers": [array_file([b"ab"])],
    "it holds complex numbers (complex64), not real numbers": [array_file(GOOD + 1j)],
    "it holds dates (datetime64[s]), not real numbers": [array_file(np.zeros(4, "M8[s]"))],
    "it holds records, not numbers": [
        array_file(np.zeros(3, [("a", "f4")])),
        promise(MILLIONS, descr="|V0"),
        header("{}", b"\3\0"),
    ],
    "it has the version 9.0, which numpy does not know": [header("{}", b"\x09\0")],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("why", "content"), [(why, content) for why, all_ in UNREADABLE.items() for content in all_]
)
def test_that_a_file_that_is_no_array_of_numbers_is_told(
    tmp_path: Path, kind: SourceKind, why: str, content: bytes
) -> None:
    sentence = refusal(tmp_path, kind, content)
    assert f"the file can't be read ({why})" in sentence or f"{why})" in sentence
    assert "Save the arrays again with numpy.save or numpy.savez, as plain numbers" in sentence


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        (ONE, promise(MILLIONS, 2, 3), "it ends in the middle of an array"),
        (MANY, promise(MILLIONS, 2, 3), "it holds 1,000,000,000,000 samples, and 10,000,000 can"),
        (FOLDER, promise(MILLIONS, 2, 3), "it unpacks to 1000000000000x2x3 values, more than one"),
        (ONE, promise(MILLIONS, 0), "it holds 1,000,000,000,000 samples"),
        (MANY, promise(MILLIONS, 0), "it holds 1,000,000,000,000 samples"),
        (MANY, promise(2, MILLIONS), "a row has 1000000000000 values, more than one sample"),
        (MANY, promise(2**62, 2**62), "samples, and 10,000,000 can be taken"),
        (MANY, promise(4, 2**40, columns_first=True), "stored column by column"),
        (FOLDER, promise(4, 2**40, columns_first=True), "more than one sample can have"),
    ],
)
def test_that_a_header_that_promises_too_much_takes_neither_time_nor_memory(
    tmp_path: Path, kind: SourceKind, content: bytes, why: str
) -> None:
    assert why in refusal(tmp_path, kind, content)


@pytest.mark.parametrize("kind", [MANY, FOLDER])
@pytest.mark.parametrize("columns_first", [False, True])
def test_that_an_archive_of_a_few_kilobytes_is_not_unpacked_to_gigabytes(
    tmp_path: Path, kind: SourceKind, columns_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_format, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr("quantscope.engine.sources.arrays.MOST_BYTES", 1 << 20)
    start = promise(1, 16 << 20, descr="|u1", columns_first=columns_first)[:-96]
    content = start + bytes(16 << 20)
    data = data_of(kind, place(tmp_path, kind, content))
    assert (tmp_path / "x.npz").stat().st_size < 1 << 16
    with little_memory(12 << 20):
        told(data, name="x.npz")


NO_SAMPLES = "the array for the input `x` holds no samples. Save the samples along the first"
LEADING = "one sample of nx2x3 has a leading axis of 1"


@pytest.mark.parametrize(
    ("values", "rows", "alone"),
    [
        (np.zeros((0, 2, 3), np.float32), NO_SAMPLES, LEADING),
        (np.float32(3), NO_SAMPLES, "gives a single value float32"),
        (np.zeros((4, 6)), "gives 6 float64. Save each sample with the shape 2x3", "gives 4x6"),
        (np.zeros((1, 3, 2)), "the input wants nx2x3 float32 and the sample gives 3x2", "1x3x2"),
        (np.full((1, 2, 3), np.nan), "the data holds 6 NaN. Repair or remove", "6 NaN"),
        (np.full((1, 2, 3), -np.inf), "the data holds 6 infinite values", "6 infinite values"),
        (np.full((1, 2, 3), 1e39), "some values are too large for float32 (up to 1e+39)", "1e+39"),
    ],
)
def test_that_arrays_that_do_not_fit_are_told(
    tmp_path: Path, values: np.ndarray, rows: str, alone: str
) -> None:
    for kind, words in zip(KINDS, (rows, rows, alone), strict=True):
        assert words in refusal(tmp_path, kind, array_file(values))
        (tmp_path / "x.npz").unlink(missing_ok=True)


def damaged(folder: Path, how: str) -> Path:
    path = folder / "x.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(4, 2, 3)))
    content = bytearray(path.read_bytes())
    match how:
        case "password":
            content[6] = content[content.index(b"PK\1\2") + 8] = 1
        case "packed strangely":
            content[8] = content[content.index(b"PK\1\2") + 10] = 99
        case "flipped":
            content[80] ^= 0xFF
        case "cut off":
            del content[-40:]
        case "text":
            content = bytearray(b"this is no archive")
        case "empty":
            content = bytearray()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "how", ["password", "packed strangely", "flipped", "cut off", "text", "empty"]
)
@pytest.mark.parametrize("kind", [MANY, FOLDER])
def test_that_a_damaged_archive_is_told(tmp_path: Path, kind: SourceKind, how: str) -> None:
    path = damaged(tmp_path, how)
    sentence = told(data_of(kind, path if kind is MANY else tmp_path), name="x.npz")
    assert "x.npz: the file can't be read (" in sentence


@pytest.mark.parametrize("kind", [MANY, FOLDER])
def test_that_names_that_are_no_inputs_are_told_and_of_many_the_first(
    tmp_path: Path, kind: SourceKind
) -> None:
    np.savez(tmp_path / "x.npz", **{f"a{number}": GOOD for number in range(300)})
    path = tmp_path / "x.npz" if kind is MANY else tmp_path
    sentence = told(data_of(kind, path), X, Y, name="x.npz")
    assert "no array for the input `x`, `y`; it has `a0`, `a1`, " in sentence
    assert "and 288 more. Save one array under the name of each input" in sentence


def test_that_one_bad_row_among_good_ones_can_be_skipped(tmp_path: Path) -> None:
    values = GOOD.copy()
    values[2, 0, 0] = np.nan
    np.save(tmp_path / "x.npy", values)
    data = data_of(ONE, tmp_path / "x.npy", skip_unreadable=1)
    assert open_source(data, [X]).skipped == ("row 2",)
    values[:] = np.nan
    np.save(tmp_path / "x.npy", values)
    assert "row 0, input `x`: the data holds 6 NaN; 2 samples can't be read, and 1 may" in told(
        data, name="x.npy"
    )
    many = data_of(ONE, tmp_path / "x.npy", skip_unreadable=9)
    assert "none of the 4 samples can be read. Repair or remove" in told(many, name="x.npy")
