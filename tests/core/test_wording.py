"""Numbers as people read them, at the places where the wording changes."""

import math
from dataclasses import replace

import pytest

from quantscope.core.network import Role
from quantscope.core.schemes import Scheme
from quantscope.core.wording import (
    SCHEME_TITLES,
    count,
    decibel,
    decimal,
    row_name,
    shape,
    share,
    size,
)
from tests.core.networks import Sketch


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (14.2, "14.2"),
        (-0.91438, "−0.9144"),
        (12345.6, "1.23e4"),
        (1.3149e-6, "1.31e−6"),
        (-2e-10, "−2e−10"),
        (3e38, "3e38"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_that_values_take_at_most_four_digits_and_a_real_minus(value, text):
    assert decimal(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(41.26, "41.3 dB"), (-3.0, "−3.0 dB"), (math.inf, "exact"), (-math.inf, "−∞ dB")],
)
def test_that_no_error_at_all_is_called_exact(value, text):
    assert decibel(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-9, "< 0.001 %"),
        (0.00001, "0.001 %"),
        (0.005, "0.500 %"),
        (0.01, "1.0 %"),
        (0.1234, "12.3 %"),
        (1.0, "100.0 %"),
    ],
)
def test_that_a_small_share_stays_visible(value, text):
    assert share(value) == text


def test_that_thousands_are_set_apart():
    assert count(999) == "999"
    assert count(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 KB"),
        (172_400, "172 KB"),
        (999_600, "1 MB"),
        (1_310_000, "1.31 MB"),
        (2_000_000_000, "2 GB"),
        (900_000_000_000, "900 GB"),
    ],
)
def test_that_sizes_change_units_at_a_thousand(value, text):
    assert size(value) == text


def test_that_shapes_show_symbols_and_unknown_dimensions():
    assert shape(("N", 3, "", 32)) == "N × 3 × ? × 32"
    assert shape(()) == "scalar"


def test_that_every_scheme_has_a_title():
    assert set(SCHEME_TITLES) == set(Scheme)


def test_that_tensors_are_called_by_their_role_and_numbered_among_siblings():
    sketch = Sketch("x").add("Conv", "x", "a").add("Reshape", "a", "p q")
    network = sketch.add("Concat", "p q", "c", constants="k l").network("c")
    named = {name: row_name(t, network.layer_of(name)) for name, t in network.tensors.items()}
    assert named == {
        "x": "activations",
        "a.w": "weights",
        "a.b": "bias",
        "a": "activations",
        "p": "activations 1",
        "q": "activations 2",
        "k": "constant 1",
        "l": "constant 2",
        "c": "activations",
    }
    stranger = replace(network.tensors["a"], name="elsewhere", role=Role.ACTIVATION)
    assert row_name(stranger, network.layer("Reshape p q")) == "activations"
