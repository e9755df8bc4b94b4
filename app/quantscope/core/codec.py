"""Frozen values to JSON-ready data and back, by their type hints.

Handles dataclasses, enumerations, tuples, lists, dictionaries with string keys, frozen sets of
strings, optional values and unions of dataclasses (told apart by the entry ``class``, a word that
no field can have). Floats that JSON lacks are written as the strings ``"inf"``, ``"-inf"`` and
``"nan"``.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from enum import Enum
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar, cast

from quantscope.core.errors import QuantscopeError

T = TypeVar("T")

STEP = 250  # entries of a long list
_CLASS = "class"
_PLAIN = frozenset({type(None), bool, int, str})
_NOT_FINITE = ("inf", "-inf", "nan")


def encode(value: object) -> Any:
    """``value`` as data that ``json.dumps(..., allow_nan=False)`` takes."""
    kind: Any = type(value)
    if kind in _PLAIN or (isinstance(value, bool | int | float | str) and not _special(value)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        entries: dict[str, Any] = {_CLASS: kind.__name__}
        for name in _field_names(kind):
            entry = getattr(value, name)
            entries[name] = entry if type(entry) in _PLAIN else encode(entry)
        return entries
    if isinstance(value, Mapping):
        return {str(key): encode(entry) for key, entry in value.items()}
    if isinstance(value, Set):
        return sorted(encode(entry) for entry in value)
    if isinstance(value, tuple | list):
        return list(value) if _are_plain(value) else [encode(entry) for entry in value]
    return _encode_special(value)


def _are_plain(values: Sequence[object]) -> bool:
    """Whether all are finite floats: the scales of a network's channels are 100,000 numbers."""
    return set(map(type, values)) == {float} and all(map(math.isfinite, cast(Any, values)))


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """What is written; a value finds its private fields anew when it is read."""
    names = (field.name for field in dataclasses.fields(kind))
    return tuple(name for name in names if not name.startswith("_"))


def _special(value: object) -> bool:
    return isinstance(value, Enum) or (isinstance(value, float) and not math.isfinite(value))


def _encode_special(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def decode(kind: type[T] | Any, data: Any) -> T:
    """The value of type ``kind`` that :func:`encode` wrote as ``data``.

    Raises ``ValueError`` where ``data`` does not fit; unknown entries are ignored, so that an
    older program reads what a newer one wrote with more fields.
    """
    reader: Reader = _reader(cast(Any, kind))
    return cast(T, reader(data))


# A type's hints are looked at once: a network of 5,000 tensors has some 60,000 entries.
Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Reader:
    """What reads values of ``kind``."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(arguments)
    if origin is not None:
        return _container_reader(origin, arguments)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(cast(type, kind))
    if kind in (typing.Any, object):
        return _as_it_is
    return _plain_reader(kind)


def _as_it_is(data: Any) -> Any:
    return data


def _plain_reader(kind: type) -> Reader:
    def read(data: Any) -> Any:
        if type(data) is kind:
            return data
        if kind is float and (type(data) is int or data in _NOT_FINITE):
            try:
                return float(data)
            except OverflowError:
                raise ValueError(f"{data!r} is past the largest float") from None
        raise ValueError(f"{data!r} is not of type {kind.__name__}")

    return read


def _union_reader(choices: tuple[Any, ...]) -> Reader:
    readers = [(getattr(c, "__name__", ""), _reader(c)) for c in choices if c is not type(None)]
    takes_none = type(None) in choices

    def read(data: Any) -> Any:
        if data is None and takes_none:
            return None
        rest = readers
        if isinstance(data, dict) and _CLASS in data:
            rest = [each for each in readers if each[0] == data[_CLASS]] or readers
        for _, choice in rest:
            try:
                return choice(data)
            except (ValueError, TypeError):
                continue
        raise ValueError(f"{data!r} fits none of {choices}")

    return read


def _container_reader(origin: Any, arguments: tuple[Any, ...]) -> Reader:
    if issubclass(origin, Mapping):
        return _mapping_reader(_reader(arguments[1]))
    if issubclass(origin, Set):
        return _list_reader(frozenset, _reader(arguments[0]))
    if origin is list or arguments[-1] is Ellipsis:
        return _list_reader(origin, _reader(arguments[0]))
    readers = [_reader(kind) for kind in arguments]

    def read(data: Any) -> Any:
        if len(_listed(data)) != len(readers):
            raise ValueError(f"{data!r} does not have {len(readers)} entries")
        return tuple([each(entry) for each, entry in zip(readers, data, strict=True)])

    return read


def _mapping_reader(reader: Reader) -> Reader:
    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"{data!r} is not a mapping")
        return {key: reader(entry) for key, entry in data.items()}

    return read


def _list_reader(made: Callable[[list[Any]], Any], reader: Reader) -> Reader:
    def read(data: Any) -> Any:
        return made([reader(entry) for entry in _listed(data)])

    return read


def _listed(data: Any) -> Any:
    if not isinstance(data, list | tuple):
        raise ValueError(f"{data!r} is not a list")
    return data


def _dataclass_reader(kind: type) -> Reader:
    name = kind.__name__

    def read(data: Any) -> Any:
        _check_class(name, data)
        readers = _field_readers(kind)
        return _made(kind, {key: read(data[key]) for key, read in readers if key in data})

    return read


def _check_class(name: str, data: Any) -> None:
    if not isinstance(data, dict) or data.get(_CLASS, name) != name:
        raise ValueError(f"{data!r} is not a {name}")


def _made(kind: type, known: dict[str, Any]) -> Any:
    try:
        return kind(**known)
    except (TypeError, QuantscopeError) as error:
        raise ValueError(str(error)) from None


@cache
def _fields(kind: type) -> list[tuple[str, Any]]:
    """Name and type of every field that is stated."""
    hints = typing.get_type_hints(kind)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(kind) if field.init]


@cache
def _field_readers(kind: type) -> list[tuple[str, Reader]]:
    """Found when first read, since types may hold one another."""
    return [(name, _reader(hint)) for name, hint in _fields(kind)]


# ---- in steps ------------------------------------------------------------------------------------


def json_pieces(value: object) -> Iterator[str]:
    """The JSON text of what :func:`encode` makes of ``value``, a few hundred entries in a piece."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield f'{{"{_CLASS}":"{type(value).__name__}"'
        for name in _field_names(type(value)):
            yield f',"{name}":'
            yield from json_pieces(getattr(value, name))
        yield "}"
    elif isinstance(value, Mapping):
        yield from _enclosed("{", _pieces_of_entries(value), "}")
    elif isinstance(value, tuple | list) and not _are_plain(value):
        yield from _enclosed("[", _pieces_of_list(value), "]")
    else:
        yield json_text(encode(value))


def json_text(data: Any) -> str:
    """``data`` as :func:`encode` made it, as JSON without spaces."""
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def _enclosed(start: str, parts: Iterator[Iterator[str]], end: str) -> Iterator[str]:
    yield start
    for number, part in enumerate(parts):
        if number:
            yield ","
        yield from part
    yield end


def _pieces_of_entries(value: Mapping[Any, object]) -> Iterator[Iterator[str]]:
    if len(value) <= STEP:
        for key, entry in value.items():
            yield chain((json_text(str(key)), ":"), json_pieces(entry))
        return
    entries = iter(value.items())
    while some := dict(islice(entries, STEP)):
        yield iter((json_text(encode(some))[1:-1],))


def _pieces_of_list(value: Sequence[object]) -> Iterator[Iterator[str]]:
    if len(value) <= STEP:
        yield from map(json_pieces, value)
        return
    for first in range(0, len(value), STEP):
        yield iter((json_text(encode(value[first : first + STEP]))[1:-1],))


def decoding(kind: type[T] | Any, data: Any) -> Generator[None, None, T]:
    """:func:`decode`, with a pause after every few hundred entries of a long list or mapping."""
    result = yield from _decoding(kind, data)
    return cast(T, result)


def _decoding(kind: Any, data: Any) -> Generator[None, None, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType) and isinstance(data, dict):
        for choice in arguments:
            if getattr(choice, "__name__", "") == data.get(_CLASS):
                return (yield from _decoding(choice, data))
    if dataclasses.is_dataclass(kind):
        return (yield from _decoding_fields(cast(type, kind), data))
    if isinstance(data, dict) and isinstance(origin, type) and issubclass(origin, Mapping):
        values = yield from _decoding_each(arguments[1], data.values())
        return dict(zip(data, values, strict=True))
    if isinstance(data, list) and origin is tuple and arguments[-1] is Ellipsis:
        return tuple((yield from _decoding_each(arguments[0], data)))
    return _reader(kind)(data)


def _decoding_fields(kind: type, data: Any) -> Generator[None, None, Any]:
    _check_class(kind.__name__, data)
    known = {}
    for name, hint in _fields(kind):
        if name in data:
            known[name] = yield from _decoding(hint, data[name])
    return _made(kind, known)


def _decoding_each(kind: Any, entries: Iterable[Any]) -> Generator[None, None, list[Any]]:
    reader, found = _reader(kind), []
    for number, entry in enumerate(entries, 1):
        found.append(reader(entry))
        if number % STEP == 0:
            yield
    return found
