"""`quantscope heatmap` and `quantscope statistics` say of a session what the window shows."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from quantscope.session.session_file import load_session
from tests.cli.conftest import PICTURES, Run


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def _tensors(path: Path) -> dict[str, dict[str, Any]]:
    return {row["tensor"]: row for row in json.loads(path.read_text(encoding="utf-8"))["tensors"]}


# ---- heatmap


def test_that_the_picture_is_what_its_ending_says(run: Run, session: Path, tmp_path: Path) -> None:
    assert run("heatmap", session, "-o", tmp_path / "a.png").code == 0
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
    said = run("heatmap", session, "-o", tmp_path / "a.SVG")
    assert ET.parse(tmp_path / "a.SVG").getroot().tag.endswith("svg")
    assert said.out.startswith(f"{tmp_path / 'a.SVG'}: ")


def test_that_the_picture_is_as_wide_as_one_says(run: Run, session: Path, tmp_path: Path) -> None:
    said = run("heatmap", session, "--width", "777", "-o", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == 777
        assert f"777 × {image.height} pixels" in said.out
    assert run("heatmap", session, "--width", "5", "-o", tmp_path / "b.png").code == 1


def test_that_every_option_changes_the_picture(run: Run, session: Path, tmp_path: Path) -> None:
    choices: list[list[str]] = [
        [],
        ["--dark"],
        ["--log"],
        ["--width", "900"],
        ["--target", "fixed-point"],
        ["--scheme", "histogram"],
        ["--word-length", "16"],
    ]
    pictures = set()
    for number, choice in enumerate(choices):
        path = tmp_path / f"{number}.svg"
        assert run("heatmap", session, *choice, "-o", path).code == 0
        pictures.add(path.read_bytes())
    assert len(pictures) == len(choices)


def test_that_noise_is_marked_in_the_picture(run: Run, noisy_session: Path, tmp_path: Path) -> None:
    said = run("heatmap", noisy_session, "-o", tmp_path / "a.svg")
    assert said.out.startswith("RANDOM DATA")
    assert "RANDOM DATA" in (tmp_path / "a.svg").read_text(encoding="utf-8")


# ---- statistics


def test_that_the_table_has_a_row_for_every_tensor(run: Run, session: Path, tmp_path: Path) -> None:
    assert run("statistics", session, "-o", tmp_path / "a.csv").code == 0
    calibration = load_session(session).calibration
    assert calibration is not None
    rows = _table(tmp_path / "a.csv")
    assert {row["tensor"] for row in rows} == set(calibration.statistics)
    assert {row["data"] for row in rows} == {"images"}


def test_that_the_table_names_the_pictures_with_the_extremes(
    run: Run, session: Path, pictures: Path, tmp_path: Path
) -> None:
    run("statistics", session, "-o", tmp_path / "a.json")
    row = _tensors(tmp_path / "a.json")["x"]
    largest = [
        int(np.asarray(Image.open(pictures / f"{number}.png")).max()) for number in range(PICTURES)
    ]
    assert row["maximum"] == max(largest) / 255
    assert row["maximum_sample"] == f"{largest.index(max(largest))}.png"
    assert row["maximum_count"] >= 1
    assert row["values"] == PICTURES * 3 * 16 * 16


def test_that_costs_follow_the_types_of_the_options(
    run: Run, session: Path, tmp_path: Path
) -> None:
    memory = []
    for number, bits in enumerate(("8", "16")):
        path = tmp_path / f"{number}.json"
        assert run("statistics", session, "--word-length", bits, "-o", path).code == 0
        costs = json.loads(path.read_text(encoding="utf-8"))["costs"]
        conv = next(each for each in costs if each["label"] == "conv1")
        memory.append(conv["activation_bytes"])
        assert conv["macs"] > 0
    assert memory[1] == 2 * memory[0]


def test_that_counts_by_bit_position_add_up_to_all_values_but_zeros(
    run: Run, session: Path, tmp_path: Path
) -> None:
    for ending in ("csv", "json"):
        assert run("statistics", session, "-o", tmp_path / f"a.{ending}").code == 0
    tensors = _tensors(tmp_path / "a.json")
    for line in _table(tmp_path / "a.csv"):
        row = tensors[line["tensor"]]
        logged = row["values"] - row["zeros"] - row["infinities"] - row["not_a_number"]
        assert sum(bit["positive"] + bit["negative"] for bit in row["msb"]) == logged
        assert sum(int(n) for name, n in line.items() if name.startswith("msb 2^")) == logged


def test_that_the_json_has_the_documented_entries(run: Run, session: Path, tmp_path: Path) -> None:
    run("statistics", session, "-o", tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert list(data) == [
        "format",
        "network",
        "fingerprint",
        "random_data",
        "data",
        "samples",
        "settings",
        "costs",
        "tensors",
    ]
    assert (data["format"], data["random_data"], data["samples"]) == (1, False, PICTURES)
    assert list(data["tensors"][0]) == [
        "layer",
        "layer_name",
        "operator",
        "tensor",
        "role",
        "shape",
        "type",
        "tied_to",
        "pinned",
        "reason",
        "minimum",
        "minimum_count",
        "minimum_sample",
        "maximum",
        "maximum_count",
        "maximum_sample",
        "values",
        "zeros",
        "not_a_number",
        "infinities",
        "sqnr_db",
        "overflow",
        "underflow",
        "msb",
    ]
    assert list(data["tensors"][0]["msb"][0]) == ["bit", "positive", "negative"]


def test_that_both_tables_say_the_same(run: Run, session: Path, tmp_path: Path) -> None:
    for ending in ("csv", "json"):
        assert run("statistics", session, "-o", tmp_path / f"a.{ending}").code == 0
    tensors = _tensors(tmp_path / "a.json")
    for line in _table(tmp_path / "a.csv"):
        row = tensors[line["tensor"]]
        assert float(line["minimum"]) == row["minimum"]
        assert line["type"] == row["type"]
        assert line["sqnr_db"] == ("" if row["sqnr_db"] is None else str(row["sqnr_db"]))


def test_that_noise_is_marked_in_both_tables(run: Run, noisy_session: Path, tmp_path: Path) -> None:
    for ending in ("csv", "json"):
        said = run("statistics", noisy_session, "-o", tmp_path / f"a.{ending}")
        assert said.out.startswith("RANDOM DATA")
    assert {row["data"] for row in _table(tmp_path / "a.csv")} == {"random data"}
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["random_data"] is True
