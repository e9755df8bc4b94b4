"""What calibration data is and how a picture becomes a tensor, as values that can be stored.

Reading the data is the engine's work; these values say which data, and travel in sessions
and requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from quantscope.core.errors import QuantscopeError


class SourceKind(StrEnum):
    """The kinds of data that calibration reads."""

    IMAGES = "images"  # a folder of pictures, nested or flat
    NPY = "npy"  # one .npy array: first axis = samples; one input
    NPZ = "npz"  # one .npz archive: an array for each input, first axis = samples
    NPZ_FOLDER = "npz-folder"  # a folder of .npz archives, each one sample
    PROTOBUF = "test-data"  # ONNX test_data_set_* folders with input_*.pb
    RANDOM = "random"  # seeded noise, marked as such on all that follows from it


class Resize(StrEnum):
    """How a picture of another size is brought to the input's size."""

    STRETCH = "stretch"  # change the aspect ratio
    FIT = "fit"  # keep the ratio, pad with black
    CROP = "crop"  # keep the ratio, fill the frame and cut the middle


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
    the network sees them.
    """

    scale: float = 1.0 / 255.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    resize: Resize = Resize.STRETCH
    color: Color = Color.AUTO
    layout: Layout = Layout.AUTO

    def __post_init__(self) -> None:
        if not (self.mean and self.std):
            raise _bad_preprocessing("mean and standard deviation need at least one number")
        if 0.0 in self.std:
            raise _bad_preprocessing("a standard deviation of 0 divides by zero")
        if not all(map(math.isfinite, (self.scale, *self.mean, *self.std))):
            raise _bad_preprocessing("scale, mean and standard deviation must be finite numbers")


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
    random data repeatable.
    """

    kind: SourceKind
    path: str = ""
    preprocessing: Preprocessing = Preprocessing()
    samples: int | None = None
    seed: int = 0

    @property
    def is_random(self) -> bool:
        """True where every figure that follows is about noise and not about real data."""
        return self.kind is SourceKind.RANDOM


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """What a dry run of a data source found: its size, and the first sample as it goes in.

    ``shapes`` holds (input, shape, dtype) of the first sample, ``minimum`` and ``maximum`` are
    over all its values.
    """

    samples: int
    first: str
    shapes: tuple[tuple[str, tuple[int, ...], str], ...]
    minimum: float
    maximum: float


def parse_preprocessing(text: str) -> Preprocessing:
    """Read ``"preset key=value ..."``: a preset's name, single settings, or both.

    Numbers may be fractions (``scale=1/255``); lists are separated by commas
    (``mean=0.485,0.456,0.406``). Raises :class:`QuantscopeError` for anything else.
    """
    chain = Preprocessing()
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            chain = _preset(word)
        else:
            chain = _with_setting(chain, key, value)
    return chain


def format_preprocessing(chain: Preprocessing) -> str:
    """The shortest text that :func:`parse_preprocessing` reads back as ``chain``."""
    texts = [_as_changes(chain, name, preset) for name, preset in PRESETS.items()]
    return min(texts, key=len)


def _as_changes(chain: Preprocessing, name: str, preset: Preprocessing) -> str:
    words = []
    for field in fields(Preprocessing):
        value = getattr(chain, field.name)
        if value != getattr(preset, field.name):
            text = ",".join(map(repr, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{field.name}={text}")
    named = [] if words and preset == Preprocessing() else [name]
    return " ".join(named + words)


def _preset(name: str) -> Preprocessing:
    if name not in PRESETS:
        raise _bad_preprocessing(f'"{name}" is not a preset')
    return PRESETS[name]


def _with_setting(chain: Preprocessing, key: str, value: str) -> Preprocessing:
    try:
        if key == "scale":
            return replace(chain, scale=_number(value))
        if key in ("mean", "std"):
            numbers = tuple(_number(part) for part in value.split(","))
            return replace(chain, mean=numbers) if key == "mean" else replace(chain, std=numbers)
        if key == "resize":
            return replace(chain, resize=Resize(value))
        if key == "color":
            return replace(chain, color=Color(value))
        if key == "layout":
            return replace(chain, layout=Layout(value))
    except (ValueError, ZeroDivisionError):
        raise _bad_preprocessing(f'"{value}" is no value for {key}') from None
    raise _bad_preprocessing(f'there is no setting "{key}"')


def _number(text: str) -> float:
    numerator, slash, denominator = text.partition("/")
    return float(numerator) / float(denominator) if slash else float(numerator)


def _bad_preprocessing(what: str) -> QuantscopeError:
    return QuantscopeError(
        what,
        where="preprocessing",
        remedy=(
            f"Use a preset ({', '.join(PRESETS)}) or settings such as "
            '"scale=1/255 mean=0.5 std=0.25 resize=fit color=bgr layout=nhwc"'
        ),
    )
