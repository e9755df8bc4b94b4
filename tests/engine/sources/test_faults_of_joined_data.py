"""Several sources as one, and noise: what is wrong is told of its own source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import check_source, open_source
from quantscope.engine.validation.labels import read_labels
from tests.engine.sources.faults import X, data_of, told

GOOD = np.ones((3, 2, 3), np.float32)


@pytest.fixture
def two(tmp_path: Path) -> DataDescription:
    """An array of three samples, and an archive of three, of which the second is infinite."""
    np.save(tmp_path / "one.npy", GOOD)
    second = GOOD.copy()
    second[1] = np.inf
    np.savez(tmp_path / "two.npz", x=second)
    added = data_of(SourceKind.NPZ, tmp_path / "two.npz")
    return data_of(SourceKind.NPY, tmp_path / "one.npy", added=(added,))


def test_that_a_bad_sample_is_told_with_its_place_in_its_own_source(two: DataDescription) -> None:
    assert "two.npz, row 1, input `x`: the data holds 6 inf" in told(two, X, name="two.npz, row 1")


def test_that_each_source_skips_as_many_as_it_may(two: DataDescription) -> None:
    (added,) = two.added
    skipping = replace(two, added=(replace(added, skip_unreadable=1),))
    source = open_source(skipping, [X])
    assert source.skipped == ("source 2: row 1",)
    assert len(source) == 5
    assert check_source(skipping, [X], name="source 2: row 2").number == 4
    told(replace(two, skip_unreadable=1), X, name="two.npz")


@pytest.mark.parametrize(
    ("first", "second", "labels"),
    [
        (["a", "b"], ["a", "b"], (0, 1, 0, 1)),
        (["a", "b"], ["b", "c"], None),
        (["a", "b"], ["a", "b", "c"], None),
        (["a", "b"], ["."], None),
        (["."], ["."], None),
    ],
)
def test_that_joined_sources_have_labels_where_their_classes_are_the_same(
    tmp_path: Path, first: list[str], second: list[str], labels: tuple[int, ...] | None
) -> None:
    for source, classes in (("one", first), ("two", second)):
        for name in classes:
            folder = tmp_path / source / name
            folder.mkdir(parents=True, exist_ok=True)
            np.savez(folder / "0.npz", x=GOOD[0])
    added = data_of(SourceKind.NPZ_FOLDER, tmp_path / "two")
    data = data_of(SourceKind.NPZ_FOLDER, tmp_path / "one", added=(added,))
    source = open_source(data, [X])
    assert source.labels == labels
    found = read_labels("", source)
    assert found.names == (("a", "b") if labels else ())


@pytest.mark.parametrize("name", ["source 2: row 9", "source 3: row 0", "row 0"])
def test_that_a_sample_that_is_in_no_source_is_told(two: DataDescription, name: str) -> None:
    with pytest.raises(QuantscopeError) as caught:
        check_source(two, [X], name=name)
    assert f"{name}: the data has no such sample any more. Calibrate again" in str(caught.value)


@pytest.mark.parametrize("first", [True, False])
def test_that_a_missing_source_is_told_wherever_it_stands(
    two: DataDescription, tmp_path: Path, first: bool
) -> None:
    gone = data_of(SourceKind.NPY, tmp_path / "gone.npy")
    data = replace(gone, added=(replace(two, added=()),)) if first else replace(two, added=(gone,))
    assert "gone.npy: there is nothing at this path" in told(data, X, name="gone.npy")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"samples": 0}, "0 samples are asked for. Ask for at least one sample"),
        ({"samples": -5}, "-5 samples are asked for"),
        ({"shuffle": 1}, "random data has no order that could be shuffled. Leave out the shuffl"),
        (
            {"as_pictures": True},
            "preprocessing is for pictures, and this is data of the kind random",
        ),
    ],
)
def test_that_noise_that_can_not_be_meant_is_told(change: dict[str, object], words: str) -> None:
    assert words in told(data_of(SourceKind.RANDOM, "", **change), X, name="data")


@pytest.mark.parametrize("dtype", ["string", "complex64", "", "object"])
def test_that_noise_for_an_input_of_no_numbers_is_told(dtype: str) -> None:
    port = Port(name="x", dtype=dtype, shape=("n", 2))
    sentence = told(data_of(SourceKind.RANDOM, ""), port, name="input `x`")
    assert "which is not a number. Cut the part of the network that reads it" in sentence


def test_that_a_network_without_inputs_takes_no_data() -> None:
    with pytest.raises(
        QuantscopeError, match="the network has no inputs. Open a network that reads"
    ):
        open_source(data_of(SourceKind.RANDOM, ""), [])


@pytest.mark.parametrize("seed", [-1, 0, 2**63])
def test_that_any_seed_gives_finite_noise(seed: int) -> None:
    source = open_source(data_of(SourceKind.RANDOM, "", seed=seed, samples=2), [X])
    assert all(np.isfinite(sample["x"]).all() for sample in source)
