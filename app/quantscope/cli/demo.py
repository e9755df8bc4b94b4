"""``quantscope demo`` without a window: the whole job on the bundled network, into a folder."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantscope.bundled import demo_folder
from quantscope.cli import running
from quantscope.cli.console import say, say_facts, say_table
from quantscope.cli.demo_report import Outcome, as_json_text, as_markdown, share_of, table_of
from quantscope.cli.sessions import new_session
from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.picture.statistics_table import as_csv
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import size
from quantscope.jobs.accuracy import classify
from quantscope.jobs.outputs import check_output, write_text
from quantscope.jobs.pictures import draw_ranges
from quantscope.session.session_file import save_session

FOLDER = "quantscope-demo"
FILES = {
    "heatmap.png": "which bits every tensor uses, and which of them its type keeps",
    "statistics.csv": "the same as a table, one row for each tensor",
    "report.md": "what quantizing cost",
    "report.json": "the same for programs",
    "demo-quantized.onnx": "the quantized network",
    "demo.qscope": "the session; `quantscope demo.qscope` opens it in the window",
}


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The calibrated network, and where its files go."""

    model: str
    network: Network
    calibration: Calibration
    calibration_file: Path
    folder: Path
    scratch: Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument(
        "--headless", metavar="DIR", help=f"no window: write the results into DIR (./{FOLDER})"
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate, draw, quantize, measure; files that an earlier run left are replaced."""
    began = time.perf_counter()
    folder = _make_folder(Path(options.headless or FOLDER))
    with tempfile.TemporaryDirectory(prefix="quantscope-") as scratch:
        work = _calibrate(folder, Path(scratch))
        _write_ranges(work)
        outcomes = _try_choices(work)
        write_text(folder / "report.json", as_json_text(outcomes), overwrite=True)
        write_text(folder / "report.md", as_markdown(outcomes), overwrite=True)
    _say_outcome(outcomes, folder, time.perf_counter() - began)


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QuantscopeError(
            f"the folder cannot be made ({error.strerror})",
            where=str(folder),
            remedy="Choose another folder",
        ) from error
    for name in FILES:
        check_output(folder / name, [Path(name).suffix], overwrite=True)
    return folder.resolve()


def _pictures(name: str) -> DataDescription:
    """One of the demo's sets; its pixels go in as 0..1, which is what a description says."""
    return DataDescription(kind=SourceKind.IMAGES, path=str(demo_folder() / name))


def _calibrate(folder: Path, scratch: Path) -> Work:
    model = str(demo_folder() / "demo.onnx")
    network = running.describe(model)
    data = _pictures("calibration")
    path, calibration = running.calibrate(model, data, scratch)
    save_session(new_session(model, network, data, calibration), folder / "demo.qscope")
    return Work(model, network, calibration, path, folder, scratch)


def _write_ranges(work: Work) -> None:
    network, calibration = work.network, work.calibration
    plan = calibration.plan(network, PlanSettings())
    draw_ranges(network, calibration, plan, work.folder / "heatmap.png", overwrite=True)
    table = as_csv(network, calibration, plan)
    write_text(work.folder / "statistics.csv", table, overwrite=True)


def _try_choices(work: Work) -> list[Outcome]:
    """Every target and scheme, the choice that the window starts with first."""
    first = PlanSettings()
    choices = [
        first.with_target(target).with_scheme(scheme) for target in TARGETS for scheme in Scheme
    ]
    choices.sort(key=lambda settings: (settings.target != first.target, settings != first))
    pictures = _pictures("validation")
    labels, as_float = classify(work.model, work.network.inputs, pictures)
    outcomes = []
    for number, settings in enumerate(choices):
        scratch = work.scratch / f"{number}.onnx"
        path = scratch if number else work.folder / "demo-quantized.onnx"
        report = running.export(
            work.model, work.calibration_file, settings, str(path), overwrite=True
        )
        _, found = classify(path, work.network.inputs, pictures)
        outcomes.append(
            Outcome(
                settings=settings,
                report=report,
                pictures=len(labels),
                float_top1=share_of(labels, as_float),
                top1=share_of(labels, found),
                agreement=share_of(as_float, found),
            )
        )
    return outcomes


def _say_outcome(outcomes: Sequence[Outcome], folder: Path, seconds: float) -> None:
    main = outcomes[0]
    report = main.report
    say("Quantscope demo: a small network that tells ten drawn shapes apart, turned into integers.")
    say()
    say_facts(
        [
            ("float network", f"{main.float_top1:.1%} of {main.pictures} labelled pictures right"),
            ("quantized", f"{main.top1:.1%} right, same answer as float on {main.agreement:.1%}"),
            ("in integers", f"{report.integer_kernels} of {len(report.kernels)} layers"),
            ("file", f"{size(report.source_bytes)} as float, {size(report.file_bytes)} quantized"),
        ]
    )
    say()
    say("What other choices give (top-1 is the share of pictures whose class is right):")
    headings, *rows = table_of(outcomes)
    say_table(headings, rows)
    say()
    say(f"Written in {seconds:.1f} s to {folder}:")
    say_facts(FILES.items())
