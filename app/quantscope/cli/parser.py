"""The sub-commands as a table; the parser, the help and the README follow from it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from quantscope import __version__
from quantscope.cli import (
    calibrate,
    convergence,
    data,
    demo,
    heatmap,
    inspect,
    merge,
    quantize,
    report,
    sensitivity,
    statistics,
    types,
    validate,
)

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
        "data",
        "a dry run: each step from a file to the model's input, or why the data does not fit",
        data.add_options,
        data.run,
    ),
    SubCommand(
        "calibrate",
        "run data through a model once and keep the statistics in a session file; or more data",
        calibrate.add_options,
        calibrate.run,
    ),
    SubCommand(
        "convergence",
        "how much ranges and exponents still moved with every sample, and whether they rest",
        convergence.add_options,
        convergence.run,
    ),
    SubCommand(
        "merge",
        "the statistics of several sessions of a model as if all samples were of one run",
        merge.add_options,
        merge.run,
    ),
    SubCommand(
        "quantize",
        "write the quantized model, run it, and say what came out",
        quantize.add_options,
        quantize.run,
    ),
    SubCommand(
        "validate",
        "run a float model and quantized ones over labelled data, side by side",
        validate.add_options,
        validate.run,
    ),
    SubCommand(
        "sensitivity",
        "rank the layers by what quantizing them costs, and suggest what helps",
        sensitivity.add_options,
        sensitivity.run,
    ),
    SubCommand(
        "heatmap",
        "the dynamic ranges of a session as a picture",
        heatmap.add_options,
        heatmap.run,
    ),
    SubCommand(
        "report",
        "all that is known of a session as one HTML page that needs nothing else",
        report.add_options,
        report.run,
    ),
    SubCommand(
        "statistics",
        "the dynamic ranges of a session as a table",
        statistics.add_options,
        statistics.run,
    ),
    SubCommand(
        "types",
        "the types of a session for another tool, or as a recipe for this one",
        types.add_options,
        types.run,
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
    """The sub-commands as a table in Markdown, as the README shows them."""
    parsers = {command.name: _bare_parser(command) for command in SUB_COMMANDS}
    rows = [f"| `{_usage(parsers[each.name])}` | {each.summary} |" for each in SUB_COMMANDS]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def option_table() -> str:
    """The options of all sub-commands as a table in Markdown, as the guide shows them."""
    commands: dict[tuple[str, str], list[str]] = {}
    for command in SUB_COMMANDS:
        for action in _options(_bare_parser(command)):
            if not action.required:
                commands.setdefault((_option(action), action.help or ""), []).append(command.name)
    rows = [f"| `{key[0]}` | {', '.join(names)} | {key[1]} |" for key, names in commands.items()]
    return "\n".join(["| option | of | meaning |", "|---|---|---|", *rows])


def _bare_parser(command: SubCommand) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"quantscope {command.name}", add_help=False)
    command.add_options(parser)
    return parser


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if action.option_strings]


def _usage(parser: argparse.ArgumentParser) -> str:
    """What must be given, and that there are options."""
    words = [_positional(action) for action in parser._actions if not action.option_strings]
    words += [_option(action) for action in _options(parser) if action.required]
    return " ".join([parser.prog, *words, "[options]"])


def _positional(action: argparse.Action) -> str:
    return f"{action.metavar}{' ...' if action.nargs == '+' else ''}"


def _option(action: argparse.Action) -> str:
    """An option with its value, ``|`` escaped as a Markdown table wants it."""
    value = action.metavar
    if action.choices is not None:
        value = "|".join(map(str, action.choices))
    elif value is None or action.nargs == 0:
        value = ""
    more = " ..." if action.nargs == "+" else ""
    return f"{action.option_strings[0]} {value}{more}".rstrip().replace("|", "\\|")
