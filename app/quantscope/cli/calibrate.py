"""``quantscope calibrate``: one pass over the data, kept in a session file; or more of it."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from quantscope.api.going_on import counted_samples, grown_data
from quantscope.cli import running
from quantscope.cli.console import RANDOM_WARNING, say, say_facts
from quantscope.cli.options import (
    add_data_options,
    add_preparation_options,
    calibration_options,
    data_facts,
    data_of,
    preparation_of,
)
from quantscope.cli.sessions import SESSION
from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.convergence import convergence_of
from quantscope.core.data.description import DataDescription, SourceCheck
from quantscope.core.data.joined import runs_a_file
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.migration import in_words
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.wording import count, size
from quantscope.jobs.messages import Cancelled
from quantscope.jobs.outputs import check_output
from quantscope.session.calibration_file import read_calibration
from quantscope.session.commands import describe_data
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session

LONG = 32  # samples: of fewer, the forecast would take about as long as the run


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument(
        "source",
        metavar="MODEL_OR_SESSION",
        help="an .onnx file, or a session to go on with: the rest of its data, or more",
    )
    add_data_options(parser, calibrates=True)
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


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be calibrated: ``session`` with ``data``, from ``counted`` samples on, which the
    file ``basis`` holds (0: from the beginning)."""

    session: Session
    data: DataDescription
    check: SourceCheck | None
    basis: str = ""
    counted: int = 0

    @property
    def model(self) -> str:
        return self.session.document.model

    @property
    def preparation(self) -> PreparationChoices:
        return self.session.document.preparation


def run(options: argparse.Namespace) -> None:
    """Calibrate and save; after Ctrl+C, save what was counted by then."""
    is_session = Path(options.source).suffix.lower() == SESSION
    if options.data is None and not is_session:
        options.parser.error("the following arguments are required: --data")
    protected = [] if is_session else [Path(options.source)]
    target = check_output(options.output, [SESSION], sources=protected, overwrite=options.overwrite)
    task = _more(options) if is_session else _new(options)
    _say_beginning(options, task)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        try:
            _, calibration = running.calibrate(
                task.model,
                task.data,
                Path(folder),
                only_quantized=options.only_quantized,
                preparation=task.preparation,
                basis=task.basis,
            )
        except running.Interrupted as ended:
            _keep_paused(task, ended.done, target)
            raise
        seconds = time.perf_counter() - began
        _save(task, calibration, target)
        say_facts(_facts(task, calibration, seconds, target))  # statistics are read from the folder


def _new(options: argparse.Namespace) -> _Task:
    """A model from the beginning."""
    preparation = preparation_of(options)
    network = running.describe(options.source, preparation)
    data, check = data_of(options, options.source)
    session = Session()
    session.open_model(options.source, network, preparation)
    return _Task(session, data, check)


def _more(options: argparse.Namespace) -> _Task:
    """What a session holds, with more of its data, or with other data as well."""
    session = load_session(options.source)
    if session.network is None:
        raise QuantscopeError(
            "the session holds no model",
            where=options.source,
            remedy="Name a calibrated session, or a model",
        )
    added, check = None, None
    if options.data is not None:
        added, check = data_of(options, session.document.model)
    data = grown_data(session, added, calibration_options(options), options.source, "--data")
    counted = counted_samples(session, data)
    return _Task(session, data, check, options.source if counted else "", counted)


def _say_beginning(options: argparse.Namespace, task: _Task) -> None:
    network = task.session.network
    assert network is not None
    say(f"{network.name}: {len(network.layers)} layers")
    if task.data.is_random:
        say(RANDOM_WARNING)
    facts = [] if task.check is None else data_facts(options, task.data, task.check)
    if task.basis:
        facts.append(("goes on", f"{count(task.counted)} samples are counted"))
    is_long = task.check is None or task.check.samples >= LONG
    if is_long and not runs_a_file(task.data):
        forecast = running.forecast(task.model, task.data, task.counted, task.preparation)
        facts.append(("forecast", forecast.sentence()))
    say_facts(facts)


def _save(task: _Task, calibration: Calibration, target: Path) -> None:
    task.session.do(describe_data(task.data))
    task.session.attach_calibration(calibration)
    save_session(task.session, target)


def _keep_paused(task: _Task, done: Cancelled, target: Path) -> None:
    """Save what was counted before Ctrl+C, and end by saying so."""
    if not done.output:
        return
    calibration = read_calibration(done.output)
    _save(task, calibration, target)
    of_all = count(calibration.samples + calibration.left)
    raise running.Paused(
        f"paused after {count(calibration.samples)} of {of_all} samples, which {target} holds; "
        f"go on with: quantscope calibrate {target} -o {target} --overwrite"
    )


def _facts(
    task: _Task, calibration: Calibration, seconds: float, target: Path
) -> list[tuple[str, str]]:
    tensors = len(calibration.statistics)
    facts = [("preparation", text) for text in in_words(calibration.migration)]
    facts.append(("counted", f"{tensors} tensors over {count(calibration.samples)} samples"))
    if calibration.left:
        facts.append(("not run", f"{count(calibration.left)} samples: exponents are at rest"))
    facts.append(("convergence", convergence_of(calibration).sentence()))
    facts.append(("took", f"{seconds:.1f} s"))
    return [*facts, ("session", f"{target} ({size(target.stat().st_size)})")]
