"""Members and arrays that are missing or cannot be are refused, and take no memory."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.session.archives import (
    Edit,
    array_in,
    edited,
    members_of,
    pack,
    refusal_of_calibration,
    refusal_of_session,
    with_array,
)


def test_that_every_missing_member_is_named(tmp_path: Path, calibration_bytes: bytes) -> None:
    members = members_of(calibration_bytes)
    for name in members:
        rest = pack({other: members[other] for other in members if other != name})
        assert f"{name} is missing from it" in refusal_of_calibration(rest, tmp_path)


def test_that_a_session_without_its_document_is_refused(
    tmp_path: Path, calibration_bytes: bytes
) -> None:
    sentence = refusal_of_session(calibration_bytes, tmp_path)
    assert "session.json is missing from it" in sentence


ARRAYS: list[tuple[str, np.ndarray, str]] = [
    ("buckets.npy", np.array([{"a": 1}], dtype=object), "is not an array of uint16"),
    ("buckets.npy", np.zeros(3, np.float64), "is not an array of uint16"),
    ("buckets.npy", np.zeros((2, 2), np.uint16), "does not hold 5 lists"),
    ("buckets_offsets.npy", np.zeros(6, np.int64), "does not hold 5 lists"),
    ("buckets_offsets.npy", np.zeros(3, np.int64), "does not hold 5 lists"),
    ("values_1.npy", np.zeros((4, 4), np.float32), "another shape"),
    ("values_1.npy", np.asfortranarray(np.zeros((2, 3), np.float32)), "is not an array"),
    ("answers.npy", np.zeros((1, 6), np.int64), "does not hold 1 lists"),
    ("answer_errors.npy", np.full((40, 5), np.nan), "derived types are malformed"),
]


@pytest.mark.parametrize(("member", "array", "sentence"), ARRAYS)
def test_that_a_wrong_array_is_refused(
    tmp_path: Path, calibration_bytes: bytes, member: str, array: np.ndarray, sentence: str
) -> None:
    content = with_array(calibration_bytes, member, array)
    assert sentence in refusal_of_calibration(content, tmp_path)


def _set(member: str, place: Any, value: float) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        array = array_in(content, member).copy()
        array[place] = value
        return with_array(content, member, array)

    return apply


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (_set("counts.npy", 0, -1), "do not fit together"),
        (_set("counts.npy", 0, 0), "do not fit together"),
        (_set("buckets.npy", 0, 65_535), "do not fit together"),
        (_set("counts_offsets.npy", 1, 0), "do not fit together"),
        (_set("distinct_values.npy", 0, np.inf), "do not fit together"),
        (_set("buckets_offsets.npy", 1, 10**12), "does not hold 5 lists"),
        (_set("answers.npy", (0, 0), 99), "derived types are malformed"),
        (_set("answers.npy", (0, 0), -1), "derived types are malformed"),
        (_set("answers.npy", (0, 1), 3), "derived types are malformed"),
        (_set("answers.npy", (0, 2), 99), "derived types are malformed"),
        (_set("answer_tensors.npy", 0, 99), "derived types are malformed"),
        (_set("answer_tensors.npy", 0, -1), "derived types are malformed"),
        (_set("answer_errors.npy", (0, 0), np.nan), "derived types are malformed"),
    ],
)
def test_that_counts_and_types_that_cannot_be_are_refused(
    tmp_path: Path,
    calibration_bytes: bytes,
    edit: Callable[[bytes], bytes],
    sentence: str,
) -> None:
    assert sentence in refusal_of_calibration(edit(calibration_bytes), tmp_path)


@pytest.mark.parametrize("start", [b"\x93NUMPY\x01\x00", b"\x93NUMPY\x03\x00", b"nonsense"])
def test_that_a_malformed_array_header_is_refused(
    tmp_path: Path, calibration_bytes: bytes, start: bytes
) -> None:
    members = members_of(calibration_bytes) | {"counts.npy": start + b"\xff" * 40}
    assert "counts.npy is not an array" in refusal_of_calibration(pack(members), tmp_path)


def test_that_an_array_that_claims_to_be_huge_takes_no_memory(
    tmp_path: Path, calibration_bytes: bytes
) -> None:
    stream = io.BytesIO()
    header = {"descr": "<i8", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(stream, header)
    members = members_of(calibration_bytes) | {"counts.npy": stream.getvalue()}
    assert "of the size it states" in refusal_of_calibration(pack(members), tmp_path)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda data: data["tensors"].append(data["tensors"][0]), "describes one tensor twice"),
        (
            lambda data: data["tensors"][0]["minimum"].update(sample=2),
            "an extreme of a sample that it does not have",
        ),
        (lambda data: data["tensors"][1].update(channel_axis=4), "a channel axis"),
        (lambda data: data["tensors"][1].update(channel_axis=-1), "a channel axis"),
        (lambda data: data["tensors"][1].update(shape=["a"]), "header.json is malformed"),
        (lambda data: data["migration"].update(x=[1, 200]), "more than a float holds"),
        (lambda data: data["migration"].update(x=[1, 0.5]), "header.json is malformed"),
    ],
)
def test_that_a_calibration_that_contradicts_itself_is_refused(
    tmp_path: Path, calibration_bytes: bytes, edit: Edit, sentence: str
) -> None:
    def apply(data: Any) -> None:
        edit(data)

    content = edited(calibration_bytes, "header.json", apply)
    assert sentence in refusal_of_calibration(content, tmp_path)
