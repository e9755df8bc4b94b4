"""The demo without a window does the whole job and says what came out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from quantscope.__main__ import main as start
from quantscope.bundled import demo_folder
from quantscope.cli.demo import FILES, FOLDER
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.targets import TARGETS
from quantscope.session.session_file import load_session
from tests.cli.conftest import Run


def test_that_the_demo_writes_what_it_names_and_replaces_it(run: Run, tmp_path: Path) -> None:
    demo = tmp_path / "new" / "folder"
    demo.mkdir(parents=True)
    (demo / "report.json").write_text("of an earlier run")
    said = run("demo", "--headless", demo)
    assert (said.code, said.err) == (0, "")
    assert {path.name for path in demo.iterdir()} == set(FILES)
    assert all(name in said.out for name in FILES)
    assert str(demo) in said.out
    _check_report(demo, said.out)
    _check_session(demo)


def _check_report(demo: Path, out: str) -> None:
    report = json.loads((demo / "report.json").read_text(encoding="utf-8"))
    assert list(report) == ["format", "pictures", "float_top1", "choices"]
    known = json.loads((demo_folder() / "demo.json").read_text(encoding="utf-8"))
    assert report["pictures"] == 500
    assert report["float_top1"] == known["float_top1"]
    assert len(report["choices"]) == len(TARGETS) * len(Scheme)
    best = max(choice["top1"] for choice in report["choices"])
    assert report["float_top1"] - best < 0.02
    markdown = (demo / "report.md").read_text(encoding="utf-8")
    for choice in report["choices"]:
        assert f"{choice['top1']:.1%}" in out
        assert f"{choice['top1']:.1%}" in markdown
    assert re.search(r"Integer simulation: \d+ of \d+ operators: at most [01] steps?", markdown)
    assert re.search(r"float network +97\.2% of 500 labelled pictures right", out)


def _check_session(demo: Path) -> None:
    session = load_session(demo / "demo.qscope")
    assert session.missing == ()
    assert session.calibration is not None
    assert session.calibration.samples == 200
    assert not session.calibration_is_stale


def test_that_a_file_where_the_folder_should_be_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    said = run("demo", "--headless", tmp_path / "taken")
    assert said.code == 1
    assert said.err.startswith(f"quantscope: {tmp_path / 'taken'}: the folder cannot be made")
    assert said.err.count("\n") == 1


def test_that_without_a_screen_the_demo_goes_to_a_folder_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    places: list[Path] = []

    def stop(folder: Path) -> Path:
        places.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr("quantscope.cli.demo._make_folder", stop)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.chdir(tmp_path)
    assert start(["demo"]) == 130
    assert places == [Path(FOLDER)]
