"""Statistics of another preparation: kept beside, brought back with it, saved, and only one."""

from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.session import commands, variants
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, loading_session, save_session
from quantscope.session.steps import finish
from tests.session.examples import (
    FINGERPRINT,
    RANDOM_DATA,
    images,
    small_calibration,
    small_network,
)

PLAIN = PreparationChoices()
EQUALIZED = PreparationChoices(equalize=True)


def calibrate(session: Session, seed: int = 0) -> Calibration:
    """Describe and calibrate under the preparation that the document says."""
    fingerprint = session.document.fingerprint
    session.locate_model(session.document.model, small_network(fingerprint))
    data = session.document.data
    assert data is not None
    session.attach_calibration(small_calibration(data, fingerprint, seed))
    assert session.calibration is not None
    return session.calibration


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Calibrated without preparation, then with equalized channels."""
    opened = Session()
    opened.open_model(tmp_path / "small.onnx", small_network())
    opened.do(commands.describe_data(RANDOM_DATA))
    calibrate(opened)
    opened.do(commands.choose_preparation("equalize", True))
    calibrate(opened, seed=1)
    return opened


def test_that_statistics_from_before_are_kept_beside_those_of_now(session: Session) -> None:
    other = session.other_preparation
    assert other is not None and other.preparation == PLAIN
    assert other.calibration.fingerprint == other.network.fingerprint == FINGERPRINT
    assert session.counted(PLAIN) is other
    now = session.counted(EQUALIZED)
    assert now is not None and now.calibration is session.calibration
    assert session.counted(PreparationChoices(migrate=True)) is None


def test_that_taking_a_preparation_back_needs_no_calibration(session: Session) -> None:
    equalized = session.calibration
    session.do(commands.choose_preparation("equalize", False))
    assert session.calibration is not equalized
    assert not session.calibration_is_stale and not session.network_is_stale
    assert session.plan() is not None
    session.do(commands.choose_preparation("equalize", True))
    assert session.calibration is equalized and not session.network_is_stale


def test_that_undo_before_calibrating_again_brings_the_network_back() -> None:
    session = Session()
    session.open_model("m.onnx", small_network())
    session.do(commands.describe_data(RANDOM_DATA))
    kept = calibrate(session)
    session.do(commands.choose_preparation("equalize", True))
    session.locate_model("m.onnx", small_network(session.document.fingerprint))
    assert session.calibration_is_stale
    session.do(commands.choose_preparation("equalize", False))
    assert session.calibration is kept and not session.network_is_stale
    assert session.other_preparation is None


def test_that_undo_and_redo_change_between_both() -> None:
    session = Session()
    session.open_model(Path("m.onnx").absolute(), small_network())
    session.do(commands.describe_data(RANDOM_DATA))
    first = calibrate(session)
    session.do(commands.choose_preparation("equalize", True))
    second = calibrate(session)
    session.undo()
    assert session.calibration is first and not session.network_is_stale
    session.redo()
    assert session.calibration is second and not session.network_is_stale


def test_that_switching_a_variant_switches_the_statistics(session: Session) -> None:
    equalized = session.calibration
    session.do(variants.add_variant(session.document))
    session.do(commands.choose_preparation("equalize", False))
    plain = session.calibration
    session.do(variants.open_variant(session.document, 0))
    assert session.calibration is equalized
    session.do(variants.open_variant(session.document, 1))
    assert session.calibration is plain


def test_that_only_the_last_other_preparation_is_kept(session: Session) -> None:
    session.do(commands.choose_preparation("migrate", True))
    calibrate(session)
    other = session.other_preparation
    assert other is not None and other.preparation == EQUALIZED
    assert session.counted(PLAIN) is None


def test_that_calibrating_again_keeps_those_from_before(session: Session) -> None:
    other = session.other_preparation
    calibrate(session, seed=2)
    assert session.other_preparation is other


def test_that_another_model_leaves_nothing_from_before(session: Session) -> None:
    session.locate_model("m.onnx", small_network("cafe"))
    assert session.other_preparation is None


def test_that_statistics_kept_beside_count_as_unsaved(session: Session, tmp_path: Path) -> None:
    save_session(session, tmp_path / "a.qscope")
    session.do(commands.choose_preparation("equalize", False))
    assert session.is_modified
    session.undo()
    assert not session.is_modified
    session.do(commands.choose_preparation("migrate", True))
    calibrate(session)
    session.do(commands.choose_preparation("migrate", False))
    assert session.is_modified, "the statistics of one preparation took the place of another's"


@pytest.mark.parametrize("whole", [False, True])
def test_that_a_session_file_keeps_both(session: Session, tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "a.qscope"
    save_session(session, path)
    loaded = finish(loading_session(path)) if whole else load_session(path)
    assert not loaded.is_modified
    before, after = session.other_preparation, loaded.other_preparation
    assert before is not None and after is not None
    assert after.preparation == PLAIN
    assert after.network == before.network
    for name, kept in before.calibration.statistics.items():
        assert after.calibration.statistics[name].histogram == kept.histogram
    loaded.do(commands.choose_preparation("equalize", False))
    assert loaded.plan() is not None and not loaded.calibration_is_stale


def test_that_located_data_is_that_of_both(tmp_path: Path) -> None:
    session = Session()
    session.open_model("m.onnx", small_network())
    session.do(commands.describe_data(images(tmp_path / "gone")))
    calibrate(session)
    session.do(commands.choose_preparation("equalize", True))
    calibrate(session)
    session.locate_data(tmp_path / "here")
    session.do(commands.choose_preparation("equalize", False))
    assert not session.calibration_is_stale


def test_that_a_network_without_its_statistics_is_not_kept(
    session: Session, tmp_path: Path
) -> None:
    other = session.other_preparation
    assert other is not None
    stranger = replace(other, network=replace(other.network, fingerprint="cafe"))
    session._results = replace(session._results, other=stranger)
    save_session(session, tmp_path / "a.qscope")
    assert load_session(tmp_path / "a.qscope").other_preparation is None
