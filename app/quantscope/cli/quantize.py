"""``quantscope quantize``: write the quantized model and say what the file turned out to be."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quantscope.cli import running
from quantscope.cli.console import RANDOM_WARNING, say, say_facts, say_json
from quantscope.cli.goal import add_goal_options, find_mix, mix_as_data, say_mix
from quantscope.cli.options import (
    add_data_options,
    add_preparation_options,
    data_as_json,
)
from quantscope.cli.settings_options import add_settings_options, types_in_words
from quantscope.cli.starting_point import StartingPoint, add_source, check_source, starting_point
from quantscope.core.diagnosis.mixing import parse_goal
from quantscope.core.findings.plain_data import plain
from quantscope.core.findings.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    OutputAccuracy,
    RoundedWeights,
)
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import count, decibel, size
from quantscope.jobs.outputs import check_output

FORMAT = 1
MOST_LINES = 12  # for one kind of fact


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    add_source(parser)
    add_data_options(parser, calibrates=True)
    add_preparation_options(parser)
    add_settings_options(parser)
    add_goal_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.onnx", help="the model file to write"
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate where that is asked for, export, and print the report."""
    check_source(options)
    if options.goal:
        parse_goal(options.goal)  # complain before the long work
    _check_output(options, options.source)
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        start = starting_point(options, Path(folder))
        _check_output(options, start.model)
        searched = find_mix(options, start) if options.goal else None
        settings = searched.settings if searched else start.settings
        report = running.export(
            start.model,
            start.calibration,
            settings,
            options.output,
            overwrite=options.overwrite,
            preparation=start.preparation,
            trusted=start.trusted,
        )
    if options.json:
        mix = {"mix": mix_as_data(searched.found)} if searched else {}
        say_json(as_data(start, settings, report) | mix)
    else:
        if searched:
            say_mix(start.network, searched.found)
        say_report(settings, report)


def _check_output(options: argparse.Namespace, source: str) -> None:
    check_output(options.output, [".onnx"], sources=[Path(source)], overwrite=options.overwrite)


def say_report(settings: PlanSettings, report: ExportReport) -> None:
    """The report in some aligned lines."""
    if report.random_data:
        say(RANDOM_WARNING)
    say(f"{report.path}")
    say_facts(report_facts(settings, report))


def report_facts(settings: PlanSettings, report: ExportReport) -> list[tuple[str, str]]:
    """What a person should know of an export."""
    kernels = f"{report.integer_kernels} of {len(report.kernels)} layers"
    facts = [
        ("types", types_in_words(settings)),
        ("size", f"{size(report.file_bytes)} (float {size(report.source_bytes)})"),
        ("integer kernels", kernels),
    ]
    in_float = [f"{each.label} ({each.kernel})" for each in report.kernels if not each.integer]
    facts += _first_of("float kernel", in_float)
    facts += _first_of("stays float", [f"{label}: {why}" for label, why in report.float_layers])
    gains = sorted(report.rounded_weights, key=lambda each: each.sqnr_before - each.sqnr_after)
    facts += _first_of("weights rounded", [_rounding(each) for each in gains])
    changed = sorted(report.corrections, key=lambda each: -each.largest)
    facts += _first_of("bias corrected", [_correction(each) for each in changed])
    facts += [(f"input {each.name}", _port(each)) for each in report.integer_inputs]
    facts += [(f"output {each.name}", _port(each)) for each in report.integer_outputs]
    facts += [(f"output {each.output}", _accuracy(each, report)) for each in report.outputs]
    unit = "step" if report.largest_difference == 1.0 else "steps"
    steps = f"{report.largest_difference:g} {unit} between the file as it runs and as it is written"
    facts.append(("largest difference", steps))
    if report.simulated():
        facts.append(("integer simulation", report.simulated()))
    facts += _first_of("not simulated", [f"{label}: {why}" for label, why in report.not_simulated])
    facts += [("note", text) for text in report.notes]
    return facts + [("warning", text) for text in report.warnings]


def _first_of(name: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    """The first of them; a long list would bury the rest."""
    facts = [(name, text) for text in texts[:MOST_LINES]]
    rest = len(texts) - len(facts)
    return [*facts, ("", f"and {rest} more (--json has them all)")] if rest else facts


def _rounding(found: RoundedWeights) -> str:
    after = decibel(found.sqnr_after)
    return f"{found.label}: SQNR {decibel(found.sqnr_before)} to nearest, {after} compensated"


def _correction(found: BiasCorrection) -> str:
    errors = f"mean error {found.error_before:.2f} -> {found.error_after:.3f}"
    return f"{found.label} by up to {found.largest:.2f} steps, {errors}"


def _port(port: IntegerPort) -> str:
    return f"{port.dtype}, scale {port.scale:.9g}, zero point {port.zero_point}"


def _accuracy(output: OutputAccuracy, report: ExportReport) -> str:
    text = f"SQNR {decibel(output.sqnr)} against float"
    if output.agreement is not None:
        text += f", same class on {output.agreement:.1%}"
    return f"{text} ({count(report.samples)} samples)"


def as_data(start: StartingPoint, settings: PlanSettings, report: ExportReport) -> dict[str, Any]:
    """The report as JSON-ready data; the README describes it."""
    return {
        "format": FORMAT,
        "data": data_as_json(start.data),
        "settings": plain(settings),
        "preparation": plain(start.preparation),
        "report": {**plain(report), "integer_kernels": report.integer_kernels},
    }
