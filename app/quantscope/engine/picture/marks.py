"""The few marks that the picture of the ranges is made of, and the font that measures it.

The layout says where marks are, in pixels from the top left; each renderer draws the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

from quantscope.bundled import bundled_path

Color = tuple[int, int, int]
ELLIPSIS = "…"


class Anchor(StrEnum):
    """Which point of a text its ``x`` is."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, with round corners where ``radius`` is not 0."""

    x: float
    y: float
    width: float
    height: float
    color: Color
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; ``y`` is its base line. ``raised`` is an exponent after it."""

    x: float
    y: float
    text: str
    size: float
    color: Color
    bold: bool = False
    anchor: Anchor = Anchor.START
    raised: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Equal cells: ``colors`` (rows, columns, 3), row ``i`` with its upper edge at ``tops[i]``."""

    x: float
    tops: tuple[float, ...]
    width: float
    height: float
    colors: npt.NDArray[np.uint8]


Mark = Box | Text | Cells


@dataclass(frozen=True, slots=True)
class Picture:
    """What both renderers draw, in this order."""

    width: int
    height: int
    background: Color
    marks: tuple[Mark, ...]


RAISED_SIZE = 0.72  # of the text's size
RAISED_BY = 0.42


@cache
def font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    """The bundled font, so that a picture looks the same on every machine."""
    name = "DejaVuSans-Bold" if bold else "DejaVuSans"
    return ImageFont.truetype(str(bundled_path(f"fonts/{name}.ttf")), size)


def width_of(text: str, size: float, bold: bool = False) -> float:
    """The width of ``text`` in pixels."""
    return float(font(size, bold).getlength(text))


def start_of(text: Text) -> float:
    """The left end of ``text``."""
    if text.anchor is Anchor.START:
        return text.x
    whole = width_of(text.text, text.size, text.bold)
    whole += width_of(text.raised, text.size * RAISED_SIZE, text.bold) if text.raised else 0.0
    return text.x - (whole if text.anchor is Anchor.END else whole / 2)


def shortened(text: str, size: float, room: float, bold: bool = False) -> str:
    """``text``, cut with an ellipsis where it is wider than ``room``."""
    if width_of(text, size, bold) <= room:
        return text
    kept = text
    while kept and width_of(kept + ELLIPSIS, size, bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS
