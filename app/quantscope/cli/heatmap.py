"""``quantscope heatmap``: the dynamic ranges as a picture file."""

from __future__ import annotations

import argparse

from quantscope.cli.console import RANDOM_WARNING, say
from quantscope.cli.sessions import planned
from quantscope.cli.settings_options import add_settings_options
from quantscope.core.picture.heatmap import Depth
from quantscope.core.picture.look import WIDTH, PictureLook, size_of, usual_width
from quantscope.core.picture.ranges import range_rows
from quantscope.core.wording import size
from quantscope.jobs.outputs import check_output
from quantscope.jobs.pictures import draw_ranges


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("session", metavar="SESSION", help="a calibrated .qscope file")
    add_settings_options(parser)
    parser.add_argument("--dark", action="store_true", help="light on dark")
    parser.add_argument("--log", action="store_true", help="depth by the logarithm of the counts")
    parser.add_argument(
        "--width", type=int, default=0, metavar="PIXELS", help="how wide the picture is to be"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="MAP.png|svg", help="the picture to write"
    )


def run(options: argparse.Namespace) -> None:
    """Draw and say where it is."""
    check_output(options.output, [".png", ".svg"], overwrite=options.overwrite)
    ranges, plan = planned(options)
    path = draw_ranges(
        ranges.network,
        ranges.calibration,
        plan,
        options.output,
        PictureLook(
            dark=options.dark,
            depth=Depth.LOGARITHMIC if options.log else Depth.LINEAR,
            width=options.width,
        ),
        overwrite=options.overwrite,
    )
    if ranges.calibration.data.is_random:
        say(RANDOM_WARNING)
    rows = len(range_rows(ranges.network, ranges.calibration, plan))
    usual = usual_width(rows) if path.suffix.lower() == ".png" else WIDTH
    drawn = size_of(rows, options.width or usual)
    say(f"{path}: {rows} tensors, {drawn}, {size(path.stat().st_size)}")
