"""Errors as data: what happened, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


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
        text = f"{self.where}: {self.what}. {self.remedy}."
        return " ".join(text.split())


class QuantscopeError(Exception):
    """Raised where the input is at fault; carries the :class:`Problem` to show."""

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        self.problem = Problem(what=what, where=where, remedy=remedy)
        super().__init__(self.problem.sentence())

    @classmethod
    def from_problem(cls, problem: Problem) -> QuantscopeError:
        """The exception that carries ``problem``."""
        return cls(problem.what, where=problem.where, remedy=problem.remedy)
