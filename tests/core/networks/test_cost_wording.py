"""Costs of layers as people read them: nothing where nothing is counted, and totals in a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quantscope.core.networks.cost_wording import (
    HEADINGS,
    largest_in_words,
    macs_in_words,
    parameters_in_words,
    row_in_words,
    sort_keys,
)
from quantscope.core.networks.layer_costs import LayerCosts

CONV = LayerCosts(
    layer="a/conv",
    label="Conv 1",
    operator="Conv",
    parameters=1_000,
    parameter_bytes=1_060,
    activation_bytes=940,
    macs=2_000_000,
)
RELU = LayerCosts(
    layer="a/relu",
    label="Relu 1",
    operator="Relu",
    parameters=0,
    parameter_bytes=0,
    activation_bytes=2_000,
    macs=0,
)
LSTM = replace(CONV, layer="l", label="LSTM 1", operator="LSTM", activation_bytes=None, macs=None)


def cells(costs: LayerCosts) -> dict[str, str]:
    return dict(zip(HEADINGS, row_in_words(costs), strict=True))


def test_that_a_layer_with_products_fills_its_row() -> None:
    assert list(cells(CONV).values()) == [
        "Conv 1",
        "Conv",
        "1\u202f000",
        "1.06 KB",
        "4 KB",
        "2\u202f000\u202f000",
        "940 B",
        "2000.0",
    ]


def test_that_nothing_is_said_where_there_is_nothing_to_count() -> None:
    assert list(cells(RELU).values())[2:] == ["", "", "", "", "2 KB", ""]


def test_that_what_cannot_be_known_says_so() -> None:
    row = cells(LSTM)
    assert (row["Multiplications"], row["Activations"]) == ("unknown", "unknown")
    assert row["Operations a byte"] == ""


def test_that_every_column_can_be_sorted_and_the_unknown_comes_last() -> None:
    keys = [sort_keys(each) for each in (CONV, RELU, LSTM)]
    assert {len(each) for each in keys} == {len(HEADINGS)}
    for column in range(len(HEADINGS)):
        ordered = sorted(keys, key=lambda row: row[column], reverse=True)
        if list(HEADINGS)[column] in ("Multiplications", "Activations"):
            assert ordered[-1] == sort_keys(LSTM)


def test_that_totals_tell_memory_as_planned_and_in_float() -> None:
    assert parameters_in_words((CONV, RELU)) == "1\u202f000 in 1.06 KB, 4 KB in float"
    assert parameters_in_words((replace(CONV, parameter_bytes=4_000),)) == "1\u202f000 in 4 KB"


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ((CONV, RELU), "2\u202f000\u202f000 a sample"),
        ((CONV, LSTM), "2\u202f000\u202f000 a sample, without one layer where it is unknown"),
        ((LSTM, LSTM), "0 a sample, without 2 layers where it is unknown"),
    ],
)
def test_that_the_sum_of_products_tells_what_it_lacks(
    costs: tuple[LayerCosts, ...], words: str
) -> None:
    assert macs_in_words(costs) == words


def test_that_the_layer_with_most_activations_is_named() -> None:
    assert largest_in_words((CONV, RELU, LSTM)) == "2 KB, at Relu 1"
    assert largest_in_words((LSTM,)) == ""
