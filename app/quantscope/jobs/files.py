"""What is known of a network as a file: report, statistics or picture, by the file's ending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quantscope.core.picture.statistics_table import WRITERS
from quantscope.jobs.messages import Event, FileWritten, WriteFile
from quantscope.jobs.outputs import check_output, write_text
from quantscope.jobs.pictures import draw_ranges
from quantscope.jobs.reports import write_report
from quantscope.session.calibration_file import read_calibration

PICTURES = (".png", ".svg", ".ppm")
REPORT = ".html"


def write_file(request: WriteFile) -> Iterator[Event]:
    """Answer ``request``; an existing file is replaced, as the person has agreed to."""
    ending = Path(request.output).suffix.lower()
    check_output(
        request.output,
        [REPORT, *WRITERS, *PICTURES],
        sources=[Path(request.model)],
        overwrite=True,
    )
    calibration, record = read_calibration(request.calibration), request.record
    plan = calibration.plan(record.network, record.settings)
    if ending == REPORT:
        path = write_report(record, calibration, request.output, overwrite=True)
    elif ending in PICTURES:
        network, output = record.network, request.output
        path = draw_ranges(network, calibration, plan, output, request.look, overwrite=True)
    else:
        text = WRITERS[ending](record.network, calibration, plan)
        path = write_text(request.output, text, overwrite=True)
    yield FileWritten(path=str(path))
