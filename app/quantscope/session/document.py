"""The document: everything that a person decides, as one immutable value.

Undo is a list of earlier documents. Results (network, calibration, report) are not part of
it: they are kept beside it in the session and matched by fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quantscope.core.data import DataDescription
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a person edits and a session file keeps.

    ``model`` is the absolute path of the model file, as text; ``fingerprint`` is that of the
    prepared network, with the choices that ``preparation`` says. Both are empty before a model
    is open.
    """

    model: str = ""
    fingerprint: str = ""
    data: DataDescription | None = None
    settings: PlanSettings = field(default_factory=PlanSettings)
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
