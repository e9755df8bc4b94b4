"""The tensors stored in a model file: are they as long as they say, and do they lie where they may?

A model file comes from anywhere. Nothing is read from a path it names before that path is known
to stay inside the model's folder, and nothing is allocated by a size it claims before the bytes
are known to be there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
import onnx_ir as ir
from onnx.external_data_helper import load_external_data_for_tensor

from quantscope.core.errors import QuantscopeError

_DAMAGED = "Export the model again, or fetch a fresh copy"
_TOGETHER = "Keep the model and its data in one folder, and export again with external data there"


def stored_tensors(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every dense tensor of the model: initializers and attributes, also of subgraphs and
    local functions."""
    yield from graph_tensors(proto.graph)
    for function in proto.functions:
        yield from attribute_tensors(function.attribute_proto)
        yield from node_tensors(function.node)


def graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """The tensors of one graph and of the graphs inside it."""
    yield from graph.initializer
    yield from node_tensors(graph.node)


def node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    """The tensors in the attributes of ``nodes``."""
    for node in nodes:
        yield from attribute_tensors(node.attribute)


def attribute_tensors(attributes: Iterable[onnx.AttributeProto]) -> Iterator[onnx.TensorProto]:
    """The tensors in ``attributes``, also inside the graphs that are attributes."""
    for attribute in attributes:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("g"):
            yield from graph_tensors(attribute.g)
        for graph in attribute.graphs:
            yield from graph_tensors(graph)


def is_external(tensor: onnx.TensorProto) -> bool:
    """Whether the values lie in another file."""
    return tensor.data_location == onnx.TensorProto.EXTERNAL


def take_in_attributes(proto: onnx.ModelProto, folder: Path) -> None:
    """Read the external values of constants and subgraphs, so that only the weights of the network
    itself stay outside.

    For models whose tensors are checked; ``folder`` is the model's.
    """
    for nodes in (proto.graph.node, *(function.node for function in proto.functions)):
        for tensor in node_tensors(nodes):
            if is_external(tensor):
                load_external_data_for_tensor(tensor, str(folder))


def check_tensors(proto: onnx.ModelProto, path: Path) -> tuple[Path, ...]:
    """Refuse tensors whose values are missing, elsewhere, too short or too long.

    Returns the files that hold external data, sorted. ``path`` is the model's own.
    """
    folder = path.parent.absolute()
    files: dict[str, Path] = {}
    for tensor in stored_tensors(proto):
        where = f"{path}, tensor {tensor.name[:80] or '(no name)'}"
        wanted = _stored_bytes(tensor, where)
        if is_external(tensor):
            entries = {entry.key: entry.value for entry in tensor.external_data}
            location = entries.get("location", "")
            if location not in files:
                files[location] = _external_file(folder, location, where)
            _check_span(entries, wanted, files[location], where)
        else:
            _check_values(tensor, wanted, where)
    return tuple(sorted(set(files.values())))


def _stored_bytes(tensor: onnx.TensorProto, where: str) -> int | None:
    """The bytes that the shape and the data type ask for; ``None`` for strings."""
    if any(size < 0 for size in tensor.dims):
        raise QuantscopeError(
            f"its shape {list(tensor.dims)} has a negative dimension",
            where=where,
            remedy=_DAMAGED,
        )
    if tensor.data_type == onnx.TensorProto.STRING:
        return None
    try:
        bits = int(ir.DataType(tensor.data_type).bitwidth)
    except (ValueError, TypeError) as failure:
        raise QuantscopeError(
            f"its data type number {tensor.data_type} is unknown", where=where, remedy=_DAMAGED
        ) from failure
    elements: int = math.prod(tensor.dims)
    return (elements * bits + 7) // 8


def _check_values(tensor: onnx.TensorProto, wanted: int | None, where: str) -> None:
    """The values inside the file are as many as the shape says."""
    if tensor.HasField("raw_data") and wanted is not None:
        found, expected, unit = len(tensor.raw_data), wanted, "bytes"
    else:
        found, expected, unit = *_typed_values(tensor, wanted), "values"
    if found != expected:
        raise QuantscopeError(
            f"its shape {list(tensor.dims)} asks for {expected} {unit} and the file holds {found}",
            where=where,
            remedy=_DAMAGED,
        )


def _typed_values(tensor: onnx.TensorProto, wanted: int | None) -> tuple[int, int]:
    """How many numbers (or strings) the tensor holds outside ``raw_data``, and how many it
    should."""
    held = len(getattr(tensor, onnx.helper.tensor_dtype_to_field(tensor.data_type)))
    count = math.prod(tensor.dims)
    if tensor.data_type in (onnx.TensorProto.COMPLEX64, onnx.TensorProto.COMPLEX128):
        return held, 2 * count
    packed = wanted is not None and wanted < count  # 4 bits and fewer share a number
    return held, wanted if packed and wanted is not None else count


def _external_file(folder: Path, location: str, where: str) -> Path:
    """The file that ``location`` names, which must lie in ``folder``."""
    if not location or "\0" in location:
        raise QuantscopeError(
            "its values lie in another file, which it does not name", where=where, remedy=_DAMAGED
        )
    shown = location[:200]
    parts = {*PurePosixPath(location).parts, *PureWindowsPath(location).parts}
    if PurePosixPath(location).is_absolute() or PureWindowsPath(location).anchor or ".." in parts:
        raise QuantscopeError(
            f"its values lie in {shown}, outside the model's folder", where=where, remedy=_TOGETHER
        )
    file = folder / location
    try:
        real = file.resolve()
        found = real.is_file()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that is too long
        real, found = file, False
    if not found:
        raise QuantscopeError(
            f"the file {shown} with its values is missing",
            where=where,
            remedy=f"Put it into {folder}, or export the model again",
        )
    if not real.is_relative_to(folder.resolve()):
        raise QuantscopeError(
            f"{shown} is a link to {real}, outside the model's folder",
            where=where,
            remedy="Copy the file itself into the model's folder",
        )
    if real.stat().st_nlink > 1:  # what onnx-ir 1.1 and onnx 1.23 refuse to read
        raise QuantscopeError(
            f"the file {shown} with its values has several hard links",
            where=where,
            remedy="Copy the model and its data into a folder of their own",
        )
    return file


def _check_span(entries: dict[str, str], wanted: int | None, file: Path, where: str) -> None:
    """The values lie inside ``file`` and are as long as the shape says."""
    try:
        offset = int(entries.get("offset") or 0)
        length = int(entries.get("length") or wanted or 0)
    except ValueError:
        offset, length = -1, -1
    if wanted is None or offset < 0 or length < 0:
        raise QuantscopeError(
            f"its place in {file.name} makes no sense", where=where, remedy=_DAMAGED
        )
    if length != wanted:
        raise QuantscopeError(
            f"its shape asks for {wanted} bytes and {file.name} is said to hold {length}",
            where=where,
            remedy=_DAMAGED,
        )
    size = file.stat().st_size
    if offset + length > size:
        raise QuantscopeError(
            f"{file.name} ends at byte {size}, before the end of its values "
            f"at byte {offset + length}",
            where=where,
            remedy="The data file is cut off: copy it again, or export the model again",
        )
