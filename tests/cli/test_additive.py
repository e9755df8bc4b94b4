"""Statistics grow on the command line: more samples, a pause, a merge give what one run gives."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantscope.cli import console
from quantscope.cli.parser import SUB_COMMANDS, SubCommand
from quantscope.core.data.description import SourceKind
from quantscope.core.events import Progress
from quantscope.session.session_file import load_session, save_session
from tests.cli.conftest import Run, Said
from tests.engine.models import residual_net, samples

ROWS = 48


@pytest.fixture
def rows(tmp_path: Path, model: Path) -> Path:
    """An array of samples, more than a forecast needs."""
    feeds = samples(residual_net(), ROWS)
    path = tmp_path / "x.npy"
    np.save(path, np.concatenate([feed["x"] for feed in feeds]))
    return path


def paused(run: Run, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> Said:
    """Run a command and press Ctrl+C once the first samples are counted."""

    pressed: list[object] = []

    def interrupt(_: console.ProgressBars, event: object) -> None:
        counts = isinstance(event, Progress) and event.stage == "calibration" and event.done
        if counts and not pressed:
            pressed.append(event)
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("quantscope.cli.calibrate.LONG", 10_000)  # a forecast would be interrupted
        patch.setattr(console.ProgressBars, "hear", interrupt)
        return run(*arguments)


@pytest.mark.parametrize("order", [[], ["--shuffle", "3"]])
def test_that_samples_added_later_give_the_session_of_all_at_once(
    run: Run, model: Path, rows: Path, tmp_path: Path, order: list[str]
) -> None:
    first, later, whole = (tmp_path / f"{name}.qscope" for name in ("first", "later", "whole"))
    half = ["--samples", str(ROWS // 2)]
    assert run("calibrate", model, "--data", rows, *order, *half, "-o", first).code == 0
    said = run("calibrate", first, "--samples", ROWS, "-o", later)
    assert (said.code, said.err) == (0, "")
    assert f"{ROWS // 2} samples are counted" in said.out
    limit = ["--samples", str(ROWS)]
    assert run("calibrate", model, "--data", rows, *order, *limit, "-o", whole).code == 0
    assert later.read_bytes() == whole.read_bytes()
    assert first.read_bytes() != whole.read_bytes()


def test_that_a_run_that_was_interrupted_goes_on_to_the_session_of_one_run(
    run: Run, model: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = tmp_path / "broken.qscope", tmp_path / "whole.qscope"
    said = paused(run, monkeypatch, "calibrate", model, "--data", rows, "-o", broken)
    assert said.code == 130
    assert "paused after" in said.err and f"of {ROWS} samples" in said.err
    kept = load_session(broken).calibration
    assert kept is not None and 0 < kept.samples < ROWS and kept.left == ROWS - kept.samples
    command = said.err.rpartition("go on with: quantscope ")[2].split()
    assert run(*command).code == 0
    assert run("calibrate", model, "--data", rows, "-o", whole).code == 0
    assert broken.read_bytes() == whole.read_bytes()


def test_that_other_data_is_added_with_its_own_preprocessing(
    run: Run, model: Path, pictures: Path, rows: Path, session: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.qscope"
    said = run("calibrate", session, "--data", rows, "-o", both)
    assert (said.code, said.err) == (0, "")
    kept = load_session(both)
    data, counted = kept.document.data, kept.calibration
    assert data is not None and counted is not None and not kept.calibration_is_stale
    assert {data.path, *(each.path for each in data.added)} == {str(pictures), str(rows)}
    assert counted.samples == 6 + ROWS
    settings = load_session(session).document.settings
    assert kept.document.settings == settings


def test_that_a_limit_of_several_sources_needs_the_source(
    run: Run, session: Path, rows: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.qscope"
    few = ["--data", str(rows), "--samples", "4"]
    assert run("calibrate", session, *few, "-o", both).code == 0
    said = run("calibrate", both, "--samples", "9", "-o", tmp_path / "more.qscope")
    assert said.code == 1
    assert "Name the source with --data" in said.err
    more = ["--data", str(rows), "--samples", "9"]
    assert run("calibrate", both, *more, "-o", tmp_path / "more.qscope").code == 0
    kept = load_session(tmp_path / "more.qscope").calibration
    assert kept is not None and kept.samples == 6 + 9


def test_that_fewer_samples_than_were_counted_are_one_line(
    run: Run, session: Path, tmp_path: Path
) -> None:
    said = run("calibrate", session, "--samples", "2", "-o", tmp_path / "a.qscope")
    assert said.code == 1
    assert "6 samples that were counted are not the first ones" in said.err


def test_that_statistics_of_other_data_than_the_sessions_are_not_gone_on_from(
    run: Run, session: Path, rows: Path, tmp_path: Path
) -> None:
    kept = load_session(session)
    data = kept.document.data
    assert data is not None
    from quantscope.session.commands import describe_data

    kept.do(describe_data(replace(data, kind=SourceKind.NPY, path=str(rows), samples=5)))
    stale = tmp_path / "stale.qscope"
    save_session(kept, stale)
    said = run("calibrate", stale, "-o", tmp_path / "fresh.qscope")
    assert said.code == 0
    assert "are counted" not in said.out
    fresh = load_session(tmp_path / "fresh.qscope")
    assert fresh.calibration is not None and fresh.calibration.samples == 5


def test_that_a_session_without_data_asks_for_some(
    run: Run, session: Path, pictures: Path, tmp_path: Path
) -> None:
    from quantscope.session.session import Session

    kept = load_session(session)
    bare = Session()
    assert kept.network is not None
    bare.open_model(kept.document.model, kept.network)
    save_session(bare, tmp_path / "bare.qscope")
    said = run("calibrate", tmp_path / "bare.qscope", "-o", tmp_path / "a.qscope")
    assert said.code == 1 and "--data" in said.err
    more = ["--data", str(pictures), "--samples", "2"]
    assert run("calibrate", tmp_path / "bare.qscope", *more, "-o", tmp_path / "a.qscope").code == 0


def test_that_a_run_ends_when_exponents_are_at_rest(
    run: Run, model: Path, rows: Path, tmp_path: Path
) -> None:
    same = tmp_path / "same.npy"
    np.save(same, np.repeat(np.load(rows)[:1], 40, axis=0))
    path = tmp_path / "a.qscope"
    said = run("calibrate", model, "--data", same, "--stop-when-stable", "8", "-o", path)
    assert (said.code, said.err) == (0, "")
    assert "24 samples: exponents are at rest" in said.out
    kept = load_session(path).calibration
    assert kept is not None and (kept.samples, kept.left) == (16, 24)


def test_that_an_end_at_rest_is_offered_only_where_something_is_calibrated() -> None:
    offering = {
        command.name
        for command in SUB_COMMANDS
        if any("--stop-when-stable" in each.option_strings for each in _actions(command))
    }
    assert offering == {"calibrate", "quantize", "sensitivity"}


def _actions(command: SubCommand) -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    return parser._actions


def test_that_a_python_file_that_is_agreed_to_is_added_to_other_data(
    run: Run, session: Path, pictures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "more.py"
    file.write_text(
        "import numpy as np\n"
        "def samples():\n"
        "    for number in range(3):\n"
        "        yield {'x': np.full((1, 3, 16, 16), number, np.float32)}\n",
        encoding="utf-8",
    )
    asked = ("calibrate", session, "--data", file, "-o", tmp_path / "both.qscope")
    assert "nobody has agreed to run it" in run(*asked).err
    said = run(*asked, "--trust-python")
    assert (said.code, said.err) == (0, "")
    kept = load_session(tmp_path / "both.qscope").calibration
    assert kept is not None and kept.samples == 6 + 3
    assert kept.data.kind is SourceKind.IMAGES  # the file is not the first of its sources
    for later in (
        ["quantize", tmp_path / "both.qscope", "-o", tmp_path / "a.onnx"],
        ["validate", tmp_path / "both.qscope", "--data", pictures],
    ):
        assert "more.py: this is a Python file" in run(*later).err
        agreed = run(*later, "--trust-python")
        assert (agreed.code, agreed.err) == (0, "")


# ---- merging


def test_that_merged_sessions_are_the_session_of_both_sources(
    run: Run, model: Path, rows: Path, tmp_path: Path
) -> None:
    halves = []
    for number, part in enumerate(np.split(np.load(rows), 2)):
        np.save(tmp_path / f"{number}.npy", part)
        path = tmp_path / f"{number}.qscope"
        half = ["--data", str(tmp_path / f"{number}.npy")]
        assert run("calibrate", model, *half, "-o", path).code == 0
        halves.append(path)
    whole = tmp_path / "whole.qscope"
    said = run("calibrate", halves[0], "--data", tmp_path / "1.npy", "-o", whole)
    assert said.code == 0
    for number, order in enumerate((halves, halves[::-1])):
        merged = tmp_path / f"merged-{number}.qscope"
        said = run("merge", *order, "-o", merged)
        assert (said.code, said.err) == (0, "")
        assert f"2 sessions, {ROWS} samples" in said.out
        assert merged.read_bytes() == whole.read_bytes()


def test_that_noise_marks_what_it_is_merged_into(
    run: Run, model: Path, session: Path, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.qscope"
    assert run("calibrate", model, "--random", "--samples", "3", "-o", noise).code == 0
    said = run("merge", session, noise, "-o", tmp_path / "both.qscope")
    assert said.code == 0 and "RANDOM DATA" in said.out
    for command in (
        ["convergence", tmp_path / "both.qscope"],
        ["statistics", tmp_path / "both.qscope", "-o", tmp_path / "a.csv"],
        ["quantize", tmp_path / "both.qscope", "-o", tmp_path / "a.onnx"],
    ):
        assert "RANDOM DATA" in run(*command).out
    assert "random data" in (tmp_path / "a.csv").read_text()


def test_that_sessions_that_do_not_go_together_are_one_line(
    run: Run, session: Path, noisy_session: Path, tmp_path: Path
) -> None:
    for others, words in (
        ([session], "would count twice"),
        ([noisy_session], "another network"),
    ):
        said = run("merge", session, *others, "-o", tmp_path / "a.qscope")
        assert said.code == 1
        assert words in said.err
        assert not (tmp_path / "a.qscope").exists()


# ---- what it will take, and whether it was enough


def test_that_long_runs_are_forecast_and_short_ones_are_not(
    run: Run, model: Path, rows: Path, session: Path, tmp_path: Path
) -> None:
    said = run("calibrate", model, "--data", rows, "-o", tmp_path / "a.qscope")
    assert f"Calibrating {ROWS} samples takes about" in said.out
    assert "of memory" in said.out
    few = ["--data", str(rows), "--samples", "4"]
    assert "takes about" not in run("calibrate", model, *few, "-o", tmp_path / "b.qscope").out
    assert "takes about" in run("data", model, *few).out


def test_that_the_curve_is_a_table_and_json(run: Run, session: Path) -> None:
    said = run("convergence", session)
    assert said.code == 0
    assert "EXPONENTS MOVED" in said.out
    assert "5 to 6" in said.out
    data = json.loads(run("convergence", session, "--json").out)
    assert [each["samples"] for each in data["checkpoints"]] == [2, 4, 6]
    assert data["random_data"] is False
    assert data["says"] == said.out.rstrip().splitlines()[-1]


def test_that_a_session_without_statistics_has_no_curve(run: Run, tmp_path: Path) -> None:
    said = run("convergence", tmp_path / "none.qscope")
    assert said.code == 1
