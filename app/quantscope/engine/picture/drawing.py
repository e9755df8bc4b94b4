"""The dynamic ranges of a network as a PNG or SVG file: table on the left, heat map on the right.

Row for row: what the table says of a tensor stands beside its bits. The cells are painted by
``core.heatmap``, as the window's are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from quantscope.core.calibration import Calibration
from quantscope.core.errors import QuantscopeError
from quantscope.core.heatmap import Depth
from quantscope.core.network import Network
from quantscope.core.plan import Plan
from quantscope.core.ranges import RangeRow, range_rows
from quantscope.core.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, count
from quantscope.engine.picture.heading import Heading
from quantscope.engine.picture.layout import lay_out
from quantscope.engine.picture.look import DARK, LIGHT
from quantscope.engine.picture.marks import Picture
from quantscope.engine.picture.png import write_png
from quantscope.engine.picture.svg import write_svg
from quantscope.engine.writing import write_atomically

WRITERS: dict[str, Callable[[Picture, Path], None]] = {".png": write_png, ".svg": write_svg}
MOST_ROWS = {".png": 5_000, ".svg": 20_000}  # a taller PNG would not fit into memory twice


def draw_ranges(
    network: Network,
    calibration: Calibration,
    plan: Plan,
    path: str | Path,
    *,
    dark: bool = False,
    depth: Depth = Depth.LINEAR,
    overwrite: bool = False,
) -> Path:
    """Write the picture to ``path``, whose ending (.png or .svg) says which kind.

    Returns where it lies. Raises :class:`QuantscopeError` for another ending, for a network
    with too many tensors, and where the file may not or cannot be written.
    """
    ending = Path(path).suffix.lower()
    rows = range_rows(network, calibration, plan)
    _check(ending, rows, str(path))
    heading = heading_of(network, calibration, plan, depth)
    picture = lay_out(rows, heading, DARK if dark else LIGHT, depth)
    return write_atomically(
        path, lambda passing: WRITERS[ending](picture, passing), overwrite=overwrite
    )


def _check(ending: str, rows: tuple[RangeRow, ...], where: str) -> None:
    if ending not in WRITERS:
        raise QuantscopeError(
            "a picture is written as .png or .svg", where=where, remedy="Give it such an ending"
        )
    if len(rows) > MOST_ROWS[ending]:
        raise QuantscopeError(
            f"{len(rows)} tensors are more than such a picture can show",
            where=where,
            remedy="Write the statistics as a table instead, or look at the network in the window",
        )


def heading_of(
    network: Network, calibration: Calibration, plan: Plan, depth: Depth = Depth.LINEAR
) -> Heading:
    """What stands above the picture of a network's ranges."""
    settings, data = plan.settings, calibration.data
    source = "seeded noise" if data.is_random else Path(data.path).name
    facts = [
        TARGETS[settings.target].title,
        f"{SCHEME_TITLES[settings.scheme]} scheme",
        f"words of {settings.word_length} bits, biases of {settings.bias_word_length}",
        f"{count(calibration.samples)} samples of {source}",
    ]
    if depth is Depth.LOGARITHMIC:
        facts.append("logarithmic depth")
    return Heading(network.name, " · ".join(facts), data.is_random)
