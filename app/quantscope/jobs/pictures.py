"""The picture of the ranges, for the command line: the engine's door is not open to it."""

from __future__ import annotations

from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.network import Network
from quantscope.core.picture.look import PictureLook
from quantscope.core.planning.plan import Plan


def draw_ranges(
    network: Network,
    calibration: Calibration,
    plan: Plan,
    path: str | Path,
    look: PictureLook | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write the picture to ``path`` (.png or .svg); see ``engine.picture.drawing``."""
    from quantscope.engine.picture import drawing

    return drawing.draw_ranges(
        network, calibration, plan, path, look or PictureLook(), overwrite=overwrite
    )
