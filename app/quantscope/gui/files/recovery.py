"""Offers what an earlier run left when it did not end well: unsaved work, and its crash note."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Slot

from quantscope.core.errors import Problem
from quantscope.gui.controller import Controller
from quantscope.gui.files.questions import FileQuestions
from quantscope.gui.files.run_folder import LeftBehind, RunFolder, left_behind
from quantscope.gui.menus.readiness import changed_model_problem
from quantscope.gui.message_bar import Message, MessageBar
from quantscope.gui.translation import mark, tr
from quantscope.jobs.messages import Cancelled, Described, Failed
from quantscope.session.draft import Draft, new_session, resumed, saved_session, write_draft
from quantscope.session.session import Session

PAGE = "sessions"
CRASHED = mark("Quantscope crashed when it last ran. Unsaved work on {draft}, {moment}, is kept.")
BROKE_OFF = mark(
    "Quantscope did not close properly when it last ran. Unsaved work on {draft}, {moment}, is"
    " kept."
)
AS_IT_WAS = mark("{draft} is as it was {moment}. Save it to keep it.")
WITHOUT_STATISTICS = mark(
    "{draft} is as it was {moment}. Save it to keep it. Its statistics are gone: calibrate again."
)


class Recovery(QObject):
    """One offer after the other, newest first; what is not answered is offered at the next start.

    Invariant: whatever it holds stays on disk until it is recovered or discarded.
    """

    def __init__(
        self,
        controller: Controller,
        questions: FileQuestions,
        messages: MessageBar,
        run: RunFolder,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._questions = questions
        self._messages = messages
        self._run = run
        self._left: list[LeftBehind] = []
        controller.draft_described.connect(self._take_description)

    @Slot()
    def look(self) -> None:
        """See what was left, and offer it."""
        self._left = left_behind(self._run.root)
        self._offer()

    def close(self) -> None:
        """The window closes: what was not answered is for the next."""
        for left in self._left:
            left.release()
        self._left = []

    # ---- the offer

    def _offer(self, trouble: Problem | None = None) -> None:
        if not self._left:
            return
        left = self._left[0]
        message = Message(text="", severity="warning", details=left.crash, page=PAGE, stays=True)
        if left.draft is None:
            self._left.pop(0).discard()
            text = tr("Quantscope crashed when it last ran. There was no unsaved work.")
            message = replace(message, text=text, stays=False)
        elif trouble is not None:
            answers = ((tr("Locate &model…"), self._locate), (tr("&Discard"), self._discard))
            message = replace(message, text=trouble.sentence(), answers=answers)
        else:
            answers = ((tr("&Recover"), self._recover), (tr("&Discard"), self._discard))
            message = replace(message, text=offer_in_words(left.draft, left.crash), answers=answers)
        self._messages.show_whole(message)

    def _discard(self) -> None:
        self._left.pop(0).discard()
        self._offer()

    def _recover(self) -> None:
        self._questions.after_saving(self._begin, self._offer)

    # ---- opening it again

    def _begin(self) -> None:
        draft = self._draft()
        title = tr("Recovering {draft}", draft=draft.name)
        self._controller.work.begin(title, saved_session(draft), self._go_on)

    def _go_on(self, session: Session | None) -> None:
        if session is not None:
            self._resume(session)
        else:
            self._controller.describe_draft(self._draft())

    def _draft(self) -> Draft:
        draft = self._left[0].draft
        assert draft is not None
        return draft

    def _locate(self) -> None:
        self._questions.ask_for_model(self._draft().document.model, self._found, self._offer)

    def _found(self, model: str) -> None:
        left, draft = self._left[0], self._draft()
        moved = replace(draft, document=replace(draft.document, model=model))
        self._left[0] = replace(left, draft=moved)
        self._begin()

    @Slot(object)
    def _take_description(self, result: Described | Failed | Cancelled) -> None:
        draft = self._draft()
        if isinstance(result, Cancelled):
            self._offer()
        elif isinstance(result, Failed):
            self._offer(result.problem)
        elif result.network.fingerprint != draft.document.fingerprint:
            self._offer(changed_model_problem(draft.document.model))
        else:
            self._resume(new_session(draft, result.network))

    def _resume(self, session: Session) -> None:
        draft = self._run.adopt(self._left.pop(0))
        write_draft(draft, self._run.draft)
        title, show = tr("Recovering {draft}", draft=draft.name), partial(self._show, draft)
        self._controller.work.begin(title, resumed(session, draft), show)

    def _show(self, draft: Draft, session: Session) -> None:
        self._controller.show_session(session)
        if not session.missing:
            self._messages.show_message(recovered_in_words(draft, session))
        self._offer()


def offer_in_words(draft: Draft, crash: str) -> str:
    """Whose work it is, and of when."""
    told = CRASHED if crash else BROKE_OFF
    return tr(told, draft=draft.name, moment=when(draft.moment))


def recovered_in_words(draft: Draft, session: Session) -> str:
    """What is there again."""
    lost = draft.statistics and session.calibration is None
    told = WITHOUT_STATISTICS if lost else AS_IT_WAS
    return tr(told, draft=draft.name, moment=when(draft.moment))


def when(moment: str) -> str:
    """``today at 14:32``, ``2026-11-26 at 09:15``."""
    try:
        time = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return tr("of an unknown time")
    hour = f"{time:%H:%M}"
    if time.date() == datetime.now().astimezone().date():
        return tr("today at {hour}", hour=hour)
    return tr("{day} at {hour}", day=time.date().isoformat(), hour=hour)
