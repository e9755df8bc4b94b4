"""HTML as a type of its own: what is a :data:`Markup` is escaped, and only that gets into a page.

Names come from model files and folders, which anybody may have made.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from quantscope.engine.picture.svg import FORBIDDEN

Markup = NewType("Markup", str)
NOTHING = Markup("")


class Cells(StrEnum):
    """What the cells of a column hold; each is a class of the style sheet."""

    NAMES = "name"
    FIGURES = "figure"  # aligned to the right
    SENTENCES = "words"  # broken into lines


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    cells: Cells = Cells.NAMES


def text(words: str) -> Markup:
    """``words`` as they are, whatever is in them."""
    return Markup(html.escape(words.translate(FORBIDDEN), quote=True))


def element(tag: str, *content: Markup, **attributes: str) -> Markup:
    """An element; attributes that are words of Python end in ``_`` (``class_``)."""
    given = "".join(f' {name.rstrip("_")}="{text(value)}"' for name, value in attributes.items())
    return Markup(f"<{tag}{given}>{''.join(content)}</{tag}>")


def together(parts: Iterable[Markup]) -> Markup:
    """One after the other."""
    return Markup("\n".join(part for part in parts if part))


def paragraph(words: str, **attributes: str) -> Markup:
    """A paragraph of plain text."""
    return element("p", text(words), **attributes)


def section(title: str, *content: Markup) -> Markup:
    """A part of the page under its heading; nothing where all of it is empty."""
    filled = together(content)
    return element("section", element("h2", text(title)), filled) if filled else NOTHING


def sub_section(title: str, *content: Markup) -> Markup:
    """A part of a section; nothing where all of it is empty."""
    filled = together(content)
    return together((element("h3", text(title)), filled)) if filled else NOTHING


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names, and what there is to say of each."""
    lines = [
        together((element("dt", text(name)), element("dd", text(words)))) for name, words in pairs
    ]
    return element("dl", together(lines)) if lines else NOTHING


def bullets(sentences: Iterable[str], **attributes: str) -> Markup:
    """A list of sentences; nothing where there are none."""
    lines = [element("li", text(sentence)) for sentence in sentences]
    return element("ul", together(lines), **attributes) if lines else NOTHING


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Markup:
    """A table that scrolls sideways where the page is narrow; nothing without rows."""
    lines = [element("tr", *map(_cell, columns, row)) for row in rows]
    if not lines:
        return NOTHING
    head = element("thead", element("tr", *map(_heading, columns)))
    body = element("tbody", together(lines))
    return element("div", element("table", head, body), class_="wide")


def figures(*titles: str) -> tuple[Column, ...]:
    """Columns of figures."""
    return tuple(Column(title, Cells.FIGURES) for title in titles)


def _heading(column: Column) -> Markup:
    return element("th", text(column.title), scope="col", class_=column.cells)


def _cell(column: Column, words: str) -> Markup:
    return element("td", text(words), class_=column.cells)


def folded(title: str, *content: Markup) -> Markup:
    """Content that opens on a click."""
    return element("details", element("summary", text(title)), *content)
