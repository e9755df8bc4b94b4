"""What the controller reports, as sentences in the message bar with what to answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from quantscope.core.errors import Problem
from quantscope.core.findings.report import ExportReport
from quantscope.gui.controller import Controller
from quantscope.gui.files.questions import FileQuestions
from quantscope.gui.help.guide_pages import page_of_failure
from quantscope.gui.menus.readiness import data_is_missing, missing_problem, model_is_missing
from quantscope.gui.message_bar import Message, MessageBar
from quantscope.gui.translation import tr


class Announcements(QObject):
    """Follows the controller; the latest report replaces the one before."""

    def __init__(
        self,
        controller: Controller,
        questions: FileQuestions,
        messages: MessageBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._questions = questions
        self._messages = messages
        controller.problem_found.connect(self._show_problem)
        controller.missing_found.connect(self._show_missing)
        controller.located.connect(self._show_located)
        controller.exported.connect(self._show_report)
        controller.changed.connect(self._messages.dismiss_news)
        controller.job_changed.connect(self._messages.dismiss_news)
        questions.locating_cancelled.connect(self._show_still_missing)

    @Slot(object, str)
    def _show_problem(self, problem: Problem, details: str) -> None:
        page = page_of_failure(self._controller.failed_request)
        self._messages.show_problem(problem, details, page)

    @Slot(object, str)
    def _show_missing(self, problem: Problem, details: str) -> None:
        session = self._controller.session
        answers: list[tuple[str, Callable[[], None]]] = []
        if model_is_missing(session):
            answers.append((tr("Locate &model…"), self._questions.do_locate_model))
        if data_is_missing(session):
            answers.append((tr("Locate &data…"), self._questions.do_locate_data))
        self._messages.show_whole(
            Message(
                text=problem.sentence(),
                severity="warning",
                details=details,
                answers=answers,
                page="sessions#when-files-have-moved",
            )
        )

    @Slot()
    def _show_still_missing(self) -> None:
        self._show_missing(missing_problem(self._controller.session), "")

    @Slot(str)
    def _show_located(self, path: str) -> None:
        if self._controller.session.missing:
            self._show_still_missing()
        else:
            text = tr(
                "{file} is found. Save the session to keep where it is.", file=Path(path).name
            )
            self._messages.show_message(text)

    @Slot(object)
    def _show_report(self, report: ExportReport) -> None:
        self._messages.show_message(
            tr("{file} is written and verified.", file=Path(report.path).name)
        )
