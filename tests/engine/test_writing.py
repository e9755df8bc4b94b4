"""Results are written whole or not at all, and never onto their source."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.engine import writing
from quantscope.engine.model.opening import open_model
from quantscope.engine.writing import check_target, save_model, write_atomically
from tests.engine import models


def _hello(path: Path) -> None:
    path.write_text("hello")


def _refused(path: Path, **options: Any) -> str:
    with pytest.raises(QuantscopeError) as caught:
        write_atomically(path, _hello, **options)
    return str(caught.value)


def _run(path: Path) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return list(session.run(None, models.samples(models.residual_net(), 1)[0]))


def _with_external_data(folder: Path) -> Path:
    path = folder / "outside.onnx"
    onnx.save(
        models.residual_net(), path, save_as_external_data=True, location="w.bin", size_threshold=64
    )
    return path


def test_that_a_file_appears_under_its_name_and_nothing_else_does(tmp_path: Path) -> None:
    written = write_atomically(tmp_path / "a.txt", _hello)
    assert written.read_text() == "hello"
    assert list(tmp_path.iterdir()) == [written]


def test_that_the_passing_name_keeps_the_ending(tmp_path: Path) -> None:
    seen: list[Path] = []
    write_atomically(tmp_path / "a.png", seen.append)
    assert seen[0].suffix == ".png" and seen[0].parent == tmp_path


def test_that_an_existing_file_stays_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    sentence = _refused(path)
    assert sentence == (
        f"{path}: the file exists already. Choose another name, or allow it to be overwritten."
    )
    assert path.read_text() == "old"
    write_atomically(path, _hello, overwrite=True)
    assert path.read_text() == "hello"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_that_a_file_keeps_its_mode_and_a_new_one_gets_the_usual_mode(tmp_path: Path) -> None:
    path, usual = tmp_path / "a.txt", tmp_path / "usual.txt"
    usual.write_text("")
    write_atomically(path, _hello)
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    write_atomically(path, _hello, overwrite=True)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_that_the_source_is_never_overwritten_under_any_of_its_names(tmp_path: Path) -> None:
    source = tmp_path / "model.onnx"
    source.write_text("source")
    (tmp_path / "sub").mkdir()
    soft, hard = tmp_path / "soft.onnx", tmp_path / "hard.onnx"
    soft.symlink_to(source)
    hard.hardlink_to(source)
    for path in (source, soft, hard, tmp_path / "sub" / ".." / "model.onnx"):
        sentence = _refused(path, sources=[source], overwrite=True)
        assert str(path) in sentence and "Choose another name" in sentence
    assert source.read_text() == "source"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_that_a_link_is_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    assert write_atomically(link, _hello, overwrite=True) == real.resolve()
    assert link.is_symlink() and real.read_text() == "hello"


def test_that_folders_and_missing_folders_are_named(tmp_path: Path) -> None:
    assert "this is a folder. Add a file name" in _refused(tmp_path)
    sentence = _refused(tmp_path / "none" / "a.txt")
    assert f"the folder {tmp_path / 'none'} does not exist. Make the folder first" in sentence
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX places")
def test_that_only_files_are_replaced() -> None:
    assert "this is not a file" in _refused(Path("/dev/null"), overwrite=True)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EROFS, "it may not be written there. Choose a folder that you may write to"),
        (errno.EIO, "it cannot be written (Input/output error). Choose another name or folder"),
    ],
)
def test_that_a_failing_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, number: int, words: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(passing: Path) -> None:
        passing.write_text("half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(QuantscopeError) as caught:
        write_atomically(path, fail, overwrite=True)
    assert str(path) in str(caught.value) and words in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_an_unwritable_folder_is_refused_before_work_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who may all
    with pytest.raises(QuantscopeError, match="may not be written there. Choose a folder"):
        check_target(tmp_path / "a.onnx")


def test_that_a_cancelled_write_leaves_nothing(tmp_path: Path) -> None:
    def cancel(passing: Path) -> None:
        passing.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.txt", cancel)
    assert not list(tmp_path.iterdir())


def test_that_a_file_made_by_someone_else_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"

    def slow(passing: Path) -> None:
        passing.write_text("mine")
        path.write_text("theirs")

    with pytest.raises(QuantscopeError, match="exists already"):
        write_atomically(path, slow)
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_that_impossible_names_are_refused(tmp_path: Path, name: str) -> None:
    assert "Choose another name or folder" in _refused(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_that_a_saved_model_computes_the_same_and_has_the_same_bytes_each_time(
    tmp_path: Path,
) -> None:
    path = models.save(models.residual_net(), tmp_path)
    opened = open_model(path)
    (first,) = save_model(opened.model, tmp_path / "first.onnx", sources=opened.files)
    (second,) = save_model(opened.model, tmp_path / "second.onnx", sources=opened.files)
    assert first.read_bytes() == second.read_bytes()
    assert (_run(first)[0] == _run(path)[0]).all()


def test_that_an_old_model_with_weights_among_its_inputs_can_be_saved(tmp_path: Path) -> None:
    path = models.save(models.old_style_net(), tmp_path)
    (saved,) = save_model(open_model(path).model, tmp_path / "saved.onnx")
    model = onnx.load(saved)
    onnx.checker.check_model(model)
    assert [value.name for value in model.graph.input] == ["x"]
    onnxruntime.InferenceSession(saved, providers=["CPUExecutionProvider"])


def test_that_external_weights_are_copied_into_a_small_model(tmp_path: Path) -> None:
    opened = open_model(_with_external_data(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (saved,) = save_model(opened.model, tmp_path / "elsewhere" / "one.onnx", sources=opened.files)
    assert [path.name for path in saved.parent.iterdir()] == ["one.onnx"]
    assert (_run(saved)[0] == _run(opened.path)[0]).all()
    still = opened.model.graph.initializers["conv1.weight"].const_value
    assert isinstance(still, ir.ExternalTensor)


def test_that_a_large_model_gets_its_data_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "INLINE_LIMIT", 100)
    opened = open_model(_with_external_data(tmp_path))
    out = tmp_path / "out"
    out.mkdir()
    saved, data = save_model(opened.model, out / "big.onnx", sources=opened.files)
    assert {path.name for path in out.iterdir()} == {"big.onnx", "big.onnx.data"}
    assert data.name == "big.onnx.data"
    assert (_run(saved)[0] == _run(opened.path)[0]).all()
    assert open_model(saved).external == (data,)


def test_that_external_data_is_a_source_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "INLINE_LIMIT", 100)
    saved, data = save_model(open_model(_with_external_data(tmp_path)).model, tmp_path / "big.onnx")
    saved = saved.rename(tmp_path / "renamed.onnx")
    opened = open_model(saved)
    before = data.read_bytes()
    for path in (saved, data, tmp_path / "big.onnx"):
        with pytest.raises(QuantscopeError, match="the source is never overwritten"):
            save_model(opened.model, path, sources=opened.files, overwrite=True)
    assert data.read_bytes() == before


def test_that_a_large_model_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "INLINE_LIMIT", 100)
    opened = open_model(models.save(models.residual_net(), tmp_path))
    out = tmp_path / "out"
    out.mkdir()
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.suffix == ".onnx":
            raise OSError(errno.ENOSPC, "full")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(QuantscopeError, match="the disk is full"):
        save_model(opened.model, out / "big.onnx")
    assert not list(out.iterdir())
