"""Files that the command line writes: refused before long work, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quantscope.core.errors import QuantscopeError


def check_output(
    path: str | Path,
    endings: Sequence[str],
    *,
    sources: Sequence[Path] = (),
    overwrite: bool = False,
) -> Path:
    """The place of ``path`` with links followed.

    Raises :class:`QuantscopeError` where it has none of ``endings``, exists already (without
    ``overwrite``), is one of ``sources``, or cannot be written.
    """
    from quantscope.engine.writing import check_target

    if Path(path).suffix.lower() not in endings:
        raise QuantscopeError(
            f"the name should end with {' or '.join(endings)}",
            where=str(path),
            remedy="Give the output such a name",
        )
    return check_target(path, sources=sources, overwrite=overwrite)


def write_text(path: str | Path, text: str, *, overwrite: bool = False) -> Path:
    """Write ``text`` as UTF-8 with plain line ends; returns where it lies."""
    from quantscope.engine.writing import write_atomically

    content = text.encode("utf-8")
    return write_atomically(path, lambda passing: _write(passing, content), overwrite=overwrite)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
