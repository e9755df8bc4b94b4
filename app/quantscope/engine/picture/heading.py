"""What stands above the table of the picture of the ranges: title, facts, and the legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantscope.engine.picture.look import MARGIN, PIN, SIZE, SMALL, TITLE, Look
from quantscope.engine.picture.marks import Box, Cells, Color, Mark, Text, width_of

HEIGHT = 116.0  # of all of it, the margin included
_RANDOM = "RANDOM DATA: these figures are about noise"
_LEGEND = 90.0  # upper edge
_SAMPLE = 14  # height of a mark in the legend


@dataclass(frozen=True, slots=True)
class Heading:
    """The words: ``title`` large, ``facts`` below it, and whether the data is noise."""

    title: str
    facts: str
    random_data: bool


def heading_marks(heading: Heading, look: Look) -> tuple[list[Mark], float]:
    """The marks, and where the rightmost of them ends."""
    marks: list[Mark] = [Text(MARGIN, MARGIN + 16, heading.title, TITLE, look.text, bold=True)]
    marks.append(Text(MARGIN, MARGIN + 38, heading.facts, SIZE + 0.5, look.dim))
    right = MARGIN + width_of(heading.title, TITLE, bold=True)
    if heading.random_data:
        room = width_of(_RANDOM, SIZE, bold=True) + 20
        marks.append(Box(right + 16, MARGIN - 1, room, 22, look.warning_back, radius=4))
        marks.append(Text(right + 26, MARGIN + 14, _RANDOM, SIZE, look.warning, bold=True))
        right += 16 + room
    legend, end = _legend(look)
    return marks + legend, max(right, end, MARGIN + width_of(heading.facts, SIZE + 0.5))


def _legend(look: Look) -> tuple[list[Mark], float]:
    ramps: tuple[tuple[str, tuple[Color, Color]], ...] = (
        ("kept", look.heat.kept),
        ("rounds up to one step", look.heat.rounded),
        ("lost", look.heat.lost),
    )
    marks: list[Mark] = []
    x = _say(marks, MARGIN, "Few to many values of a row:", look.dim) + 10
    for name, (few, many) in ramps:
        shades = np.linspace(few, many, 20).astype(np.uint8)[None]
        marks.append(Cells(x, (_LEGEND,), 2.0, _SAMPLE, shades))
        x = _say(marks, x + 47, name, look.text) + 18
    x += 6
    marks.append(Box(x, _LEGEND, 2, _SAMPLE, look.edge))
    x = _say(marks, x + 8, "edge of what the type keeps", look.text) + 18
    marks.append(Box(x, _LEGEND + 6, 8, 2, look.edge))
    x = _say(marks, x + 14, "sign bit", look.text) + 18
    x = _say(marks, x, PIN, look.edge) + 6
    x = _say(marks, x, "set by hand", look.text) + 18
    x = _say(marks, x, "= relu", look.dim) + 6
    return marks, _say(marks, x, "shares the type of that layer", look.text)


def _say(marks: list[Mark], x: float, text: str, color: Color) -> float:
    """Add ``text`` at ``x``; where it ends."""
    marks.append(Text(x, _LEGEND + 11, text, SMALL, color))
    return x + width_of(text, SMALL)
