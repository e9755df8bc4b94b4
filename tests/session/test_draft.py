"""Unsaved work comes back from its draft, with the statistics that it was done on and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.session import commands
from quantscope.session.calibration_file import read_calibration, write_calibration
from quantscope.session.draft import (
    draft_of,
    new_session,
    read_draft,
    resumed,
    saved_session,
    statistics_of,
    write_draft,
)
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from quantscope.session.steps import finish
from tests.session.examples import RANDOM_DATA, complete, images, small_calibration, small_network

MOMENT = "2026-11-27T14:32:00+01:00"


def never_saved(folder: Path) -> Session:
    """A session with edits whose statistics lie in a file, as after a calibration."""
    session = Session()
    session.open_model(folder / "small.onnx", small_network())
    session.do(commands.describe_data(RANDOM_DATA))
    write_calibration(folder / "counted.npz", small_calibration())
    session.attach_calibration(read_calibration(folder / "counted.npz"))
    session.do(commands.choose_word_length(16))
    return session


def saved_and_edited(folder: Path) -> Session:
    (folder / "small.onnx").touch()
    save_session(complete(folder / "small.onnx"), folder / "a.qscope")
    session = load_session(folder / "a.qscope")
    session.do(commands.choose_target("onnxruntime"))
    session.do(commands.choose_word_length(16))
    return session


def test_that_a_draft_comes_back_as_it_was_written(tmp_path: Path) -> None:
    draft = draft_of(never_saved(tmp_path), MOMENT)
    write_draft(draft, tmp_path / "draft.zip")
    assert read_draft(tmp_path / "draft.zip") == draft
    assert draft.name == "small.onnx"
    assert (tmp_path / "draft.zip").stat().st_size < 5_000


def test_that_work_that_was_never_saved_goes_on_with_its_statistics(tmp_path: Path) -> None:
    session = never_saved(tmp_path)
    draft = draft_of(session, MOMENT)
    assert finish(saved_session(draft)) is None
    back = new_session(draft, small_network())
    finish(resumed(back, draft))
    assert back.document == session.document
    assert back.is_modified and not back.can_undo
    assert back.path is None
    plan, before = back.plan(), session.plan()
    assert plan is not None and before is not None and plan.types == before.types


def test_that_work_on_a_saved_session_goes_on_in_it(tmp_path: Path) -> None:
    session = saved_and_edited(tmp_path)
    draft = draft_of(session, MOMENT)
    assert draft.name == "a.qscope"
    back = finish(saved_session(draft))
    assert back is not None
    finish(resumed(back, draft))
    assert back.path == tmp_path / "a.qscope"
    assert back.document == session.document != back.saved_document
    assert back.is_modified and back.report == session.report
    assert not back.missing and back.calibration is not None


def test_that_a_calibration_after_the_last_save_comes_back_too(tmp_path: Path) -> None:
    session = saved_and_edited(tmp_path)
    write_calibration(tmp_path / "newer.npz", small_calibration(seed=7))
    session.attach_calibration(read_calibration(tmp_path / "newer.npz"))
    draft = draft_of(session, MOMENT)
    back = finish(saved_session(draft))
    assert back is not None
    finish(resumed(back, draft))
    assert back.calibration is not None
    newer = read_calibration(tmp_path / "newer.npz")
    assert back.calibration.statistics["c"].minimum == newer.statistics["c"].minimum


def test_that_a_session_file_about_another_model_is_not_gone_on_with(tmp_path: Path) -> None:
    draft = draft_of(saved_and_edited(tmp_path), MOMENT)
    other = replace(draft.document, model=str(tmp_path / "other.onnx"))
    assert finish(saved_session(replace(draft, document=other))) is None
    (tmp_path / "a.qscope").write_bytes(b"nothing")
    assert finish(saved_session(draft)) is None


def test_that_the_same_statistics_are_known_in_another_file(tmp_path: Path) -> None:
    session = never_saved(tmp_path)
    draft = draft_of(session, MOMENT)
    save_session(session, tmp_path / "b.qscope")
    moved = replace(draft, statistics=str(tmp_path / "b.qscope"))
    assert finish(statistics_of(moved)) is not None


@pytest.mark.parametrize("content", [None, b"nothing", "other"])
def test_that_other_statistics_are_not_taken_for_them(
    tmp_path: Path, content: bytes | str | None
) -> None:
    draft = draft_of(never_saved(tmp_path), MOMENT)
    file = tmp_path / "counted.npz"
    if content == "other":
        write_calibration(file, small_calibration(seed=7))
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.unlink()
    assert finish(statistics_of(draft)) is None
    back = new_session(draft, small_network())
    finish(resumed(back, draft))
    assert back.calibration is None and back.document == draft.document


def test_that_statistics_in_memory_only_are_not_named(tmp_path: Path) -> None:
    draft = draft_of(complete(tmp_path / "small.onnx"), MOMENT)
    assert draft.statistics == "" and finish(statistics_of(draft)) is None


def test_that_statistics_are_of_the_data_where_it_was_located(tmp_path: Path) -> None:
    (tmp_path / "small.onnx").touch()
    save_session(
        complete(tmp_path / "small.onnx", images(tmp_path / "gone")), tmp_path / "a.qscope"
    )
    session = load_session(tmp_path / "a.qscope")
    session.locate_data(tmp_path)
    draft = draft_of(session, MOMENT)
    found = finish(statistics_of(draft))
    assert found is not None and found.data == session.document.data


def test_that_a_file_that_is_no_draft_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "draft.zip").write_bytes(b"nothing")
    with pytest.raises(QuantscopeError, match="not a complete zip"):
        read_draft(tmp_path / "draft.zip")
