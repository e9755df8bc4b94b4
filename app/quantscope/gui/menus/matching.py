"""How well typed words fit a text: for finding actions without knowing their exact names."""

from __future__ import annotations

import re

AT_WORD, INSIDE, SPREAD = 100.0, 60.0, 20.0
"""Where a word's letters stand: at the start of a word, within one, or one after the other."""


def likeness(sought: str, text: str) -> float | None:
    """How well ``text`` fits what was typed, more is better; ``None`` where it does not.

    Every word that was typed must be found: as the start of a word, inside one, or with its
    letters in order but apart, beginning where a word begins.
    """
    scores = [_score(word, text.casefold()) for word in sought.casefold().split()]
    found = [score for score in scores if score is not None]
    return sum(found) - len(text) / 100.0 if len(found) == len(scores) else None


def _score(word: str, text: str) -> float | None:
    starts = [match.start() for match in re.finditer(r"\b\w", text)]
    best = next((place for place in starts if text.startswith(word, place)), None)
    if best is not None:
        return AT_WORD - best / 10.0
    place = text.find(word)
    if place >= 0:
        return INSIDE - place / 10.0
    spans = [span for start in starts if (span := _span(word, text, start)) is not None]
    return SPREAD - min(spans) / 10.0 if spans else None


def _span(word: str, text: str, start: int) -> int | None:
    """How far the letters of ``word`` are spread from ``start`` on; ``None``: not all are there."""
    if not text.startswith(word[0], start):
        return None
    place = start
    for letter in word[1:]:
        place = text.find(letter, place + 1)
        if place < 0:
            return None
    return place - start
