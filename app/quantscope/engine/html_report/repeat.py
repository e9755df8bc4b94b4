"""How to get the same file again: the commands, and the recipe where they need one."""

from __future__ import annotations

from quantscope.core.exchange.command_line import RECIPE, commands, in_a_shell
from quantscope.core.exchange.recipe import write_recipe
from quantscope.engine.html_report.markup import (
    Markup,
    element,
    folded,
    paragraph,
    section,
    text,
)
from quantscope.engine.html_report.subject import Subject


def repeat_section(subject: Subject) -> Markup:
    """Commands for a POSIX shell, and the settings for people and programs to keep."""
    lines = [in_a_shell(words) for words in commands(subject.record, subject.calibration)]
    by_hand = bool(subject.record.settings.pinned)
    how = f" Some types are set by hand: save the recipe below as {RECIPE} first." * by_hand
    return section(
        "Repeat it",
        paragraph(f"With the same model and data these commands write the same file.{how}"),
        element("pre", text("\n".join(lines))),
        folded("Recipe", element("pre", text(write_recipe(subject.record.network, subject.plan)))),
    )
