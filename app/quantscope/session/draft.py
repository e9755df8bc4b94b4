"""A draft: what a window keeps of unsaved work on disk, so that a crash does not take it.

It is small and quickly written, after each edit: the document, and where the rest lies. The
statistics are in the file that the calibration wrote (or in the session file); the network is in
the session file, or is described anew.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import untrusted
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.session.archive import Archive, writing_json
from quantscope.session.atomic import atomic_writer
from quantscope.session.calibration_file import reading_calibration, signature_of
from quantscope.session.document import Document
from quantscope.session.session import Results, Session
from quantscope.session.session_file import loading_session
from quantscope.session.steps import Steps, finish
from quantscope.session.stored_statistics import StoredStatistics

VERSION = 1
MEMBER = "draft.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The JSON member.

    ``moment`` is when it was written, as ISO 8601 text with the offset. ``session`` is the session
    file, empty where there is none; ``statistics`` the file with the statistics, empty where there
    are none, ``signature`` what identifies them, and ``data`` what they were counted on.
    """

    version: int = VERSION
    moment: str
    document: Document
    session: str = ""
    statistics: str = ""
    signature: int = 0
    data: DataDescription | None = None

    @property
    def name(self) -> str:
        """What a person knows it by: the session file, or the model."""
        return Path(self.session or self.document.model).name


def draft_of(session: Session, moment: str) -> Draft:
    """What is to be kept of ``session`` as it is now."""
    draft = Draft(
        moment=moment,
        document=session.document,
        session="" if session.path is None else str(session.path),
    )
    calibration = session.calibration
    if calibration is None or not isinstance(calibration.statistics, StoredStatistics):
        return draft
    archive = calibration.statistics.archive
    return replace(
        draft,
        statistics=str(archive.path),
        signature=signature_of(archive),
        data=untrusted(calibration.data),
    )


def writing_draft(draft: Draft, path: str | os.PathLike[str]) -> Steps[None]:
    """In steps: write ``draft`` to ``path``, completely or not at all.

    It does not wait for the disk: what it guards against is the end of the program, not that of
    the machine.
    """
    with (
        atomic_writer(Path(path), durable=False) as file,
        zipfile.ZipFile(file, "w") as archive,
    ):
        yield from writing_json(archive, MEMBER, draft)


def write_draft(draft: Draft, path: str | os.PathLike[str]) -> None:
    """:func:`writing_draft` at once."""
    finish(writing_draft(draft, path))


def read_draft(path: str | os.PathLike[str]) -> Draft:
    """The draft in the file ``path``; raises :class:`QuantscopeError` where it is none."""
    return Archive(path).document(MEMBER, Draft, VERSION)


def saved_session(draft: Draft) -> Steps[Session | None]:
    """In steps: the session as it was last saved, for :func:`resumed`.

    ``None`` where it never was, or where its file is gone or about another model: its network
    must be described then, for :func:`new_session`.
    """
    if not draft.session:
        return None
    try:
        session = yield from loading_session(draft.session)
    except QuantscopeError:
        return None
    same_model = session.document.model == draft.document.model
    return session if session.network is not None and same_model else None


def new_session(draft: Draft, network: Network) -> Session:
    """The session as it was when its model was opened, described anew as ``network``."""
    kept = draft.document
    plain = Document(model=kept.model, fingerprint=kept.fingerprint, preparation=kept.preparation)
    return Session(plain, Results(network=network))


def resumed(session: Session, draft: Draft) -> Steps[Session]:
    """In steps: ``session`` with the work that ``draft`` kept."""
    has_them = draft.statistics == draft.session
    session.recover(draft.document, None if has_them else (yield from statistics_of(draft)))
    return session


def statistics_of(draft: Draft) -> Steps[Calibration | None]:
    """In steps: the draft's statistics; ``None`` where they are gone or others are there now."""
    if not draft.statistics:
        return None
    try:
        if signature_of(Archive(draft.statistics)) != draft.signature:
            return None
        calibration = yield from reading_calibration(draft.statistics)
    except QuantscopeError:
        return None
    return calibration if draft.data is None else replace(calibration, data=draft.data)
