"""Undo as a list of earlier documents: no inverse operations that could be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quantscope.session.commands import ChangeKind, Command
from quantscope.session.document import Document


@dataclass(frozen=True, slots=True)
class Change:
    """What one edit, undo or redo did: all that a view needs in order to refresh."""

    before: Document
    after: Document
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the undo or redo list: the document to go to, and the edit between."""

    title: str
    kind: ChangeKind
    document: Document


class History:
    """The document as it is, the documents before it and those that were undone."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._gesture: tuple[str, int] | None = None  # title of the last edit, steps before it

    @property
    def last(self) -> Step | None:
        """The step that :meth:`undo` takes back.

        The newest that changes anything: a drag may have come back to where it started.
        """
        steps = self._undo[:-1] if self._ends_where_it_began() else self._undo
        return steps[-1] if steps else None

    @property
    def next(self) -> Step | None:
        """The step that :meth:`redo` does again."""
        return self._redo[-1] if self._redo else None

    def do(self, command: Command, merge: bool) -> Change | None:
        """Apply ``command``; see :meth:`quantscope.session.session.Session.do`."""
        after = command.apply(self.document)
        if not (merge and self._gesture and self._gesture[0] == command.title):
            self._drop_empty_step()
            self._gesture = (command.title, len(self._undo))
        if after == self.document:
            return None
        if len(self._undo) == self._gesture[1]:
            self._undo.append(Step(command.title, command.kind, self.document))
        self._redo.clear()
        return self._move_to(after, command.kind)

    def undo(self) -> Change | None:
        """Go back one step; ``None`` where there is none."""
        self._drop_empty_step()
        return self._step(self._undo, self._redo)

    def redo(self) -> Change | None:
        """Go forward one step that was undone; ``None`` where there is none."""
        return self._step(self._redo, self._undo)

    def _step(self, source: list[Step], other: list[Step]) -> Change | None:
        self._gesture = None
        if not source:
            return None
        step = source.pop()
        other.append(replace(step, document=self.document))
        return self._move_to(step.document, step.kind)

    def _move_to(self, document: Document, kind: ChangeKind) -> Change:
        change = Change(self.document, document, kind)
        self.document = document
        return change

    def _ends_where_it_began(self) -> bool:
        return bool(self._undo) and self._undo[-1].document == self.document

    def _drop_empty_step(self) -> None:
        if self._ends_where_it_began():
            self._undo.pop()
