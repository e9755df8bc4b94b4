"""The file beside a session that keeps what was measured of its layers, so that it can go on.

Results of several settings stand in it; each is bound to all that it depends on
(:class:`~quantscope.core.diagnosis.sensitivity.Basis`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quantscope.core.codec import decode, encode, json_text
from quantscope.core.diagnosis.sensitivity import Basis, Sensitivity
from quantscope.core.errors import QuantscopeError
from quantscope.session.atomic import atomic_writer

VERSION = 1
MOST_KEPT = 8  # results, the latest
ENDING = ".sensitivity.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The content, the latest result first."""

    version: int
    results: tuple[Sensitivity, ...]


def beside(session: str | os.PathLike[str]) -> Path:
    """Where the results of the session in the file ``session`` are kept."""
    return Path(session).with_suffix(ENDING)


def read_sensitivity(path: str | os.PathLike[str], basis: Basis) -> Sensitivity | None:
    """What the file ``path`` holds on ``basis``; ``None`` where it does not, or is not there.

    Raises :class:`QuantscopeError` where it holds something else than such results.
    """
    return next((each for each in _read(Path(path)) if each.basis == basis), None)


def write_sensitivity(path: str | os.PathLike[str], found: Sensitivity) -> None:
    """Put ``found`` into the file ``path``, in place of what it holds on the same basis."""
    others = tuple(each for each in _read(Path(path)) if each.basis != found.basis)
    kept = Kept(version=VERSION, results=(found, *others)[:MOST_KEPT])
    text = json_text(encode(kept))
    with atomic_writer(Path(path)) as file:
        file.write(text.encode("utf-8"))


def read_all(path: str | os.PathLike[str]) -> tuple[Sensitivity, ...]:
    """All that the file ``path`` holds, the latest first; nothing where it is not there.

    Raises :class:`QuantscopeError` where it holds something else than such results.
    """
    return _read(Path(path))


def write_if_new(path: str | os.PathLike[str], results: Iterable[Sensitivity]) -> None:
    """Put those of ``results`` into the file ``path`` on whose basis it holds nothing."""
    known = [each.basis for each in _read(Path(path))]
    for found in results:
        if found.basis not in known:
            write_sensitivity(path, found)


def _read(path: Path) -> tuple[Sensitivity, ...]:
    try:
        kept: Kept = decode(Kept, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError):
        raise QuantscopeError(
            "it does not hold measured layers",
            where=str(path),
            remedy="Move it away, or name another file",
        ) from None
    return kept.results if kept.version == VERSION else ()
