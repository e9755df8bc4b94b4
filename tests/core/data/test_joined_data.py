"""Sources are put together in one order, and every sample says of which it is."""

from dataclasses import replace

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.joined import (
    counted_twice,
    goes_on,
    is_same_source,
    joined,
    joined_name,
    keeps_counted,
    runs_a_file,
    source_of,
    sources_of,
    split_names,
    takes_same,
    untrusted,
    with_source,
)

A, B, C = (DataDescription(kind=SourceKind.IMAGES, path=f"/{name}") for name in "abc")
NOISE = DataDescription(kind=SourceKind.RANDOM)


def test_that_sources_stand_in_the_order_of_their_paths_however_they_come():
    expected = (A, B, C)
    for first, second, third in ((A, B, C), (C, A, B), (B, C, A), (C, B, A)):
        data = with_source(with_source(first, second), third)
        assert sources_of(data) == expected


def test_that_more_samples_of_a_source_take_the_place_of_fewer():
    data = with_source(with_source(replace(A, samples=100), B), replace(A, samples=200))
    assert sources_of(data) == (replace(A, samples=200), B)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"samples": 5}, True),
        ({"skip_unreadable": 2}, True),
        ({"trusted": "x"}, True),
        ({"shuffle": 1}, False),
        ({"path": "/b"}, False),
        ({"seed": 1}, False),
    ],
)
def test_that_a_source_is_the_same_where_its_first_samples_are(change, same):
    assert is_same_source(A, replace(A, **change)) is same


def test_that_what_holds_for_all_stays_with_the_whole():
    data = with_source(replace(B, stable_after=9, trusted="1 2"), replace(A, trusted="3"))
    assert (data.path, data.stable_after, data.trusted) == ("/a", 9, "1 2")
    assert [each.trusted for each in data.added] == [""]
    assert [each.trusted for each in sources_of(data)] == ["1 2", "1 2"]
    assert [each.stable_after for each in sources_of(data)] == [0, 0]


def test_that_no_agreement_is_left_where_none_may_be():
    data = untrusted(replace(joined([A, B], A), trusted="x", added=(replace(B, trusted="y"),)))
    assert (data.trusted, data.added[0].trusted) == ("", "")


def test_that_one_random_source_makes_all_of_it_random():
    assert joined([A, NOISE], A).is_random
    assert not joined([A, B], A).is_random


def test_that_names_are_plain_in_one_source_and_numbered_in_several():
    assert joined_name(0, 1, "0412.jpg") == "0412.jpg"
    names = [joined_name(number, 2, f"{number}: x.jpg") for number in (0, 1, 1)]
    assert names[:2] == ["source 1: 0: x.jpg", "source 2: 1: x.jpg"]
    assert split_names(2, names) == [("0: x.jpg",), ("1: x.jpg", "1: x.jpg")]
    assert split_names(1, ["source 2: x"]) == [("source 2: x",)]


@pytest.mark.parametrize("name", ["x.jpg", "source 3: x", "source 0: x", "source y: x", ""])
def test_that_a_name_without_its_source_is_refused(name):
    with pytest.raises(ValueError, match=r"source|invalid"):
        split_names(2, [name])


def test_that_a_sample_is_found_in_its_source():
    data = joined([A, B], A)
    assert source_of(data, "source 2: 0412.jpg") == (B, "0412.jpg")
    assert source_of(A, "0412.jpg") == (A, "0412.jpg")


def test_that_a_sample_of_two_sources_is_found_whatever_their_order_of_samples():
    assert counted_twice([A, replace(A, shuffle=1)], [("1", "2"), ("3", "2")]) == "2"
    assert counted_twice([A, replace(A, shuffle=1)], [("1", "2"), ("3",)]) == ""
    assert counted_twice([A, B], [("1",), ("1",)]) == ""


def test_that_data_goes_on_where_it_has_all_sources_that_were_counted():
    both = with_source(A, B)
    assert goes_on(both, A)
    assert goes_on(both, with_source(replace(B, samples=3), A))
    assert goes_on(replace(A, samples=9), A)
    assert not goes_on(A, both)
    assert not goes_on(C, A)
    assert not goes_on(replace(A, shuffle=1), A)


def test_that_any_source_may_run_a_file():
    python = DataDescription(kind=SourceKind.PYTHON, path="/d.py")
    assert runs_a_file(with_source(A, python))
    assert not runs_a_file(with_source(A, B))


def test_that_data_keeps_what_was_counted_unless_a_source_or_its_samples_are_gone() -> None:
    counted, names = with_source(A, B), ("source 1: x", "source 1: y", "source 2: x")
    assert keeps_counted(counted, counted, names)
    assert keeps_counted(with_source(counted, C), counted, names)
    assert keeps_counted(with_source(counted, replace(A, samples=2)), counted, names)
    assert not keeps_counted(with_source(counted, replace(A, samples=1)), counted, names)
    assert not keeps_counted(with_source(A, C), counted, names)
    assert not keeps_counted(with_source(replace(A, shuffle=1), B), counted, names)


def test_that_when_a_run_ends_does_not_change_which_samples_it_takes() -> None:
    assert takes_same(A, replace(A, stable_after=8))
    assert not takes_same(A, replace(A, samples=8))
    assert not takes_same(A, B)
