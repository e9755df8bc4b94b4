"""``quantscope report``: all that is known of a session as one HTML file."""

from __future__ import annotations

import argparse

from quantscope.cli.console import RANDOM_WARNING, say
from quantscope.cli.sessions import open_calibrated
from quantscope.core.wording import size
from quantscope.jobs.outputs import check_output
from quantscope.jobs.reports import write_report


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("session", metavar="SESSION", help="a calibrated .qscope file")
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="REPORT.html", help="the page to write"
    )


def run(options: argparse.Namespace) -> None:
    """Write the page and say where it is."""
    check_output(options.output, [".html"], overwrite=options.overwrite)
    ranges = open_calibrated(options.session)
    record = ranges.session.record()
    assert record is not None
    path = write_report(record, ranges.calibration, options.output, overwrite=options.overwrite)
    if ranges.calibration.data.is_random:
        say(RANDOM_WARNING)
    say(f"{path}: {size(path.stat().st_size)}")
