"""Every change that a person can make to the variants of a plan, as named commands.

Variants are edited in place: what is changed belongs to the variant that is open, and another one
is as it was left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from string import ascii_uppercase

from quantscope.session.commands import ChangeKind, Command
from quantscope.session.document import Document, Variant

LONGEST_NAME = 40
Variants = tuple[Variant, ...]


def next_name(document: Document) -> str:
    """The first of A, B ... Z, A2, B2 ... that no variant of ``document`` has."""
    taken = {each.name for each in document.variants}
    rounds = ("" if number == 1 else str(number) for number in count(1))
    names = (letter + number for number in rounds for letter in ascii_uppercase)
    return next(name for name in names if name not in taken)


def objection_to_name(document: Document, place: int, name: str) -> str:
    """Why the variant at ``place`` cannot be called ``name``; empty where it can."""
    if not name.strip():
        return "A variant needs a name"
    if len(name.strip()) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters"
    others = [each.name for number, each in enumerate(document.variants) if number != place]
    return f"There is a variant {name.strip()} already" if name.strip() in others else ""


def add_variant(document: Document, place: int | None = None) -> Command:
    """Keep the variant at ``place`` (``None``: the open one) and go on with a copy behind it."""
    source = document.place if place is None else place
    name = next_name(document)

    def change(variants: Variants, _: int) -> tuple[Variants, int]:
        copy = replace(variants[source], name=name)
        return (*variants[: source + 1], copy, *variants[source + 1 :]), source + 1

    return _command(f"New variant {name}", change)


def open_variant(document: Document, place: int) -> Command:
    """Go on with the variant at ``place``; ``IndexError`` where there is none."""
    title = f"Switch to variant {document.variants[place].name}"
    return _command(title, lambda variants, _: (variants, place))


def rename_variant(document: Document, place: int, name: str) -> Command:
    """Call the variant at ``place`` ``name``; ``ValueError`` where it cannot be called so."""
    if objection := objection_to_name(document, place, name):
        raise ValueError(objection)

    def change(variants: Variants, opened: int) -> tuple[Variants, int]:
        renamed = replace(variants[place], name=name.strip())
        return (*variants[:place], renamed, *variants[place + 1 :]), opened

    return _command(f"Rename variant {document.variants[place].name}", change)


def delete_variant(document: Document, place: int) -> Command:
    """Forget the variant at ``place``; ``ValueError`` where it is the only one.

    In place of the open one, the next is opened, and the one before it where it was the last.
    """
    if not document.others:
        raise ValueError("The only variant cannot be deleted")

    def change(variants: Variants, opened: int) -> tuple[Variants, int]:
        left = (*variants[:place], *variants[place + 1 :])
        return left, min(opened - (place < opened), len(left) - 1)

    return _command(f"Delete variant {document.variants[place].name}", change)


def overwrite_variant(document: Document, place: int) -> Command:
    """Make the variant at ``place`` as the open one is; it keeps its name."""

    def change(variants: Variants, opened: int) -> tuple[Variants, int]:
        copy = replace(variants[opened], name=variants[place].name)
        return (*variants[:place], copy, *variants[place + 1 :]), opened

    title = f"Overwrite variant {document.variants[place].name} with {document.name}"
    return _command(title, change)


def _command(title: str, change: Callable[[Variants, int], tuple[Variants, int]]) -> Command:
    def apply(document: Document) -> Document:
        return document.with_variants(*change(document.variants, document.place))

    return Command(title, ChangeKind.VARIANTS, apply)
