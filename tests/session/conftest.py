"""Whole files, as bytes, for the tests that damage them."""

import pytest

from quantscope.session.calibration_file import write_calibration
from quantscope.session.session_file import save_session
from tests.session.examples import complete, small_calibration


@pytest.fixture(scope="module")
def session_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    save_session(complete(folder / "small.onnx"), folder / "a.qscope")
    return (folder / "a.qscope").read_bytes()


@pytest.fixture(scope="module")
def calibration_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.npz"
    write_calibration(path, small_calibration())
    return path.read_bytes()
