"""What stands above the table of the picture of the ranges: title, facts, and the legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantscope.core.picture.look import MARGIN, WIDTH
from quantscope.engine.picture.look import PIN, SIZE, SMALL, TITLE, Look
from quantscope.engine.picture.marks import Box, Cells, Color, Mark, Text, shortened, width_of

ROOM = WIDTH - 2 * MARGIN

_RANDOM = "RANDOM DATA: these figures are about noise"
_LEGEND = 90.0  # upper edge
_SAMPLE = 14  # height of a mark in the legend


@dataclass(frozen=True, slots=True)
class Heading:
    """The words: ``title`` large, ``facts`` below it, and whether the data is noise."""

    title: str
    facts: str
    random_data: bool


def heading_marks(heading: Heading, look: Look) -> list[Mark]:
    """Title and facts, cut where they are wider than the picture, and the legend."""
    badge = width_of(_RANDOM, SIZE, bold=True) + 20 if heading.random_data else 0.0
    title = shortened(heading.title, TITLE, ROOM - badge - 16, bold=True)
    facts = shortened(heading.facts, SIZE + 0.5, ROOM)
    marks: list[Mark] = [Text(MARGIN, MARGIN + 16, title, TITLE, look.text, bold=True)]
    marks.append(Text(MARGIN, MARGIN + 38, facts, SIZE + 0.5, look.dim))
    if heading.random_data:
        left = MARGIN + width_of(title, TITLE, bold=True) + 16
        marks.append(Box(left, MARGIN - 1, badge, 22, look.warning_back, radius=4))
        marks.append(Text(left + 10, MARGIN + 14, _RANDOM, SIZE, look.warning, bold=True))
    return marks + _legend(look)


def _legend(look: Look) -> list[Mark]:
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
    _say(marks, x, "shares the type of that layer", look.text)
    return marks


def _say(marks: list[Mark], x: float, text: str, color: Color) -> float:
    """Add ``text`` at ``x``; where it ends."""
    marks.append(Text(x, _LEGEND + 11, text, SMALL, color))
    return x + width_of(text, SMALL)
