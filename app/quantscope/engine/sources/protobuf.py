"""ONNX test data as calibration data: `test_data_set_*` folders with `input_*.pb` tensors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import onnx
from onnx import numpy_helper

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.sources.array_format import MOST_BYTES
from quantscope.engine.sources.fitting import Array, batch_of
from quantscope.engine.sources.listing import natural_order
from quantscope.engine.sources.samples import SampleSource, listed

SET_PATTERN = "test_data_set_*"
INPUT_PATTERN = "input_*.pb"
_DecodeError: type[Exception] = import_module("google.protobuf.message").DecodeError  # untyped
_FAILURES = (_DecodeError, OSError, ValueError, TypeError, KeyError)


def open_test_data(path: Path, inputs: tuple[Port, ...]) -> SampleSource:
    """Each set is one run of the network; its tensors go to inputs by name, or else by number, but
    not where a name speaks against the number.

    A set is one sample, or B of them (``test_data_set_0 row 2``) where the network takes a
    fixed batch of B.
    """
    folders = data_sets(path)
    if not folders:
        raise QuantscopeError(
            f"there are no {SET_PATTERN} folders with {INPUT_PATTERN} files",
            where=str(path),
            remedy="Choose the folder of an ONNX model's test data",
        )
    batch = batch_of(inputs)
    runs = [path.resolve().name if place == path else place.name for place in folders]
    rows = [f"{name} row {row}" for name in runs for row in range(batch)]
    names = tuple(runs if batch == 1 else rows)

    @lru_cache(maxsize=1)
    def one_set(number: int) -> dict[str, Array]:
        return _one_set(folders[number], inputs)

    def read(number: int) -> Mapping[str, Array]:
        place, row = divmod(number, batch)
        return {name: _row(array, row, batch) for name, array in one_set(place).items()}

    return SampleSource(inputs=inputs, names=names, read=read, place=f"{path}, ")


def data_sets(path: Path) -> list[Path]:
    """The sets at ``path``, in natural order: its ``test_data_set_*`` folders, or itself."""
    if any(path.glob(INPUT_PATTERN)):
        return [path]
    sets = [place for place in path.glob(SET_PATTERN) if any(place.glob(INPUT_PATTERN))]
    return sorted(sets, key=lambda place: natural_order(place.name))


def _row(array: Array, row: int, batch: int) -> Array:
    """One sample of a batch; an array of another length goes on whole, to be judged by shape."""
    has_rows = batch > 1 and array.ndim > 0 and array.shape[0] == batch
    return array[row : row + 1] if has_rows else array


def _one_set(folder: Path, inputs: tuple[Port, ...]) -> dict[str, Array]:
    files = sorted(folder.glob(INPUT_PATTERN), key=lambda file: natural_order(file.name))
    tensors = [_tensor(file) for file in files]
    wanted = [port.name for port in inputs]
    if set(wanted) <= {name for name, _ in tensors}:
        return dict(tensors)
    if len(tensors) < len(wanted):
        raise QuantscopeError(
            f"the set has {len(tensors)} tensors ({listed(name for name, _ in tensors)}) "
            f"and the network {len(wanted)} inputs ({listed(wanted)})",
            where=str(folder),
            remedy=f"Add {INPUT_PATTERN} files for the other inputs",
        )
    for place, (file, name) in enumerate(zip(files, wanted, strict=False)):
        own = tensors[place][0]
        if _number(file) != _number(files[0]) + place or own in set(wanted) - {name}:
            raise QuantscopeError(
                f"the tensor `{own}` would go to the input `{name}` by its number, and "
                f"the network wants {listed(wanted)}",
                where=str(file),
                remedy="Call the tensors as the inputs are, or number their files in a row",
            )
    return {name: values for name, (_, values) in zip(wanted, tensors, strict=False)}


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("input_")
    return int(digits) if digits.isdecimal() else -1


def _tensor(path: Path) -> tuple[str, Array]:
    proto = onnx.TensorProto()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is larger than 1 GiB")
        proto.ParseFromString(path.read_bytes())
        if not proto.data_type:
            raise ValueError("it is empty" if not proto.ByteSize() else "it says no type of values")
        if min(proto.dims, default=0) < 0:
            raise ValueError("its shape is damaged")
        if proto.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("its values lie in another file")
        return proto.name, numpy_helper.to_array(proto)
    except _FAILURES as failure:
        raise QuantscopeError(
            f"the file holds no readable tensor ({_reason(failure)})",
            where=str(path),
            remedy="Save it again as an ONNX TensorProto with its values inside",
        ) from failure


def _reason(failure: Exception) -> str:
    if isinstance(failure, _DecodeError):
        return "it is damaged, or something else than a tensor"
    if isinstance(failure, KeyError):
        return f"its values are of the type {failure}, which is not known"
    if "reshape" in str(failure) or "declared shape" in str(failure):
        return "its values do not fill its shape"
    return reason_of(failure)
