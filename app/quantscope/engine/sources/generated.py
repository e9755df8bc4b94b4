"""Samples that a person's Python file makes: `def samples(): yield {"input": array}`."""

from __future__ import annotations

import inspect
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.python_file import load_function, running
from quantscope.engine.sources.array_format import MOST_BYTES
from quantscope.engine.sources.fitting import Array, family, shape_text
from quantscope.engine.sources.samples import SampleSource, listed

FUNCTION = "samples"
MOST_SAMPLES = 10_000  # where no limit is set: a generator may be endless


class _Folder:
    """A folder of its own for the samples, gone with the source that reads it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="quantscope-samples-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def open_generated(
    path: Path, trusted: str, inputs: tuple[Port, ...], limit: int | None
) -> SampleSource:
    """The first ``limit`` samples (all, where it is ``None``) that ``samples()`` yields.

    They are made once, in order, and kept in files, since they are read in any order and one at
    a time. Raises :class:`QuantscopeError` where the file is not agreed to or does wrong.
    """
    function = load_function(path, trusted, FUNCTION)
    folder = _Folder()
    count = 0
    for sample in _yielded(path, function, limit):
        where = f"{path}, sample {count}"
        with running(path, f"sample {count}"):
            arrays = _arrays(sample, inputs, where)
        for number, array in enumerate(arrays):
            _keep(folder.path / f"{count}-{number}.npy", array, where)
        count += 1
    if not count:
        raise _wrong(str(path), f"{FUNCTION}() yields nothing", "Yield at least one sample")

    def read(number: int) -> Mapping[str, Array]:
        files = (folder.path / f"{number}-{place}.npy" for place in range(len(inputs)))
        return {port.name: np.load(file) for port, file in zip(inputs, files, strict=True)}

    names = tuple(f"sample {number}" for number in range(count))
    return SampleSource(inputs=inputs, names=names, read=read, place=f"{path}, ")


def _keep(file: Path, array: Array, where: str) -> None:
    if array.nbytes > MOST_BYTES:
        shape = shape_text(array.shape)
        raise _wrong(where, f"it has {shape} values, more than one sample can have", "Yield less")
    try:
        np.save(file, array, allow_pickle=False)
    except OSError as failure:
        raise _wrong(
            where,
            f"it can't be kept in {file.parent} ({reason_of(failure)})",
            "Make room there, or ask for fewer samples",
        ) from failure


def _yielded(path: Path, function: Any, limit: int | None) -> Iterator[Any]:
    most = MOST_SAMPLES + 1 if limit is None else limit
    made = _started(path, function)
    for number in range(most):
        with running(path, f"{FUNCTION}(), at sample {number},"):
            found = list(islice(made, 1))
        if not found:
            return
        if number == MOST_SAMPLES and limit is None:
            raise _wrong(
                str(path),
                f"{FUNCTION}() has yielded {MOST_SAMPLES} samples and goes on",
                "Say how many samples to take",
            )
        yield found[0]


def _started(path: Path, function: Any) -> Iterator[Any]:
    with running(path, f"{FUNCTION}()"):
        made = function()
    if inspect.iscoroutine(made):
        made.close()  # else Python says that nobody has awaited it
    try:
        return iter(made)
    except TypeError:
        raise _wrong(
            str(path),
            f"{FUNCTION}() gives a {type(made).__name__}, not one sample after the other",
            "Write a yield for each sample",
        ) from None


def _arrays(sample: Any, inputs: tuple[Port, ...], where: str) -> list[Array]:
    wanted = [port.name for port in inputs]
    if not isinstance(sample, Mapping):
        raise _wrong(
            where,
            f"{FUNCTION}() yields a {type(sample).__name__}, not a dictionary",
            f"Yield an array for each input: {{{', '.join(f'{name!r}: ...' for name in wanted)}}}",
        )
    missing = [name for name in wanted if name not in sample]
    if missing:
        raise _wrong(
            where,
            f"there is no array for the input {listed(missing)}; "
            f"there are {listed(map(str, sample))}",
            "Yield an array under the name of each input",
        )
    return [_array(sample[name], name, where) for name in wanted]


def _array(value: Any, name: str, where: str) -> Array:
    try:
        array: Array = np.asarray(value)
    except (ValueError, TypeError):
        array = np.asarray(None, dtype=object)
    if array.dtype.hasobject:
        raise _wrong(
            f"{where}, input `{name}`",
            f"a {type(value).__name__} is no array of numbers",
            "Yield numpy arrays",
        )
    return _storable(array)


def _storable(array: Array) -> Array:
    """The same values in a type whose name .npy files keep."""
    if array.dtype.kind != "V" or family(array.dtype) == "other":
        return array
    return array.astype(np.float32 if family(array.dtype) == "float" else np.int8)


def _wrong(where: str, what: str, remedy: str) -> QuantscopeError:
    return QuantscopeError(what, where=where, remedy=remedy)
