"""Runs the sub-command that the arguments name, and turns what happens into an exit code."""

from __future__ import annotations

import os
import sys

from quantscope.cli.console import say_error
from quantscope.cli.parser import build_parser
from quantscope.cli.running import Interrupted, Paused
from quantscope.core.errors import QuantscopeError

DONE, AT_FAULT, USAGE, INTERRUPTED = 0, 1, 2, 130
CLOSED_PIPE = 141  # what a shell reports where the reader of our output has gone


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command.

    Returns 0 where it is done, 1 where the input is at fault (one line on standard error), 2
    for wrong usage, 130 where it was interrupted.
    """
    _accept_any_letter()
    try:
        options = build_parser().parse_args(argv)
        options.run(options)
        sys.stdout.flush()
    except SystemExit as done:  # argparse: help, version, usage
        return int(done.code or DONE)
    except QuantscopeError as error:
        say_error(error.problem.sentence(), getattr(error, "__notes__", ()))
        return AT_FAULT
    except (Interrupted, Paused) as ended:
        say_error(str(ended))
        return INTERRUPTED
    except KeyboardInterrupt:
        say_error("cancelled; no file was left half-written")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    return DONE


def _accept_any_letter() -> None:
    """A name that the terminal cannot show must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
