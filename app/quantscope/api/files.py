"""Writes what is known of a network's types to files, for a script."""

from __future__ import annotations

import os
from pathlib import Path

from quantscope.api.naming import unknown
from quantscope.api.workbench import PathLike, Workbench
from quantscope.core.exchange.formats import FORMATS
from quantscope.core.picture.look import PictureLook
from quantscope.core.picture.statistics_table import WRITERS
from quantscope.core.planning.plan import Plan
from quantscope.jobs.outputs import check_output, write_text
from quantscope.jobs.pictures import draw_ranges
from quantscope.jobs.reports import write_report

REPORT = ".html"


def draw(bench: Workbench, output: PathLike, look: PictureLook, *, overwrite: bool) -> Path:
    """The dynamic ranges as a picture."""
    known = (bench.network, bench.calibration, _plan(bench))
    return draw_ranges(*known, os.fspath(output), look, overwrite=overwrite)


def report(bench: Workbench, output: PathLike, *, overwrite: bool) -> Path:
    """All that is known as one page."""
    path = check_output(os.fspath(output), [REPORT], overwrite=overwrite)
    calibration, record = bench.calibration, bench.session.record()
    assert record is not None
    return write_report(record, calibration, path, overwrite=overwrite)


def statistics(bench: Workbench, output: PathLike, *, overwrite: bool) -> Path:
    """The dynamic ranges as a table."""
    path = check_output(os.fspath(output), list(WRITERS), overwrite=overwrite)
    text = WRITERS[path.suffix.lower()](bench.network, bench.calibration, _plan(bench))
    return write_text(path, text, overwrite=overwrite)


def types(bench: Workbench, output: PathLike, kind: str, *, overwrite: bool) -> Path:
    """The types in the form that ``kind`` names."""
    if kind not in FORMATS:
        raise unknown("format", kind, FORMATS, "types")
    path = check_output(os.fspath(output), [FORMATS[kind].ending], overwrite=overwrite)
    return write_text(path, FORMATS[kind].write(bench.network, _plan(bench)), overwrite=overwrite)


def _plan(bench: Workbench) -> Plan:
    return bench.calibration.plan(bench.network, bench.settings)
