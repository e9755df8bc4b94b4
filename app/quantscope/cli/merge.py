"""``quantscope merge``: the statistics of several sessions as if all samples were one run's."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from quantscope.cli import running
from quantscope.cli.console import RANDOM_WARNING, say, say_facts
from quantscope.cli.sessions import SESSION, open_calibrated
from quantscope.core.wording import count, size
from quantscope.jobs.messages import Calibrated, Merge
from quantscope.jobs.outputs import check_output
from quantscope.session.calibration_file import read_calibration
from quantscope.session.commands import describe_data
from quantscope.session.session_file import save_session


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument(
        "session", metavar="SESSION", help="a calibrated .qscope file; its settings are kept"
    )
    parser.add_argument(
        "others", metavar="OTHERS", nargs="+", help="calibrated sessions of the same model"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="X.qscope", help="the session file to write"
    )


def run(options: argparse.Namespace) -> None:
    """Merge and save."""
    target = check_output(options.output, [SESSION], overwrite=options.overwrite)
    paths = [options.session, *options.others]
    session, *_ = [open_calibrated(path).session for path in paths]
    document = session.document
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        request = Merge(
            model=document.model,
            calibrations=tuple(paths),
            output=str(Path(folder) / "merged.npz"),
            preparation=document.preparation,
        )
        calibration = read_calibration(running.ask(request, Calibrated).output)
        session.do(describe_data(calibration.data))
        session.attach_calibration(calibration)
        save_session(session, target)
    if calibration.data.is_random:
        say(RANDOM_WARNING)
    say_facts(
        [
            ("merged", f"{len(paths)} sessions, {count(calibration.samples)} samples"),
            ("session", f"{target} ({size(target.stat().st_size)})"),
        ]
    )
