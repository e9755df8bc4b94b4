"""Errors as data: what happened, where, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What names of files and tensors may hold: control characters, and bytes that are no letters.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong, in words for the person at the screen.

    ``what`` is a clause without a full stop, ``where`` names the file, layer or tensor,
    ``remedy`` says what to do next.
    """

    what: str
    where: str
    remedy: str

    def sentence(self) -> str:
        """The whole problem on one line."""
        return visible(" ".join(f"{self.where}: {self.what}. {self.remedy}.".split()))


class QuantscopeError(Exception):
    """Raised where the input is at fault; carries the :class:`Problem` to show."""

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        self.problem = Problem(what=what, where=where, remedy=remedy)
        super().__init__(self.problem.sentence())

    @classmethod
    def from_problem(cls, problem: Problem) -> QuantscopeError:
        """The exception that carries ``problem``."""
        return cls(problem.what, where=problem.where, remedy=problem.remedy)


def visible(text: str) -> str:
    """``text`` with a mark for each character that breaks a line or steers a terminal."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def reason_of(failure: BaseException) -> str:
    """Why a library could not do it, as a clause to put in brackets."""
    if isinstance(failure, MemoryError):
        return "it needs more memory than there is"
    if isinstance(failure, OSError) and failure.strerror:
        return failure.strerror.lower()  # without the number of the error, and the path once more
    return " ".join(str(failure).split()).rstrip(".") or type(failure).__name__
