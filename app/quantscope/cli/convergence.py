"""``quantscope convergence``: how much ranges and exponents still moved with the last samples."""

from __future__ import annotations

import argparse

from quantscope.cli.console import RANDOM_WARNING, say, say_json, say_table
from quantscope.cli.sessions import open_calibrated
from quantscope.core.counting.convergence import Checkpoint, Convergence, convergence_of
from quantscope.core.findings.plain_data import plain
from quantscope.core.wording import count

FORMAT = 1
HEADINGS = ("SAMPLES", "RANGES MOVED", "EXPONENTS MOVED", "BITS A SAMPLE")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("session", metavar="SESSION", help="a calibrated .qscope file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the curve as a table, and what it comes to."""
    calibration = open_calibrated(options.session).calibration
    found = convergence_of(calibration)
    if options.json:
        random = calibration.data.is_random
        say_json({"format": FORMAT, "random_data": random, **as_data(found)})
        return
    if calibration.data.is_random:
        say(RANDOM_WARNING)
    say(f"{count(calibration.samples)} samples, {count(found.tensors)} tensors")
    say_table(HEADINGS, [_row(each) for each in found.checkpoints])
    say(found.sentence())


def as_data(found: Convergence) -> dict[str, object]:
    """The curve as JSON-ready data."""
    points = [
        {**plain(each), "bits_per_sample": each.bits_per_sample} for each in found.checkpoints
    ]
    return {
        "tensors": found.tensors,
        "quiet": found.quiet,
        "says": found.sentence(),
        "checkpoints": points,
    }


def _row(found: Checkpoint) -> tuple[str, ...]:
    return (
        f"{count(found.since + 1)} to {count(found.samples)}",
        count(found.ranges),
        count(found.exponents),
        f"{found.bits_per_sample:.4f}",
    )
