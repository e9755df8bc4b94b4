"""Frozen values to JSON-ready data and back, by their type hints.

Handles dataclasses, enumerations, tuples, lists, dictionaries with string keys, frozen sets of
strings, optional values and unions of dataclasses (told apart by the entry ``class``, a word that
no field can have). Floats that JSON lacks are written as the strings ``"inf"``, ``"-inf"`` and
``"nan"``.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Set
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from quantscope.core.errors import QuantscopeError

T = TypeVar("T")

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
        return [encode(entry) for entry in value]
    return _encode_special(value)


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


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
    return cast(T, _decode(kind, data))


def _decode(kind: Any, data: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data)
    if origin is not None:
        return _decode_container(origin, typing.get_args(kind), data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(cast(type, kind), data)
    return _decode_plain(kind, data)


def _decode_plain(kind: Any, data: Any) -> Any:
    if kind is float and (type(data) is int or data in _NOT_FINITE):
        try:
            return float(data)
        except OverflowError:
            raise ValueError(f"{data!r} is past the largest float") from None
    if kind in (typing.Any, object):
        return data
    if not isinstance(data, kind) or (kind in (int, float) and isinstance(data, bool)):
        raise ValueError(f"{data!r} is not of type {kind.__name__}")
    return data


def _decode_union(choices: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in choices:
        return None
    rest = [choice for choice in choices if choice is not type(None)]
    if isinstance(data, dict) and _CLASS in data:
        named = [c for c in rest if getattr(c, "__name__", "") == data[_CLASS]]
        rest = named or rest
    for choice in rest:
        try:
            return _decode(choice, data)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{data!r} fits none of {choices}")


def _decode_container(origin: Any, arguments: tuple[Any, ...], data: Any) -> Any:
    if issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise ValueError(f"{data!r} is not a mapping")
        return {key: _decode(arguments[1], entry) for key, entry in data.items()}
    if not isinstance(data, list | tuple):
        raise ValueError(f"{data!r} is not a list")
    if issubclass(origin, Set):
        return frozenset(_decode(arguments[0], entry) for entry in data)
    if origin is list or arguments[-1] is Ellipsis:
        return origin(_decode(arguments[0], entry) for entry in data)
    if len(arguments) != len(data):
        raise ValueError(f"{data!r} does not have {len(arguments)} entries")
    return tuple(_decode(kind, entry) for kind, entry in zip(arguments, data, strict=True))


def _decode_dataclass(kind: type, data: Any) -> Any:
    if not isinstance(data, dict) or data.get(_CLASS, kind.__name__) != kind.__name__:
        raise ValueError(f"{data!r} is not a {kind.__name__}")
    hints = _hints(kind)
    known = {
        field.name: _decode(hints[field.name], data[field.name])
        for field in dataclasses.fields(kind)
        if field.name in data and field.init
    }
    try:
        return kind(**known)
    except (TypeError, QuantscopeError) as error:
        raise ValueError(str(error)) from None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
