"""``quantscope calibrate``: one pass over the data, kept in a session file."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from quantscope.cli import running
from quantscope.cli.console import RANDOM_WARNING, say, say_facts
from quantscope.cli.options import (
    add_data_options,
    add_preparation_options,
    data_facts,
    data_of,
    preparation_of,
)
from quantscope.cli.sessions import SESSION, new_session
from quantscope.core.migration import in_words
from quantscope.core.wording import count, size
from quantscope.jobs.outputs import check_output
from quantscope.session.session_file import save_session


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("model", metavar="MODEL", help="an .onnx file")
    add_data_options(parser)
    add_preparation_options(parser)
    parser.add_argument(
        "--only-quantized",
        action="store_true",
        help="count only tensors that will be integers (faster)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="X.qscope", help="the session file to write"
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate and save."""
    if options.data is None:
        options.parser.error("the following arguments are required: --data")
    target = check_output(
        options.output, [SESSION], sources=[Path(options.model)], overwrite=options.overwrite
    )
    preparation = preparation_of(options)
    network = running.describe(options.model, preparation)
    data, check = data_of(options, options.model)
    say(f"{network.name}: {len(network.layers)} layers")
    if data.is_random:
        say(RANDOM_WARNING)
    say_facts(data_facts(options, data, check))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        _, calibration = running.calibrate(
            options.model,
            data,
            Path(folder),
            only_quantized=options.only_quantized,
            preparation=preparation,
        )
        seconds = time.perf_counter() - began
        session = new_session(options.model, network, data, calibration, preparation)
        save_session(session, target)
    tensors = len(calibration.statistics)
    say_facts(
        [
            *(("preparation", text) for text in in_words(calibration.migration)),
            ("counted", f"{tensors} tensors over {count(calibration.samples)} samples"),
            ("took", f"{seconds:.1f} s"),
            ("session", f"{target} ({size(target.stat().st_size)})"),
        ]
    )
