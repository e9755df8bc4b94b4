"""The door to calibration data: guess what lies at a path, open it, try one sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from quantscope.core.data import DataDescription, SourceCheck, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.network import Port
from quantscope.engine.sources.arrays import open_npy, open_npz, open_npz_folder
from quantscope.engine.sources.fitting import port_dtype
from quantscope.engine.sources.listing import existing, walk
from quantscope.engine.sources.noise import open_noise
from quantscope.engine.sources.picture_folder import open_pictures
from quantscope.engine.sources.pictures import ENDINGS
from quantscope.engine.sources.protobuf import data_sets, open_test_data
from quantscope.engine.sources.samples import SampleSource

_IN_FILES = {SourceKind.NPY: ".npy", SourceKind.NPZ: ".npz"}


def open_source(description: DataDescription, inputs: Sequence[Port]) -> SampleSource:
    """The samples that ``description`` names, for a network with ``inputs``.

    Order is natural by relative path, whatever the file system says. A limit takes the first
    rows or sets; of files in class folders it takes as many from each class. Raises
    :class:`QuantscopeError` for anything that can be known before a sample is read.
    """
    ports = tuple(inputs)
    limit = description.samples
    _check_request(ports, limit)
    if description.kind is SourceKind.RANDOM:
        return open_noise(ports, description.seed, limit)
    path = existing(description.path)
    _check_place(path, description.kind)
    match description.kind:
        case SourceKind.IMAGES:
            return open_pictures(path, description.preprocessing, ports, limit)
        case SourceKind.NPY:
            return open_npy(path, ports, limit)
        case SourceKind.NPZ:
            return open_npz(path, ports, limit)
        case SourceKind.NPZ_FOLDER:
            return open_npz_folder(path, ports, limit)
        case SourceKind.PROTOBUF:
            return open_test_data(path, ports, limit)


def check_source(description: DataDescription, inputs: Sequence[Port]) -> SourceCheck:
    """Open the data and read its first sample: what a person should see before calibrating."""
    source = open_source(description, inputs)
    arrays = source.sample(0)
    filled = [array.astype(np.float64) for array in arrays.values() if array.size]
    return SourceCheck(
        samples=len(source),
        first=source.names[0],
        shapes=tuple((name, array.shape, str(array.dtype)) for name, array in arrays.items()),
        minimum=min((float(array.min()) for array in filled), default=0.0),
        maximum=max((float(array.max()) for array in filled), default=0.0),
    )


def guess_source(path: str) -> SourceKind:
    """The kind of data at ``path``; :class:`QuantscopeError` where there is none."""
    place = existing(path)
    kind = _kind_of_folder(place) if place.is_dir() else _kind_of_file(place)
    if kind is None:
        raise QuantscopeError(
            "this is no calibration data that Quantscope knows",
            where=path,
            remedy=(
                "Choose a folder of pictures, a .npy or .npz file, a folder of .npz files, "
                "or a folder of ONNX test data"
            ),
        )
    return kind


def _kind_of_file(path: Path) -> SourceKind | None:
    ending = path.suffix.lower()
    if ending in ENDINGS:
        return SourceKind.IMAGES
    return next((kind for kind, known in _IN_FILES.items() if known == ending), None)


def _kind_of_folder(path: Path) -> SourceKind | None:
    if data_sets(path):
        return SourceKind.PROTOBUF
    if any(walk(path, ENDINGS)):
        return SourceKind.IMAGES
    if any(walk(path, {".npz"})):
        return SourceKind.NPZ_FOLDER
    return None


def _check_request(inputs: tuple[Port, ...], limit: int | None) -> None:
    if not inputs:
        raise QuantscopeError(
            "the network has no inputs", where="data", remedy="Open a network that reads data"
        )
    for port in inputs:
        port_dtype(port)
    if limit is not None and limit < 1:
        raise QuantscopeError(
            f"{limit} samples are asked for", where="data", remedy="Ask for at least one sample"
        )


def _check_place(path: Path, kind: SourceKind) -> None:
    """A folder where a file is wanted, or the other way round; one picture is a data set too."""
    if kind in _IN_FILES and path.is_dir():
        raise QuantscopeError(
            f"this is a folder, and the data is said to be one {_IN_FILES[kind]} file",
            where=str(path),
            remedy="Choose the file, or another kind of data",
        )
    if kind in (SourceKind.NPZ_FOLDER, SourceKind.PROTOBUF) and path.is_file():
        raise QuantscopeError(
            "this is a file, and the data is said to be a folder",
            where=str(path),
            remedy="Choose the folder, or another kind of data",
        )
