"""A validation of the types at hand, from a script."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from quantscope.api.data import DataOptions
from quantscope.api.running import ask, called
from quantscope.api.samples import Samples
from quantscope.api.validation import QuantizationOptions
from quantscope.api.workbench import PathLike, Workbench
from quantscope.core.data.description import (
    HOLDS_ARRAYS,
    DataDescription,
    SourceKind,
    format_preprocessing,
)
from quantscope.core.data.sound import Sound, format_sound
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.validation import Validation
from quantscope.jobs.messages import Export, Validate, Validated
from quantscope.session.validations import new_run, with_run

T = TypeVar("T")
Labels = PathLike | Mapping[str, Any] | Sequence[Any] | npt.NDArray[Any]
"""A path, labels by the names of samples, or one label for each sample, in order."""


def judge(
    bench: Workbench,
    data: PathLike | Samples,
    judged_by: QuantizationOptions,
    labels: Labels | None,
    files: PathLike | Collection[PathLike],
    options: DataOptions,
) -> Validation:
    """The float network, the types at hand once there are statistics, and quantized ``files``.

    The session keeps the result.
    """
    session, trusts = bench.session, bool(options.get("trust_python"))
    is_planned = session.calibration is not None
    if is_planned and trusts:
        bench.trust(bench.calibration.data)
    files = [files] if isinstance(files, str | os.PathLike) else files
    described = _described(bench, data, options)
    place, is_written = _place_of(labels, bench)
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        export: Export | None = None
        if is_planned:
            export = bench.export_request(Path(folder) / "plan.onnx", overwrite=False, samples=1)
        request = Validate(
            model=session.document.model,
            variants=tuple(str(Path(each).absolute()) for each in files),
            request=judged_by.request(described, place, trust=trusts),
            export=export,
        )
        own = judged_by.functions if judged_by.metrics else None
        with called(place, "labels") if is_written else nullcontext():
            found = ask(request, Validated, bench.listener, own).validation
    run = new_run(session.document, bench.settings if is_planned else None, found)
    session.attach_validations(with_run(session.validations, run))
    return found


def _described(bench: Workbench, data: PathLike | Samples, options: DataOptions) -> DataDescription:
    """The data, prepared as that of the calibration where nothing else is said."""
    known = None if bench.session.calibration is None else bench.calibration.data
    is_file = isinstance(data, str | os.PathLike)
    if known is None or not (is_file or known.kind in HOLDS_ARRAYS):
        return bench.described(data, None, options)

    def settle(taken: DataOptions) -> tuple[DataDescription, None]:
        return bench.described(data, None, taken), None

    return settled_as_calibrated(options, known, settle)[0]


def settled_as_calibrated(
    options: DataOptions,
    known: DataDescription,
    settle: Callable[[DataOptions], tuple[DataDescription, T]],
) -> tuple[DataDescription, T]:
    """What ``settle`` gives with the preprocessing of ``known``; for data that is not pictures and
    to which it can't be done, what it gives as ``options`` say.

    Raises :class:`QuantscopeError` where ``settle`` does.
    """
    taken = as_calibrated(options, known)
    try:
        return settle(taken)
    except QuantscopeError:
        plain = _tried(lambda: settle(options)) if taken != options else None
        if plain is None or plain[0].kind is SourceKind.IMAGES:
            raise
        return plain


def _tried(action: Callable[[], T]) -> T | None:
    try:
        return action()
    except QuantscopeError:
        return None


def as_calibrated(options: DataOptions, data: DataDescription) -> DataOptions:
    """``options`` with the preprocessing of ``data``, where they do not say otherwise."""
    found = options.copy()
    if options.get("preprocess") is None and data.has_pictures:
        found["preprocess"] = format_preprocessing(data.preprocessing)
    if options.get("sound") is None and data.kind is SourceKind.WAV and data.sound != Sound():
        found["sound"] = format_sound(data.sound)
    return found


def _place_of(labels: Labels | None, bench: Workbench) -> tuple[str, bool]:
    """Where ``labels`` lie, and whether that is a file that was written for them.

    Raises :class:`QuantscopeError` where they are neither numbers nor JSON.
    """
    if labels is None:
        return "", False
    if isinstance(labels, str | os.PathLike):
        return str(Path(labels).absolute()), False
    if isinstance(labels, Mapping):
        path = bench.new_file("labels.json")
        path.write_text(_as_json(labels), encoding="utf-8")
    else:
        path = bench.new_file("labels.npy")
        np.save(path, _numbers(labels), allow_pickle=False)
    return str(path), True


def _numbers(labels: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    try:
        values: npt.NDArray[Any] = np.asarray(labels)
    except ValueError:  # rows of different lengths
        values = np.empty(0, object)
    if values.dtype.kind not in "biuf":
        raise QuantscopeError(
            "the labels are not an array of numbers",
            where="labels",
            remedy="Give class numbers or arrays of one shape, or a mapping from names of samples",
        )
    return values


def _as_json(labels: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(labels), default=_plain)
    except (TypeError, ValueError):
        raise QuantscopeError(
            "the labels are neither numbers, names, arrays nor boxes",
            where="labels",
            remedy="Give one of these for each name of a sample",
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError
