"""Progress is for terminals only, and JSON is plain."""

from __future__ import annotations

import io
import math
import sys

import pytest

from quantscope.cli.console import ProgressBars, say_facts, say_table
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.findings.plain_data import as_json, plain
from quantscope.core.numbers.formats import FixedPoint


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


EVENTS = (
    Progress("calibration", 1, 4),
    LiveCounts(1, {}),
    Progress("calibration", 4, 4),
    Progress("types", 2, 2),
    Progress("something new", 1, 2),
)


def _hear_all(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with ProgressBars() as bars:
        for event in EVENTS:
            bars.hear(event)
    return stream.getvalue()


def test_that_a_terminal_shows_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _hear_all(monkeypatch, _Terminal())
    assert all(name in shown for name in ("Calibrating", "Deriving types", "something new"))


def test_that_a_file_gets_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _hear_all(monkeypatch, io.StringIO()) == ""


def test_that_json_has_no_class_names_and_no_numbers_that_json_lacks() -> None:
    data = plain({"a": DataDescription(kind=SourceKind.NPY), "b": (FixedPoint(8, 3),)})
    assert "class" not in data["a"]
    assert data["b"] == [
        {"word_length": 8, "fraction_length": 3, "signed": True, "narrow_range": False}
    ]
    assert as_json([math.inf, -math.inf, math.nan]).split() == [
        "[",
        '"inf",',
        '"-inf",',
        '"nan"',
        "]",
    ]


def test_that_names_break_no_line_and_steer_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_facts([("skipped", "a\nb.png, \x1b[31m.png")])
    say_table(["NAME"], [["a\rb"]])
    assert capsys.readouterr().out.splitlines() == [
        "  skipped  a\ufffdb.png, \ufffd[31m.png",
        "  NAME",
        "  a\ufffdb",
    ]


def test_that_columns_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("A", "LONG"), [("first", "x"), ("b", "")])
    assert capsys.readouterr().out == "  A      LONG\n  first  x\n  b\n"
