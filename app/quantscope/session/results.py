"""What jobs found out for a session, and what a session file keeps of it all."""

from __future__ import annotations

from dataclasses import dataclass, field

from quantscope.core.counting.calibration import Calibration
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Network
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.diagnosis import Diagnosis
from quantscope.session.document import Document
from quantscope.session.prepared import Prepared
from quantscope.session.validations import ValidationRun


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What jobs found out: beside the document, matched by fingerprint.

    ``report_settings`` and ``report_calibration`` are what the report was made from. ``other`` is
    the model as it was last calibrated under another preparation.
    """

    network: Network | None = None
    calibration: Calibration | None = None
    report: ExportReport | None = None
    report_settings: PlanSettings | None = None
    report_calibration: Calibration | None = None
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    validations: tuple[ValidationRun, ...] = ()
    other: Prepared | None = None

    @property
    def calibrations(self) -> frozenset[Calibration]:
        """All statistics at hand."""
        kept = (self.calibration, self.other.calibration if self.other is not None else None)
        return frozenset(each for each in kept if each is not None)

    def keep_as_much_as(self, other: Results) -> bool:
        """Whether a file that keeps ``other`` keeps these too."""
        return (
            self.calibrations == other.calibrations
            and self.report is other.report
            and self.diagnosis is other.diagnosis
            and self.validations is other.validations
        )


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a session file keeps."""

    document: Document
    results: Results
