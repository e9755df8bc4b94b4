"""``quantscope statistics``: the dynamic ranges as a table, one row for each tensor."""

from __future__ import annotations

import argparse
from pathlib import Path

from quantscope.cli.console import RANDOM_WARNING, say
from quantscope.cli.sessions import planned
from quantscope.cli.settings_options import add_settings_options
from quantscope.core.picture.ranges import range_rows
from quantscope.core.picture.statistics_table import WRITERS
from quantscope.core.wording import size
from quantscope.jobs.outputs import check_output, write_text


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("session", metavar="SESSION", help="a calibrated .qscope file")
    add_settings_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="STATS.csv|json", help="the table to write"
    )


def run(options: argparse.Namespace) -> None:
    """Write the table and say where it is."""
    check_output(options.output, list(WRITERS), overwrite=options.overwrite)
    ranges, plan = planned(options)
    write = WRITERS[Path(options.output).suffix.lower()]
    text = write(ranges.network, ranges.calibration, plan)
    path = write_text(options.output, text, overwrite=options.overwrite)
    if ranges.calibration.data.is_random:
        say(RANDOM_WARNING)
    rows = len(range_rows(ranges.network, ranges.calibration, plan))
    say(f"{path}: {rows} tensors, {size(path.stat().st_size)}")
