"""Batches: which samples verification reads, and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.networks.network import Port
from quantscope.engine.calibration.batching import Batch, batches
from quantscope.engine.sources.samples import SampleSource

Arrays = Mapping[str, Any]


def numbered(count: int, batch: int | str = "batch", read: list[int] | None = None) -> SampleSource:
    """Sample ``i`` holds ``i``; a second input has no batch axis. ``read`` notes the order."""
    image = Port(name="x", dtype="float32", shape=(batch, 2))
    inputs = (image,)

    def sample(number: int) -> Arrays:
        if read is not None:
            read.append(number)
        return {"x": np.full((1, 2), number, np.float32)}

    names = tuple(f"row {number}" for number in range(count))
    return SampleSource(inputs=inputs, names=names, read=sample)


def values(source: SampleSource, limit: int) -> list[float]:
    """The samples that count, in order."""
    found: list[float] = []
    for fetch in batches(source, limit):
        batch = fetch()
        found += batch.own(batch.feed["x"])[:, 0].tolist()
    return found


@given(count=st.integers(1, 300), limit=st.integers(1, 80), batch=st.sampled_from(["n", 1, 3, 4]))
def test_that_samples_are_spread_evenly(count: int, limit: int, batch: int | str) -> None:
    found = values(numbered(count, batch), limit)
    assert len(found) == min(count, limit)
    assert found[0] == 0
    assert found == sorted(set(found))
    gaps = np.diff([*found, count])
    assert gaps.max() - gaps.min() <= 1


def test_that_every_class_of_sorted_data_is_seen() -> None:
    found = values(numbered(1_000), 10)
    assert [int(number) // 100 for number in found] == list(range(10))


def test_that_a_fixed_batch_is_filled_with_copies_of_the_last_sample() -> None:
    runs = [fetch() for fetch in batches(numbered(10, 4), 6)]
    assert [run.used for run in runs] == [4, 2]
    assert [run.feed["x"].shape for run in runs] == [(4, 2), (4, 2)]
    assert runs[1].feed["x"][:, 0].tolist() == [6, 8, 8, 8]


def test_that_samples_are_read_only_when_their_run_comes() -> None:
    read: list[int] = []
    runs = batches(numbered(9, 3, read), 9)
    assert read == []
    runs[1]()
    assert read == [3, 4, 5]


def test_that_an_input_without_a_batch_axis_is_not_repeated() -> None:
    inputs = (
        Port(name="x", dtype="float32", shape=(4, 2)),
        Port(name="y", dtype="float32", shape=(4, 3)),
    )

    def sample(number: int) -> Arrays:
        return {"x": np.full((1, 2), number, np.float32), "y": np.ones((1, 3), np.float32)}

    source = SampleSource(inputs=inputs, names=("a", "b", "c"), read=sample)
    (run,) = (fetch() for fetch in batches(source, 3))
    assert {name: array.shape for name, array in run.feed.items()} == {"x": (4, 2), "y": (4, 3)}

    inputs = (inputs[0], Port(name="size", dtype="float32", shape=()))

    def other(number: int) -> Arrays:
        return {"x": np.full((1, 2), number, np.float32), "size": np.float32(7)}

    source = SampleSource(inputs=inputs, names=("a", "b", "c"), read=other)
    (run,) = (fetch() for fetch in batches(source, 3))
    assert run.feed["size"].shape == ()
    assert run.feed["x"][:, 0].tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize(
    ("shape", "rows"),
    [((4, 5), 3), ((8, 5), 6), ((6, 5), 6), ((), None), ((1, 5), 1), ((4,), 3)],
)
def test_that_only_what_belongs_to_samples_is_kept(
    shape: tuple[int, ...], rows: int | None
) -> None:
    kept = Batch({}, used=3, size=4).own(np.zeros(shape))
    assert kept.shape == (shape if rows is None else (rows, *shape[1:]))
    full = Batch({}, used=4, size=4).own(np.zeros(shape))
    assert full.shape == shape
    single = Batch({}, used=1, size=1).own(np.zeros(shape))
    assert single.shape == shape
