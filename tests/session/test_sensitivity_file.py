"""Measured layers are kept beside the session, each bound to what it depends on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.diagnosis.sensitivity import Basis, Sensitivity, basis_of
from quantscope.core.errors import QuantscopeError
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.sensitivity_file import (
    MOST_KEPT,
    beside,
    read_sensitivity,
    write_sensitivity,
)
from tests.core.diagnosed import deviation, measured
from tests.session.examples import small_calibration

BASIS = basis_of(small_calibration(), PlanSettings(), 16)


def found(basis: Basis = BASIS, *layers: str) -> Sensitivity:
    return Sensitivity(
        basis=basis,
        whole=deviation(0.25, agreement=None),
        layers=tuple(measured(name, 0.5, float("inf")) for name in layers),
        missing=("last",),
        seconds=1.5,
    )


def on(samples: int) -> Basis:
    return replace(BASIS, samples=samples)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.json"


def test_that_it_lies_beside_the_session() -> None:
    assert beside("some/net.qscope") == Path("some/net.sensitivity.json")


def test_that_what_is_written_reads_back(path: Path) -> None:
    write_sensitivity(path, found(BASIS, "a", "b"))
    again = read_sensitivity(path, BASIS)
    assert again == found(BASIS, "a", "b")
    assert again is not None
    assert again.seconds == 1.5


def test_that_nothing_is_known_where_there_is_no_file(path: Path) -> None:
    assert read_sensitivity(path, BASIS) is None


def test_that_results_on_another_basis_are_told_apart(path: Path) -> None:
    for samples in (1, 2):
        write_sensitivity(path, found(on(samples), str(samples)))
    assert read_sensitivity(path, on(1)) == found(on(1), "1")
    assert read_sensitivity(path, on(2)) == found(on(2), "2")
    assert read_sensitivity(path, on(3)) is None


def test_that_newer_results_replace_those_on_the_same_basis(path: Path) -> None:
    write_sensitivity(path, found(BASIS, "a"))
    write_sensitivity(path, found(BASIS, "a", "b"))
    assert read_sensitivity(path, BASIS) == found(BASIS, "a", "b")
    assert len(json.loads(path.read_text(encoding="utf-8"))["results"]) == 1


def test_that_only_the_latest_are_kept(path: Path) -> None:
    for samples in range(1, MOST_KEPT + 3):
        write_sensitivity(path, found(on(samples)))
    known = [read_sensitivity(path, on(samples)) for samples in range(1, MOST_KEPT + 3)]
    assert [each is not None for each in known] == [False] * 2 + [True] * MOST_KEPT


@pytest.mark.parametrize("content", [b"", b"precious", b"[]", b"\xff", b'{"class": "Kept"}'])
def test_that_something_else_is_neither_read_nor_overwritten(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(QuantscopeError, match="does not hold measured layers"):
        read_sensitivity(path, BASIS)
    with pytest.raises(QuantscopeError, match="does not hold measured layers"):
        write_sensitivity(path, found())
    assert path.read_bytes() == content


def test_that_results_of_another_version_count_as_none(path: Path) -> None:
    write_sensitivity(path, found())
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**kept, "version": 99}), encoding="utf-8")
    assert read_sensitivity(path, BASIS) is None
