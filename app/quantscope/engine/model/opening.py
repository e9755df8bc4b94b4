"""The door for models: read an ONNX file from anywhere, trust nothing, refuse in one sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import onnx
import onnx.defs
import onnx_ir as ir
import onnxruntime
from onnx_ir.passes.common import RemoveInitializersFromInputsPass

from quantscope.core.errors import QuantscopeError
from quantscope.engine.model.checks import STANDARD, check_model, use_one_spelling
from quantscope.engine.model.file_kinds import HEAD_BYTES, recognise
from quantscope.engine.model.tensors import check_tensors, take_in_attributes

LARGEST_FILE = 2**31 - 1  # protobuf's own limit for one message
_FIRST_FREE_IR_VERSION = 4  # earlier ones want every initializer among the inputs
_CHUNK = 1 << 20
_EXPORT = "Export the network to ONNX and open the exported file"
_FETCH = "Fetch the file again, or export the model again"
_DecodeError: type[Exception] = import_module("google.protobuf.message").DecodeError  # untyped
# What onnx-ir raises for models that onnx's checker lets pass.
_REFUSALS = (RuntimeError, ValueError, KeyError)


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model as it lies on disk, checked.

    ``model.graph.inputs`` are the true inputs. Weights in external files are mapped when they
    are first read. ``fingerprint`` is a SHA-256 in hexadecimal over the file and its external
    data, ``size`` their bytes together, ``external`` the files with external data.
    """

    path: Path
    model: ir.Model
    fingerprint: str
    size: int
    opset: int
    external: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file the model consists of: what an export must not touch."""
        return (self.path, *self.external)


def open_model(path: str | Path) -> ModelFile:
    """Read and check the ONNX model at ``path``.

    Raises :class:`QuantscopeError` for whatever is wrong with the file; opset 7 to the newest
    that the installed ONNX Runtime runs.
    """
    path = Path(path)
    where = str(path)
    data = _read(path)
    proto = _parse(data, path)
    try:
        use_one_spelling(proto)
        opset = check_model(proto, where, newest_opset())
        external = check_tensors(proto, path)
        take_in_attributes(proto, path.parent.absolute())
        model = _to_ir(proto, path.parent.absolute())
    except (UnicodeDecodeError, TypeError) as failure:  # protobuf gives bytes, or fails at them
        raise _damaged(where, "a name in it is not text") from failure
    except _REFUSALS as failure:
        raise _damaged(where, f"onnx-ir cannot read it ({_reason(failure)})") from failure
    except OSError as failure:
        raise _unreadable(where, failure) from failure
    fingerprint, size = _fingerprint(data, external, where)
    return ModelFile(
        path=path,
        model=model,
        fingerprint=fingerprint,
        size=size,
        opset=opset,
        external=external,
    )


@cache
def newest_opset() -> int:
    """The newest opset that both onnx and the installed onnxruntime read."""
    newest = onnx.defs.onnx_opset_version()
    return next((opset for opset in range(newest, 7, -1) if _runtime_reads(opset)), newest)


def _runtime_reads(opset: int) -> bool:
    """Whether onnxruntime loads a network of one Identity; it has no other way to ask."""
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "probe",
        [value("x", onnx.TensorProto.FLOAT, [1])],
        [value("y", onnx.TensorProto.FLOAT, [1])],
    )
    imports = [onnx.helper.make_opsetid(STANDARD, opset)]
    probe = onnx.helper.make_model(graph, opset_imports=imports, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        onnxruntime.InferenceSession(
            probe.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except (RuntimeError, ValueError, onnxruntime.capi.onnxruntime_pybind11_state.Fail):
        return False
    return True


def _read(path: Path) -> bytes:
    where = str(path)
    try:
        if path.is_dir():
            raise QuantscopeError(
                "this is a folder", where=where, remedy="Choose the .onnx file inside it"
            )
        if not path.exists():
            raise QuantscopeError(
                "there is no such file", where=where, remedy="Check the path of the model"
            )
        if not path.is_file():
            raise QuantscopeError("this is not a file", where=where, remedy="Choose an ONNX model")
        if path.stat().st_size > LARGEST_FILE:
            raise _too_large(path)
        data = path.read_bytes()
    except (OSError, ValueError) as failure:
        raise _unreadable(where, failure) from failure
    if not data:
        raise QuantscopeError("the file is empty", where=where, remedy=_FETCH)
    return data


def _parse(data: bytes, path: Path) -> onnx.ModelProto:
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except _DecodeError as failure:
        raise _not_onnx(data, path) from failure
    if not proto.HasField("graph"):
        raise _not_onnx(data, path)
    return proto


def _to_ir(proto: onnx.ModelProto, folder: Path) -> ir.Model:
    """The model as onnx-ir keeps it: true inputs only, nodes in running order."""
    model: ir.Model = ir.from_proto(proto)
    ir.external_data.set_base_dir(model.graph, folder)
    RemoveInitializersFromInputsPass()(model)
    model.graph.sort()
    model.ir_version = max(model.ir_version, _FIRST_FREE_IR_VERSION)
    return model


def _fingerprint(data: bytes, external: Sequence[Path], where: str) -> tuple[str, int]:
    """SHA-256 over the model and its external data, and how many bytes those are."""
    digest = hashlib.sha256(data)
    size = len(data)
    for file in external:
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except OSError as failure:
            raise _unreadable(f"{where}, data file {file.name}", failure) from failure
    return digest.hexdigest(), size


def _not_onnx(data: bytes, path: Path) -> QuantscopeError:
    where = str(path)
    kind = recognise(path, data[:HEAD_BYTES])
    if kind is not None:
        return QuantscopeError(
            f"this is not an ONNX model: it looks like {kind.name}",
            where=where,
            remedy=kind.remedy,
        )
    if data[0] == 0x08:  # the field that ONNX files begin with: the IR version
        return _damaged(where, "the file is cut off or damaged")
    return QuantscopeError("this is not an ONNX model", where=where, remedy=_EXPORT)


def _too_large(path: Path) -> QuantscopeError:
    with path.open("rb") as stream:
        kind = recognise(path, stream.read(HEAD_BYTES))
    if kind is not None:
        return QuantscopeError(
            f"this is not an ONNX model: it looks like {kind.name}",
            where=str(path),
            remedy=kind.remedy,
        )
    return QuantscopeError(
        "the file is larger than 2 GB, which no ONNX file can be",
        where=str(path),
        remedy="Export the model with external data",
    )


def _reason(failure: BaseException) -> str:
    """The first failure in a chain, short: the later ones only say on the way to what."""
    while failure.__cause__ is not None:
        failure = failure.__cause__
    return " ".join(str(failure).split())[:200].rstrip(".")


def _damaged(where: str, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=where, remedy=_FETCH)


def _unreadable(where: str, failure: Exception) -> QuantscopeError:
    reason = getattr(failure, "strerror", None) or str(failure)
    return QuantscopeError(
        f"the file cannot be read ({reason})",
        where=where,
        remedy="Check that the file is there and that you may read it",
    )
