"""What a person wants of a picture of the ranges: which rows, how wide, in which format."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from quantscope.core.picture.look import WIDTH, usual_width


class Rows(StrEnum):
    """Which rows a picture has."""

    ALL = "all"
    SHOWN = "shown"
    SELECTED = "selected"


PNG, SVG, PIXELS = ".png", ".svg", ".ppm"


@dataclass(frozen=True, slots=True)
class PictureChoice:
    """``width`` is in pixels; 0: as usual for the rows and the format."""

    rows: Rows = Rows.ALL
    ending: str = PNG
    width: int = 0

    def pixels(self, rows: int, ending: str = "") -> int:
        """The width of a picture of that many ``rows``."""
        is_svg = (ending or self.ending) == SVG
        return self.width or (WIDTH if is_svg else usual_width(rows))


def as_text(choice: PictureChoice) -> str:
    """``choice`` for the settings."""
    return json.dumps(asdict(choice))


def from_text(text: str) -> PictureChoice:
    """The choice that :func:`as_text` wrote; the usual one for anything else."""
    try:
        kept = json.loads(text)
        ending, width = str(kept["ending"]), int(kept["width"])
        return PictureChoice(Rows(kept["rows"]), SVG if ending == SVG else PNG, max(width, 0))
    except (ValueError, KeyError, TypeError):
        return PictureChoice()
