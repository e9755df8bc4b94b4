"""Samples that can't be read are left out up to a limit, and named; the order is as asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from quantscope.core.data.description import DataDescription, Preprocessing, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.listing import chosen, shuffled
from quantscope.engine.sources.opening import check_source, open_screened, open_source

PICTURE = Port(name="image", dtype="float32", shape=("batch", 3, 4, 6))
DAMAGED = ("2.png", "5.png")


@pytest.fixture
def data(tmp_path: Path) -> DataDescription:
    """Eight pictures, each of its own level, two of them damaged."""
    for level in range(8):
        Image.new("RGB", (6, 4), (level, level, level)).save(tmp_path / f"{level}.png")
    for name in DAMAGED:
        (tmp_path / name).write_bytes(b"no picture")
    return DataDescription(
        kind=SourceKind.IMAGES, path=str(tmp_path), preprocessing=Preprocessing(scale=1.0)
    )


def test_that_unreadable_samples_are_left_out_and_named(data: DataDescription) -> None:
    source = open_source(replace(data, skip_unreadable=2), [PICTURE])
    assert source.skipped == DAMAGED
    assert source.names == tuple(f"{level}.png" for level in (0, 1, 3, 4, 6, 7))
    assert [int(sample["image"].max()) for sample in source] == [0, 1, 3, 4, 6, 7]
    assert source.pictures is not None
    assert source.pictures.original(2).getpixel((0, 0)) == (3, 3, 3)
    assert check_source(replace(data, skip_unreadable=2), [PICTURE]).skipped == DAMAGED


def test_that_the_run_stops_at_the_first_one_where_none_may_be_skipped(
    data: DataDescription,
) -> None:
    source = open_source(data, [PICTURE])
    assert len(source) == 8
    with pytest.raises(QuantscopeError, match="2.png: the file is no picture"):
        list(source)


def test_that_more_than_the_limit_stops_the_run_with_the_first_of_them(
    data: DataDescription,
) -> None:
    with pytest.raises(QuantscopeError) as caught:
        open_source(replace(data, skip_unreadable=1), [PICTURE])
    assert "2.png: the file is no picture of a known format; 2 samples can't be" in str(
        caught.value
    )
    assert "and 1 may be skipped" in str(caught.value)


def test_that_data_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(b"")
    data = DataDescription(kind=SourceKind.IMAGES, path=str(tmp_path), skip_unreadable=9)
    with pytest.raises(
        QuantscopeError, match="the file is empty; none of the 1 samples can be read. Repair"
    ):
        open_source(data, [PICTURE])


def test_that_known_ones_are_left_out_without_a_look(data: DataDescription) -> None:
    source = open_source(replace(data, skip_unreadable=1), [PICTURE], skipped=["2.png"])
    assert source.skipped == ("2.png",)
    assert len(source) == 7
    assert open_source(data, [PICTURE], skipped=()).names == open_source(data, [PICTURE]).names


def test_that_the_search_tells_how_far_it_is_and_stops_when_asked(data: DataDescription) -> None:
    allowed = replace(data, skip_unreadable=2)
    events = list(open_screened(allowed, [PICTURE]))
    assert [(event.done, event.total) for event in events] == [(n, 8) for n in range(1, 9)]
    assert list(open_screened(allowed, [PICTURE], stop=lambda: True)) == []


def test_that_bad_rows_of_a_table_are_skipped_like_files(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1,2\n1,x\n3,4\n")
    port = Port(name="x", dtype="float32", shape=("n", 2))
    data = DataDescription(kind=SourceKind.CSV, path=str(tmp_path / "t.csv"), skip_unreadable=1)
    source = open_source(data, [port])
    assert (source.names, source.skipped) == (("row 0", "row 2"), ("row 1",))
    assert source.sample(1)["x"].tolist() == [[3, 4]]


# ---- order ---------------------------------------------------------------------------------------


def test_that_a_seed_shuffles_samples_with_their_names(data: DataDescription) -> None:
    source = open_source(replace(data, shuffle=3), [PICTURE], skipped=DAMAGED)
    assert sorted(source.names) != list(source.names)
    levels = [int(sample["image"].max()) for sample in source]
    assert source.names == tuple(f"{level}.png" for level in levels)
    other = open_source(replace(data, shuffle=4), [PICTURE], skipped=DAMAGED)
    assert other.names != source.names


def test_that_rows_are_shuffled_before_a_limit_takes_some(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(100, dtype=np.float32).reshape(100, 1))
    port = Port(name="x", dtype="float32", shape=("n", 1))
    data = DataDescription(kind=SourceKind.NPY, path=str(tmp_path / "x.npy"), samples=5, shuffle=0)
    source = open_source(data, [port])
    values = [int(sample["x"].item()) for sample in source]
    assert len(set(values)) == 5
    assert max(values) > 20
    assert source.names == tuple(f"row {value}" for value in values)


def test_that_an_order_stays_the_same_over_versions() -> None:
    assert shuffled([f"{number}.png" for number in range(6)], 1) == [3, 4, 0, 1, 5, 2]


@given(st.sets(st.text(max_size=3), min_size=1, max_size=12), st.integers(-(2**63), 2**63))
def test_that_a_name_that_is_added_leaves_the_order_of_the_others(
    names: set[str], seed: int
) -> None:
    more = sorted(names)
    fewer = more[1:]
    with_it = [more[place] for place in shuffled(more, seed) if place]
    assert with_it == [fewer[place] for place in shuffled(fewer, seed)]
    assert sorted(shuffled(more, seed)) == list(range(len(more)))


def test_that_a_shuffled_limit_still_sees_every_class() -> None:
    names = [f"{folder}/{number}" for folder in "abc" for number in range(20)]
    taken = [names[place] for place in chosen(names, 6, shuffle=1)]
    assert sorted(name[0] for name in taken) == list("aabbcc")
    assert taken != sorted(taken)


def test_that_random_data_can_not_be_shuffled() -> None:
    with pytest.raises(QuantscopeError, match="no order that could be shuffled"):
        open_source(DataDescription(kind=SourceKind.RANDOM, shuffle=1), [PICTURE])
