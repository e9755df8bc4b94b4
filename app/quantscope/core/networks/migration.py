"""Migrated scales: by what the channels of an activation are divided before it is rounded.

They come from the calibration data and stay with the statistics that were taken under them;
the graph in which they are put to work is `engine.preparation.migration`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Migration = Mapping[str, tuple[int, ...]]
"""log2 of the divisor of each channel, by the name of the activation; none: all are 1."""


def in_words(migration: Migration) -> Iterator[str]:
    """One sentence for each activation whose channels are divided."""
    for name, exponents in migration.items():
        moved = [exponent for exponent in exponents if exponent]
        low, high = (f"2^{end}" for end in (min(moved, default=0), max(moved, default=0)))
        by = low if low == high else f"{low} to {high}"
        yield f"Divided {len(moved)} of {len(exponents)} channels of {name} by {by}"
