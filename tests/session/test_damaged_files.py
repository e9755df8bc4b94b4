"""A file from a stranger is one sentence that names it, and never a crash or a flood."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.errors import QuantscopeError
from quantscope.session import archive as archive_module
from quantscope.session.calibration_file import read_calibration
from quantscope.session.session_file import load_session
from tests.session.archives import (
    Edit,
    edited,
    members_of,
    pack,
    refusal_of_calibration,
    refusal_of_session,
)
from tests.session.examples import small_calibration

# ---- archives ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06", b"PK\x03\x04" + bytes(40)])
def test_that_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is not a complete zip archive" in refusal_of_session(content, tmp_path)
    assert "is not a complete zip archive" in refusal_of_calibration(content, tmp_path)


def test_that_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuantscopeError, match=r"none\.qscope: cannot be read \(No such file"):
        load_session(tmp_path / "none.qscope")


def test_that_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuantscopeError, match="cannot be read"):
        load_session(tmp_path)


@given(share=st.floats(0.0, 1.0, exclude_max=True))
def test_that_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path_factory: pytest.TempPathFactory, session_bytes: bytes, share: float
) -> None:
    part = session_bytes[: int(len(session_bytes) * share)]
    assert refusal_of_session(part, tmp_path_factory.mktemp("part"))


@given(place=st.floats(0.0, 1.0, exclude_max=True), mask=st.integers(1, 255))
def test_that_a_flipped_byte_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, calibration_bytes: bytes, place: float, mask: int
) -> None:
    damaged = bytearray(calibration_bytes)
    damaged[int(len(damaged) * place)] ^= mask
    path = tmp_path_factory.mktemp("flipped") / "a.npz"
    path.write_bytes(damaged)
    expected = small_calibration()
    with contextlib.suppress(QuantscopeError):
        back = read_calibration(path)
        kept = dict(back.statistics)
        assert back.derived == expected.derived
        assert all(kept[n].histogram == s.histogram for n, s in expected.statistics.items())


@pytest.mark.parametrize(
    "name", ["../session.json", "/etc/passwd", "calibration/../../x", "a\\..\\b", "C:evil"]
)
def test_that_a_member_whose_name_leads_out_is_refused(
    tmp_path: Path, session_bytes: bytes, name: str
) -> None:
    content = pack(members_of(session_bytes) | {name: b"x"})
    assert "has a name that leads out of the archive" in refusal_of_session(content, tmp_path)


def test_that_compressed_members_are_refused_however_little_they_take(tmp_path: Path) -> None:
    content = pack({"session.json": b" " * 10_000_000}, zipfile.ZIP_DEFLATED)
    assert len(content) < 20_000
    assert "is compressed, which Quantscope never does" in refusal_of_session(content, tmp_path)


def test_that_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("session.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("session.json", "{}")
    assert "two members of the same name" in refusal_of_session(stream.getvalue(), tmp_path)


def test_that_an_encrypted_member_is_refused(tmp_path: Path, session_bytes: bytes) -> None:
    content = bytearray(session_bytes)
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted" in refusal_of_session(bytes(content), tmp_path)


def test_that_members_larger_than_the_file_are_refused(
    tmp_path: Path, session_bytes: bytes
) -> None:
    content = bytearray(session_bytes)
    place = content.index(b"PK\x01\x02")
    content[place + 20 : place + 28] = (2**31).to_bytes(4, "little") * 2
    assert "larger than the file" in refusal_of_session(bytes(content), tmp_path)


def test_that_a_member_that_lies_behind_the_end_is_refused(
    tmp_path: Path, session_bytes: bytes
) -> None:
    content = bytearray(session_bytes)
    place = content.index(b"PK\x01\x02") + 42
    content[place : place + 4] = (len(content) + 9).to_bytes(4, "little")
    assert refusal_of_session(bytes(content), tmp_path)


def test_that_too_much_json_is_refused_before_it_is_read(
    tmp_path: Path, session_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "MOST_JSON_BYTES", 2**20)
    content = pack(members_of(session_bytes) | {"session.json": b" " * (2**20 + 1)})
    assert "session.json is larger than 1 MB" in refusal_of_session(content, tmp_path)


# ---- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"{'a': 1}"])
def test_that_what_is_no_json_is_refused(tmp_path: Path, session_bytes: bytes, text: bytes) -> None:
    content = pack(members_of(session_bytes) | {"session.json": text})
    assert "session.json is not valid JSON" in refusal_of_session(content, tmp_path)


@pytest.mark.parametrize("version", [None, "1", 0, -1, 1.5, [1]])
def test_that_a_file_without_a_format_version_is_refused(
    tmp_path: Path, session_bytes: bytes, version: object
) -> None:
    content = edited(session_bytes, "session.json", lambda data: data | {"version": version})
    assert "states no format version" in refusal_of_session(content, tmp_path)


@pytest.mark.parametrize("member", ["session.json", "calibration/header.json"])
def test_that_a_newer_format_is_refused_with_the_advice_to_update(
    tmp_path: Path, session_bytes: bytes, member: str
) -> None:
    content = edited(session_bytes, member, lambda data: data | {"version": 2})
    sentence = refusal_of_session(content, tmp_path)
    assert f"{member} is of format version 2, and this program reads up to 1" in sentence
    assert "newer Quantscope" in sentence


@pytest.mark.parametrize("data", [[], 1, "text", None])
def test_that_json_of_another_kind_is_refused(
    tmp_path: Path, session_bytes: bytes, data: object
) -> None:
    members = members_of(session_bytes) | {"session.json": json.dumps(data).encode()}
    assert "states no format version" in refusal_of_session(pack(members), tmp_path)


WRONG_ENTRIES: list[Edit] = [
    lambda data: data.pop("document"),
    lambda data: data.update(document=3),
    lambda data: data["document"].update(settings=[]),
    lambda data: data["document"]["settings"].update(scheme="guess"),
    lambda data: data["document"]["settings"].update(scheme={}),
    lambda data: data["document"]["settings"].update(word_length="8"),
    lambda data: data["document"]["settings"].update(float_layers=[{}]),
    lambda data: data["document"]["settings"]["pinned"].update(
        b={"class": "FixedPoint"} | {"word_length": 10**30}
    ),
    lambda data: data["document"]["settings"]["pinned"].update(c={"class": "Scaled", "scale": 0}),
    lambda data: data["document"]["data"]["preprocessing"].update(std=[0.0]),
    lambda data: data["network"].update(layers={}),
    lambda data: data["network"]["layers"][1].update(inputs=7),
    lambda data: data.update(report_fits="yes"),
]


@pytest.mark.parametrize("edit", WRONG_ENTRIES)
def test_that_a_wrong_entry_is_refused(tmp_path: Path, session_bytes: bytes, edit: Edit) -> None:
    def apply(data: Any) -> None:
        edit(data)

    content = edited(session_bytes, "session.json", apply)
    assert "session.json is malformed" in refusal_of_session(content, tmp_path)


CONTRADICTIONS: list[tuple[Edit, str]] = [
    (lambda data: data["document"]["settings"].update(target="abacus"), "target 'abacus'"),
    (lambda data: data["report_settings"].update(target="abacus"), "target 'abacus'"),
    (lambda data: data["document"]["settings"].update(word_length=7), "word lengths"),
    (lambda data: data["network"]["tensors"].pop("w"), "does not describe"),
    (lambda data: data["network"]["tensors"]["w"].update(layer="other"), "does not describe"),
    (lambda data: data["network"]["layers"][1].update(weights=None), "does not describe"),
    (lambda data: data["network"]["layers"][1].update(inputs=[]), "does not describe"),
    (lambda data: data["network"]["layers"][1].update(bias="c"), "do not fit its network"),
]


@pytest.mark.parametrize(("edit", "sentence"), CONTRADICTIONS)
def test_that_a_session_that_contradicts_itself_is_refused(
    tmp_path: Path, session_bytes: bytes, edit: Edit, sentence: str
) -> None:
    def apply(data: Any) -> None:
        edit(data)
        data["document"]["settings"]["pinned"] = {}

    content = edited(session_bytes, "session.json", apply)
    assert sentence in refusal_of_session(content, tmp_path)


def test_that_unknown_entries_of_the_same_format_are_passed_over(
    tmp_path: Path, session_bytes: bytes
) -> None:
    path = tmp_path / "newer.qscope"
    path.write_bytes(edited(session_bytes, "session.json", lambda d: d | {"mood": "good"}))
    assert load_session(path).document.settings.pinned


@pytest.mark.parametrize("model", ["/nul\0", "/" + "x" * 10_000])
def test_that_paths_that_no_system_takes_are_missing_and_no_crash(
    tmp_path: Path, session_bytes: bytes, model: str
) -> None:
    def edit(data: Any) -> None:
        data["document"]["model"] = model
        data["near_model"] = "../" * 5_000 + "nul\0"

    path = tmp_path / "odd.qscope"
    path.write_bytes(edited(session_bytes, "session.json", edit))
    assert len(load_session(path).missing) == 1
