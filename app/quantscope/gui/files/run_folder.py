"""The folder that one run of the window keeps until it ends well, and those of runs that did not.

It holds the crash note, the statistics of calibrations, and the draft of unsaved work. A lock in it
says whether its owner still lives, so that two windows never take each other's.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QLockFile, QStandardPaths

from quantscope.core.errors import QuantscopeError
from quantscope.session.draft import Draft, read_draft

log = logging.getLogger(__name__)

DATA_VARIABLE = "QUANTSCOPE_DATA"
CRASH_NOTE = "crash.txt"
DRAFT = "draft.zip"


def data_folder() -> Path:
    """Where the program keeps its own files: as the environment says, or as the system has it."""
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    kind = QStandardPaths.StandardLocation.AppLocalDataLocation
    return Path(QStandardPaths.writableLocation(kind))


class RunFolder:
    """A new folder below ``root``, or, where that may not be written to, a temporary one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            self.path = root / uuid4().hex
            self.path.mkdir(parents=True)
        except OSError as error:
            log.info("unsaved work will not outlive a crash: %s", error)
            self.path = Path(tempfile.mkdtemp(prefix="quantscope-"))
        self._lock = QLockFile(str(self.path / "lock"))
        self._lock.setStaleLockTime(0)
        self._lock.tryLock(0)

    @property
    def crash_note(self) -> Path:
        """Where a native crash of this run leaves its trace."""
        return self.path / CRASH_NOTE

    @property
    def draft(self) -> Path:
        """Where this run's unsaved work is kept."""
        return self.path / DRAFT

    def adopt(self, left: LeftBehind) -> Draft:
        """Take over the work that another run left; its folder is gone then."""
        draft = left.draft
        assert draft is not None
        if Path(draft.statistics).parent == left.path and Path(draft.statistics).exists():
            taken = self.path / f"adopted-{left.path.name}.npz"
            Path(draft.statistics).replace(taken)
            draft = replace(draft, statistics=str(taken))
        left.discard()
        return draft

    def abandon(self) -> None:
        """Leave everything for the next start."""
        self._lock.unlock()

    def close(self) -> None:
        """The run ended well: nothing of it stays."""
        self._lock.unlock()
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a run left that did not end well; held, so that no other window offers it too."""

    path: Path
    lock: QLockFile
    crash: str
    draft: Draft | None

    def discard(self) -> None:
        """Nobody wants it."""
        self.lock.unlock()
        shutil.rmtree(self.path, ignore_errors=True)

    def release(self) -> None:
        """Keep it for the next start."""
        self.lock.unlock()


def left_behind(root: Path) -> list[LeftBehind]:
    """What earlier runs left below ``root``, newest first; what tells nothing is removed."""
    found = []
    for path in sorted(root.glob("*/"), key=_age):
        lock = QLockFile(str(path / "lock"))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue
        left = LeftBehind(path, lock, _text_of(path / CRASH_NOTE), _draft_of(path / DRAFT))
        if left.crash or left.draft:
            found.append(left)
        else:
            left.discard()
    return found


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _draft_of(path: Path) -> Draft | None:
    try:
        return read_draft(path) if path.exists() else None
    except QuantscopeError as error:
        log.info("a draft cannot be read: %s", error)
        return None
