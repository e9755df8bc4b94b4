"""Migrated scales in words."""

from __future__ import annotations

from quantscope.core.networks.migration import in_words


def test_that_each_activation_says_how_many_channels_are_divided_and_by_how_much() -> None:
    told = list(in_words({"norm": (0, 4, 1, 0), "gelu": (2, 0), "even": (0, 0)}))
    assert told == [
        "Divided 2 of 4 channels of norm by 2^1 to 2^4",
        "Divided 1 of 2 channels of gelu by 2^2",
        "Divided 0 of 2 channels of even by 2^0",
    ]
    assert not list(in_words({}))
