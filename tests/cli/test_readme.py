"""What the README says of the command line follows from the parser."""

from __future__ import annotations

import re
from pathlib import Path

from quantscope.cli.parser import SUB_COMMANDS, build_parser, command_table

README = Path(__file__).parents[2] / "README.md"


def test_that_the_readme_has_the_command_table_of_the_parser() -> None:
    text = README.read_text(encoding="utf-8")
    assert command_table() in text, f"put this into README.md:\n\n{command_table()}"


def test_that_every_command_in_the_readme_parses() -> None:
    text = README.read_text(encoding="utf-8")
    examples = re.findall(r"^quantscope (.+)$", text, flags=re.MULTILINE)
    assert len(examples) >= len(SUB_COMMANDS) - 1
    for example in examples:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', example.partition("#")[0])]
        assert build_parser().parse_args(words).run
