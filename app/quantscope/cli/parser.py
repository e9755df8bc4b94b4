"""The sub-commands as a table; the parser, the help and the README follow from it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from quantscope import __version__
from quantscope.cli import calibrate, demo, heatmap, inspect, quantize, statistics

DESCRIPTION = (
    "Shows which bits of its numbers an ONNX network really uses, and quantizes it. "
    "Without a sub-command, `quantscope [FILE]` opens the window on a model or a session."
)
EPILOG = (
    "Exit codes: 0 done, 1 the input is at fault (one line on standard error says what, where "
    "and what to do), 2 wrong usage, 130 cancelled."
)


@dataclass(frozen=True, slots=True)
class SubCommand:
    """One sub-command: what it is for, its options, and the function that runs it."""

    name: str
    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


SUB_COMMANDS = (
    SubCommand(
        "demo",
        "the bundled network and pictures: in the window, or the whole job into a folder",
        demo.add_options,
        demo.run,
    ),
    SubCommand(
        "inspect",
        "layers and tensors, which of them will be integers, and why the others will not",
        inspect.add_options,
        inspect.run,
    ),
    SubCommand(
        "calibrate",
        "run data through a model once and keep the statistics in a session file",
        calibrate.add_options,
        calibrate.run,
    ),
    SubCommand(
        "quantize",
        "write the quantized model, run it, and say what came out",
        quantize.add_options,
        quantize.run,
    ),
    SubCommand(
        "heatmap",
        "the dynamic ranges of a session as a picture",
        heatmap.add_options,
        heatmap.run,
    ),
    SubCommand(
        "statistics",
        "the dynamic ranges of a session as a table",
        statistics.add_options,
        statistics.run,
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="quantscope", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"quantscope {__version__}")
    choices = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in SUB_COMMANDS:
        choice = choices.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=EPILOG,
            allow_abbrev=False,
        )
        command.add_options(choice)
        choice.set_defaults(run=command.run, parser=choice)
    return parser


def command_table() -> str:
    """The sub-commands as a table in Markdown, as the README shows it."""
    lines = ["| command | does |", "|---|---|"]
    for command in SUB_COMMANDS:
        parser = argparse.ArgumentParser(prog=f"quantscope {command.name}", add_help=False)
        command.add_options(parser)
        lines.append(f"| `{_usage(parser)}` | {command.summary} |")
    return "\n".join(lines)


def _usage(parser: argparse.ArgumentParser) -> str:
    """The usage on one line, with ``|`` escaped as a Markdown table wants it."""
    text = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    return text.replace("|", "\\|")
