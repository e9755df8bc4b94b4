"""Options that several sub-commands share: which data, and what is done to the network."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from quantscope.api.data import RANDOM, CalibrationOptions, agreement, settled, whole_number
from quantscope.cli.running import ask
from quantscope.core.data.description import (
    PRESETS,
    DataDescription,
    Preprocessing,
    SourceCheck,
    SourceKind,
    format_preprocessing,
)
from quantscope.core.data.joined import sources_of
from quantscope.core.data.sound import Sound, format_sound
from quantscope.core.findings.plain_data import plain
from quantscope.core.networks.preparation import CHOICES, PreparationChoices
from quantscope.core.wording import count, decimal, shape
from quantscope.jobs.messages import CheckData, DataChecked

MOST_NAMES = 8  # of skipped samples on a line


def add_data_options(parser: argparse.ArgumentParser, *, calibrates: bool = False) -> None:
    """``--data`` and what belongs to it; and what is of use only to who ``calibrates``."""
    parser.set_defaults(stop_when_stable=0)
    group = parser.add_argument_group("data")
    group.add_argument(
        "--data",
        metavar="PATH",
        help="folder of pictures, of .wav, of .npz or of ONNX test data, a .npy, .npz, .csv, "
        f'.parquet or .py file, or "{RANDOM}" for seeded noise',
    )
    group.add_argument(
        "--random", dest="data", action="store_const", const=RANDOM, help=f"same as --data {RANDOM}"
    )
    kinds = [kind.value for kind in SourceKind if kind is not SourceKind.RANDOM]
    group.add_argument("--kind", choices=kinds, help="kind of data (guessed from the path)")
    group.add_argument(
        "--preprocess",
        metavar="TEXT",
        help=f"for pictures, also as arrays: {', '.join(PRESETS)}, or settings such as "
        '"scale=1/255 mean=0.5 std=0.25 resize=fit color=bgr layout=nhwc" (guessed)',
    )
    group.add_argument(
        "--sound",
        metavar="TEXT",
        help='for recordings: settings such as "rate=16000 length=frames scale=32768"',
    )
    group.add_argument(
        "--samples", type=_positive, metavar="N", help="use N samples at most (noise: 32)"
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the noise (0)")
    group.add_argument(
        "--shuffle", type=int, metavar="SEED", help="take samples in an order that SEED decides"
    )
    group.add_argument(
        "--skip-unreadable",
        type=int,
        default=0,
        metavar="N",
        help="leave out up to N samples that can't be read (0: stop at the first)",
    )
    if calibrates:
        group.add_argument(
            "--stop-when-stable",
            type=int,
            metavar="N",
            help="end the calibration once N samples in a row moved no exponent (0: run all)",
        )
    add_trust_option(group)


def add_trust_option(parser: argparse._ActionsContainer) -> None:
    """``--trust-python``: the agreement to run a Python file."""
    parser.add_argument(
        "--trust-python",
        action="store_true",
        help="run the Python file that the data is: it can do whatever you can do",
    )


def add_preparation_options(parser: argparse.ArgumentParser) -> None:
    """What is done to the network beyond what is done to every one."""
    group = parser.add_argument_group("preparation")
    for key, choice in CHOICES.items():
        option = f"--{key.replace('_', '-')}"
        group.add_argument(option, dest=key, action="store_true", help=choice.summary)


def preparation_of(options: argparse.Namespace) -> PreparationChoices:
    """The preparation that the options ask for."""
    return PreparationChoices(**{key: getattr(options, key) for key in CHOICES})


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one sample is needed")
    return number


# ---- data --------------------------------------------------------------------------------------


def data_of(options: argparse.Namespace, model: str) -> tuple[DataDescription, SourceCheck]:
    """The data that the options name, with the rest guessed, and what a dry run found."""

    def check(data: DataDescription, guess: bool) -> tuple[DataDescription, SourceCheck]:
        done = ask(CheckData(model=model, data=data, guess=guess), DataChecked)
        return done.data, done.check

    given = calibration_options(options)
    data, found = settled(options.data, given, check)
    stable_after = whole_number(given, "stop_when_stable") or 0
    return replace(data, stable_after=stable_after), found


def calibration_options(options: argparse.Namespace) -> CalibrationOptions:
    """What the options say of the data, as a script says it."""
    given = {key: getattr(options, key) for key in CalibrationOptions.__annotations__}
    return cast(CalibrationOptions, given)


def trust_in(options: argparse.Namespace, data: DataDescription, *files: str) -> str:
    """The agreement to run the Python files among the sources of ``data``, and ``files``, as they
    are now; empty where none was given."""
    if not options.trust_python:
        return ""
    paths = [*(each.path for each in sources_of(data)), *files]
    return " ".join(sorted({agreement(path) for path in paths if path} - {""}))


def data_as_json(data: DataDescription) -> dict[str, Any]:
    """``data`` as JSON-ready data, without the agreement to run it."""
    entries: dict[str, Any] = plain(data)
    return {key: value for key, value in entries.items() if key != "trusted"}


def data_facts(
    options: argparse.Namespace, data: DataDescription, check: SourceCheck
) -> list[tuple[str, str]]:
    """What is read, and what was guessed."""
    facts = []
    if data.is_random:
        facts.append(("data", f"{count(check.samples)} samples of seeded noise, seed {data.seed}"))
    else:
        guessed = "" if options.kind else " (guessed)"
        facts.append(("data", f"{count(check.samples)} samples of {data.path}"))
        facts.append(("kind", f"{data.kind}{guessed}"))
    if data.has_pictures:
        guessed = "" if options.preprocess else " (guessed: give --preprocess if it is wrong)"
        facts.append(("preprocessing", f"{_chain(data.preprocessing)}{guessed}"))
    if data.sound != Sound():
        facts.append(("sound", format_sound(data.sound)))
    if data.shuffle is not None:
        facts.append(("order", f"shuffled, seed {data.shuffle}"))
    if check.skipped:
        facts.append(("skipped", skipped_in_words(check.skipped)))
    facts += [
        ("input", f"{name}: {shape(dimensions)} {dtype}")
        for name, dimensions, dtype in check.shapes
    ]
    ends = f"{decimal(check.minimum)} to {decimal(check.maximum)}"
    return [*facts, ("first sample", f"{check.first}, values {ends}")]


def skipped_in_words(names: Sequence[str]) -> str:
    """How many samples could not be read, and which; of many, the first."""
    shown = ", ".join(names[:MOST_NAMES])
    rest = len(names) - MOST_NAMES
    return f"{len(names)} unreadable: {shown}" + (f" and {rest} more" if rest > 0 else "")


def _chain(preprocessing: Preprocessing) -> str:
    """The chain in words, with what becomes of a pixel's 0 to 255 always told."""
    text = format_preprocessing(preprocessing)
    first = text.partition(" ")[0]
    return text if first in PRESETS or "scale=" in text else f"0-1 {text}"
