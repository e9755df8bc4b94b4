"""Writes the marks of a picture of the ranges as SVG: plain XML text, all names escaped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from quantscope.engine.picture.marks import (
    RAISED_BY,
    RAISED_SIZE,
    Anchor,
    Box,
    Cells,
    Color,
    Mark,
    Picture,
    Text,
    start_of,
    width_of,
)

_FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif"
FORBIDDEN = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if code not in (9, 10, 13)}
FORBIDDEN |= dict.fromkeys((0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "\N{REPLACEMENT CHARACTER}")
"""Characters that XML 1.0 forbids even when escaped, and what stands for them."""


def write_svg(picture: Picture, path: Path, width: int) -> None:
    """Write ``picture`` to ``path``, to be shown ``width`` pixels wide."""
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    path.write_text(f"{declaration}\n{svg_element(picture, width)}\n", encoding="utf-8")


def svg_element(picture: Picture, width: int = 0) -> str:
    """``picture`` as an ``svg`` element, which an HTML page may hold too.

    ``width`` in pixels scales all of it; 0: one for each unit.
    """
    shown = width or picture.width
    height = max(round(picture.height * shown / picture.width), 1)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown}" height="{height}" '
        f'viewBox="0 0 {picture.width} {picture.height}" font-family="{_FONTS}">'
    )
    lines = [opening]
    lines.append(f'<rect width="100%" height="100%" fill="{_hex(picture.background)}"/>')
    for mark in picture.marks:
        lines += _elements(mark)
    return "\n".join([*lines, "</svg>"])


def _elements(mark: Mark) -> Iterator[str]:
    match mark:
        case Box():
            yield _box(mark)
        case Text():
            yield from _text(mark)
        case Cells():
            yield '<g shape-rendering="crispEdges">'
            yield from _cells(mark)
            yield "</g>"


def _box(box: Box) -> str:
    corners = f' rx="{_number(box.radius)}"' if box.radius else ' shape-rendering="crispEdges"'
    return _rectangle(box.x, box.y, box.width, box.height, box.color, corners)


def _cells(cells: Cells) -> Iterator[str]:
    """Neighbours of one colour become one rectangle."""
    for top, row in zip(cells.tops, cells.colors, strict=True):
        column = 0
        for color, run in groupby(map(tuple, row.tolist())):
            length = len(list(run))
            x = cells.x + column * cells.width
            yield _rectangle(x, top, length * cells.width, cells.height, color)
            column += length


def _rectangle(
    x: float, y: float, width: float, height: float, color: Color, more: str = ""
) -> str:
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(height)}" fill="{_hex(color)}"{more}/>'
    )


def _text(text: Text) -> Iterator[str]:
    """An exponent is a text of its own: some programs ignore shifts within one."""
    if not text.raised:
        yield _line(text, text.x, text.y, text.size, text.text, text.anchor)
        return
    left = start_of(text)
    yield _line(text, left, text.y, text.size, text.text)
    at = left + width_of(text.text, text.size, text.bold)
    yield _line(text, at, text.y - text.size * RAISED_BY, text.size * RAISED_SIZE, text.raised)


def _line(
    text: Text, x: float, y: float, size: float, words: str, anchor: Anchor = Anchor.START
) -> str:
    bold = ' font-weight="bold"' if text.bold else ""
    side = f' text-anchor="{anchor}"' if anchor is not Anchor.START else ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size)}" '
        f'fill="{_hex(text.color)}"{side}{bold}>{_escaped(words)}</text>'
    )


def _escaped(text: str) -> str:
    return escape(text.translate(FORBIDDEN))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
