"""Colours and sizes of the picture of the ranges, light and dark."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.picture import heatmap
from quantscope.core.picture.heatmap import HeatColors
from quantscope.engine.picture.marks import Color

SIZE, SMALL, TITLE = 11.5, 10.5, 18.0  # of text, in pixels
PIN, CONFLICT = "◆", "⚠"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Colours by purpose."""

    background: Color
    text: Color
    dim: Color
    rule: Color
    faint: Color
    edge: Color
    warning: Color
    warning_back: Color
    heat: HeatColors


LIGHT = Look(
    background=(255, 255, 255),
    text=(28, 36, 48),
    dim=(93, 104, 117),
    rule=(150, 160, 172),
    faint=(186, 194, 203),
    edge=(194, 65, 12),
    warning=(138, 75, 0),
    warning_back=(253, 236, 200),
    heat=heatmap.LIGHT,
)
DARK = Look(
    background=(21, 24, 29),
    text=(228, 232, 237),
    dim=(152, 162, 174),
    rule=(98, 108, 122),
    faint=(74, 82, 94),
    edge=(255, 171, 112),
    warning=(240, 198, 116),
    warning_back=(66, 54, 28),
    heat=heatmap.DARK,
)
