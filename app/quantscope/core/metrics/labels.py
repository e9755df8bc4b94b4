"""What is known of a sample beforehand: the kinds of labels that metrics compare with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

IGNORED = -1  # in a class map: pixels that do not count


class LabelKind(StrEnum):
    """What labels are; a metric names the one that it needs."""

    NONE = "none"
    CLASS = "class number"
    CLASS_MAP = "class map"
    BOXES = "boxes"
    ARRAY = "array"


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """The objects in one picture: ``corners`` (n, 4) as x, y of two opposite corners, smaller
    first, ``classes`` (n,) integers, ``crowd`` (n,) where a box holds a group that nobody counted.
    """

    corners: Floats
    classes: npt.NDArray[np.int64]
    crowd: npt.NDArray[np.bool_]


Label = int | Array | Boxes | None
"""A class number; a class map (H, W) or target array; boxes; or nothing."""
