"""What a person should see of a sample: the picture, what the network gets, and the numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from quantscope.core.data.description import Layout
from quantscope.core.data.preview import Picture, Preview, Step, TensorView
from quantscope.engine.sources.fitting import Array
from quantscope.engine.sources.frames import CHANNELS, layout_of
from quantscope.engine.sources.samples import Sample, SampleSource

MOST_PIXELS = 256  # on the longer side of a picture that is shown
BINS = 48


def preview_of(source: SampleSource, number: int, sample: Sample) -> Preview:
    """Sample ``number``, whose arrays are ``sample``, before and after preprocessing."""
    return Preview(
        sample=source.names[number],
        original=_original(source, number),
        processed=_processed(source, sample),
        tensors=tuple(tensor_view(name, values) for name, values in sample.items()),
    )


def steps_of(
    source: SampleSource, number: int, sample: Sample, verb: str = "read"
) -> tuple[Step, ...]:
    """The way from file to tensor: for pictures each step, for arrays what is read and cast.

    ``verb`` says how arrays come to be.
    """
    if source.pictures is not None:
        return tuple(source.pictures.chain.steps(source.pictures.original(number)))
    return _array_steps(source.read(number), sample, verb)


def tensor_view(name: str, values: Array) -> TensorView:
    """Range, mean and histogram of finite ``values``."""
    wide = values.astype(np.float64).ravel()
    if not wide.size:
        wide = np.zeros(1)
    low, high = float(wide.min()), float(wide.max())
    counts = np.histogram(wide, BINS, (low, high) if low < high else (low - 0.5, low + 0.5))[0]
    return TensorView(
        name=name,
        shape=values.shape,
        dtype=str(values.dtype),
        minimum=low,
        maximum=high,
        mean=float(wide.mean()),
        counts=tuple(counts.tolist()),
    )


def _array_steps(raw: Mapping[str, Array], sample: Sample, verb: str) -> tuple[Step, ...]:
    steps = []
    for name, values in sample.items():
        read = np.asarray(raw[name])
        steps.append(Step(f"{verb} `{name}`", read.shape, str(read.dtype)))
        if read.shape != values.shape:
            steps.append(Step("add the batch axis", values.shape, str(read.dtype)))
        if read.dtype != values.dtype:
            steps.append(Step(f"convert to {values.dtype}", values.shape, str(values.dtype)))
    return tuple(steps)


def _original(source: SampleSource, number: int) -> Picture | None:
    if source.pictures is None:
        return None
    return _picture(source.pictures.original(number).convert("RGB"))


def _processed(source: SampleSource, sample: Sample) -> Picture | None:
    """What the network gets, its first three channels as red, green and blue."""
    port = source.inputs[0]
    values = sample[port.name]
    if source.pictures is not None:
        return _shown(source.pictures.chain.pixels(values))
    if values.ndim != 4 or not values.size:
        return None
    picture = values[0]
    if layout_of(port) is Layout.NCHW:
        picture = np.moveaxis(picture, 0, -1)
    if picture.shape[-1] not in CHANNELS:
        return None
    return _shown(_stretched(picture))


def _stretched(values: Array) -> Array:
    """From the smallest value to the largest as 0..255."""
    wide = values.astype(np.float64)
    low, high = wide.min(), wide.max()
    levels: Array = np.rint((wide - low) * (255.0 / ((high - low) or 1.0))).astype(np.uint8)
    return levels


def _shown(pixels: Array) -> Picture:
    """Height x width x channels, of which gray has 1 and transparency is left out."""
    channels = pixels[..., :3] if pixels.shape[-1] >= 3 else np.repeat(pixels[..., :1], 3, axis=-1)
    return _picture(Image.fromarray(np.ascontiguousarray(channels)))


def _picture(picture: Image.Image) -> Picture:
    shown = picture.copy()
    shown.thumbnail((MOST_PIXELS, MOST_PIXELS))
    file = io.BytesIO()
    shown.save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode()
    return Picture(width=shown.width, height=shown.height, png=png)
