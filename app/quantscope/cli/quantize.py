"""``quantscope quantize``: write the quantized model and say what the file turned out to be."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantscope.cli import running
from quantscope.cli.console import RANDOM_WARNING, plain, say, say_facts, say_json
from quantscope.cli.options import (
    add_data_options,
    add_preparation_options,
    data_as_json,
    data_facts,
    data_of,
    preparation_of,
    trust_in,
)
from quantscope.cli.sessions import SESSION, open_calibrated
from quantscope.cli.settings_options import add_settings_options, settings_of, types_in_words
from quantscope.core.data import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.network import Network
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices
from quantscope.core.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    OutputAccuracy,
    RoundedWeights,
)
from quantscope.core.wording import count, decibel, size
from quantscope.jobs.outputs import check_output
from quantscope.session.calibration_file import write_calibration

FORMAT = 1
MOST_LINES = 12  # for one kind of fact


@dataclass(frozen=True, slots=True)
class Basis:
    """What is exported: the model, its calibration file, and the settings it starts from."""

    model: str
    network: Network
    data: DataDescription
    calibration: Path
    settings: PlanSettings
    preparation: PreparationChoices


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument(
        "source", metavar="MODEL_OR_SESSION", help="an .onnx file, or a calibrated session"
    )
    add_data_options(parser)
    add_preparation_options(parser)
    add_settings_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.onnx", help="the model file to write"
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate where that is asked for, export, and print the report."""
    is_session = Path(options.source).suffix.lower() == SESSION
    if is_session == (options.data is not None):
        wrong = "a session has its data: leave out --data" if is_session else "a model needs --data"
        options.parser.error(wrong)
    check_output(
        options.output, [".onnx"], sources=[Path(options.source)], overwrite=options.overwrite
    )
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        prepare = _from_session if is_session else _from_model
        basis = prepare(options, Path(folder))
        settings = settings_of(options, basis.settings, basis.network)
        report = running.export(
            basis.model,
            basis.calibration,
            settings,
            options.output,
            overwrite=options.overwrite,
            preparation=basis.preparation,
            trusted=trust_in(options, basis.data.path),
        )
    if options.json:
        say_json(as_data(basis, settings, report))
    else:
        say_report(settings, report)


def _from_session(options: argparse.Namespace, folder: Path) -> Basis:
    ranges = open_calibrated(options.source)
    document = ranges.session.document
    for choice in preparation_of(options).chosen:
        if choice not in document.preparation.chosen:
            raise QuantscopeError(
                f"it was calibrated without {choice.lack}",
                where=options.source,
                remedy=f"Calibrate with --{choice.key.replace('_', '-')}, or give the model and "
                "--data",
            )
    check_output(
        options.output, [".onnx"], sources=[Path(document.model)], overwrite=options.overwrite
    )
    path = folder / "calibration.npz"
    write_calibration(path, ranges.calibration)
    data = ranges.calibration.data
    return Basis(
        document.model, ranges.network, data, path, document.settings, document.preparation
    )


def _from_model(options: argparse.Namespace, folder: Path) -> Basis:
    preparation = preparation_of(options)
    network = running.describe(options.source, preparation)
    settings_of(options, PlanSettings(), network)  # complain before the long work
    data, check = data_of(options, options.source)
    if not options.json:
        say(f"{network.name}: {len(network.layers)} layers")
        say_facts(data_facts(options, data, check))
        say()
    path, _ = running.calibrate(options.source, data, folder, preparation=preparation)
    return Basis(options.source, network, data, path, PlanSettings(), preparation)


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


def as_data(basis: Basis, settings: PlanSettings, report: ExportReport) -> dict[str, Any]:
    """The report as JSON-ready data; the README describes it."""
    return {
        "format": FORMAT,
        "data": data_as_json(basis.data),
        "settings": plain(settings),
        "preparation": plain(basis.preparation),
        "report": {**plain(report), "integer_kernels": report.integer_kernels},
    }
