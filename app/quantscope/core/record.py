"""The record of one quantization: what was done to which network, and what is known of the result.

A report is made from it and from the statistics, which are too large to travel with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quantscope.core.network import Network
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices
from quantscope.core.report import ExportReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``model`` is the path of the model file, ``network`` its description as calibrated.

    ``export`` is what the last export found out, ``None`` before one; ``export_is_stale`` says
    that it was made from other settings or statistics than the record's.
    """

    model: str
    network: Network
    settings: PlanSettings
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    export: ExportReport | None = None
    export_is_stale: bool = False
