"""Makes an array fit a network input, or says in one sentence why it can't.

Values are never changed silently: a cast is made where it is exact, or where it only rounds one
float type to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port

Array = npt.NDArray[Any]
Shape = tuple[int | str, ...]


def batch_of(inputs: Sequence[Port]) -> int:
    """How many samples one run of the network takes: B where all inputs begin with the same
    fixed B, and 1 otherwise.

    Where inputs disagree, a fixed first axis that is not 1 belongs to the input itself
    (``image_size`` of shape 2 beside ``image`` of shape 1x3x240x320).
    """
    first = {port.shape[0] for port in inputs if port.shape}
    size = first.pop() if len(first) == 1 else 1
    return max(1, size) if isinstance(size, int) else 1


def has_batch_axis(port: Port, batch: int) -> bool:
    """True where the first axis of ``port`` counts samples; ``batch`` as ``batch_of`` says."""
    return bool(port.shape) and (isinstance(port.shape[0], str) or port.shape[0] in (1, batch))


def fitted(array: Array, port: Port, where: str, batch: int = 1) -> Array:
    """``array`` as one sample for ``port``: a native, contiguous copy of the input's dtype.

    ``where`` says in errors where the array was found.

    A missing batch axis is added. In a network that takes a fixed ``batch`` of B > 1 samples a
    run, the leading axis is still 1, for the caller to stack B of them. Symbolic dimensions
    take any length. Raises :class:`QuantscopeError` for another shape, an inexact cast, NaN or
    infinity.
    """
    where = f"{where}, input `{port.name}`"
    target = port_dtype(port)
    numbers = _numbers(array, target, where)
    return _cast(_shaped(numbers, port, batch, where), target, where)


def port_dtype(port: Port) -> np.dtype[Any]:
    """The numpy dtype of an input; :class:`QuantscopeError` where data can't fill it."""
    kind = getattr(ml_dtypes, port.dtype, port.dtype)
    try:
        dtype = np.dtype(kind)
    except TypeError:
        dtype = np.dtype(object)
    if family(dtype) == "other":
        raise QuantscopeError(
            f"the input takes {port.dtype or 'an unknown type'}, which is not a number",
            where=f"input `{port.name}`",
            remedy="Cut the part of the network that reads it, so that all inputs take numbers",
        )
    return dtype


def family(dtype: np.dtype[Any]) -> str:
    """``bool``, ``int``, ``float`` (with bfloat16 and float8) or ``other``."""
    if dtype.kind == "b":
        return "bool"
    if dtype.kind in "iu" or dtype.name.startswith(("int", "uint")):
        return "int"
    if dtype.kind == "f" or dtype.name.startswith(("float", "bfloat")):
        return "float"
    return "other"


def shape_text(shape: tuple[int | str, ...]) -> str:
    """``1x3x240x320``; symbols by name, ``?`` where even that is missing."""
    return "x".join(str(size) or "?" for size in shape) or "a single value"


def _shaped(array: Array, port: Port, batch: int, where: str) -> Array:
    if not has_batch_axis(port, batch):
        if array.ndim != len(port.shape) or not _matches(array.shape, port.shape):
            raise _wrong_shape(array, port, where)
        return array
    values = array[np.newaxis] if array.ndim == len(port.shape) - 1 else array
    if values.ndim != len(port.shape):
        raise _wrong_shape(array, port, where)
    if values.shape[0] != 1:
        raise _many_in_one(array, port, where)
    if not _matches(values.shape[1:], port.shape[1:]):
        raise _wrong_shape(array, port, where)
    return values


def _matches(shape: tuple[int, ...], wanted: Shape) -> bool:
    pairs = zip(shape, wanted, strict=True)
    return all(isinstance(want, str) or have == want for have, want in pairs)


def _wrong_shape(array: Array, port: Port, where: str) -> QuantscopeError:
    return QuantscopeError(
        f"the input wants {shape_text(port.shape)} {port.dtype} "
        f"and the sample gives {shape_text(array.shape)} {array.dtype}",
        where=where,
        remedy=_shape_remedy(array, port.shape),
    )


def _shape_remedy(array: Array, wanted: Shape) -> str:
    inner = array.shape[1:] if array.ndim == len(wanted) else array.shape
    if len(inner) == len(wanted) - 1 == 3:
        if _matches((inner[2], inner[0], inner[1]), wanted[1:]):
            return _layout_remedy(array, "NCHW", "front")
        if _matches((inner[1], inner[2], inner[0]), wanted[1:]):
            return _layout_remedy(array, "NHWC", "end")
        if array.dtype == np.uint8 and {inner[0], inner[2]} & {1, 3, 4}:
            return "Let the preprocessing take each sample as a picture, which resizes it"
    return f"Save each sample with the shape {shape_text(wanted[1:])}, or open other data"


def _layout_remedy(array: Array, layout: str, end: str) -> str:
    """Arrays of bytes can be taken as pictures, whose channels the preprocessing moves."""
    if array.dtype == np.uint8:
        return (
            f"Choose the layout {layout} in the preprocessing, which takes each sample as a "
            f"picture, or move the channels to the {end} before saving the data"
        )
    return f"Move the channels to the {end} before saving the data ({layout})"


def _many_in_one(array: Array, port: Port, where: str) -> QuantscopeError:
    return QuantscopeError(
        f"the array has the shape {shape_text(array.shape)}, "
        f"but one sample of {shape_text(port.shape)} has a leading axis of 1",
        where=where,
        remedy="Keep one sample in each file, or all of them in one .npz with samples first",
    )


def _numbers(array: Array, target: np.dtype[Any], where: str) -> Array:
    if array.dtype.kind == "V" and array.dtype.name == "void16":
        return array.view(ml_dtypes.bfloat16)  # .npy files lose the name of this type
    if family(array.dtype) == "other":
        raise _wrong_dtype(array, target, where, "Save the data as real numbers")
    return array


def _cast(values: Array, target: np.dtype[Any], where: str) -> Array:
    if family(values.dtype) == "float":
        return _cast_floats(values, target, where)
    return _cast_whole(values, target, where)


def _cast_floats(values: Array, target: np.dtype[Any], where: str) -> Array:
    if family(target) != "float":
        raise _wrong_dtype(values, target, where, f"Save the data as {target}")
    if not np.isfinite(values).all():
        raise QuantscopeError(
            f"the data holds {_count_of_bad(values)}",
            where=where,
            remedy="Repair or remove this sample: calibration needs finite values",
        )
    with np.errstate(over="ignore", under="ignore"):
        cast = np.array(values, dtype=target, order="C")
    if not np.isfinite(cast).all():
        raise QuantscopeError(
            f"some values are too large for {target} (up to {float(np.abs(values).max()):.6g})",
            where=where,
            remedy="Scale the data as the network was trained to see it",
        )
    return cast


def _count_of_bad(values: Array) -> str:
    nan = int(np.isnan(values).sum())
    infinite = int(np.isinf(values).sum())
    parts = [f"{nan} NaN"] * bool(nan) + [
        f"{infinite} infinite value{'s' * (infinite > 1)}"
    ] * bool(infinite)
    return " and ".join(parts)


def _cast_whole(values: Array, target: np.dtype[Any], where: str) -> Array:
    """Integers and truth values, to any type that holds each of them exactly."""
    with np.errstate(all="ignore"):
        cast = np.array(values, dtype=target, order="C")
        wide = values.astype(np.float64)
        exact = np.array_equal(cast.astype(np.float64), wide)
    if exact and (family(target) != "float" or np.abs(wide).max(initial=0.0) <= 2.0**53):
        return cast
    remedy = f"Save the data as {target}, with values that this type can hold"
    raise _wrong_dtype(values, target, where, remedy)


def _wrong_dtype(values: Array, target: np.dtype[Any], where: str, remedy: str) -> QuantscopeError:
    what = f"the input wants {target} and the sample gives {values.dtype}"
    if family(values.dtype) in ("int", "bool") and values.size:
        what += f" with values from {values.min()} to {values.max()}"
    return QuantscopeError(what, where=where, remedy=remedy)
