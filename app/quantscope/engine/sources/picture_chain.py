"""From a picture to the values that the network sees: decided once, then applied to each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from quantscope.core.data.description import Color, Layout, Preprocessing, Resize
from quantscope.core.data.preview import Step
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import Array, family, port_dtype
from quantscope.engine.sources.frames import Frame, frame_of, mode_of
from quantscope.engine.sources.pictures import MOST_PIXELS, resized

_CONVERSIONS = {"L": "convert to gray", "RGB": "convert to RGB", "RGBA": "convert to RGB and alpha"}


@dataclass(frozen=True, slots=True)
class PictureChain:
    """Everything that is decided before the first picture is read.

    ``table`` holds the value of each pixel level in each channel (256 x channels): exact,
    computed once in float64, and the reason why a picture can never give NaN.
    """

    frame: Frame
    mode: str
    settings: Preprocessing
    table: Array

    def values(self, picture: Image.Image, where: str) -> Array:
        """One picture as 1 x C x H x W or 1 x H x W x C values of the input's dtype.

        Raises :class:`QuantscopeError`, which says ``where`` the picture is, for one that would be
        far too large: a long strip where one side of the input is free.
        """
        self._check_size(picture, where)
        pixels = self._pixels(self._in_frame(picture))
        planes = [self.table[pixels[..., c], c] for c in range(self.frame.channels)]
        return np.stack(planes, axis=self._channel_axis)[np.newaxis]

    def pixels(self, values: Array) -> Array:
        """Height x width x channels, 0..255: what :meth:`values` made of, channels as the
        network sees them. Exact, as the table is monotonic."""
        planes = np.moveaxis(values[0], self._channel_axis, -1)
        levels = np.empty(planes.shape, np.uint8)
        for channel in range(self.frame.channels):
            levels[..., channel] = _levels(self.table[:, channel], planes[..., channel])
        return levels

    def steps(self, picture: Image.Image) -> Iterator[Step]:
        """What :meth:`values` does to ``picture``, in order, with shape and dtype after each."""
        mode, size = picture.mode, (picture.height, picture.width)
        yield _step(f"read the picture ({mode})", size, len(picture.getbands()))
        channels = len(self.mode)
        if mode != self.mode:
            yield _step(_CONVERSIONS[self.mode], size, channels)
        framed = self._in_frame(picture)
        if framed.size != picture.size or self.settings.crop != 1.0:
            size = (framed.height, framed.width)
            yield _step(f"resize: {self._resizing}, {self.settings.filter}", size, channels)
        yield from self._channel_steps(size, channels)
        yield from self._value_steps((*size, self.frame.channels))
        dtype = str(self.table.dtype)
        shape = (*size, self.frame.channels)
        if self.frame.layout is Layout.NCHW:
            shape = (self.frame.channels, *size)
            yield Step("move the channels to the front (NCHW)", shape, dtype)
        yield Step("add the batch axis", (1, *shape), dtype)

    @property
    def _channel_axis(self) -> int:
        return 0 if self.frame.layout is Layout.NCHW else -1

    def _in_frame(self, picture: Image.Image) -> Image.Image:
        how = self.settings.resize
        size = self.frame.size_for(*picture.size, how)
        converted = picture if picture.mode == self.mode else picture.convert(self.mode)
        return resized(converted, size, how, self.settings.crop, self.settings.filter)

    def _check_size(self, picture: Image.Image, where: str) -> None:
        wide, high = self.frame.size_for(*picture.size, self.settings.resize)
        if wide * high > MOST_PIXELS:
            raise QuantscopeError(
                f"the picture of {picture.width} x {picture.height} pixels would become one of "
                f"{wide} x {high}",
                where=where,
                remedy="Choose resize=stretch, or remove this file",
            )

    def _pixels(self, picture: Image.Image) -> Array:
        """Height x width x channels, 0..255, channels in the order that the network sees."""
        pixels: Array = np.asarray(picture)
        if pixels.ndim == 2:
            return np.repeat(pixels[..., np.newaxis], self.frame.channels, axis=2)
        return pixels[..., ::-1] if self.settings.color is Color.BGR else pixels

    @property
    def _resizing(self) -> str:
        match self.settings.resize:
            case Resize.STRETCH:
                return "stretch"
            case Resize.FIT:
                return "fit and pad with black"
        share = "" if self.settings.crop == 1.0 else f" {self.settings.crop:.4g}"
        return f"crop the middle{share}"

    def _channel_steps(self, size: tuple[int, int], channels: int) -> Iterator[Step]:
        wanted = self.frame.channels
        if self.settings.color is Color.BGR:
            yield _step("reverse the channels (BGR)", size, channels)
        elif channels != wanted:
            yield _step(f"repeat gray in {wanted} channels", size, wanted)
        elif channels == 1:
            yield Step("add the channel axis", (*size, 1), "uint8")

    def _value_steps(self, shape: tuple[int, ...]) -> Iterator[Step]:
        dtype, chain = self.table.dtype, self.settings
        if family(dtype) != "float":
            yield Step(f"keep the pixels as they are: the input takes {dtype}", shape, str(dtype))
            return
        if chain.scale != 1.0:
            yield Step(f"multiply by {_number(chain.scale)}", shape, "float64")
        if any(chain.mean):
            yield Step(f"subtract the mean {_numbers(chain.mean)}", shape, "float64")
        if any(each != 1.0 for each in chain.std):
            yield Step(f"divide by the deviation {_numbers(chain.std)}", shape, "float64")
        yield Step(f"round to {dtype}", shape, str(dtype))


def chain_for(port: Port, settings: Preprocessing) -> PictureChain:
    """The chain that fills ``port``; :class:`QuantscopeError` where ``settings`` can not."""
    frame = frame_of(port, settings.layout)
    mode = mode_of(frame, settings.color, port)
    return PictureChain(frame, mode, settings, _level_table(port, frame.channels, settings))


def _levels(column: Array, values: Array) -> Array:
    """The pixel levels whose entries in ``column`` (monotonic) are the nearest to ``values``."""
    rising = column.astype(np.float64)
    if rising[-1] < rising[0]:
        return 255 - _levels(column[::-1], values)
    return np.searchsorted(rising, values.astype(np.float64)).clip(0, 255)


def _step(what: str, size: tuple[int, int], channels: int) -> Step:
    return Step(what, size if channels == 1 else (*size, channels), "uint8")


def _number(value: float) -> str:
    """A number as people write it: 1/255, 1/127.5 and 1/128 stay fractions."""
    if 1e-6 < value < 0.5:
        twice = round(2.0 / value)  # halves too
        if value == 1.0 / (twice / 2.0):
            return f"1/{twice / 2.0:g}"
    return f"{value:.6g}"


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(map(_number, values))


def _level_table(port: Port, channels: int, settings: Preprocessing) -> Array:
    dtype = port_dtype(port)
    levels = np.repeat(np.arange(256.0)[:, np.newaxis], channels, axis=1)
    with np.errstate(all="ignore"):
        if family(dtype) == "float":
            mean = _for_each("mean", settings.mean, channels)
            std = _for_each("std", settings.std, channels)
            levels = (levels * settings.scale - mean) / std
        table = levels.astype(dtype)
        wide = table.astype(np.float64)
    if np.isfinite(wide).all() and (family(dtype) == "float" or np.array_equal(wide, levels)):
        return table
    raise QuantscopeError(
        f"pixels of 0 to 255 do not fit the input's type {port.dtype} after preprocessing",
        where=f"input `{port.name}`",
        remedy="Change scale, mean and std, or save the samples as a .npy file",
    )


def _for_each(setting: str, values: tuple[float, ...], channels: int) -> Array:
    if len(values) not in (1, channels):
        raise QuantscopeError(
            f"{setting} has {len(values)} values and the input has {channels} channels",
            where="preprocessing",
            remedy=f"Give one value for {setting}, or one for each channel",
        )
    return np.array(values, dtype=np.float64)
