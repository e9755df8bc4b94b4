"""An array either fits a network input exactly or is refused in one sentence."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import batch_of, fitted


def port(dtype: str, *shape: int | str) -> Port:
    return Port(name="image", dtype=dtype, shape=shape)


def refusal(array: Any, wanted: Port) -> str:
    with pytest.raises(QuantscopeError) as caught:
        fitted(np.asarray(array), wanted, "cat.npz")
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "wanted", "result"),
    [
        ((2, 3), (1, 2, 3), (1, 2, 3)),
        ((1, 2, 3), (1, 2, 3), (1, 2, 3)),
        ((1, 2, 3), ("n", "a", "b"), (1, 2, 3)),
        ((2, 3), (8, 2, 3), (1, 2, 3)),
        ((1, 2, 3), (8, 2, 3), (1, 2, 3)),
        ((), ("n",), (1,)),
        ((), (), ()),
    ],
)
def test_that_a_missing_batch_axis_is_added(
    shape: tuple[int, ...], wanted: tuple[int | str, ...], result: tuple[int, ...]
) -> None:
    values = np.zeros(shape, np.float32)
    assert fitted(values, port("float32", *wanted), "s", batch=8).shape == result


def test_that_a_fixed_axis_that_other_inputs_lack_is_no_batch_axis() -> None:
    image, size = port("float32", 1, 3, 4, 4), port("float32", 2)
    assert batch_of([image, size]) == 1
    assert fitted(np.zeros(2), size, "s", batch_of([image, size])).shape == (2,)
    assert "wants 2 float32 and the sample gives 1x2 float64" in refusal(np.zeros((1, 2)), size)


@pytest.mark.parametrize(
    ("shapes", "batch"),
    [
        ([(4, 2), (4,)], 4),
        ([(4, 2), ()], 4),
        ([("n", 2)], 1),
        ([("n", 2), (4, 2)], 1),
        ([(1, 2)], 1),
        ([()], 1),
    ],
)
def test_that_a_run_takes_the_batch_that_all_inputs_share(
    shapes: list[tuple[int | str, ...]], batch: int
) -> None:
    assert batch_of([port("float32", *shape) for shape in shapes]) == batch


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        ((240, 320, 3), "Choose the layout NCHW in the preprocessing, which takes each sample"),
        ((1, 240, 320, 3), "Choose the layout NCHW in the preprocessing, which takes each sample"),
        ((480, 640, 3), "Let the preprocessing take each sample as a picture, which resizes it."),
        ((5, 240, 321), "Save each sample with the shape 3x240x320"),
        ((3, 240), "Save each sample with the shape 3x240x320"),
    ],
)
def test_that_a_wrong_shape_is_told_with_the_right_one(shape: tuple[int, ...], remedy: str) -> None:
    sentence = refusal(np.zeros(shape, np.uint8), port("float32", 1, 3, 240, 320))
    given = "x".join(map(str, shape))
    assert sentence.startswith(
        "cat.npz, input `image`: the input wants 1x3x240x320 float32 "
        f"and the sample gives {given} uint8. {remedy}"
    )


def test_that_channels_in_front_are_sent_to_the_end_where_the_input_wants_them() -> None:
    sentence = refusal(np.zeros((3, 5, 7)), port("float32", "n", 5, 7, 3))
    assert "wants nx5x7x3 float32" in sentence
    assert "Move the channels to the end before saving the data (NHWC)" in sentence


def test_that_a_scalar_input_takes_no_axes() -> None:
    assert "wants a single value float32" in refusal(np.zeros(2), port("float32"))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([0.1, -2.5]), "float32"),
        (np.array([0.1, -2.5], ">f4"), "float32"),
        (np.array([0, 255], np.uint8), "float32"),
        (np.array([0, 255], np.uint8), "float16"),
        (np.array([0, 255], np.uint8), "bfloat16"),
        (np.array([-(2**24), 2**30], np.int64), "float32"),
        (np.array([1.5, 2.0], ml_dtypes.bfloat16), "float32"),
        (np.array([1.5, 2.0], ml_dtypes.bfloat16), "bfloat16"),
        (np.array([1.5, 2.0], np.float16), "float64"),
        (np.array([2**62 + 1, -5], np.int64), "int64"),
        (np.array([3, 100], np.int64), "int32"),
        (np.array([3, 7], np.uint8), "int4"),
        (np.array([True, False]), "int64"),
        (np.array([True, False]), "float32"),
        (np.array([1, 0]), "bool"),
    ],
)
def test_that_a_cast_without_loss_is_made(values: np.ndarray, dtype: str) -> None:
    result = fitted(values, port(dtype, "n", 2), "s")
    expected = values.astype(result.dtype)
    assert result.dtype.name == dtype and result.dtype.isnative
    assert np.array_equal(result[0], expected)
    assert not np.shares_memory(result, values)


def test_that_bfloat16_survives_a_file_that_forgets_its_name() -> None:
    values = np.array([1.5, 2.0], ml_dtypes.bfloat16)
    result = fitted(values.view("V2"), port("bfloat16", 1, 2), "s")
    assert np.array_equal(result[0], values)


@pytest.mark.parametrize(
    ("values", "dtype", "given"),
    [
        (np.array([0.0, 1.0]), "int64", "gives float64. Save the data as int64"),
        (np.array([0.0, 1.0]), "uint8", "gives float64. Save the data as uint8"),
        (np.array([0, 300]), "uint8", "gives int64 with values from 0 to 300"),
        (np.array([-1, 3]), "uint64", "gives int64 with values from -1 to 3"),
        (np.array([0, 2**24 + 1]), "float32", "gives int64 with values from 0 to 16777217"),
        (np.array([0, 2**62]), "float32", "gives int64 with values from 0 to"),
        (np.array([0, 70000]), "float16", "gives int64 with values from 0 to 70000"),
        (np.array([0, 2]), "bool", "gives int64 with values from 0 to 2"),
        (np.array([1j, 2]), "float32", "gives complex128. Save the data as real numbers"),
        (np.array(["a", "b"]), "float32", "gives <U1. Save the data as real numbers"),
    ],
)
def test_that_a_cast_with_loss_is_refused(values: np.ndarray, dtype: str, given: str) -> None:
    sentence = refusal(values, port(dtype, "n", 2))
    assert sentence.startswith(f"cat.npz, input `image`: the input wants {dtype} and the sample")
    assert given in sentence


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([1.0, np.nan], "1 NaN"),
        ([np.inf, -np.inf], "2 infinite values"),
        ([np.nan, np.inf], "1 NaN and 1 infinite value"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
def test_that_values_that_are_not_finite_are_refused(
    values: list[float], named: str, dtype: type
) -> None:
    sentence = refusal(np.array(values, dtype), port("float32", 1, 2))
    assert sentence.startswith(f"cat.npz, input `image`: the data holds {named}. Repair")


@pytest.mark.parametrize(("value", "dtype"), [(1e39, "float32"), (1e5, "float16")])
def test_that_values_beyond_the_input_type_are_refused(value: float, dtype: str) -> None:
    sentence = refusal([0.0, value], port(dtype, 1, 2))
    assert f"some values are too large for {dtype} (up to {value:g})" in sentence
