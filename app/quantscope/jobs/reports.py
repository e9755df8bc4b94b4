"""The report of a session as a file, for the command line: the engine's door is not open to it."""

from __future__ import annotations

from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.findings.record import Record


def write_report(
    record: Record, calibration: Calibration, path: str | Path, *, overwrite: bool = False
) -> Path:
    """Write the report to ``path``; see ``engine.html_report.page``."""
    from quantscope.engine.html_report import page

    return page.write_report(record, calibration, path, overwrite=overwrite)
