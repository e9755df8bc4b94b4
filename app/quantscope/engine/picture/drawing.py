"""The dynamic ranges of a network as a PNG or SVG file: table on the left, heat map on the right.

Row for row: what the table says of a tensor stands beside its bits. The cells are painted by
``core.heatmap``, as the window's are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.picture.heatmap import Depth
from quantscope.core.picture.look import WIDTH, PictureLook, size_problem, usual_width
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, count
from quantscope.engine.picture.heading import Heading
from quantscope.engine.picture.layout import lay_out
from quantscope.engine.picture.look import DARK, LIGHT
from quantscope.engine.picture.marks import Picture
from quantscope.engine.picture.png import write_png, write_ppm
from quantscope.engine.picture.svg import write_svg
from quantscope.engine.writing import write_atomically

WRITERS: dict[str, Callable[[Picture, Path, int], None]] = {
    ".png": write_png,
    ".svg": write_svg,
    ".ppm": write_ppm,  # for the clipboard of a window
}


def draw_ranges(
    network: Network,
    calibration: Calibration,
    plan: Plan,
    path: str | Path,
    look: PictureLook,
    *,
    overwrite: bool = False,
) -> Path:
    """Write the picture to ``path``, whose ending (.png or .svg) says which kind.

    Returns where it lies. Raises :class:`QuantscopeError` for another ending, for a picture that
    would be too large, where none of the tensors of ``look`` was counted, and where the file may
    not or cannot be written.
    """
    ending = Path(path).suffix.lower()
    everything = range_rows(network, calibration, plan)
    rows = _chosen(everything, look.tensors)
    pixels = look.width or (WIDTH if ending == ".svg" else usual_width(len(rows)))
    _check(ending, len(rows), pixels, str(path))
    heading = heading_of(network, calibration, plan, look.depth)
    if len(rows) < len(everything):
        part = f"{count(len(rows))} of {count(len(everything))} tensors"
        heading = replace(heading, facts=f"{heading.facts} · {part}")
    picture = lay_out(rows, heading, DARK if look.dark else LIGHT, look.depth)
    return write_atomically(
        path, lambda passing: WRITERS[ending](picture, passing, pixels), overwrite=overwrite
    )


def _chosen(rows: tuple[RangeRow, ...], tensors: Sequence[str]) -> tuple[RangeRow, ...]:
    by_name = {row.tensor.name: row for row in rows}
    return tuple(by_name[name] for name in tensors if name in by_name) if tensors else rows


def _check(ending: str, rows: int, width: int, where: str) -> None:
    if ending not in WRITERS:
        raise QuantscopeError(
            "a picture is written as .png or .svg", where=where, remedy="Give it such an ending"
        )
    if not rows:
        raise QuantscopeError(
            "none of these tensors was counted", where=where, remedy="Choose other rows"
        )
    problem = size_problem(rows, width, ending, where)
    if problem is not None:
        raise QuantscopeError.from_problem(problem)


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
