"""What a session hands over for a report."""

from __future__ import annotations

from pathlib import Path

from quantscope.session import commands
from quantscope.session.session import Session
from tests.session.examples import complete, small_calibration, small_network


def test_that_the_record_is_what_the_session_holds(tmp_path: Path) -> None:
    session = complete(tmp_path / "net.onnx")
    record = session.record()
    assert record is not None
    assert record.model == session.document.model
    assert record.network is session.network
    assert record.settings == session.document.settings
    assert record.preparation == session.document.preparation
    assert record.export is session.report


def test_that_an_edit_after_the_export_makes_the_record_say_so(tmp_path: Path) -> None:
    session = complete(tmp_path / "net.onnx")
    fresh = session.record()
    session.do(commands.choose_target("fixed-point"))
    edited = session.record()
    assert fresh is not None
    assert edited is not None
    assert (fresh.export_is_stale, edited.export_is_stale) == (False, True)


def test_that_there_is_no_record_without_statistics_of_the_model(tmp_path: Path) -> None:
    session = Session()
    assert session.record() is None
    session.open_model(tmp_path / "net.onnx", small_network())
    assert session.record() is None
    session.attach_calibration(small_calibration(fingerprint="another"))
    assert session.record() is None
    session.attach_calibration(small_calibration())
    assert session.record() is not None
