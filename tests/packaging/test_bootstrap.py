"""The decisions of packaging/bootstrap.py; what it installs is tried in fresh clones."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging" / "bootstrap.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quantscope_bootstrap", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bootstrap = _load()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return tmp_path


# ---- Python ----------------------------------------------------------------------------------


def test_that_an_old_python_is_refused_with_the_version_that_is_needed() -> None:
    with pytest.raises(bootstrap.SetupError, match=r"3\.11 or later and this is 3\.10"):
        bootstrap.check_python((3, 10, 2))


def test_that_a_newer_python_on_the_path_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name == "python3.12")
    with pytest.raises(bootstrap.SetupError, match="python3.12 packaging/bootstrap.py"):
        bootstrap.check_python((3, 9))


@pytest.mark.parametrize("version", [(3, 11), (3, 14, 1), (4, 0)])
def test_that_a_python_that_is_new_enough_is_taken(version: tuple[int, ...]) -> None:
    bootstrap.check_python(version)


# ---- screen ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "system", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({"QT_QPA_PLATFORM": "minimal:x"}, "darwin", False),
        ({"QT_QPA_PLATFORM": "vnc"}, "linux", True),
    ],
)
def test_that_a_screen_is_seen_where_there_is_one(
    environ: dict[str, str], system: str, expected: bool
) -> None:
    assert bootstrap.has_screen(environ, system) is expected


def test_that_the_dispatcher_and_the_bootstrap_agree_about_screens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from quantscope.__main__ import has_screen

    for environ in ({}, {"DISPLAY": ":0"}, {"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}):
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert has_screen() is bootstrap.has_screen(os.environ)


# ---- system libraries ------------------------------------------------------------------------


def _loader_that_lacks(*absent: str):
    def load(name: str) -> None:
        if name in absent:
            raise OSError(name)

    return load


def test_that_only_the_missing_libraries_are_named() -> None:
    load = _loader_that_lacks("libEGL.so.1", "libxcb-cursor.so.0")
    libraries = {**bootstrap.QT_LIBRARIES, **bootstrap.X11_LIBRARIES}
    missing = bootstrap.missing_libraries(libraries, load)
    assert missing == ["libEGL.so.1", "libxcb-cursor.so.0"]


def test_that_the_line_to_type_updates_and_installs() -> None:
    line = bootstrap.apt_line(["libegl1", "libgl1"])
    assert line == "sudo apt-get update && sudo apt-get install -y libegl1 libgl1"


def test_that_without_root_the_line_is_shown_and_nothing_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda libraries: ["libEGL.so.1"])
    monkeypatch.setattr(bootstrap, "is_debian", lambda: True)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(bootstrap, "_apt", lambda packages: pytest.fail("installed"))
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get update .* libegl1"):
        bootstrap.provide_system_libraries(bootstrap.QT_LIBRARIES, "linux")


def test_that_root_on_debian_installs_what_is_missing_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([["libGL.so.1"], []])
    installed: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda libraries: next(answers))
    monkeypatch.setattr(bootstrap, "is_debian", lambda: True)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(bootstrap, "_apt", installed.append)
    bootstrap.provide_system_libraries(bootstrap.QT_LIBRARIES, "linux")
    assert installed == [["libgl1"]]


def test_that_other_systems_are_told_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda libraries: ["libEGL.so.1"])
    monkeypatch.setattr(bootstrap, "is_debian", lambda: False)
    with pytest.raises(bootstrap.SetupError, match="Qt misses libEGL.so.1"):
        bootstrap.provide_system_libraries(bootstrap.QT_LIBRARIES, "linux")


def test_that_windows_and_macos_need_no_system_libraries() -> None:
    for system in ("win32", "darwin"):
        bootstrap.provide_system_libraries({"no such library": "none"}, system)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_ID="12"\n', True),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ("ID=fedora\n", False),
        ("", False),
    ],
)
def test_that_debian_and_its_children_are_recognized(
    text: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    release = tmp_path / "os-release"
    release.write_text(text, encoding="utf-8")
    assert bootstrap.is_debian(release) is expected


def test_that_a_demo_without_a_window_needs_no_qt() -> None:
    assert bootstrap.needed_libraries("run", False, {}) == {}
    assert bootstrap.needed_libraries("run", True, {"DISPLAY": ":0"}) == {}


def test_that_tests_and_windows_need_what_their_display_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    assert bootstrap.needed_libraries("test", False, {}) == bootstrap.QT_LIBRARIES
    assert "libxcb-cursor.so.0" in bootstrap.needed_libraries("run", False, {"DISPLAY": ":0"})
    wayland = bootstrap.needed_libraries("run", False, {"WAYLAND_DISPLAY": "wayland-0"})
    assert "libwayland-cursor.so.0" in wayland
    assert "libxcb-cursor.so.0" not in wayland


# ---- stamp -----------------------------------------------------------------------------------


def test_that_an_unchanged_project_is_not_installed_again(project: Path) -> None:
    wanted = bootstrap.wanted_stamp(project, ("dev",), (3, 12))
    stamp = project / "stamp.json"
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    assert bootstrap.is_installed(stamp, wanted)


def test_that_an_installation_for_tests_also_runs(project: Path) -> None:
    stamp = project / "stamp.json"
    stamp.write_text(json.dumps(bootstrap.wanted_stamp(project, ("dev",), (3, 12))))
    assert bootstrap.is_installed(stamp, bootstrap.wanted_stamp(project, (), (3, 12)))


def test_that_an_installation_to_run_is_not_enough_for_tests(project: Path) -> None:
    stamp = project / "stamp.json"
    stamp.write_text(json.dumps(bootstrap.wanted_stamp(project, (), (3, 12))))
    assert not bootstrap.is_installed(stamp, bootstrap.wanted_stamp(project, ("dev",), (3, 12)))


def test_that_a_changed_project_or_python_is_installed_again(project: Path) -> None:
    stamp = project / "stamp.json"
    stamp.write_text(json.dumps(bootstrap.wanted_stamp(project, (), (3, 12))))
    assert not bootstrap.is_installed(stamp, bootstrap.wanted_stamp(project, (), (3, 13)))
    (project / "pyproject.toml").write_text("[project]\nname='x'\n", encoding="utf-8")
    assert not bootstrap.is_installed(stamp, bootstrap.wanted_stamp(project, (), (3, 12)))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"extras": null}'])
def test_that_a_damaged_stamp_means_to_install_again(text: str, project: Path) -> None:
    stamp = project / "stamp.json"
    stamp.write_text(text, encoding="utf-8")
    assert not bootstrap.is_installed(stamp, bootstrap.wanted_stamp(project, (), (3, 12)))


def test_that_a_failed_installation_leaves_no_stamp(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = project / ".venv" / bootstrap.STAMP
    stamp.parent.mkdir()
    stamp.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "_run_and_keep", lambda command, folder: (1, "no idea"))
    with pytest.raises(bootstrap.SetupError, match="pip could not install"):
        bootstrap.install(Path(sys.executable), project, ())
    assert not stamp.exists()


# ---- the environment -------------------------------------------------------------------------


def test_that_a_folder_of_a_persons_own_is_not_cleared(tmp_path: Path) -> None:
    folder = tmp_path / ".venv"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(bootstrap.SetupError, match="move it out of the way"):
        bootstrap.ensure_environment(folder)
    assert (folder / "thesis.txt").exists()


def test_that_a_half_made_environment_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".venv"
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("home = /nowhere\n", encoding="utf-8")
    made: list[Path] = []
    monkeypatch.setattr(bootstrap, "_make_environment", made.append)
    monkeypatch.setattr(bootstrap, "python_version", lambda python: (3, 12) if made else (0, 0))
    assert bootstrap.ensure_environment(folder) == bootstrap.environment_python(folder)
    assert made == [folder]


def test_that_a_python_without_venv_gets_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_make_environment", lambda folder: None)
    with pytest.raises(bootstrap.SetupError, match=r"apt-get install -y python3\.\d+-venv"):
        bootstrap.ensure_environment(tmp_path / ".venv")


def test_that_a_python_that_does_not_start_has_no_version(tmp_path: Path) -> None:
    assert bootstrap.python_version(tmp_path / "python") == (0, 0)


def test_that_the_version_of_a_running_python_is_read() -> None:
    assert bootstrap.python_version(Path(sys.executable)) == sys.version_info[:2]


# ---- what is said ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("NewConnectionError: Failed to establish a new connection", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: No matching distribution found for numba>=0.68", "pip finds no numba>=0.68 for"),
        ("ERROR: something else", "last lines above"),
    ],
)
def test_that_a_failed_installation_is_explained(output: str, said: str) -> None:
    assert said in bootstrap.explain_failure(output)


def test_that_arguments_after_test_go_to_pytest() -> None:
    options, rest = bootstrap._parse(["test", "-k", "histogram", "tests/core", "-x"])
    assert (options.command, rest) == ("test", ["-k", "histogram", "tests/core", "-x"])


def test_that_unknown_arguments_of_run_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap._parse(["run", "--fast"])
    assert "--fast" in capsys.readouterr().err


def test_that_only_a_whole_run_judges_the_coverage_of_core() -> None:
    assert "--cov-fail-under=100" in bootstrap.coverage_of_core([])
    assert bootstrap.coverage_of_core(["-k", "histogram"]) == []


def test_that_a_failed_check_fails_the_run_even_if_the_tests_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        calls.append(command)
        return 1 if "mypy" in command else 0

    monkeypatch.setattr(bootstrap.subprocess, "call", call)
    assert bootstrap.run_tests(Path("python"), []) == 1
    assert calls[-1][:3] == ["python", "-m", "pytest"]


def test_that_without_a_screen_the_demo_goes_into_a_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "has_screen", lambda: False)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: calls.append(command) or 0)
    assert bootstrap.run_demo(Path("python"), None) == 0
    folder = str(bootstrap.ROOT / "quantscope-demo")
    assert calls == [["python", "-m", "quantscope", "demo", "--headless", folder]]
    assert f"The results are in {folder}" in capsys.readouterr().out


def test_that_with_a_screen_the_demo_opens_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "has_screen", lambda: True)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: calls.append(command) or 0)
    assert bootstrap.run_demo(Path("python"), None) == 0
    assert calls == [["python", "-m", "quantscope", "demo"]]
