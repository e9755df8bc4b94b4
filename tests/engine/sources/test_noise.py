"""Random data is repeatable, and of shapes and values that networks can take."""

import ml_dtypes
import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import check_source, open_source
from quantscope.engine.sources.samples import SampleSource


def noise(*inputs: Port, seed: int = 0, samples: int | None = None) -> SampleSource:
    return open_source(DataDescription(kind=SourceKind.RANDOM, seed=seed, samples=samples), inputs)


def test_that_random_data_depends_on_the_seed_and_the_number_alone() -> None:
    port = Port(name="x", dtype="float32", shape=(1, 8))
    forward = [sample["x"] for sample in noise(port, seed=5)]
    backward = [noise(port, seed=5).sample(number)["x"] for number in reversed(range(32))]
    assert len(forward) == 32
    assert all(map(np.array_equal, forward, reversed(backward)))
    assert not np.array_equal(forward[0], forward[1])
    for seed in (6, -5):
        assert not np.array_equal(forward[0], noise(port, seed=seed).sample(0)["x"])


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (("n", "length"), (1, 16)),
        (("n", 3, "h", "w"), (1, 3, 224, 224)),
        (("n", "h", "w", 3), (1, 224, 224, 3)),
        (("n", "c", "h", "w"), (1, 3, 224, 224)),
        (("n", "heads", "", 64), (1, 16, 16, 64)),
        (("n", "", 7), (1, 16, 7)),
        ((4, 7), (1, 7)),
        ((), ()),
    ],
)
def test_that_random_data_gives_free_dimensions_a_length(
    shape: tuple[int | str, ...], size: tuple[int, ...]
) -> None:
    assert noise(Port(name="x", dtype="float32", shape=shape)).sample(0)["x"].shape == size


@pytest.mark.parametrize(
    ("name", "dtype", "low", "high"),
    [
        ("ids", "int64", 0, 99),
        ("attention_mask", "int32", 0, 1),
        ("token_type_ids", "int64", 0, 1),
        ("x", "uint8", 0, 255),
        ("x", "int8", 0, 99),
        ("x", "int4", 0, 1),
        ("x", "bool", 0, 1),
        ("x", "float16", -1, 1),
        ("x", "bfloat16", -1, 1),
        ("x", "float64", -1, 1),
    ],
)
def test_that_random_data_stays_in_a_range_that_suits_the_type(
    name: str, dtype: str, low: float, high: float
) -> None:
    array = noise(Port(name=name, dtype=dtype, shape=(1, 4000))).sample(0)[name]
    assert array.dtype.name == dtype
    values = array.astype(np.float64)
    assert low == round(float(values.min()), 1) and high == round(float(values.max()), 1)


def test_that_a_dry_run_takes_every_number_type() -> None:
    port = Port(name="x", dtype="bfloat16", shape=(1, 9))
    check = check_source(DataDescription(kind=SourceKind.RANDOM), [port])
    assert -1.0 <= check.minimum < check.maximum <= 1.0
    assert ml_dtypes.bfloat16 == noise(port).sample(0)["x"].dtype
