"""Results of a benchmark: printed as they are found, and kept in a file with date and versions."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import quantscope


def versions() -> str:
    """With what and when."""
    used = (quantscope, onnxruntime, onnx, np)
    names = ", ".join(f"{each.__name__} {each.__version__}" for each in used)
    return f"{names}, {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to write."""
    parser.add_argument("-o", "--output", help="also write the tables to this file")
    parser.add_argument("--append", help="also write the tables to the end of this file")


def deliver(lines: Iterable[str], arguments: argparse.Namespace) -> int:
    """Print ``lines`` one by one, then write them where asked; the exit status."""
    found = []
    for line in lines:
        print(line, flush=True)
        found.append(line)
    text = "\n".join(found) + "\n"
    if arguments.output:
        Path(arguments.output).write_text(text, encoding="utf-8")
    if arguments.append:
        with Path(arguments.append).open("a", encoding="utf-8") as file:
            file.write("\n" + text)
    return 0


def load() -> str:
    """Programs that wanted a processor in the last 1, 5 and 15 minutes, where the system tells."""
    return ", ".join(f"{each:.1f}" for each in os.getloadavg()) if os.name == "posix" else "unknown"
