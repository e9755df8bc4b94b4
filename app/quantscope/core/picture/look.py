"""What a picture of the ranges shows, and how large it is: known from its rows before it is drawn.

The picture is laid out :data:`WIDTH` units wide whatever it shows (long names are cut, the heat
map takes what the table leaves), and as high as its rows need. Any width in pixels is a scale of
that, for PNG as for SVG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantscope.core.errors import Problem
from quantscope.core.picture.heatmap import Depth
from quantscope.core.wording import count

WIDTH = 1600  # units
MARGIN = 28
HEADING = 116  # height of title, facts and legend, the margin included
AXIS = 28
ROW = 20
LOWER_AXIS = 20
ROWS_WITHOUT_LOWER_AXIS = 24
LEAST_WIDTH, MOST_WIDTH = 200, 20_000  # pixels
SHARP_PIXELS = (
    16_000_000  # up to here usually two pixels for each unit, for sharp screens and print
)
MOST_PIXELS = {".png": 200_000_000, ".ppm": 40_000_000}
"""More of a PNG would not fit into memory twice, and more for a clipboard would take too long."""
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLook:
    """What a person chooses: ``width`` in pixels (0: as usual), and the rows, ``tensors`` by name
    in this order (none: all, as data flows)."""

    dark: bool = False
    depth: Depth = Depth.LINEAR
    width: int = 0
    tensors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{count(self.width)} × {count(self.height)} pixels"


def height_of(rows: int) -> int:
    """The height of the picture of ``rows`` in units."""
    lower = LOWER_AXIS if rows > ROWS_WITHOUT_LOWER_AXIS else 0
    return HEADING + AXIS + rows * ROW + lower + MARGIN


def usual_width(rows: int) -> int:
    """The width in pixels of a PNG of which nobody said how wide it is to be."""
    return 2 * WIDTH if 4 * WIDTH * height_of(rows) <= SHARP_PIXELS else WIDTH


def size_of(rows: int, width: int) -> PictureSize:
    """The size of the picture of ``rows`` that is ``width`` pixels wide."""
    return PictureSize(width, max(round(height_of(rows) * width / WIDTH), 1))


def size_problem(rows: int, width: int, ending: str, where: str) -> Problem | None:
    """Why a picture cannot be that large; ``None`` where it can. ``ending``: .png, .svg, .ppm."""
    size = size_of(rows, width)
    if not LEAST_WIDTH <= width <= MOST_WIDTH:
        return Problem(
            what=f"a picture cannot be {count(width)} pixels wide",
            where=where,
            remedy=f"Choose from {LEAST_WIDTH} to {count(MOST_WIDTH)} pixels",
        )
    if rows > MOST_ROWS:
        return Problem(
            what=f"{count(rows)} tensors are more than a picture can show",
            where=where,
            remedy="Choose fewer rows, or write the statistics as a table",
        )
    if size.width * size.height > MOST_PIXELS.get(ending, math.inf):
        return Problem(
            what=f"a picture of {size} is too large",
            where=where,
            remedy="Choose a smaller width, fewer rows, or SVG",
        )
    return None
