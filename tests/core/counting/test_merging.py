"""Runs that are merged are one run over all their samples, whatever the order and the split."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.merging import merged
from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.joined import joined, joined_name, source_order
from quantscope.core.errors import QuantscopeError

BASIS = DataDescription(kind=SourceKind.NPY)
WEIGHTS = TensorStatistics.of_parameter(np.float32([[1.0, -2.0]]), 0)
values = st.floats(width=32) | st.sampled_from([0.0, -1.0, 1.0, 6.0])
samples = st.lists(values, max_size=4).map(np.float32)
# Rows of each source, by its path: the order of sources is not that in which they come.
tables = st.dictionaries(
    st.sampled_from(["/d", "/b", "/c", "/a"]), st.lists(samples, max_size=4), min_size=1
)


def source_at(path):
    return DataDescription(kind=SourceKind.NPY, path=path)


def run_over(table):
    """One run over all sources, written out: samples in the order of sources, then of rows."""
    paths = sorted(table, key=lambda path: source_order(source_at(path)))
    rows = [(place, row) for place, path in enumerate(paths) for row in enumerate(table[path])]
    parts = [TensorStatistics.from_values(row, number) for number, (_, (_, row)) in enumerate(rows)]
    names = tuple(joined_name(place, len(paths), f"row {row}") for place, (row, _) in rows)
    return Calibration(
        fingerprint="f",
        data=joined([source_at(path) for path in paths], BASIS),
        samples=len(rows),
        sample_names=names,
        skipped=tuple(joined_name(place, len(paths), "bad") for place in range(len(paths))),
        statistics={"a": merge_all(parts), "w": WEIGHTS},
    )


def assert_same(one, two):
    assert one.statistics.keys() == two.statistics.keys()
    for name in one.statistics:
        mine, theirs = one.statistics[name], two.statistics[name]
        assert mine.histogram == theirs.histogram
        assert (mine.minimum, mine.maximum) == (theirs.minimum, theirs.maximum)
        assert mine.growth == theirs.growth
        for array in ("values", "counts"):
            found = [getattr(each.distinct, array, None) for each in (mine, theirs)]
            np.testing.assert_array_equal(*found)
    rest = [replace(each, statistics={}, derived={}) for each in (one, two)]
    fields = ("fingerprint", "data", "samples", "sample_names", "skipped", "left", "migration")
    assert [getattr(rest[0], name) for name in fields] == [
        getattr(rest[1], name) for name in fields
    ]


@settings(max_examples=60)
@given(tables, st.randoms(use_true_random=False))
def test_that_runs_of_single_sources_merge_in_any_order_to_one_run_over_all(table, random):
    runs = [run_over({path: rows}) for path, rows in table.items()]
    random.shuffle(runs)
    assert_same(reduce(merged, runs), run_over(table))


@settings(max_examples=60)
@given(tables, st.data())
def test_that_it_does_not_matter_how_sources_were_divided_among_runs(table, data):
    second = data.draw(st.sets(st.sampled_from(sorted(table)), max_size=len(table) - 1))
    one = {path: rows for path, rows in table.items() if path not in second}
    two = {path: rows for path, rows in table.items() if path in second}
    if two:
        assert_same(merged(run_over(one), run_over(two)), run_over(table))
        assert_same(merged(run_over(two), run_over(one)), run_over(table))


def test_that_parameters_keep_their_values_and_samples_that_are_left_add_up():
    one, two = run_over({"/a": [np.float32([1])]}), run_over({"/b": [np.float32([2])]})
    found = merged(replace(one, left=3), replace(two, left=4))
    assert found.statistics["w"] is WEIGHTS
    assert found.left == 7


def refusal(one, two):
    with pytest.raises(QuantscopeError) as caught:
        merged(one, two)
    return caught.value.problem.sentence()


ONE, TWO = run_over({"/a": [np.float32([1])]}), run_over({"/b": [np.float32([2])]})


def test_that_runs_of_different_networks_are_refused():
    assert "different networks" in refusal(ONE, replace(TWO, fingerprint="g"))


def test_that_runs_under_different_migrated_scales_are_refused():
    assert "different migrated scales" in refusal(ONE, replace(TWO, migration={"a": (1,)}))


def test_that_runs_that_counted_different_tensors_are_refused():
    fewer = replace(TWO, statistics={"w": WEIGHTS})
    assert "tensors that the other did not" in refusal(ONE, fewer)
    assert "tensors that the other did not" in refusal(fewer, ONE)


def test_that_no_sample_counts_twice():
    assert "both runs counted row 0" in refusal(ONE, ONE)
    shuffled = replace(ONE, data=replace(ONE.data, shuffle=1))
    assert "both runs counted row 0" in refusal(ONE, shuffled)


def test_that_the_same_name_in_another_source_is_another_sample():
    assert merged(ONE, TWO).sample_names == ("source 1: row 0", "source 2: row 0")
