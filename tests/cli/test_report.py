"""`quantscope report` writes a page whose commands repeat what it tells of."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest

from quantscope.cli import main
from quantscope.core.numbers.formats import Scaled
from quantscope.session import commands
from quantscope.session.commands import Command
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from tests.cli.conftest import PICTURES, Run


def test_that_the_page_is_written_once_and_replaced_only_if_asked(
    run: Run, session: Path, tmp_path: Path
) -> None:
    page = tmp_path / "net.html"
    said = run("report", session, "-o", page)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{page}: ")
    again = run("report", session, "-o", page)
    assert again.code == 1
    assert "exists" in again.err
    assert run("report", session, "-o", page, "--overwrite").code == 0


def test_that_the_page_tells_of_the_session(run: Run, session: Path, tmp_path: Path) -> None:
    run("report", session, "-o", tmp_path / "net.html")
    text = (tmp_path / "net.html").read_text(encoding="utf-8")
    calibration = load_session(session).calibration
    assert calibration is not None
    assert f"<dd>{PICTURES}</dd>" in text
    assert calibration.data.path in html.unescape(text)
    assert "RANDOM DATA" not in text


def test_that_noise_is_marked(run: Run, noisy_session: Path, tmp_path: Path) -> None:
    said = run("report", noisy_session, "-o", tmp_path / "a.html")
    assert said.out.startswith("RANDOM DATA")
    assert "RANDOM DATA" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["net.htm", "net.pdf", "net"])
def test_that_another_ending_is_refused(name: str, run: Run, session: Path, tmp_path: Path) -> None:
    said = run("report", session, "-o", tmp_path / name)
    assert said.code == 1
    assert ".html" in said.err


def _edits(session: Session) -> dict[str, list[Command]]:
    assert session.network is not None
    convolutions = [each for each in session.network.layers if each.operator == "Conv"]
    last = convolutions[-1]
    scale = Scaled(0.03, 7, 8, signed=False)
    return {
        "as it is": [],
        "options": [
            commands.choose_target("fixed-point"),
            commands.switch("unsigned", True),
            commands.switch("correct_bias", True),
            commands.set_layer_quantized(last.name, False, last.label),
        ],
        "by hand": [commands.pin_type((session.network.inputs[0].name,), scale, "input")],
    }


@pytest.mark.parametrize("edits", ["as it is", "options", "by hand"])
def test_that_the_commands_of_the_page_write_the_same_model(
    edits: str, run: Run, session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = load_session(session)
    for command in _edits(edited)[edits]:
        assert edited.do(command) is not None
    save_session(edited, tmp_path / "edited.qscope")
    wanted = tmp_path / "wanted.onnx"
    assert run("quantize", tmp_path / "edited.qscope", "-o", wanted).code == 0
    assert run("report", tmp_path / "edited.qscope", "-o", tmp_path / "a.html").code == 0
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shown, recipe = _preformatted(tmp_path / "a.html")
    (folder / "recipe.json").write_text(recipe, encoding="utf-8")
    for line in shown.splitlines():
        program, *words = shlex.split(line)
        assert (program, main(words)) == ("quantscope", 0)
    assert (folder / "net-quantized.onnx").read_bytes() == wanted.read_bytes()


def _preformatted(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [html.unescape(each) for each in re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)]
