"""A file is written completely or not at all."""

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.session import atomic
from quantscope.session.atomic import atomic_writer, reaching_disk
from quantscope.session.steps import Steps, finish


class WriteError(Exception):
    """Stands for anything that goes wrong while a file is written."""


def test_that_the_name_holds_the_old_content_until_the_new_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    with atomic_writer(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_that_the_disk_takes_a_large_file_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "OFTEN", 100)
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))

    def writing(file: BinaryIO) -> Steps[None]:
        for _ in range(10):
            file.write(b"x" * 30)
            yield

    with atomic_writer(tmp_path / "large") as file:
        finish(reaching_disk(file, writing(file)))
    assert sizes == [120, 240, 300]
    assert (tmp_path / "large").read_bytes() == b"x" * 300


@pytest.mark.parametrize("error", [WriteError, KeyboardInterrupt])
def test_that_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "kept"
    path.write_text("old")

    def write_half() -> None:
        with atomic_writer(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_full_disk_is_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"

    def fill_the_disk() -> None:
        with atomic_writer(path):
            raise OSError(28, "No space left on device")

    with pytest.raises(QuantscopeError, match=r"kept: cannot be written \(No space left"):
        fill_the_disk()
    assert list(tmp_path.iterdir()) == []


def test_that_a_missing_folder_is_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(QuantscopeError, match=r"nowhere.a\.npz: cannot be written"),
        atomic_writer(tmp_path / "nowhere" / "a.npz"),
    ):
        pytest.fail("there is nothing to write to")


def test_that_a_folder_in_the_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with (
        pytest.raises(QuantscopeError, match="cannot be written"),
        atomic_writer(tmp_path / "taken") as file,
    ):
        file.write(b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_that_a_folder_without_permission_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with (
            pytest.raises(QuantscopeError, match="Permission denied"),
            atomic_writer(tmp_path / "a"),
        ):
            pytest.fail("there is nothing to write to")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_that_a_new_file_can_be_read_by_those_who_read_any_new_file(tmp_path: Path) -> None:
    usual, written = tmp_path / "usual", tmp_path / "written"
    usual.touch()
    with atomic_writer(written):
        pass
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_that_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.touch()
    path.chmod(0o640)
    with atomic_writer(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
