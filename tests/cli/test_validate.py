"""`quantscope validate`: figures side by side, as text and as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quantscope.api.data import DataOptions
from quantscope.api.judging import as_calibrated
from quantscope.bundled import bundled_path
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.sound import parse_sound
from quantscope.session.session_file import load_session
from tests.cli.conftest import PICTURES, Run


@pytest.fixture(scope="session")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    rows = [f"{number}.png,{number % 5}" for number in range(PICTURES)]
    path.write_text("\n".join(["name,label", *rows]), encoding="utf-8")
    return path


@pytest.fixture
def quantized(run: Run, session: Path, tmp_path: Path) -> Path:
    path = tmp_path / "net-int8.onnx"
    assert run("quantize", session, "-o", path).code == 0
    return path


def test_that_figures_of_both_stand_side_by_side(
    run: Run, model: Path, quantized: Path, pictures: Path, labels: Path
) -> None:
    said = run("validate", model, quantized, "--data", pictures, "--labels", labels)
    assert (said.code, said.err) == (0, "")
    for words in (
        "6 samples, a class number for each",
        "float Top-1",
        "net-int8.onnx",
        "METRIC",
        "95 % INTERVAL",
        "Same answer as float",
        " points",
        "integer operators",
        "ms for a run",
        "guessing among 5 classes",
    ):
        assert words in said.out


def test_that_a_session_of_pictures_is_judged_by_data_that_is_none_too(
    run: Run, session: Path, tmp_path: Path
) -> None:
    values = np.random.default_rng(4).normal(size=(3, 3, 16, 16)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    said = run("validate", session, "--data", tmp_path / "x.npy")
    assert (said.code, said.err) == (0, "")
    assert "3 samples, no labels" in said.out and "preprocessing" not in said.out
    assert run("validate", session, "--random", "--samples", "2").code == 0
    np.save(tmp_path / "x.npy", values.astype(np.uint8).transpose(0, 2, 3, 1))
    assert "preprocessing" in run("validate", session, "--data", tmp_path / "x.npy").out
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "0.png").write_bytes(b"")
    assert "0.png: the file is empty" in run("validate", session, "--data", tmp_path / "bad").err


def test_that_several_sources_are_judged_together(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    for name, count in (("north", 2), ("south", 4)):
        for number, picture in enumerate(sorted(pictures.iterdir())[:count]):
            folder = tmp_path / name / ("a", "b")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / picture.name).write_bytes(picture.read_bytes())
    together = ["--data", tmp_path / "south", "--more-data", tmp_path / "north"]
    said = run("validate", model, *together)
    assert (said.code, said.err) == (0, "")
    assert "2 samples of" in said.out and "4 samples of" in said.out
    assert "6 samples, a class number for each" in said.out
    kept = json.loads(run("validate", model, *together, "--json").out)["request"]["data"]
    assert [kept["path"], *(each["path"] for each in kept["added"])] == [
        str(tmp_path / "north"),
        str(tmp_path / "south"),
    ]
    gone = run("validate", model, *together, "--more-data", tmp_path / "gone")
    assert gone.code == 1 and "gone: there is nothing at this path" in gone.err


def test_that_json_has_everything(
    run: Run, model: Path, quantized: Path, pictures: Path, labels: Path
) -> None:
    said = run("validate", model, quantized, "--data", pictures, "--labels", labels, "--json")
    found = json.loads(said.out)
    assert found["format"] == 1
    assert found["samples"] == PICTURES
    assert np.array(found["confusion"]).sum() == PICTURES
    (variant,) = found["variants"]
    names = [each["metric"] for each in variant["figures"]]
    assert names == ["top1", "agreement", "cosine", "sqnr"]
    assert variant["costs"]["parameter_bytes"] < found["exact"]["parameter_bytes"]


def test_that_the_bundled_metrics_run_once_agreed(run: Run, model: Path, pictures: Path) -> None:
    custom = bundled_path("examples/metrics.py")
    asked = ("validate", model, "--data", pictures, "--custom", custom, "--metrics", "cosine")
    refused = run(*asked)
    assert refused.code == 1
    assert "nobody has agreed to run it" in refused.err
    # Without labels one of the two metrics has nothing to judge by, and says so.
    failed = run(*asked, "--trust-python")
    assert failed.code == 1
    assert "log_loss() raised" in failed.err


def test_that_metrics_of_a_file_have_intervals_once_resampled(
    run: Run, session: Path, pictures: Path, labels: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.qscope"
    mine.write_bytes(session.read_bytes())
    custom = ["--custom", bundled_path("examples/metrics.py"), "--trust-python"]
    asked = ("validate", mine, "--data", pictures, "--labels", labels, *custom, "--keep", "--json")
    found = json.loads(run(*asked, "--resamples", "50").out)
    figures = {each["metric"]: each for each in found["variants"][0]["figures"]}
    loss = figures["log_loss"]
    assert loss["low"] <= loss["value"] - loss["exact"] <= loss["high"]
    run("report", mine, "-o", tmp_path / "r.html")
    assert "--resamples 50" in (tmp_path / "r.html").read_text(encoding="utf-8")
    plain = json.loads(run(*asked).out)["variants"][0]["figures"]
    assert [each["low"] for each in plain if each["metric"] == "log_loss"] == [None]


def test_that_noise_is_told(run: Run, tiny: Path) -> None:
    said = run("validate", tiny, "--random", "--samples", "2")
    assert said.code == 0
    assert "RANDOM DATA" in said.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--data is needed"),
        (["--random", "--boxes", "b"], "both --boxes and --scores"),
        (["--random", "--keep"], "--keep needs a session"),
    ],
)
def test_that_what_is_missing_is_wrong_usage(
    run: Run, tiny: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run("validate", tiny, *options)
    assert said.code == 2
    assert words in said.err


def test_that_a_detector_is_described_by_options(run: Run, tiny: Path) -> None:
    said = run("validate", tiny, "--random", "--boxes", "b", "--scores", "s", "--metrics", "map")
    assert said.code == 1
    assert "Mean average precision needs a label of the kind boxes" in said.err


def test_that_the_types_of_a_session_are_judged_without_a_file(
    run: Run, session: Path, quantized: Path, pictures: Path, labels: Path
) -> None:
    before = session.read_bytes()
    asked = ("validate", session, quantized, "--data", pictures, "--labels", labels, "--json")
    found = json.loads(run(*asked).out)
    assert found["names"] == ["ONNX Runtime, MinMax, 8 bits", "net-int8.onnx"]
    plan, file = found["variants"]
    for each in ("figures", "confusion", "disagreements"):
        assert plan[each] == file[each]  # the same types, exported twice
    assert plan["costs"]["parameter_bytes"] == file["costs"]["parameter_bytes"]
    assert session.read_bytes() == before


def test_that_results_are_kept_on_demand_and_stand_in_the_report(
    run: Run, session: Path, pictures: Path, labels: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.qscope"
    mine.write_bytes(session.read_bytes())
    said = run("validate", mine, "--data", pictures, "--labels", labels, "--keep")
    assert (said.code, said.err) == (0, "")
    assert "ONNX Runtime, MinMax, 8 bits\n" in said.out
    assert "guessed" not in next(x for x in said.out.splitlines() if "preprocessing" in x)
    (kept,) = load_session(mine).validations
    assert kept.validation.samples == PICTURES
    assert kept.fits(load_session(mine).document)
    assert run("report", mine, "-o", tmp_path / "r.html").code == 0
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "labelled samples; " in text
    assert f"--labels {labels}" in text


def test_that_recordings_are_prepared_as_the_session_was() -> None:
    sound = parse_sound("rate=16000 length=frames")
    data = DataDescription(kind=SourceKind.WAV, path="/w", sound=sound)
    taken = as_calibrated({"preprocess": None, "sound": None}, data)
    assert taken["preprocess"] is None
    assert parse_sound(taken["sound"] or "") == sound
    pictures = DataDescription(kind=SourceKind.IMAGES, path="/p", sound=sound)
    said: DataOptions = {"preprocess": "0-1", "sound": "rate=8000"}
    assert as_calibrated(said, pictures) == said
