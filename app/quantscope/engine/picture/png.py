"""Draws the marks of a picture of the ranges as pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from quantscope.engine.picture.marks import (
    RAISED_BY,
    RAISED_SIZE,
    Box,
    Cells,
    Mark,
    Picture,
    Text,
    font,
    start_of,
    width_of,
)


def write_png(picture: Picture, path: Path, width: int) -> None:
    """Write ``picture`` to ``path``, ``width`` pixels wide."""
    _drawn(picture, width).save(path, format="PNG")


def write_ppm(picture: Picture, path: Path, width: int) -> None:
    """The same pixels without compression: a window has them ten times sooner than those of PNG."""
    _drawn(picture, width).save(path, format="PPM")


def _drawn(picture: Picture, width: int) -> Image.Image:
    scale = width / picture.width
    image = Image.new("RGB", (width, max(round(picture.height * scale), 1)), picture.background)
    draw = ImageDraw.Draw(image)
    for mark in picture.marks:
        _draw(draw, image, mark, scale)
    return image


def _draw(draw: ImageDraw.ImageDraw, image: Image.Image, mark: Mark, scale: float) -> None:
    match mark:
        case Box():
            _draw_box(draw, mark, scale)
        case Text():
            _draw_text(draw, mark, scale)
        case Cells():
            _draw_cells(image, mark, scale)


def _draw_box(draw: ImageDraw.ImageDraw, box: Box, scale: float) -> None:
    left, top = round(box.x * scale), round(box.y * scale)
    right = max(round((box.x + box.width) * scale), left + 1) - 1
    bottom = max(round((box.y + box.height) * scale), top + 1) - 1
    if box.radius:
        draw.rounded_rectangle((left, top, right, bottom), box.radius * scale, box.color)
    else:
        draw.rectangle((left, top, right, bottom), box.color)


def _draw_text(draw: ImageDraw.ImageDraw, text: Text, scale: float) -> None:
    left = start_of(text) * scale
    face = font(text.size * scale, text.bold)
    draw.text((left, text.y * scale), text.text, text.color, face, anchor="ls")
    if text.raised:
        at = left + width_of(text.text, text.size * scale, text.bold)
        small = font(text.size * scale * RAISED_SIZE, text.bold)
        baseline = (text.y - text.size * RAISED_BY) * scale
        draw.text((at, baseline), text.raised, text.color, small, anchor="ls")


def _draw_cells(image: Image.Image, cells: Cells, scale: float) -> None:
    columns = cells.colors.shape[1]
    edges = np.round((cells.x + np.arange(columns + 1) * cells.width) * scale).astype(int)
    widths = np.diff(edges)
    for top, row in zip(cells.tops, cells.colors, strict=True):
        line = np.repeat(row, widths, axis=0)
        upper = round(top * scale)
        lower = max(round((top + cells.height) * scale), upper + 1)
        strip = np.ascontiguousarray(np.broadcast_to(line, (lower - upper, *line.shape)))
        image.paste(Image.fromarray(strip), (int(edges[0]), upper))
