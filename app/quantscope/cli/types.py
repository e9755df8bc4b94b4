"""``quantscope types``: the types of a session in a format that another tool reads."""

from __future__ import annotations

import argparse

from quantscope.cli.console import RANDOM_WARNING, say
from quantscope.cli.sessions import planned
from quantscope.cli.settings_options import add_settings_options
from quantscope.core.exchange.formats import FORMATS
from quantscope.core.wording import size
from quantscope.jobs.outputs import check_output, write_text


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("session", metavar="SESSION", help="a calibrated .qscope file")
    add_settings_options(parser)
    parser.add_argument(
        "--format", choices=list(FORMATS), default="recipe", help="what the file is for"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument("-o", "--output", required=True, metavar="TYPES", help="the file to write")


def run(options: argparse.Namespace) -> None:
    """Write the types and say where they are."""
    wanted = FORMATS[options.format]
    check_output(options.output, [wanted.ending], overwrite=options.overwrite)
    ranges, plan = planned(options)
    text = wanted.write(ranges.network, plan)
    path = write_text(options.output, text, overwrite=options.overwrite)
    if ranges.calibration.data.is_random:
        say(RANDOM_WARNING)
    say(f"{path}: {wanted.title}, {len(plan.types)} tensors, {size(path.stat().st_size)}")
