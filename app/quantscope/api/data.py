"""Data as a person names it: the description of what is meant, with the rest guessed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any, TypedDict

from quantscope.api.naming import unknown
from quantscope.core.data.description import (
    DataDescription,
    Preprocessing,
    SourceCheck,
    SourceKind,
    content_hash,
    parse_preprocessing,
)
from quantscope.core.data.sound import parse_sound
from quantscope.core.errors import QuantscopeError

RANDOM = "random"
Check = Callable[[DataDescription, bool], tuple[DataDescription, SourceCheck]]
"""A dry run of some data for a model, with what it leaves open guessed where that is asked."""


class DataOptions(TypedDict, total=False):
    """What may be said of data beside where it is; what is left out, or ``None``, is guessed.

    ``kind``: ``images``, ``npy``, ``npz``, ``npz-folder``, ``csv``, ``parquet``, ``wav``,
    ``test-data`` or ``python``. ``preprocess``, for pictures, also as arrays: a preset (``0-1``,
    ``0-255``, ``-1-1``, ``imagenet``, ``caffe``) or settings such as ``"scale=1/255 mean=0.5
    std=0.25 resize=fit color=bgr layout=nhwc"``. ``sound``, for recordings: settings such as
    ``"rate=16000 length=frames"``. ``samples``: use so many at most (noise: 32). ``seed``: of the
    noise. ``shuffle``: the seed of their order. ``skip_unreadable``: leave out so many at most.
    ``trust_python``: run the Python file that the data is; it can do whatever you can do.
    """

    kind: str | None
    preprocess: str | None
    sound: str | None
    samples: int | None
    seed: int
    shuffle: int | None
    skip_unreadable: int
    trust_python: bool


class CalibrationOptions(DataOptions, total=False):
    """What may be said of a calibration: ``stop_when_stable`` ends it once so many samples in a
    row moved no exponent (0: all are run)."""

    stop_when_stable: int


def settled(path: str, options: DataOptions, check: Check) -> tuple[DataDescription, SourceCheck]:
    """The data at ``path`` (or ``random``) under ``options``, and what a dry run found.

    Raises :class:`QuantscopeError` where it does not fit the model.
    """
    data, found = _settled(path, options, check)
    if options.get("sound") and data.kind is not SourceKind.WAV:
        raise QuantscopeError(
            f"sound settings are for recordings, and this is data of the kind {data.kind}",
            where=data.path or "data",
            remedy="Leave out the sound",
        )
    return data, found


def _settled(path: str, options: DataOptions, check: Check) -> tuple[DataDescription, SourceCheck]:
    wish = _wished(path, options)
    given_kind, given_chain = options.get("kind"), options.get("preprocess")
    guess = wish.kind is SourceKind.IMAGES and not (given_kind and given_chain)
    if not guess:
        return check(wish, False)
    found, found_check = check(wish, True)
    kind = wish.kind if given_kind else found.kind
    preprocessing = wish.preprocessing if given_chain else found.preprocessing
    settled_data = replace(found, kind=kind, preprocessing=preprocessing)
    return (found, found_check) if settled_data == found else check(settled_data, False)


def _wished(path: str, options: DataOptions) -> DataDescription:
    """What is said, pictures where it is not said."""
    given_kind, chain = options.get("kind"), options.get("preprocess")
    kind = _kind(given_kind) if given_kind else SourceKind.IMAGES
    place = str(Path(path).absolute()) if path else ""
    if path == RANDOM:
        kind, place = SourceKind.RANDOM, ""
    return DataDescription(
        kind=kind,
        path=place,
        preprocessing=parse_preprocessing(chain) if chain else Preprocessing(),
        sound=parse_sound(options.get("sound") or ""),
        samples=whole_number(options, "samples", least=1),
        seed=whole_number(options, "seed") or 0,
        shuffle=options.get("shuffle"),
        skip_unreadable=whole_number(options, "skip_unreadable") or 0,
        as_pictures=bool(chain) and given_kind != SourceKind.IMAGES,
        trusted=agreement(place) if options.get("trust_python") else "",
    )


def check_options(options: Mapping[str, object], known: Collection[str]) -> None:
    """Raise :class:`QuantscopeError` where ``options`` are others than the ``known`` ones."""
    for name in options:
        if name not in known:
            raise unknown("option", name, known, "data")


def whole_number(options: Mapping[str, Any], name: str, least: int = 0) -> int | None:
    """The option ``name``, ``None`` where it is left out.

    Raises :class:`QuantscopeError` where it is no whole number of at least ``least``.
    """
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise QuantscopeError(
            f"{value!r} is no whole number of at least {least}",
            where=name,
            remedy="Give another one, or leave it out",
        )
    return int(value)


def _kind(name: str) -> SourceKind:
    kinds = [kind.value for kind in SourceKind]
    if name not in kinds:
        raise QuantscopeError(
            f'there is no kind of data "{name}"',
            where="kind",
            remedy=f"Choose one of {', '.join(kinds)}",
        )
    return SourceKind(name)


def agreement(path: str) -> str:
    """The agreement to run the file at ``path`` as it is now; empty where there is none."""
    try:
        return content_hash(Path(path).read_bytes()) if Path(path).is_file() else ""
    except OSError:  # what is wrong with the path is told when the data is opened
        return ""
