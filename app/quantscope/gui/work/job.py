"""A request under way, with what the window must remember of it until it ends."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.data.description import DataDescription
from quantscope.core.events import Progress
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs import messages
from quantscope.session.document import Document
from quantscope.session.draft import Draft


@dataclass(slots=True, kw_only=True)
class Job:
    """``settings`` and ``model`` are those it was made under.

    ``then`` is the data to calibrate with next; ``locates``: it describes the file that a
    person takes for the session's model; ``draft`` is the unsaved work that its result belongs to.
    """

    request: messages.Request
    title: str
    settings: PlanSettings
    model: str
    progress: Progress | None = None
    then: DataDescription | None = None
    locates: bool = False
    draft: Draft | None = None


def calibrate_request(
    document: Document, data: DataDescription, output: str, known: str = ""
) -> messages.Calibrate:
    """Run ``data`` through the model of ``document``, prepared as it says.

    ``known`` is the file of statistics to go on from; none: from the beginning.
    """
    return messages.Calibrate(
        model=document.model,
        data=data,
        output=output,
        basis=known,
        preparation=document.preparation,
    )


def export_request(
    document: Document, calibration: str, output: str, overwrite: bool, trusted: str
) -> messages.Export:
    """Write what ``document`` asks for, from the statistics in the file ``calibration``.

    ``trusted`` as in ``messages.Export``.
    """
    return messages.Export(
        model=document.model,
        calibration=calibration,
        settings=document.settings,
        output=output,
        overwrite=overwrite,
        preparation=document.preparation,
        trusted=trusted,
    )
