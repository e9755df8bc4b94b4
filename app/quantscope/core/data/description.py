"""What calibration data is and how a picture becomes a tensor, as values that can be stored.

Reading the data is the engine's work; these values say which data, and travel in sessions
and requests.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from quantscope.core.data.preview import Preview, Step
from quantscope.core.data.sound import Sound
from quantscope.core.errors import QuantscopeError


class SourceKind(StrEnum):
    """The kinds of data that calibration reads."""

    IMAGES = "images"  # a folder of pictures, nested or flat
    NPY = "npy"  # one .npy array: first axis = samples; one input
    NPZ = "npz"  # one .npz archive: an array for each input, first axis = samples
    NPZ_FOLDER = "npz-folder"  # a folder of .npz archives, each one sample
    CSV = "csv"  # a text table: each row one sample
    PARQUET = "parquet"  # a Parquet table: each row one sample; needs the extra quantscope[parquet]
    WAV = "wav"  # a folder of .wav recordings, nested or flat
    PROTOBUF = "test-data"  # ONNX test_data_set_* folders with input_*.pb
    PYTHON = "python"  # a Python file whose samples() yields them; run once it is agreed to
    RANDOM = "random"  # seeded noise, marked as such on all that follows from it


HOLDS_ARRAYS = frozenset(
    {
        SourceKind.NPY,
        SourceKind.NPZ,
        SourceKind.NPZ_FOLDER,
        SourceKind.PROTOBUF,
        SourceKind.PYTHON,
    }
)
"""The kinds whose samples are arrays of any shape, which may be pictures."""


class Resize(StrEnum):
    """How a picture of another size is brought to the input's size."""

    STRETCH = "stretch"  # change the aspect ratio
    FIT = "fit"  # keep the ratio, pad with black
    CROP = "crop"  # keep the ratio, fill the frame and cut the middle


class Filter(StrEnum):
    """How pixels are mixed where a picture changes size; all but ``NEAREST`` average."""

    NEAREST = "nearest"
    BOX = "box"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"


class Color(StrEnum):
    """Channel order; ``AUTO`` takes RGB for three channels and gray for one."""

    AUTO = "auto"
    RGB = "rgb"
    BGR = "bgr"
    GRAY = "gray"


class Layout(StrEnum):
    """Axis order of a picture batch; ``AUTO`` reads it from the input's shape."""

    AUTO = "auto"
    NCHW = "nchw"
    NHWC = "nhwc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """The chain that turns a picture (0..255) into values: ``(pixel * scale - mean) / std``.

    ``mean`` and ``std`` hold one value for all channels or one for each, in the order that
    the network sees them. ``crop`` is the share, in each direction, that ``Resize.CROP`` keeps of
    the largest part that has the input's ratio: 0.875 is "256 on the short side, the middle 224".
    """

    scale: float = 1.0 / 255.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    resize: Resize = Resize.STRETCH
    crop: float = 1.0
    filter: Filter = Filter.BILINEAR
    color: Color = Color.AUTO
    layout: Layout = Layout.AUTO

    def __post_init__(self) -> None:
        if not (self.mean and self.std):
            raise _bad_preprocessing("mean and standard deviation need at least one number")
        if not all(map(math.isfinite, (self.scale, *self.mean, *self.std))):
            raise _bad_preprocessing("scale, mean and standard deviation must be finite numbers")
        if min(self.std) <= 0.0:
            raise _bad_preprocessing("a standard deviation is a number above 0")
        if self.scale == 0.0:
            raise _bad_preprocessing("a scale of 0 makes all pixels alike")
        if not 0.0 < self.crop <= 1.0:
            raise _bad_preprocessing("crop is a share above 0 and up to 1")
        if self.crop != 1.0 and self.resize is not Resize.CROP:
            raise _bad_preprocessing("crop needs resize=crop")


PRESETS: dict[str, Preprocessing] = {
    "0-1": Preprocessing(),
    "0-255": Preprocessing(scale=1.0),
    "-1-1": Preprocessing(scale=1.0 / 127.5, mean=(1.0,)),
    "imagenet": Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "caffe": Preprocessing(scale=1.0, mean=(103.939, 116.779, 123.68), color=Color.BGR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDescription:
    """Which samples to run through a network.

    ``samples`` limits how many are taken (``None``: all; random data: 32), ``seed`` makes
    random data repeatable. ``shuffle`` is the seed of the order in which samples are taken;
    ``None`` keeps the natural order. ``skip_unreadable`` is how many unreadable samples may be
    left out before the run stops. ``as_pictures`` sends the samples of arrays, which then are
    pictures of 0..255, through the ``preprocessing``. ``stable_after`` ends the run once that many
    samples, one after the other, moved no exponent (0: all samples are run). ``added`` are more
    sources, whose samples follow; `joined_data` puts them together.

    ``trusted`` is the agreement to run Python files: :func:`content_hash` of each file that was
    agreed to, with blanks between. It says nothing about the samples, so it does not count in
    comparisons, and it is never taken from a file: who sends a session does not agree for who
    opens it.
    """

    kind: SourceKind
    path: str = ""
    preprocessing: Preprocessing = Preprocessing()
    sound: Sound = field(default_factory=Sound)
    samples: int | None = None
    seed: int = 0
    shuffle: int | None = None
    skip_unreadable: int = 0
    as_pictures: bool = False
    stable_after: int = 0
    added: tuple[DataDescription, ...] = ()
    trusted: str = field(default="", compare=False)

    @property
    def is_random(self) -> bool:
        """True where every figure that follows is about noise and not about real data."""
        return self.kind is SourceKind.RANDOM or any(each.is_random for each in self.added)

    @property
    def has_pictures(self) -> bool:
        """True where ``preprocessing`` has a part."""
        is_array = self.as_pictures and self.kind in HOLDS_ARRAYS
        return self.kind is SourceKind.IMAGES or is_array


def content_hash(content: bytes) -> str:
    """What an agreement to run a file is bound to: SHA-256 of its content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """What a dry run of a data source found: its size, and one sample as it goes in.

    ``number`` and ``first`` say which sample that is, by default the first. ``shapes`` holds
    (input, shape, dtype) of it, ``minimum`` and ``maximum`` are over all its values. ``steps`` is
    the way from file to tensor, ``preview`` what to look at, ``skipped`` names samples that could
    not be read.
    """

    samples: int
    first: str
    shapes: tuple[tuple[str, tuple[int, ...], str], ...]
    minimum: float
    maximum: float
    steps: tuple[Step, ...] = ()
    preview: Preview | None = None
    skipped: tuple[str, ...] = ()
    number: int = 0


def parse_preprocessing(text: str) -> Preprocessing:
    """Read ``"preset key=value ..."``: a preset's name, single settings, or both.

    Settings change the preset, wherever it stands. Numbers may be fractions (``scale=1/255``);
    lists are separated by commas (``mean=0.485,0.456,0.406``).
    Raises :class:`QuantscopeError` for anything else.
    """
    words = [word.partition("=") for word in text.split()]
    presets = [_preset(name) for name, equals, _ in words if not equals]
    if len(presets) > 1:
        raise _bad_preprocessing("there are two presets, and there can be one")
    settings: dict[str, Any] = {key: _setting(key, value) for key, equals, value in words if equals}
    return replace(*(presets or [Preprocessing()]), **settings)


def format_preprocessing(chain: Preprocessing) -> str:
    """The shortest text that :func:`parse_preprocessing` reads back as ``chain``."""
    texts = [_as_changes(chain, name, preset) for name, preset in PRESETS.items()]
    return min(texts, key=len)


def _as_changes(chain: Preprocessing, name: str, preset: Preprocessing) -> str:
    words = []
    for each in fields(Preprocessing):
        value = getattr(chain, each.name)
        if value != getattr(preset, each.name):
            text = ",".join(map(repr, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{each.name}={text}")
    named = [] if words and preset == Preprocessing() else [name]
    return " ".join(named + words)


def _preset(name: str) -> Preprocessing:
    if name not in PRESETS:
        raise _bad_preprocessing(f'"{name}" is not a preset')
    return PRESETS[name]


def _setting(key: str, value: str) -> object:
    if key not in _READERS:
        raise _bad_preprocessing(f'there is no setting "{key}"')
    try:
        return _READERS[key](value)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise _bad_preprocessing(f'"{value}" is no value for {key}{_choices(key)}') from None


def _choices(key: str) -> str:
    """What a setting may be, where it is one of a few words."""
    reader = _READERS[key]
    return f", which is {', '.join(reader)}" if isinstance(reader, type(StrEnum)) else ""


def _number(text: str) -> float:
    numerator, slash, denominator = text.partition("/")
    return float(numerator) / float(denominator) if slash else float(numerator)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(_number, text.split(",")))


_READERS: Mapping[str, Callable[[str], object]] = {
    "scale": _number,
    "mean": _numbers,
    "std": _numbers,
    "resize": Resize,
    "crop": _number,
    "filter": Filter,
    "color": Color,
    "layout": Layout,
}


def _bad_preprocessing(what: str) -> QuantscopeError:
    return QuantscopeError(
        what,
        where="preprocessing",
        remedy=(
            f"Use a preset ({', '.join(PRESETS)}) or settings such as "
            '"scale=1/255 mean=0.5 std=0.25 resize=fit color=bgr layout=nhwc"'
        ),
    )
