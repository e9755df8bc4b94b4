"""The record of one quantization: what was done to which network, and what is known of the result.

A report is made from it and from the statistics, which are too large to travel with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quantscope.core.findings.report import ExportReport
from quantscope.core.findings.validation import Validation
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedValidation:
    """A validation with what its quantized networks are called, and when it ended (ISO 8601).

    ``is_stale``: it was of another network, or of other types than the record's.
    """

    validation: Validation
    names: tuple[str, ...]
    when: str
    is_stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``model`` is the path of the model file, ``network`` its description as calibrated.

    ``export`` is what the last export found out, ``None`` before one; ``export_is_stale`` says
    that it was made from other settings or statistics than the record's. ``validations``: the
    latest first.
    """

    model: str
    network: Network
    settings: PlanSettings
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    export: ExportReport | None = None
    export_is_stale: bool = False
    validations: tuple[RecordedValidation, ...] = ()
