"""What `quantscope ...` starts: the window, a sub-command, or the worker."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

import quantscope
from quantscope.__main__ import main
from quantscope.bundled import bundled_path, demo_folder, resources_folder

Started = list[tuple[object, ...]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What was started, with stand-ins for the window, the command line and the worker."""
    calls: Started = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")

    def stand_in(name: str, function: object) -> None:
        package, _, short = name.rpartition(".")
        module = ModuleType(name)
        module.main = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(sys.modules[package], short, module, raising=False)

    for name in ("quantscope.gui", "quantscope.jobs"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    stand_in("quantscope.gui.application", lambda paths, demo=False: _note(calls, paths, demo))
    stand_in("quantscope.jobs.worker", lambda: _note(calls, "worker"))
    stand_in("quantscope.cli", lambda arguments: _note(calls, "cli", arguments))
    return calls


def _note(calls: Started, *call: object) -> int:
    calls.append(call)
    return 7


def test_that_no_arguments_open_the_window(started: Started) -> None:
    assert main([]) == 7
    assert started == [([], False)]


@pytest.mark.parametrize("name", ["net.onnx", "work.qscope", "NET.ONNX", "folder/net.onnx"])
def test_that_a_model_or_a_session_opens_in_the_window(started: Started, name: str) -> None:
    main([name])
    assert started == [([name], False)]


def test_that_an_existing_file_of_any_name_opens_in_the_window(
    started: Started, tmp_path: Path
) -> None:
    path = tmp_path / "network.pb"
    path.touch()
    main([str(path)])
    assert started == [([str(path)], False)]


def test_that_a_sub_command_wins_over_a_file_of_that_name(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report").touch()
    monkeypatch.chdir(tmp_path)
    main(["report"])
    assert started == [("cli", ["report"])]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["inspect", "net.onnx"], ["demo", "--headless", "out"], ["demo", "--help"]],
)
def test_that_everything_else_goes_to_the_command_line(
    started: Started, arguments: list[str]
) -> None:
    main(arguments)
    assert started == [("cli", arguments)]


def test_that_the_demo_opens_the_window_where_there_is_a_screen(started: Started) -> None:
    main(["demo"])
    assert started == [([], True)]


def test_that_the_demo_goes_to_the_command_line_where_there_is_no_screen(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    main(["demo"])
    assert started == [("cli", ["demo"])]


def test_that_the_worker_is_started_without_window_or_command_line(started: Started) -> None:
    main(["--worker"])
    assert started == [("worker",)]


def test_that_a_missing_screen_is_one_sentence(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["net.onnx"]) == 1
    assert started == []
    assert "there is no screen" in capsys.readouterr().err


@pytest.mark.parametrize("absent", ["PySide6", "pyqtgraph"])
def test_that_a_missing_qt_is_one_sentence(
    started: Started,
    absent: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Absent(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise ModuleNotFoundError(f"No module named {absent!r}", name=absent)

    monkeypatch.setitem(sys.modules, "quantscope.gui", Absent("quantscope.gui"))
    assert main([]) == 1
    assert started == []
    said = capsys.readouterr().err
    assert f"the window needs {absent}" in said
    assert said.count("\n") == 1


def test_that_a_missing_system_library_is_one_sentence(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(paths: list[str], demo: bool) -> int:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(sys.modules["quantscope.gui.application"], "main", fail)
    assert main([]) == 1
    assert "Qt cannot load a system library (libEGL.so.1" in capsys.readouterr().err


def test_that_a_defect_of_the_window_is_not_hidden(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(paths: list[str], demo: bool) -> int:
        raise ImportError("cannot import name 'Band' from 'quantscope.gui'")

    monkeypatch.setattr(sys.modules["quantscope.gui.application"], "main", fail)
    with pytest.raises(ImportError, match="Band"):
        main([])


def test_that_public_names_are_listed_and_unknown_ones_refused() -> None:
    assert {"FixedPoint", "BitHistogram", "__version__"} <= set(dir(quantscope))
    with pytest.raises(AttributeError, match="Spectrogram"):
        quantscope.__getattr__("Spectrogram")


def test_that_public_names_are_the_ones_that_core_defines() -> None:
    from quantscope.core.counting.histogram import BitHistogram
    from quantscope.core.numbers.formats import FixedPoint

    assert (quantscope.FixedPoint, quantscope.BitHistogram) == (FixedPoint, BitHistogram)


def test_that_the_demo_lies_among_the_bundled_files() -> None:
    assert demo_folder() == resources_folder() / "demo"
    assert demo_folder().is_dir()


def test_that_a_missing_bundled_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="nowhere.png is missing"):
        bundled_path("nowhere.png")
