"""Numbers and names read the same in window, picture, table and terminal."""

import math

import pytest

from quantscope.core import wording
from quantscope.core.networks.network import Layer, LayerKind, Role, Tensor


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.91436, "−0.9144"), (14.2, "14.2"), (0.0, "0"), (1.3084e-6, "1.31e−6"), (3e10, "3e10")],
)
def test_that_values_have_four_significant_digits(value: float, text: str) -> None:
    assert wording.decimal(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(41.26, "41.3 dB"), (-3.0, "−3.0 dB"), (math.inf, "exact"), (-math.inf, "−∞ dB")],
)
def test_that_an_sqnr_without_error_is_called_exact(value: float, text: str) -> None:
    assert wording.decibel(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e-9, "<0.001 %"), (0.00463, "0.463 %"), (0.5, "50.0 %")],
)
def test_that_a_small_share_stays_visible(value: float, text: str) -> None:
    assert wording.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (172_345, "172 KB"), (1_300_000, "1.3 MB"), (5e12, "5e+03 GB")],
)
def test_that_sizes_go_in_steps_of_a_thousand(value: int, text: str) -> None:
    assert wording.size(int(value)) == text


def test_that_thousands_are_set_apart() -> None:
    assert wording.count(1_234_567) == "1\u202f234\u202f567"


def test_that_shapes_name_what_varies() -> None:
    assert wording.shape(("batch", 3, "")) == "batch × 3 × ?"
    assert wording.shape(()) == "scalar"


def _tensor(name: str, role: Role) -> Tensor:
    return Tensor(name=name, role=role, layer="l", shape=(), dtype="float32")


def test_that_tensors_with_siblings_are_numbered() -> None:
    layer = Layer(
        name="l",
        label="l",
        operator="Split",
        kind=LayerKind.PASS_THROUGH,
        outputs=("a", "b"),
        constants=("c",),
        weights="w",
    )
    names = {
        name: wording.row_name(_tensor(name, role), layer)
        for name, role in [
            ("b", Role.ACTIVATION),
            ("other", Role.ACTIVATION),
            ("c", Role.CONSTANT),
            ("w", Role.WEIGHTS),
        ]
    }
    assert names == {
        "b": "activations 2",
        "other": "activations",
        "c": "constant",
        "w": "weights",
    }
