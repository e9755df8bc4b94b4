"""``quantscope sensitivity``: which layers cost the network most, and what helps."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quantscope.cli.console import RANDOM_WARNING, say, say_facts, say_json, say_table
from quantscope.cli.options import add_data_options, add_preparation_options
from quantscope.cli.running import ask
from quantscope.cli.settings_options import add_settings_options, types_in_words
from quantscope.cli.starting_point import StartingPoint, add_source, starting_point
from quantscope.core.diagnosis.fixes import Fix
from quantscope.core.diagnosis.sensitivity import (
    LayerSensitivity,
    Metric,
    Parts,
    Sensitivity,
    decibels,
)
from quantscope.core.findings.plain_data import plain
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import count, decibel
from quantscope.jobs.messages import LayersMeasured, MeasureSensitivity
from quantscope.session.sensitivity_file import write_if_new

FORMAT = 1
SAMPLES = 16
SUGGESTIONS = 10


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    add_source(parser)
    parser.add_argument(
        "--measure-samples",
        type=_positive,
        default=SAMPLES,
        metavar="N",
        help=f"measure on N samples of the calibration data, spread evenly ({SAMPLES})",
    )
    parser.add_argument(
        "--budget",
        type=_seconds,
        metavar="SECONDS",
        help="stop measuring layers after that time; the next run goes on from there",
    )
    metrics = [metric.value for metric in Metric]
    parser.add_argument(
        "--metric", choices=metrics, default=Metric.SQNR.value, help="rank the layers by it (sqnr)"
    )
    parser.add_argument(
        "--cumulative",
        action="store_true",
        help="measure the error of each layer together with all before it too",
    )
    parser.add_argument(
        "--fixes",
        nargs="?",
        type=_positive,
        const=SUGGESTIONS,
        default=0,
        metavar="N",
        help=f"suggest the N best fixes ({SUGGESTIONS}), with predicted and measured gain",
    )
    parser.add_argument(
        "--results",
        metavar="FILE.json",
        help="keep what was measured in this file and go on from it (of a session: the file "
        "beside it; of a model: none)",
    )
    add_data_options(parser, calibrates=True)
    add_preparation_options(parser)
    add_settings_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one is needed")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not number > 0.0:
        raise argparse.ArgumentTypeError("more than no time is needed")
    return number


def run(options: argparse.Namespace) -> None:
    """Measure, and print the ranking."""
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        start = starting_point(options, Path(folder))
        results = Path(options.results) if options.results else start.results
        write_if_new(results, start.measured)
        found = ask(_request(options, start, results), LayersMeasured)
        is_kept = not results.is_relative_to(folder)
    metric = Metric(options.metric)
    if options.json:
        say_json(_as_data(found, metric, kept_in=str(results) if is_kept else ""))
    else:
        if start.data.is_random:
            say(RANDOM_WARNING)
        _say(found, start.settings, metric, options.cumulative, is_kept=is_kept)


def _request(
    options: argparse.Namespace, start: StartingPoint, results: Path
) -> MeasureSensitivity:
    return MeasureSensitivity(
        model=start.model,
        calibration=str(start.calibration),
        settings=start.settings,
        output=str(results),
        samples=options.measure_samples,
        budget=options.budget,
        cumulative=options.cumulative,
        fixes=options.fixes,
        preparation=start.preparation,
        trusted=start.trusted,
    )


def _say(
    found: LayersMeasured,
    settings: PlanSettings,
    metric: Metric,
    cumulative: bool,
    *,
    is_kept: bool,
) -> None:
    result = found.sensitivity
    say(f"{len(result.layers)} layers, {types_in_words(settings)}")
    say_facts(
        [
            ("all quantized", result.whole.in_words()),
            ("sum of single errors", f"{decibel(decibels(result.noise))}, as if independent"),
            ("samples", f"{count(result.basis.samples)} at most, of the calibration data"),
        ]
    )
    say()
    _say_layers(result, metric)
    missing = result.without_layers_that_lack(cumulative).missing
    if missing:
        say()
        again = "run the command again" if is_kept else "raise --budget, or keep --results"
        say(f"{len(missing)} layers are not measured yet: {again}.")
    if found.fixes:
        say()
        say_table(
            ("FIX", "PREDICTED", "MEASURED", "COSTS", "REASON"),
            [_fix_row(fix) for fix in found.fixes],
        )


def _say_layers(result: Sensitivity, metric: Metric) -> None:
    cumulative = any(each.cumulative for each in result.layers)
    headings = ["LAYER", "OPERATOR", "ONLY IT", "ITS WEIGHTS", "WHAT IT READS", "AT ITS OUTPUT"]
    headings += ["ALL BUT IT"] + (["UP TO IT", "UP TO IT, THERE"] if cumulative else [])
    rows = [_row(each, metric, cumulative) for each in result.ranked(metric)]
    say_table(headings, rows)


def _row(found: LayerSensitivity, metric: Metric, cumulative: bool) -> Sequence[str]:
    parts = found.isolated
    deviations = [part.outputs for part in (parts.everything, parts.weights, parts.activations)]
    cells = [found.label, found.operator, *(each.figure(metric) for each in deviations)]
    cells += [decibel(decibels(parts.everything.own)), found.in_float.figure(metric)]
    if cumulative:
        cells += _cumulative_cells(found.cumulative, metric)
    return cells


def _cumulative_cells(parts: Parts | None, metric: Metric) -> list[str]:
    if parts is None:
        return ["", ""]
    return [parts.everything.outputs.figure(metric), decibel(decibels(parts.everything.own))]


def _fix_row(fix: Fix) -> Sequence[str]:
    measured = "" if fix.measured is None else _gain(fix.measured)
    costs = fix.cost.in_words() if fix.cost is not None else ""
    return fix.title, _gain(fix.predicted), measured, costs, fix.reason


def _gain(value: float) -> str:
    return decibel(value) if value < 0.0 else f"+{decibel(value)}"


def _as_data(found: LayersMeasured, metric: Metric, *, kept_in: str) -> dict[str, Any]:
    """The result as JSON-ready data, the layers ranked; the README describes it."""
    result = found.sensitivity
    return {
        "format": FORMAT,
        "kept_in": kept_in,
        "complete": result.complete,
        "metric": metric.value,
        "settings": plain(result.basis.settings),
        "samples": result.basis.samples,
        "whole": plain(result.whole),
        "layers": plain(result.ranked(metric)),
        "missing": plain(result.missing),
        "fixes": plain(found.fixes),
    }
