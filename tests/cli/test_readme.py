"""What README and guide say of the command line follows from the parser.

With the environment variable ``QUANTSCOPE_WRITE_GUIDE`` set to 1 both are written anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from quantscope.cli.parser import SUB_COMMANDS, build_parser, command_table, option_table

README = Path(__file__).parents[2] / "README.md"
GUIDE = README.parent / "resources" / "guide" / "command-line.md"
WRITES = os.environ.get("QUANTSCOPE_WRITE_GUIDE") == "1"
INTRODUCTION = """# The command line

Every command and option, as `quantscope COMMAND --help` tells them. Results go to standard output,
progress to standard error (only on a terminal). Exit codes: 0 done; 1 the input is at fault, and
one line on standard error says what, where and what to do; 2 wrong usage; 130 cancelled with
Ctrl+C, with no file left half-written. The command line needs no Qt.

"""


def test_that_the_readme_has_the_command_table_of_the_parser() -> None:
    text = README.read_text(encoding="utf-8")
    if WRITES:
        old = re.search(r"\| command \| does \|\n(\|.*\n)+", text)
        assert old is not None
        text = text.replace(old.group(), f"{command_table()}\n")
        README.write_text(text, encoding="utf-8")
    assert command_table() in text, "set QUANTSCOPE_WRITE_GUIDE=1"


def test_that_the_guide_has_every_command_and_option() -> None:
    wanted = f"{INTRODUCTION}{command_table()}\n\n{option_table()}\n"
    if WRITES:
        GUIDE.write_text(wanted, encoding="utf-8")
    assert GUIDE.exists(), "set QUANTSCOPE_WRITE_GUIDE=1"
    assert GUIDE.read_text(encoding="utf-8") == wanted, "set QUANTSCOPE_WRITE_GUIDE=1"


def test_that_every_command_in_the_readme_parses() -> None:
    text = README.read_text(encoding="utf-8")
    examples = re.findall(r"^quantscope (.+)$", text, flags=re.MULTILINE)
    assert len(examples) >= len(SUB_COMMANDS) - 1
    for example in examples:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', example.partition("#")[0])]
        assert build_parser().parse_args(words).run
