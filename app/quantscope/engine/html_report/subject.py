"""What the sections of a report are about, with the plan and its rows worked out once."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.counting.calibration import Calibration
from quantscope.core.findings.record import Record
from quantscope.core.findings.report import ExportReport
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A record with its statistics; ``rows`` say of every counted tensor what its type costs."""

    record: Record
    calibration: Calibration
    plan: Plan
    rows: tuple[RangeRow, ...]

    @classmethod
    def of(cls, record: Record, calibration: Calibration) -> Subject:
        """Work out the plan and its rows."""
        plan = calibration.plan(record.network, record.settings)
        return cls(record, calibration, plan, range_rows(record.network, calibration, plan))

    @property
    def measured(self) -> ExportReport | None:
        """The export that measured what the plan says; ``None`` where it was of another."""
        return None if self.record.export_is_stale else self.record.export
