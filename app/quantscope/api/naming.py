"""What to say of a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from quantscope.core.errors import QuantscopeError


def unknown(what: str, name: object, known: Iterable[str], where: str) -> QuantscopeError:
    """The error for ``name``, which is no ``what``, with the ``known`` ones that are like it."""
    choices = sorted(known)
    near = get_close_matches(str(name), choices, n=3)
    if near:
        hint = f"Did you mean {' or '.join(near)}"
    elif what in ("layer", "operator"):
        hint = "quantscope inspect lists them"
    else:
        hint = f"Choose one of {', '.join(choices)}"
    return QuantscopeError(f'there is no {what} "{name}"', where=where, remedy=hint)
