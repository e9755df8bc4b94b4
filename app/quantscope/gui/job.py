"""A request under way, with what the window must remember of it until it ends."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.data import DataDescription
from quantscope.core.events import Progress
from quantscope.core.plan import PlanSettings
from quantscope.jobs import messages


@dataclass(slots=True, kw_only=True)
class Job:
    """``settings`` and ``model`` are those it was made under.

    ``then`` is the data to calibrate with next; ``locates``: it describes the file that a
    person takes for the session's model.
    """

    request: messages.Request
    title: str
    settings: PlanSettings
    model: str
    progress: Progress | None = None
    then: DataDescription | None = None
    locates: bool = False
