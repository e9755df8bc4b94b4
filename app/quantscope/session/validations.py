"""Validations that were made in a session: kept with it, the latest first.

Results like reports and diagnosis: undo leaves them alone, and each says whether it still is about
the types at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from quantscope.core.findings.record import RecordedValidation
from quantscope.core.findings.validation import Validation
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES
from quantscope.session.document import Document

MOST_KEPT = 20  # the latest
MOST_CONFUSED = 100  # classes whose confusion is kept: that of a thousand has a million counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRun:
    """One validation. ``settings`` are those of the plan that was judged as the first quantized
    file, ``None`` where only files were; ``when`` is the time it ended, ISO 8601 with a zone."""

    fingerprint: str
    settings: PlanSettings | None
    when: str
    validation: Validation

    @property
    def names(self) -> tuple[str, ...]:
        """What its quantized networks are called: by the types of the plan, or the file."""
        files = tuple(Path(each.costs.path).name for each in self.validation.variants)
        if self.settings is None or not files:
            return files
        return (brief(self.settings), *files[1:])

    def recorded(self, document: Document) -> RecordedValidation:
        """As a report on ``document`` tells it."""
        return RecordedValidation(
            validation=self.validation,
            names=self.names,
            when=self.when,
            is_stale=not self.fits(document),
        )

    def fits(self, document: Document) -> bool:
        """Whether it is of the network and the types of ``document``; files are their own."""
        same = self.settings is None or self.settings == document.settings
        return same and self.fingerprint == document.fingerprint


def new_run(
    document: Document, settings: PlanSettings | None, validation: Validation
) -> ValidationRun:
    """A validation that ended now."""
    return ValidationRun(
        fingerprint=document.fingerprint,
        settings=settings,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        validation=validation,
    )


def brief(settings: PlanSettings) -> str:
    """What a plan is called among others: target, scheme, words, and what is special about it."""
    parts = [TARGETS[settings.target].title, SCHEME_TITLES[settings.scheme]]
    parts.append(f"{settings.word_length} bits")
    if settings.weight_words != settings.word_length:
        parts.append(f"weights {settings.weight_words}")
    for number, what in (
        (len(settings.pinned), "set by hand"),
        (len(settings.float_layers), "in float"),
        (len(settings.wide_layers), "wide"),
    ):
        if number:
            parts.append(f"{number} {what}")
    if settings.correct_bias:
        parts.append("corrected")
    return ", ".join(parts)


def with_run(runs: tuple[ValidationRun, ...], run: ValidationRun) -> tuple[ValidationRun, ...]:
    """``runs`` with ``run`` in front, the oldest left out."""
    kept = replace(run, validation=_slim(run.validation))
    return (kept, *runs)[:MOST_KEPT]


def _slim(validation: Validation) -> Validation:
    if len(validation.confusion) <= MOST_CONFUSED:
        return validation
    variants = tuple(replace(each, confusion=()) for each in validation.variants)
    return replace(validation, confusion=(), variants=variants)
