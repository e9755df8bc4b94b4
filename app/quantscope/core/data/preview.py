"""What a person sees of one sample before anything is run: the way it takes, and where it ends.

Small enough to travel as an event: pictures are PNG files of at most some hundred pixels.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step from file to tensor: what is done, and the shape and dtype after it."""

    what: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture to show: 8-bit RGB as a PNG file in base64, made smaller where it was large."""

    width: int
    height: int
    png: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorView:
    """The values of one input: range, mean, and a histogram.

    ``counts[i]`` is how many values lie in the i-th of equal bins between minimum and maximum.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One sample before and after preprocessing.

    ``original`` is the picture in the file, ``processed`` what the network gets, brought back to
    0..255 and with its first channel shown as red; ``None`` where the data is no picture.
    """

    sample: str
    original: Picture | None
    processed: Picture | None
    tensors: tuple[TensorView, ...]
