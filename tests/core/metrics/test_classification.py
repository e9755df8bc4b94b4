"""Scores, answers and their places among the largest, counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.classification import (
    answer,
    is_among_largest,
    required_scores,
    scores_of,
)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 3), (1, 4, 4)])
def test_that_what_is_no_row_of_scores_is_none(shape: tuple[int, ...]) -> None:
    assert scores_of(np.zeros(shape)) is None
    with pytest.raises(QuantscopeError, match="not one score for each class") as refused:
        required_scores(np.zeros(shape), "y")
    assert "output `y`" in refused.value.problem.sentence()


def test_that_nan_is_below_every_score() -> None:
    scores = required_scores(np.array([[np.nan, -5.0, np.nan]]), "y")
    assert answer(scores) == 1
    assert not is_among_largest(scores, 0, 3)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=8), st.data())
def test_that_the_largest_are_those_of_a_stable_sort(
    values: list[int], data: st.DataObject
) -> None:
    label = data.draw(st.integers(-1, len(values)))
    count = data.draw(st.integers(1, 5))
    order = sorted(range(len(values)), key=lambda place: -values[place])[:count]
    assert is_among_largest(np.array(values, float), label, count) == (label in order)
    assert answer(np.array(values, float)) == order[0]
