"""The picture of the ranges, for the command line: the engine's door is not open to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quantscope.core.calibration import Calibration
from quantscope.core.heatmap import Depth
from quantscope.core.network import Network
from quantscope.core.plan import Plan


def draw_ranges(
    network: Network,
    calibration: Calibration,
    plan: Plan,
    path: str | Path,
    *,
    dark: bool = False,
    depth: Depth = Depth.LINEAR,
    width: int = 0,
    tensors: Sequence[str] = (),
    overwrite: bool = False,
) -> Path:
    """Write the picture to ``path`` (.png or .svg); see ``engine.picture.drawing``."""
    from quantscope.engine.picture import drawing

    return drawing.draw_ranges(
        network,
        calibration,
        plan,
        path,
        dark=dark,
        depth=depth,
        width=width,
        tensors=tensors,
        overwrite=overwrite,
    )
