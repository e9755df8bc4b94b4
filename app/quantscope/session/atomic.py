"""Writing a file so that its old content stays until the new one is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from quantscope.core.errors import QuantscopeError
from quantscope.session.steps import Steps

OFTEN = 16 << 20  # bytes; a disk takes them in some 10 ms


@contextmanager
def atomic_writer(path: Path, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write in place of ``path``: it takes the name only if the block succeeds.

    On any exception the temporary file, which lies in the same folder, is removed and
    ``path`` is as it was. ``durable`` waits until the disk has it. Raises
    :class:`QuantscopeError` where the folder is missing, full or not writable.
    """
    try:
        with _temporary_beside(path, durable) as file:
            yield file
    except OSError as error:
        raise _cannot_write(path, error) from error


def reaching_disk(file: BinaryIO, steps: Steps[None]) -> Steps[None]:
    """``steps``, which write to ``file``: what is written goes to the disk meanwhile, so that there
    is little to wait for at the end."""
    known = 0
    with closing(steps):
        for _ in steps:
            if file.tell() - known >= OFTEN:
                file.flush()
                os.fsync(file.fileno())
                known = file.tell()
            yield


@contextmanager
def _temporary_beside(path: Path, durable: bool) -> Iterator[BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        _take_usual_permissions(temporary, path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _take_usual_permissions(temporary: Path, path: Path) -> None:
    """Those of the file to replace, or of any new file: ``mkstemp`` lets only its owner read."""
    if path.exists():
        mode = path.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)


def _cannot_write(path: Path, error: OSError) -> QuantscopeError:
    return QuantscopeError(
        f"cannot be written ({error.strerror or error})",
        where=str(path),
        remedy="Choose a folder that exists, may be written to and has room",
    )
