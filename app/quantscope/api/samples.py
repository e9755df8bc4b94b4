"""Samples in memory as files, which is how calibration reads all data: one at a time, any number.

An array, or a mapping of arrays by input, has its samples on the first axis. Anything else that
can be gone through gives one sample after the other: an array for the only input, or a mapping.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.core.data.description import SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network

Array = npt.NDArray[Any]
Sample = Mapping[str, npt.ArrayLike] | npt.ArrayLike
Samples = Array | Mapping[str, npt.ArrayLike] | Iterable[Sample]


def write_samples(
    samples: Samples, folder: Path, network: Network, most: int | None
) -> tuple[Path, SourceKind]:
    """Write ``samples``, the first ``most`` of an iterable, into the empty ``folder``.

    Returns what there is to read, and its kind. Raises :class:`QuantscopeError` where there are
    none, or something else than numbers.
    """
    if isinstance(samples, np.ndarray):
        path = folder / "samples.npy"
        np.save(path, _numbers(samples, "the array"), allow_pickle=False)
        return path, SourceKind.NPY
    if isinstance(samples, Mapping):
        path = folder / "samples.npz"
        _write_archive(path, samples, "the arrays")
        return path, SourceKind.NPZ
    count = 0
    for sample in islice(samples, most):
        where = f"sample {count}"
        arrays = sample if isinstance(sample, Mapping) else {_only_input(network): sample}
        _write_archive(folder / f"{count:06}.npz", arrays, where)
        count += 1
    if not count:
        raise QuantscopeError("there are no samples", where="data", remedy="Give at least one")
    return folder, SourceKind.NPZ_FOLDER


def _only_input(network: Network) -> str:
    if len(network.inputs) == 1:
        return network.inputs[0].name
    names = ", ".join(port.name for port in network.inputs)
    raise QuantscopeError(
        f"{network.name} has {len(network.inputs)} inputs and a sample is one array",
        where="data",
        remedy=f"Give a mapping with an array for each of {names}",
    )


def _numbers(values: npt.ArrayLike, where: str) -> Array:
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0, object)
    if array.dtype.kind in "OSUMm":
        raise QuantscopeError(
            "the values are not an array of numbers",
            where=where,
            remedy="Give numpy arrays, or lists of numbers whose rows are of one length",
        )
    return array


def _write_archive(path: Path, arrays: Mapping[str, npt.ArrayLike], where: str) -> None:
    """As ``numpy.savez``, which cannot take arrays that are called ``file``."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            array = _numbers(values, f"{where}, {name}")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
