"""How a recording becomes a tensor, as a value that can be stored."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from quantscope.core.errors import QuantscopeError


class Length(StrEnum):
    """How a recording of another length is brought to the input's length."""

    FIT = "fit"  # cut off the end, or add silence
    FRAMES = "frames"  # each piece of the input's length is a sample; silence fills up the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The chain that turns a recording into values: -1..1 times ``scale``.

    ``rate`` is the number of values a second that the network was trained on; ``None`` takes
    whatever rate the recordings share. Nothing is resampled.
    """

    rate: int | None = None
    length: Length = Length.FIT
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.rate is not None and self.rate < 1:
            raise _bad_sound("a sample rate is a number of values a second, at least 1")
        if not math.isfinite(self.scale) or self.scale == 0.0:
            raise _bad_sound("scale must be a finite number other than 0")


def parse_sound(text: str) -> Sound:
    """Read ``"rate=16000 length=frames scale=32768"``, any of them left out.

    Raises :class:`QuantscopeError` for anything else.
    """
    sound = Sound()
    for word in text.split():
        key, _, value = word.partition("=")
        sound = _with_setting(sound, key, value)
    return sound


def format_sound(sound: Sound) -> str:
    """The shortest text that :func:`parse_sound` reads back as ``sound``."""
    names = [each.name for each in fields(Sound)]
    changed = [name for name in names if getattr(sound, name) != getattr(Sound(), name)]
    return " ".join(f"{name}={getattr(sound, name)}" for name in changed)


def _with_setting(sound: Sound, key: str, value: str) -> Sound:
    try:
        match key:
            case "rate":
                return replace(sound, rate=int(value))
            case "length":
                return replace(sound, length=Length(value))
            case "scale":
                return replace(sound, scale=float(value))
    except ValueError:
        raise _bad_sound(f'"{value}" is no value for {key}') from None
    raise _bad_sound(f'there is no setting "{key}"')


def _bad_sound(what: str) -> QuantscopeError:
    return QuantscopeError(
        what, where="sound", remedy='Use settings such as "rate=16000 length=frames scale=32768"'
    )
