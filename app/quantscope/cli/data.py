"""``quantscope data``: what the model wants, what the data gives, and the way between them."""

from __future__ import annotations

import argparse
from typing import Any

from quantscope.cli.console import RANDOM_WARNING, say, say_facts, say_json, say_table
from quantscope.cli.options import add_data_options, data_as_json, data_facts, data_of
from quantscope.cli.running import describe, forecast
from quantscope.core.data.description import DataDescription, SourceCheck
from quantscope.core.data.joined import runs_a_file
from quantscope.core.data.preview import TensorView
from quantscope.core.findings.plain_data import plain
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.wording import decimal, shape

FORMAT = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("model", metavar="MODEL", help="an .onnx file")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Read the first sample and say how it gets into the model, or why it does not."""
    if options.data is None:
        options.parser.error("the following arguments are required: --data")
    network = describe(options.model)
    if not options.json:
        say(f"{network.name} wants")
        say_facts((port.name, f"{shape(port.shape)} {port.dtype}") for port in network.inputs)
    data, check = data_of(options, options.model)
    tries = not runs_a_file(data)
    takes = forecast(options.model, data, 0, PreparationChoices()) if tries else None
    if options.json:
        say_json(_as_data(network, data, check) | {"forecast": plain(takes)})
    else:
        _say(options, data, check)
        if takes is not None:
            say(takes.sentence())


def _say(options: argparse.Namespace, data: DataDescription, check: SourceCheck) -> None:
    if data.is_random:
        say(RANDOM_WARNING)
    say("The data gives")
    say_facts(data_facts(options, data, check))
    say()
    rows = [(step.what, shape(step.shape), step.dtype) for step in check.steps]
    say_table(("STEP", "SHAPE", "TYPE"), rows)
    say()
    views = check.preview.tensors if check.preview else ()
    say_table(("INPUT", "MINIMUM", "MEAN", "MAXIMUM"), [_range(view) for view in views])
    say()
    say("The data fits the model.")


def _range(view: TensorView) -> tuple[str, ...]:
    return view.name, decimal(view.minimum), decimal(view.mean), decimal(view.maximum)


def _as_data(network: Network, data: DataDescription, check: SourceCheck) -> dict[str, Any]:
    views = check.preview.tensors if check.preview else ()
    return {
        "format": FORMAT,
        "wants": plain(network.inputs),
        "data": data_as_json(data),
        "samples": check.samples,
        "first": check.first,
        "skipped": list(check.skipped),
        "steps": plain(check.steps),
        "tensors": plain(views),
    }
