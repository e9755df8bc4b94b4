"""The door to calibration data: guess what lies at a path, open it, try one sample."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from quantscope.core.data.description import HOLDS_ARRAYS, DataDescription, SourceCheck, SourceKind
from quantscope.core.data.joined import sources_of
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.arrays import open_npy, open_npz, open_npz_folder
from quantscope.engine.sources.csv_rows import open_csv
from quantscope.engine.sources.fitting import port_dtype
from quantscope.engine.sources.generated import open_generated
from quantscope.engine.sources.joining import joined_source
from quantscope.engine.sources.listing import chosen, existing, walk
from quantscope.engine.sources.noise import SAMPLES, open_noise
from quantscope.engine.sources.parquet_rows import open_parquet
from quantscope.engine.sources.picture_folder import as_pictures, open_pictures
from quantscope.engine.sources.pictures import ENDINGS
from quantscope.engine.sources.protobuf import data_sets, open_test_data
from quantscope.engine.sources.recordings import ENDINGS as SOUNDS
from quantscope.engine.sources.recordings import open_recordings
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.sources.screening import Screening, screened, without
from quantscope.engine.sources.sight import preview_of, steps_of

_ENDINGS = {
    ".npy": SourceKind.NPY,
    ".npz": SourceKind.NPZ,
    ".csv": SourceKind.CSV,
    ".tsv": SourceKind.CSV,
    ".parquet": SourceKind.PARQUET,
    ".py": SourceKind.PYTHON,
} | dict.fromkeys(SOUNDS, SourceKind.WAV)
_IN_FILES = {
    SourceKind.NPY: ".npy",
    SourceKind.NPZ: ".npz",
    SourceKind.CSV: ".csv",
    SourceKind.PARQUET: ".parquet",
    SourceKind.PYTHON: ".py",
}


def open_source(
    description: DataDescription, inputs: Sequence[Port], skipped: Collection[str] | None = None
) -> SampleSource:
    """The samples that ``description`` names, for a network with ``inputs``.

    Order is natural by relative path, whatever the file system says, or shuffled by the seed. A
    limit takes the first rows or sets; of files in class folders it takes as many from each
    class. Where unreadable samples may be skipped, all are read to find them, unless ``skipped``
    names them. Raises :class:`QuantscopeError` for anything that can be known before a sample is
    read.
    """
    if skipped is not None:
        sources = [_chosen(each, inputs) for each in sources_of(description)]
        return without(joined_source(sources), skipped)
    steps = open_screened(description, inputs)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            source: SampleSource = end.value
            return source


def open_screened(
    description: DataDescription,
    inputs: Sequence[Port],
    stop: Callable[[], bool] = lambda: False,
) -> Screening:
    """As :func:`open_source`, with progress while it looks for samples to skip."""
    sources = []
    for each in sources_of(description):
        source = _chosen(each, inputs)
        if each.skip_unreadable:
            source = yield from screened(source, each.skip_unreadable, stop)
        sources.append(source)
    return joined_source(sources)


def _chosen(description: DataDescription, inputs: Sequence[Port]) -> SampleSource:
    """The samples to take of one source, in their order, readable or not."""
    ports = tuple(inputs)
    limit = description.samples
    _check_request(description, ports)
    if description.kind is SourceKind.RANDOM:
        return open_noise(ports, description.seed, limit or SAMPLES)
    path = existing(description.path)
    _check_place(path, description.kind)
    source = _opened(path, description, ports)
    if description.as_pictures and description.kind in HOLDS_ARRAYS:
        source = as_pictures(source, description.preprocessing)
    return source.picked(chosen(source.names, limit, description.shuffle))


def _opened(path: Path, description: DataDescription, ports: tuple[Port, ...]) -> SampleSource:
    """All samples at ``path``, in natural order."""
    match description.kind:
        case SourceKind.IMAGES:
            return open_pictures(path, description.preprocessing, ports)
        case SourceKind.WAV:
            return open_recordings(path, description.sound, ports)
        case SourceKind.PYTHON:
            first = description.samples if description.shuffle is None else None
            return open_generated(path, description.trusted, ports, first)
        case kind:
            return _OPENERS[kind](path, ports)


_OPENERS: dict[SourceKind, Callable[[Path, tuple[Port, ...]], SampleSource]] = {
    SourceKind.NPY: open_npy,
    SourceKind.NPZ: open_npz,
    SourceKind.NPZ_FOLDER: open_npz_folder,
    SourceKind.CSV: open_csv,
    SourceKind.PARQUET: open_parquet,
    SourceKind.PROTOBUF: open_test_data,
}


def check_source(
    description: DataDescription, inputs: Sequence[Port], number: int = 0, name: str = ""
) -> SourceCheck:
    """Open the data and read one sample, past the end the last: what a person should see before
    calibrating. It is the one called ``name`` where that is given."""
    source = open_source(description, inputs)
    number = _number_of(source, name) if name else min(number, len(source) - 1)
    arrays = source.sample(number)
    filled = [array.astype(np.float64) for array in arrays.values() if array.size]
    return SourceCheck(
        samples=len(source),
        first=source.names[number],
        shapes=tuple((name, array.shape, str(array.dtype)) for name, array in arrays.items()),
        minimum=min((float(array.min()) for array in filled), default=0.0),
        maximum=max((float(array.max()) for array in filled), default=0.0),
        steps=steps_of(source, number, arrays, "draw" if description.is_random else "read"),
        preview=preview_of(source, number, arrays),
        skipped=source.skipped,
        number=number,
    )


def _number_of(source: SampleSource, name: str) -> int:
    if name not in source.names:
        raise QuantscopeError(
            "the data has no such sample any more",
            where=source.place + name,
            remedy="Calibrate again, so that the figures are of the data as it is",
        )
    return source.names.index(name)


def guess_source(path: str) -> SourceKind:
    """The kind of data at ``path``; :class:`QuantscopeError` where there is none."""
    place = existing(path)
    kind = _kind_of_folder(place) if place.is_dir() else _kind_of_file(place)
    if kind is None:
        raise QuantscopeError(
            "this is no calibration data that Quantscope knows",
            where=path,
            remedy=(
                "Choose a folder of pictures or .wav files, a .npy, .npz, .csv, .parquet or .py "
                "file, a folder of .npz files, or a folder of ONNX test data"
            ),
        )
    return kind


def _kind_of_file(path: Path) -> SourceKind | None:
    ending = path.suffix.lower()
    if ending in ENDINGS:
        return SourceKind.IMAGES
    return _ENDINGS.get(ending)


def _kind_of_folder(path: Path) -> SourceKind | None:
    if data_sets(path):
        return SourceKind.PROTOBUF
    if any(walk(path, ENDINGS)):
        return SourceKind.IMAGES
    if any(walk(path, {".npz"})):
        return SourceKind.NPZ_FOLDER
    if any(walk(path, SOUNDS)):
        return SourceKind.WAV
    return None


def _check_request(description: DataDescription, inputs: tuple[Port, ...]) -> None:
    if not inputs:
        raise QuantscopeError(
            "the network has no inputs", where="data", remedy="Open a network that reads data"
        )
    for port in inputs:
        port_dtype(port)
    if description.samples is not None and description.samples < 1:
        raise QuantscopeError(
            f"{description.samples} samples are asked for",
            where="data",
            remedy="Ask for at least one sample",
        )
    if description.as_pictures and not description.has_pictures:
        raise QuantscopeError(
            f"preprocessing is for pictures, and this is data of the kind {description.kind}",
            where=description.path or "data",
            remedy="Leave out the preprocessing",
        )
    if description.is_random and description.shuffle is not None:
        raise QuantscopeError(
            "random data has no order that could be shuffled",
            where="data",
            remedy="Leave out the shuffling, or choose another seed of the noise",
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
