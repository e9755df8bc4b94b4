"""Which Python files the person has agreed to run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from quantscope.core.data.description import DataDescription, content_hash
from quantscope.core.data.joined import sources_of
from quantscope.gui.translation import tr


class Agreements:
    """Path -> hash of the content that was agreed to, for this run of the program.

    Kept nowhere: a session that somebody sends must not be able to agree for who opens it.
    """

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}

    def agree(self, path: str) -> None:
        """Note that the file may run as it is now; ``OSError`` where it can't be read."""
        self._hashes[path] = _hash(path)

    def revoke(self, path: str) -> None:
        """Note that the file may not run."""
        self._hashes.pop(path, None)

    def stands(self, path: str) -> bool:
        """Whether the file may run, and still has the content that was agreed to."""
        agreed = self.hash_of(path)
        try:
            return bool(agreed) and agreed == _hash(path)
        except OSError:
            return False

    def hash_of(self, path: str) -> str:
        """What was agreed to; empty where nothing was."""
        return self._hashes.get(path, "")

    def stamped(self, data: DataDescription) -> DataDescription:
        """``data`` with the agreements for its files, for a request."""
        return replace(data, trusted=self.hashes_of(data))

    def hashes_of(self, data: DataDescription) -> str:
        """What was agreed to of the sources of ``data``, as ``DataDescription.trusted``."""
        return " ".join(filter(None, (self.hash_of(each.path) for each in sources_of(data))))


def _hash(path: str) -> str:
    file = Path(path)
    if file.exists() and not file.is_file():
        raise OSError(tr("it is no file"))  # reading a pipe might never end
    return content_hash(file.read_bytes())
