"""Draws the demo's pictures, so that the demo needs no one else's photographs.

A picture is 32 x 32 RGB and shows one of ten shapes, with varied colours, light, noise, rotation,
size, position, contrast and distractors. It depends on nothing but the name of its set, its class
and its number: the three seed one random generator, so that any picture can be drawn again alone,
and pictures of different sets never share a seed.

Run it to write the calibration and validation folders beside this file:

    python draw_pictures.py
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float64]
"""One value for each pixel, 32 x 32."""
Picture = NDArray[np.uint8]
"""32 x 32 x 3, RGB."""
Field = Callable[[Plane, Plane], Plane]
"""From a shape's own coordinates (the shape lies within about -1..1) to the distance from its
edge, about, negative inside."""

SIZE = 32
SET_SEEDS = {"calibration": 101, "validation": 202, "training": 303}
PICTURES_PER_CLASS = {"calibration": 20, "validation": 50}

NOISE = (0.015, 0.135)
"""Smallest and largest standard deviation of the noise, where white is 1."""
RADIUS = (5.4, 11.5)
"""Smallest and largest radius of a shape, in pixels."""
CONTRAST = (0.21, 0.60)
"""Range of the least distance between the colours of shape and background, in RGB."""


def disk(u: Plane, v: Plane) -> Plane:
    """A full circle."""
    return np.hypot(u, v) - 0.9


def ring(u: Plane, v: Plane) -> Plane:
    """A circle's outline."""
    return np.abs(np.hypot(u, v) - 0.75) - 0.21


def square(u: Plane, v: Plane) -> Plane:
    """A full square."""
    return _box(u, v, 0.8, 0.8)


def triangle(u: Plane, v: Plane) -> Plane:
    """A full triangle with equal sides."""
    return np.maximum(np.abs(u) * 0.866 - v * 0.5, v) - 0.5


def cross(u: Plane, v: Plane) -> Plane:
    """A plus sign; rotation makes some of them an x."""
    return np.minimum(_box(u, v, 0.95, 0.28), _box(u, v, 0.28, 0.95))


def star(u: Plane, v: Plane) -> Plane:
    """A star with five tips."""
    tenth = np.pi / 5
    angle = np.abs((np.arctan2(v, u) + tenth) % (2 * tenth) - tenth)
    inner = 0.45
    along, across = inner * np.cos(tenth) - 1.05, inner * np.sin(tenth)
    radius = np.hypot(u, v)
    edge = across * (radius * np.cos(angle) - 1.05) - along * radius * np.sin(angle)
    return np.asarray(edge / np.hypot(along, across))


def stripes(u: Plane, v: Plane) -> Plane:
    """Parallel bars within a circle."""
    bars = np.sin(u * 7.5) / 7.5
    return np.maximum(np.hypot(u, v) - 1.0, bars)


def checkerboard(u: Plane, v: Plane) -> Plane:
    """Squares of alternating colour, four by four."""
    cells = np.sin(u * np.pi / 0.5) * np.sin(v * np.pi / 0.5) / 6.0
    return np.maximum(_box(u, v, 1.0, 1.0), cells)


def arrow(u: Plane, v: Plane) -> Plane:
    """A shaft with a head at one end."""
    shaft = _box(u + 0.45, v, 0.55, 0.2)
    head = np.maximum((u + np.abs(v)) * 0.707 - 0.68, 0.02 - u)
    return np.minimum(shaft, head)


def crescent(u: Plane, v: Plane) -> Plane:
    """A moon: a circle less another beside it."""
    return np.maximum(np.hypot(u, v) - 0.95, 0.8 - np.hypot(u - 0.5, v))


SHAPES: dict[str, Field] = {
    "arrow": arrow,
    "checkerboard": checkerboard,
    "crescent": crescent,
    "cross": cross,
    "disk": disk,
    "ring": ring,
    "square": square,
    "star": star,
    "stripes": stripes,
    "triangle": triangle,
}
CLASSES = tuple(sorted(SHAPES))


def picture_seed(set_name: str, class_name: str, number: int) -> tuple[int, int, int]:
    """The seed of one picture: no two pictures of any sets have the same."""
    return SET_SEEDS[set_name], CLASSES.index(class_name), number


def draw_picture(set_name: str, class_name: str, number: int) -> Picture:
    """One picture, the same one whenever and wherever it is asked for."""
    rng = np.random.default_rng(picture_seed(set_name, class_name, number))
    background, foreground = _draw_colours(rng)
    canvas = _gradient(rng, background)
    for _ in range(rng.integers(0, 4)):
        canvas = _add_distractor(rng, canvas)
    coverage = _place_shape(rng, SHAPES[class_name])
    canvas = _blend(canvas, _gradient(rng, foreground), coverage)
    if rng.random() < 0.35:
        canvas = _add_distractor(rng, canvas)
    canvas = canvas * rng.uniform(0.5, 1.1) + rng.uniform(-0.05, 0.05)
    canvas = canvas + rng.normal(0.0, rng.uniform(*NOISE), canvas.shape)
    return np.round(np.clip(canvas, 0.0, 1.0) * 255.0).astype(np.uint8)


def write_pictures(folder: Path) -> None:
    """Writes both held-out sets as FOLDER/SET/CLASS/NNN.png."""
    for set_name, count in PICTURES_PER_CLASS.items():
        for class_name in CLASSES:
            place = folder / set_name / class_name
            place.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                picture = Image.fromarray(draw_picture(set_name, class_name, number))
                picture.save(place / f"{number:03d}.png", optimize=True)


def _pixel_grid() -> tuple[Plane, Plane]:
    """Horizontal and vertical distance of each pixel from the middle of the picture."""
    steps = np.arange(SIZE) - (SIZE - 1) / 2
    across, down = np.meshgrid(steps, steps)
    return across, down


def _box(u: Plane, v: Plane, half_width: float, half_height: float) -> Plane:
    """Field of a rectangle."""
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


def _draw_colours(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Background and foreground colour, at least a drawn contrast apart."""
    least = rng.uniform(*CONTRAST)
    background = rng.uniform(0.0, 1.0, 3)
    while True:
        foreground = rng.uniform(0.0, 1.0, 3)
        if np.linalg.norm(foreground - background) >= least:
            return background, foreground


def _gradient(rng: np.random.Generator, colour: Plane) -> Plane:
    """A plane of this colour that drifts a little from one side to the other."""
    across, down = _pixel_grid()
    angle = rng.uniform(0.0, 2.0 * np.pi)
    ramp = (across * np.cos(angle) + down * np.sin(angle)) / SIZE
    drift = rng.normal(0.0, 0.12, 3)
    return np.asarray(colour + ramp[..., None] * drift)


def _place_shape(rng: np.random.Generator, field: Field) -> Plane:
    """How much of each pixel the shape covers, 0 to 1, at a drawn place, size and angle."""
    radius = rng.uniform(*RADIUS)
    reach = max(0.0, SIZE / 2 - radius)
    left, top = rng.uniform(-reach, reach, 2)
    squash = np.exp(rng.uniform(-0.2, 0.2))
    angle = rng.uniform(0.0, 2.0 * np.pi)
    across, down = _pixel_grid()
    x, y = (across - left) / radius * squash, (down - top) / radius / squash
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    softness = rng.uniform(1.0, 2.2)
    return np.clip(0.5 - field(u, v) * radius / softness, 0.0, 1.0)


def _add_distractor(rng: np.random.Generator, canvas: Plane) -> Plane:
    """A thin line or a small spot that means nothing."""
    across, down = _pixel_grid()
    left, top = rng.uniform(-SIZE / 2, SIZE / 2, 2)
    x, y = across - left, down - top
    if rng.random() < 0.5:
        angle = rng.uniform(0.0, np.pi)
        distance = np.abs(x * np.cos(angle) + y * np.sin(angle)) - rng.uniform(0.3, 0.9)
    else:
        distance = np.hypot(x, y) - rng.uniform(0.8, 2.5)
    coverage = np.clip(0.5 - distance, 0.0, 1.0) * rng.uniform(0.4, 1.0)
    return _blend(canvas, rng.uniform(0.0, 1.0, 3), coverage)


def _blend(below: Plane, above: Plane, coverage: Plane) -> Plane:
    """Paints ABOVE over BELOW where COVERAGE says so."""
    share = coverage[..., None]
    return np.asarray(below * (1.0 - share) + above * share)


def main() -> None:
    """Writes the pictures beside this file, or where told."""
    parser = argparse.ArgumentParser(description="Draw the demo's pictures.")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    write_pictures(parser.parse_args().folder)


if __name__ == "__main__":
    main()
