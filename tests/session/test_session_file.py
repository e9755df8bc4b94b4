"""A session comes back from its file with everything in it, wherever its folder went."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.session import calibration_file, commands, session_file
from quantscope.session.calibration_file import read_calibration
from quantscope.session.document import Document
from quantscope.session.session import Session
from quantscope.session.session_file import (
    load_session,
    loading_session,
    save_session,
    saving_session,
)
from quantscope.session.steps import finish
from tests.session.examples import (
    RANDOM_DATA,
    complete,
    images,
    small_calibration,
)


def project(folder: Path) -> tuple[Path, Path, Path]:
    """A folder with model, pictures, and a session file in a folder of its own."""
    (folder / "pictures").mkdir(parents=True)
    (folder / "sessions").mkdir()
    (folder / "small.onnx").touch()
    return folder / "small.onnx", folder / "pictures", folder / "sessions" / "a.qscope"


def test_that_everything_comes_back(tmp_path: Path) -> None:
    model, pictures, file = project(tmp_path)
    session = complete(model, images(pictures))
    save_session(session, file)
    back = load_session(file)
    assert back.document == session.document
    assert back.network == session.network
    assert (back.report, back.report_settings) == (session.report, session.report_settings)
    assert back.plan() == session.plan()
    assert (back.path, back.missing) == (file, ())
    assert not (back.calibration_is_stale or back.report_is_stale)
    assert not (back.is_modified or back.can_undo or back.can_redo)


def test_that_an_empty_session_comes_back(tmp_path: Path) -> None:
    save_session(Session(), tmp_path / "a.qscope")
    back = load_session(tmp_path / "a.qscope")
    assert back.document == Session().document
    assert (back.network, back.calibration, back.report) == (None, None, None)


def test_that_saving_marks_the_session_as_saved(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    assert session.is_modified
    save_session(session, tmp_path / "a.qscope")
    assert not session.is_modified
    assert session.path == tmp_path / "a.qscope"


def test_that_statistics_of_other_data_are_still_stale_when_they_come_back(
    tmp_path: Path,
) -> None:
    model, pictures, file = project(tmp_path)
    session = complete(model)
    session.do(commands.describe_data(images(pictures)))
    save_session(session, file)
    back = load_session(file)
    assert back.calibration is not None
    assert back.calibration.data == RANDOM_DATA
    assert back.calibration_is_stale


@pytest.mark.parametrize("result", ["calibration", "report"])
def test_that_a_stale_result_is_still_stale_when_it_comes_back(tmp_path: Path, result: str) -> None:
    session = complete(tmp_path / "small.onnx")
    if result == "calibration":
        session.do(commands.describe_data(DataDescription(kind=SourceKind.RANDOM, seed=9)))
    else:
        session.attach_calibration(small_calibration(seed=1))
    save_session(session, tmp_path / "a.qscope")
    back = load_session(tmp_path / "a.qscope")
    assert back.calibration_is_stale == (result == "calibration")
    assert back.report_is_stale


def test_that_model_and_data_are_found_where_the_folder_was_moved(tmp_path: Path) -> None:
    model, pictures, file = project(tmp_path / "here")
    save_session(complete(model, images(pictures)), file)
    (tmp_path / "here").rename(tmp_path / "there")
    back = load_session(tmp_path / "there" / "sessions" / "a.qscope")
    assert back.document.model == str(tmp_path / "there" / "small.onnx")
    assert back.document.data == images(tmp_path / "there" / "pictures")
    assert back.missing == ()
    assert not (back.calibration_is_stale or back.report_is_stale or back.is_modified)


def test_that_the_copy_beside_the_session_wins_over_the_original(tmp_path: Path) -> None:
    model, pictures, file = project(tmp_path / "here")
    save_session(complete(model, images(pictures)), file)
    copy, _, copied = project(tmp_path / "there")
    copied.write_bytes(file.read_bytes())
    assert load_session(copied).document.model == str(copy)


def test_that_the_session_alone_still_finds_model_and_data(tmp_path: Path) -> None:
    model, pictures, file = project(tmp_path / "here")
    save_session(complete(model, images(pictures)), file)
    moved = tmp_path / "elsewhere" / "deeper" / "b.qscope"
    moved.parent.mkdir(parents=True)
    file.rename(moved)
    back = load_session(moved)
    assert back.document.model == str(model)
    assert back.missing == ()


def test_that_a_session_opens_without_its_model_and_data_and_names_them(tmp_path: Path) -> None:
    model, pictures, file = project(tmp_path)
    save_session(complete(model, images(pictures)), file)
    model.unlink()
    pictures.rmdir()
    back = load_session(file)
    assert back.missing == (str(model), str(pictures))
    assert back.plan() is not None
    assert not back.calibration_is_stale


def test_that_a_relative_path_to_a_session_is_taken_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model, _, _ = project(tmp_path / "work")
    save_session(complete(model), "work/a.qscope")
    back = load_session(Path("work") / "a.qscope")
    assert back.path == tmp_path / "work" / "a.qscope"
    assert back.document.model == str(model)


def test_that_a_path_on_another_drive_is_kept_as_absolute_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", refuse)
    model, pictures, file = project(tmp_path)
    save_session(complete(model, images(pictures)), file)
    assert load_session(file).document.model == str(model)


def test_that_saving_over_the_file_it_came_from_keeps_values_not_yet_read(tmp_path: Path) -> None:
    file = tmp_path / "a.qscope"
    save_session(complete(tmp_path / "small.onnx"), file)
    back = load_session(file)
    back.do(commands.set_layer_quantized("conv", False, "a longer document than before"))
    save_session(back, file)
    again = load_session(file)
    for session in (back, again):
        assert session.calibration is not None
        values = session.calibration.statistics["w"].values
        expected = small_calibration().statistics["w"].values
        assert values is not None
        assert expected is not None
        assert values.tobytes() == expected.tobytes()


def test_that_a_session_file_is_a_calibration_file_too(tmp_path: Path) -> None:
    save_session(complete(tmp_path / "small.onnx"), tmp_path / "a.qscope")
    assert read_calibration(tmp_path / "a.qscope").derived == small_calibration().derived


def test_that_a_failure_while_saving_leaves_the_old_file_and_the_session_unsaved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.qscope"
    session = complete(tmp_path / "small.onnx")
    save_session(session, file)
    before = file.read_bytes()
    session.do(commands.choose_word_length(16))

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(session_file, "adding_calibration", fail)
    with pytest.raises(MemoryError):
        save_session(session, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
    assert session.is_modified


def test_that_statistics_are_copied_from_their_file_and_written_anew_where_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (tmp_path / f"{name}.qscope" for name in "abc")
    session = complete(tmp_path / "small.onnx")
    save_session(session, first)
    back = finish(loading_session(first))
    assert back.calibration is not None
    with monkeypatch.context() as patch:
        patch.setattr(calibration_file, "add_calibration", None)
        save_session(back, second)
    first.unlink()
    save_session(back, third)
    for file in (second, third):
        again = load_session(file).calibration
        assert again is not None
        assert again.derived == back.calibration.derived
        for name, kept in back.calibration.statistics.items():
            assert again.statistics[name].histogram == kept.histogram


def test_that_an_edit_while_saving_is_not_taken_for_saved(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    steps = saving_session(session, tmp_path / "a.qscope")
    next(steps)
    written = session.document
    session.do(commands.choose_word_length(16))
    finish(steps)
    assert session.is_modified
    assert load_session(tmp_path / "a.qscope").document.settings == written.settings


def test_that_a_session_is_never_saved_over_its_model(tmp_path: Path) -> None:
    model = tmp_path / "small.onnx"
    model.write_bytes(b"weights")
    with pytest.raises(QuantscopeError, match=r"small\.onnx: is the model itself"):
        save_session(complete(model), model)
    link = tmp_path / "link.qscope"
    link.hardlink_to(model)
    with pytest.raises(QuantscopeError, match=r"link\.qscope: is the model itself"):
        save_session(complete(model), link)
    assert model.read_bytes() == b"weights"


def test_that_the_preparation_comes_back(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    session.do(commands.choose_preparation("equalize", True))
    save_session(session, tmp_path / "a.qscope")
    back = load_session(tmp_path / "a.qscope")
    assert back.document == session.document
    assert back.document.preparation == PreparationChoices(equalize=True)
    assert back.calibration_is_stale and back.network_is_stale


def test_that_a_file_from_before_there_were_choices_is_prepared_as_always(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    save_session(session, tmp_path / "new.qscope")
    with (
        zipfile.ZipFile(tmp_path / "new.qscope") as new,
        zipfile.ZipFile(tmp_path / "old.qscope", "w") as old,
    ):
        for entry in new.infolist():
            content = new.read(entry)
            if entry.filename == "session.json":
                data = json.loads(content)
                del data["document"]["preparation"]
                content = json.dumps(data).encode()
            old.writestr(entry, content)
    back = load_session(tmp_path / "old.qscope")
    assert back.document == session.document
    assert not back.calibration_is_stale


def test_that_an_agreement_to_run_a_file_is_not_taken_from_a_session(tmp_path: Path) -> None:
    data = DataDescription(kind=SourceKind.PYTHON, path="data.py", trusted="f00d")
    session = Session(Document(model="model.onnx", data=data))
    save_session(session, tmp_path / "sent.qscope")
    opened = load_session(tmp_path / "sent.qscope").document.data
    assert opened is not None
    assert (opened.kind, opened.trusted) == (SourceKind.PYTHON, "")
