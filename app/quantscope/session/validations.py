"""Validations that were made in a session: kept with it, the latest first.

Results like reports and diagnosis: undo leaves them alone, and each says whether it still is about
the types at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.plan_settings import PlanSettings
from quantscope.core.validation import Validation
from quantscope.session.document import Document

MOST_KEPT = 20  # the latest
MOST_CONFUSED = 50  # classes whose confusion is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRun:
    """One validation. ``settings`` are those of the plan that was judged as the first quantized
    file, ``None`` where only files were; ``when`` is the time it ended, ISO 8601 with a zone."""

    fingerprint: str
    settings: PlanSettings | None
    when: str
    validation: Validation

    def fits(self, document: Document) -> bool:
        """Whether it is of the network and the types of ``document``; files are their own."""
        same = self.settings is None or self.settings == document.settings
        return same and self.fingerprint == document.fingerprint


def with_run(runs: tuple[ValidationRun, ...], run: ValidationRun) -> tuple[ValidationRun, ...]:
    """``runs`` with ``run`` in front, the oldest left out."""
    return (run, *runs)[:MOST_KEPT]
